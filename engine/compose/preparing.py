"""The preflight: read-only questions to the venues, and a plan, or every gap that stands in its way."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from msgspec import Struct

from engine.compose.methods import manner
from engine.compose.references import Sight
from engine.config import Config
from engine.kernel.clock import show_span
from engine.kernel.errors import BadInput, Mistake
from engine.kernel.ids import VenueName
from engine.kernel.money import ZERO, Asset, plain
from engine.market.instrument import Instrument
from engine.orders.reports import Balance
from engine.planning.draft import Hop, draft, survey
from engine.planning.plan import Plan
from engine.ports import Clock, Venue
from engine.reconcile.resolve import SKEW


class Prepared(Struct, frozen=True):
    """What the preflight found."""

    plan: Plan
    hops: tuple[Hop, ...]
    balances: Mapping[VenueName, tuple[Balance, ...]]
    references: tuple[Sight, ...] = ()
    """What the venues for reference show; a run looks for itself when it starts."""


async def prepare(
    config: Config, remaining: Mapping[Asset, Decimal], venues: Mapping[VenueName, Venue], clock: Clock
) -> Prepared:
    """Ask every venue what it lists and holds, and draft the plan; raises `BadInput` with all gaps at once."""
    mistakes: list[Mistake] = []
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
    mistakes += plan if isinstance(plan, list) else _short(plan, remaining, balances)
    if isinstance(plan, list) or mistakes:
        raise BadInput(mistakes)
    return Prepared(plan, tuple(survey(config.terms, instruments)), balances)


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
    plan: Plan, remaining: Mapping[Asset, Decimal], balances: Mapping[VenueName, Sequence[Balance]]
) -> list[Mistake]:
    """Assets of which the accounts where they are to be sold hold less than that."""
    found = []
    for asset, units in remaining.items():
        where = [i.venue for leg in plan.legs if leg.sell == asset for i in leg.instruments]
        held = sum((b.free for name in where for b in balances[name] if b.asset == asset), ZERO)
        if held < units:
            names = ", ".join(where)
            what = f"{plain(units)} are to be sold and {names} holds {plain(held)} free"
            found.append(Mistake(f"mandate.{asset}", what))
    return found
