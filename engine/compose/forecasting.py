"""What a plan's prospect is made from: files, books and the first state of a run, gathered leg by leg."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from math import ceil
from pathlib import Path

from engine.compose.methods import targets
from engine.compose.pricefiles import FINEST, is_closes
from engine.compose.request import Request
from engine.core import floors, world
from engine.core.state import State
from engine.forecast import deposit, market
from engine.forecast.given import FloorNow, Given, Supply, Worth
from engine.forecast.leg import prospect as prospect_of
from engine.forecast.market import History
from engine.forecast.prospect import Prospect
from engine.forecast.words import fixed
from engine.kernel.clock import Instant, Span, iso
from engine.kernel.errors import BadInput, Mistake
from engine.kernel.ids import LegId
from engine.kernel.money import BP, ZERO, Asset, times, trimmed
from engine.ledger import accounts
from engine.mandate.assets import KNOWN
from engine.mandate.deposit import Cover
from engine.market.consolidated import Consolidated, median
from engine.market.conversion import SELL, converted_price, rate_of
from engine.market.reference import NoReference, fresh
from engine.planning.plan import LegPlan
from engine.risk.floor import price_in_quote


def prospect(request: Request, first: State, cover: Cover | None) -> Prospect:
    """Of all legs that nobody feeds, as of the state's instant; `BadInput` with all that is wrong with price files.

    `cover` is how the deposit would stand; `None` where none is asked for, or no book says what was put up.
    """
    histories, remarks, wrong = _histories(request, first.at)
    if wrong:
        raise BadInput(wrong)
    wanted = targets(first.opened)
    outlook = request.config.outlook
    receipt = outlook.receipt if outlook is not None else Span(0)
    volatility = outlook.volatility if outlook is not None else None
    until = Span(first.deadline - first.at + receipt)
    legs = [leg for leg in first.plan.legs if not leg.fed_by and leg.quantity > ZERO]
    return Prospect(
        as_of=iso(first.at),
        deposit=tuple(deposit.lines(first.limits.deposit, cover, volatility, until)),
        legs=tuple(
            prospect_of(_given(request, first, leg, histories.get(leg.sell, ()), wanted, remarks.get(leg.sell, ())))
            for leg in legs
        ),
    )


def _given(
    request: Request,
    first: State,
    leg: LegPlan,
    histories: Sequence[History],
    wanted: Mapping[LegId, list[tuple[Instant, Decimal]]],
    remarks: Sequence[str],
) -> Given:
    price = _price(first, leg)
    return Given(
        leg=leg,
        start=first.at,
        stops=first.deadline_of(leg),
        hours=first.plan.hours(leg),
        programme=first.plan.programme,
        limits=first.limits,
        capabilities=dict(first.opened.capabilities)
        | {i.venue: first.opened.capabilities[i.venue].at(first.at, i) for i in leg.instruments},
        views=tuple(view for each in leg.instruments if (view := world.view_of(first, each)) is not None),
        price=price,
        impact=request.config.impacts.get(leg.sell),
        histories=tuple(histories),
        targets=wanted[leg.id],
        floor=_floor(first, leg),
        worth=_worth(first, leg),
        remarks=tuple(remarks),
        onward=_onward(first, leg, price[0]) if price is not None else "",
        supply=_supply(first, leg),
    )


def _supply(first: State, leg: LegPlan) -> Supply:
    """Where its coin lies by the books with which a run would open."""
    there = {each.venue: first.ledger.of(accounts.venue(each.venue), leg.sell) for each in leg.instruments}
    custody = first.opened.custody
    if custody is not None and leg.sell not in custody.holdings:
        custody = None
    return Supply(
        there=there,
        custody=custody,
        in_custody=first.ledger.of(accounts.CUSTODY, leg.sell),
        unit=KNOWN[leg.sell].unit,
    )


def _price(first: State, leg: LegPlan) -> tuple[Decimal, str] | None:
    """What the leg's coin is worth now, by the first of its venues where that can be told."""
    for instrument in leg.instruments:
        found = world.reference_of(first, leg, instrument)
        if isinstance(found, Consolidated):
            return found.price, f"mid, {found.label}, now"
    return None


