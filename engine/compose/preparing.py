"""The preflight: read-only questions to the venues, and a plan, or every gap that stands in its way."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from msgspec import Struct

from engine.compose import quorums, tariffs
from engine.compose.methods import manner
from engine.compose.references import ANSWER, Sight, sights
from engine.config import Config
from engine.config.fees import too_late
from engine.kernel.clock import show_span
from engine.kernel.errors import BadInput, Mistake
from engine.kernel.ids import VenueName
from engine.kernel.money import ZERO, Asset, plain
from engine.mandate.custody import CustodyPlan
from engine.market.instrument import Instrument
from engine.orders.reports import Balance
from engine.planning.draft import Hop, draft, survey
from engine.planning.plan import AtEnd, Plan
from engine.ports import Clock, Custody, Market, Venue
from engine.reconcile.resolve import SKEW


class Prepared(Struct, frozen=True):
    """What the preflight found."""

    plan: Plan
    hops: tuple[Hop, ...]
    balances: Mapping[VenueName, tuple[Balance, ...]]
    references: tuple[Sight, ...] = ()
    """What the venues for reference show, where they were asked; a run looks for itself when it starts."""
    custody: CustodyPlan | None = None
    doubts: tuple[str, ...] = ()
    """What people should know: pairs whose price waits for a source that is silent."""
    fees: tuple[str, ...] = ()
    """The config's fee schedules in words, and who says otherwise."""


async def prepare(
    config: Config,
    remaining: Mapping[Asset, Decimal],
    venues: Mapping[VenueName, Venue],
    clock: Clock,
    custody: Custody | None = None,
    references: Mapping[VenueName, Market] | None = None,
) -> Prepared:
    """Ask every venue what it lists and holds, and draft the plan; raises `BadInput` with all gaps at once.

    Venues for reference are asked where the others are too few to agree on a price.
    """
    mistakes = list(too_late(config.fees, clock.market()))
    instruments: list[Instrument] = []
    balances: dict[VenueName, tuple[Balance, ...]] = {}
    for name, venue in venues.items():
        try:
            offset = await venue.server_time() - clock.wall()
            instruments.extend(await venue.instruments())
            balances[name] = tuple(await venue.holdings())
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a venue, it is one line of the preflight
            mistakes.append(Mistake(f"venues.{name}", f"did not answer the preflight: {error}"))
            continue
        mistakes += await _rights(config, name, venue)
        if abs(offset) > SKEW:
            mistakes.append(Mistake(f"venues.{name}", f"its clock differs from ours by {show_span(offset)}"))
    if mistakes:
        raise BadInput(mistakes)
    plan = draft(config.terms, remaining, instruments, manner(config))
    kept = await _in_custody(config, remaining, balances, custody, mistakes)
    if isinstance(plan, list):
        raise BadInput([*mistakes, *plan])
    seen, found = await _agreeing(config, plan, references or {})
    mistakes += [*_short(plan, remaining, balances, kept), *_unquoted(plan, venues)]
    mistakes += quorums.mistakes(found, production=config.environment == "production")
    if mistakes:
        raise BadInput(mistakes)
    doubts = tuple(quorums.doubts(found))
    fees = await tariffs.lines(config.fees, venues, plan, clock.market())
    return Prepared(plan, tuple(survey(config.terms, instruments)), balances, seen, kept, doubts, fees)


async def _agreeing(
    config: Config, plan: Plan, references: Mapping[VenueName, Market]
) -> tuple[tuple[Sight, ...], list[quorums.Quorum]]:
    """What was asked of the venues for reference, and who can agree on the price of each pair."""
    rules = config.limits.reference
    asked = await sights(references, plan, ANSWER) if quorums.needs_others(plan, rules) else ()
    return asked, quorums.quorums(plan, rules, asked)


def _unquoted(plan: Plan, venues: Mapping[VenueName, Venue]) -> Iterator[Mistake]:
    """Legs that are to end by firm quotes, where nobody gives any."""
    for leg in plan.legs:
        names = [i.venue for i in leg.instruments]
        if leg.at_end is AtEnd.RFQ and not any(venues[name].capabilities.quotes for name in names):
            what = f"rfq: none of {', '.join(names)} gives firm quotes for {leg.sell}; say stop, extend or sweep"
            yield Mistake("strategy.at_end", what)


async def _in_custody(
    config: Config,
    remaining: Mapping[Asset, Decimal],
    balances: Mapping[VenueName, Sequence[Balance]],
    custody: Custody | None,
    mistakes: list[Mistake],
) -> CustodyPlan | None:
    """What the custodian holds of that which no venue holds yet, and how it is to be released."""
    use = config.custody
    if custody is None or use is None:
        return None
    try:
        statement = await custody.holdings()
    except BadInput as error:
        mistakes += error.mistakes
        return None
    except Exception as error:  # noqa: BLE001 - as for a venue: one line of the preflight
        mistakes.append(Mistake("custody", f"did not answer the preflight: {error}"))
        return None
    there = {
        asset: sum((b.free for bs in balances.values() for b in bs if b.asset == asset), ZERO) for asset in remaining
    }
    return CustodyPlan(
        holdings={
            asset: min(statement.holdings.get(asset, ZERO), max(ZERO, units - there[asset]))
            for asset, units in remaining.items()
        },
        statement_sha256=statement.sha256,
        account=config.terms.account,
        slices_ahead=use.slices_ahead,
        minimum=use.tranche_min,
        exposure_max=use.exposure_max,
    )


async def _rights(config: Config, name: VenueName, venue: Venue) -> list[Mistake]:
    """The key can do what it must and no more; one that may withdraw needs the config's word."""
    permitted = config.venues[name].withdraw_key
    where, exception = f"venues.{name}", 'unless the config says withdraw_key = "permitted"'
    try:
        rights = await venue.permissions()
    except Exception as error:  # noqa: BLE001 - as above
        what = f"does not say what the key may do ({error}); it is not used {exception}"
        return [] if permitted else [Mistake(where, what)]
    found = [] if rights.trade else [Mistake(where, "the key may not trade")]
    if rights.withdraw and not permitted:
        found.append(Mistake(where, f"the key may withdraw; it is not used for trading {exception}"))
    return found


def _short(
    plan: Plan,
    remaining: Mapping[Asset, Decimal],
    balances: Mapping[VenueName, Sequence[Balance]],
    kept: CustodyPlan | None,
) -> list[Mistake]:
    """Assets of which the accounts where they are to be sold, and the custodian, hold less than that."""
    found = []
    for asset, units in remaining.items():
        where = [i.venue for leg in plan.legs if leg.sell == asset for i in leg.instruments]
        held = sum((b.free for name in where for b in balances[name] if b.asset == asset), ZERO)
        held += kept.holdings.get(asset, ZERO) if kept is not None else ZERO
        if held < units:
            names = ", ".join([*where, "the custodian"] if kept is not None else where)
            what = f"{plain(units)} are to be sold and {names} holds {plain(held)} free"
            found.append(Mistake(f"mandate.{asset}", what))
    return found