def _floor(first: State, leg: LegPlan) -> FloorNow | None:
    """The floor as the gate would see it now, in what the leg receives."""
    now = floors.bottom(first, leg)
    if now is None:
        return None
    if now.lack:
        return FloorNow(None, floors.in_words(now))
    instrument = leg.instruments[0]
    fiat = fresh(world.fiat_view(first, leg, instrument.venue), first.at, first.limits.reference)
    return FloorNow(price_in_quote(now.price, now.currency, instrument, fiat), floors.in_words(now))


def _worth(first: State, leg: LegPlan) -> Worth | None:
    """What a unit received fetches in the settlement currency, after the fee; `None` where that can't be told."""
    settlement = first.terms.settlement
    onward = [other for other in first.plan.legs if other.sell == leg.buy and other.buy == settlement]
    if not onward:
        return None
    pairs = onward[0].instruments
    views = [view for each in pairs if (view := world.view_of(first, each)) is not None]
    fee_bp = min(first.opened.capabilities[each.venue].at(first.at, each).taker_fee for each in pairs) * BP
    found = rate_of(views, leg.buy, settlement, first.at, first.limits.reference, fee_bp)
    if isinstance(found, NoReference):
        return None
    rate = converted_price(Decimal(1), SELL, leg.buy, found)
    source = f"the bid for {leg.buy} now, {found.label}, less {trimmed(fee_bp)} bp of fees"
    policy = first.terms.stable(leg.buy)
    par = policy.par if policy is not None else Decimal(1)
    mid = median([(bid + ask) / 2 for bid, ask in found.books])
    return Worth(rate, str(settlement), source, float(mid / par))


def _onward(first: State, leg: LegPlan, price: Decimal) -> str:
    """How often the proceeds will be sold on, and what that costs by itself."""
    onward = next((other for other in first.plan.legs if other.sell == leg.buy), None)
    if onward is None or "amount" not in onward.schedule.parameters:
        return ""
    received, amount = times(price, leg.quantity), Decimal(onward.schedule.parameters["amount"])
    count = ceil(received / amount)
    policy = first.terms.stable(onward.sell)
    par = policy.par if policy is not None else Decimal(1)
    each = times(min(amount, received), par)
    fee, venue = min(
        (first.opened.capabilities[i.venue].at(first.at, i).fee(each), i.venue) for i in onward.instruments
    )
    return (
        f"about {count} sales of {trimmed(amount)} {onward.sell}, or less where it grows old; fees of about "
        f"{fixed(float(count * fee), 2)} {onward.buy} at {venue}, its least fee an order included"
    )


def _histories(
    request: Request, at: Instant
) -> tuple[dict[Asset, list[History]], dict[Asset, list[str]], list[Mistake]]:
    """Bars by asset, what is to be said of files, and every mistake in them."""
    found: dict[Asset, list[History]] = {}
    remarks: dict[Asset, list[str]] = {}
    wrong: list[Mistake] = []
    for asset, files in request.price_files.items():
        for source, name in files.items():
            path = Path(name)
            if _closes(path):
                told = f"volumes of {source}: {path.name} holds closes and no volumes"
                remarks.setdefault(Asset(asset), []).append(told)
                continue
            try:
                found.setdefault(Asset(asset), []).append(_history(source, path, at))
            except BadInput as error:
                wrong += [Mistake(f"prices.{asset}.{source}: {each.where}", each.what) for each in error.mistakes]
            except ValueError as error:
                wrong.append(Mistake(f"prices.{asset}.{source}: {path.name}", str(error)))
    return found, remarks, wrong


def _history(source: str, path: Path, at: Instant) -> History:
    """`ValueError` for bars of which no days can be made."""
    from backtests.data.bars import load  # Parquet and tables, which a plan without files does not pay for

    bars = load(path, tick=FINEST, lot=FINEST)
    whole = History(source=source, file=path.name, sha256=bars.sha256, span=bars.span, bars=bars.rows)
    history = market.closed_by(whole, at)
    market.seen(history)
    return history


def _closes(path: Path) -> bool:
    """One close a day, as a floor by average may rest on; it says nothing of volumes."""
    try:
        with path.open("rb") as file:
            return is_closes(file.readline(64))
    except OSError:
        return False  # whoever reads it says why it can't be
