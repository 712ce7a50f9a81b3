"""Only here does an order become `Approved`.

The gate sees one child order and one picture of the world, and answers yes, or no with every reason. It keeps no
state, so that the answer can be recomputed from the journal by anyone who doubts it. It trusts nothing above it:
quantities, path and prices are judged again from the mandate's own terms.
"""

from collections.abc import Iterator
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from engine.kernel.clock import Instant
from engine.kernel.errors import Denied
from engine.kernel.ids import ClientOrderId
from engine.kernel.money import ZERO, AssetClass, plain, times
from engine.mandate.deposit import shown
from engine.orders.order import Approved, Check, ChildOrder
from engine.orders.reports import Quote
from engine.risk import cumulative, depth, flow, prices
from engine.risk.reserve import Charge
from engine.risk.verdict import Verdict, judge
from engine.risk.world import World

ATTEMPTS_MAX = 50
"""Orders in one slice of one leg; more is a loop, not a sale."""


def check(child: ChildOrder, world: World) -> Approved | tuple[Denied, ...]:
    """Hold the order against every limit; approved with all of them on record, or denied with all that it broke."""
    verdicts = [
        *_standing(child, world),
        *_path(child, world),
        *_size(child, world),
        *prices.verdicts(child, world),
        *flow.verdicts(child, world),
        *cumulative.verdicts(child, world),
        *depth.verdicts(child, world),
    ]
    denied = tuple(v for v in verdicts if isinstance(v, Denied))
    if denied:
        return denied
    return Approved(child, tuple(v for v in verdicts if isinstance(v, Check)))


PACING = frozenset(
    {
        "trading hours",
        "calm market",
        "account in step",
        "duplicate intent",
        "attempts",
        "order notional",
        "venue filters",
        "daily quota",
    }
)
"""What paces orders in a book, and is no measure for a deal that was struck by voice."""


def check_deal(child: ChildOrder, world: World, gross: Decimal | None = None) -> list[Verdict]:
    """The verdicts on a deal that people struck: all that protects mandate, path and price, and the caps.

    `gross` is what a unit was sold for, where `child` has the price net of a fee.
    """
    paid = replace(world, charge=Charge())  # its price is what is left of it
    found = [*_standing(child, world), *_path(child, world), *_size(child, world), *prices.verdicts(child, paid)]
    found += cumulative.verdicts(child, world, child.price if gross is None else gross)
    return [verdict for verdict in found if verdict.limit not in PACING]


BOOKISH = frozenset({"order notional", "venue filters"})
"""What is a measure for an order in a book, and none for a block that a desk takes whole."""


class Offered(Struct, frozen=True):
    """A firm quote, and what else the gate may know of it."""

    quote: Quote
    until: Instant
    """Until when it may be taken, in market time."""
    book: Decimal
    """What crossing the best book with the same quantity would bring at this instant, after fees."""
    taken: bool
    """This quote was taken before."""
    working: ClientOrderId | None
    """An order of the same leg that may still trade, on any venue."""


def check_quote(child: ChildOrder, offered: Offered, world: World) -> Approved | tuple[Denied, ...]:
    """Hold a quote against every limit, as the order that stands for it; `child` has its price rounded down."""
    found = [
        *_quote(child, offered, world),
        *_standing(child, world),
        *_path(child, world),
        *_size(child, world),
        *prices.verdicts(child, replace(world, charge=Charge())),  # the dealer's spread is inside, and nothing else
        *cumulative.verdicts(child, world, cumulative.firm(child, offered.quote, world)),
    ]
    verdicts = [verdict for verdict in found if verdict.limit not in BOOKISH]
    if denied := tuple(v for v in verdicts if isinstance(v, Denied)):
        return denied
    return Approved(child, tuple(v for v in verdicts if isinstance(v, Check)))


def _quote(child: ChildOrder, offered: Offered, world: World) -> Iterator[Verdict]:
    """Is it what was asked for, can it be taken, and does the book not pay more?"""
    quote = offered.quote
    terms = (quote.venue, quote.sell, quote.buy, quote.quantity)
    asked = (child.venue, child.sell, child.buy, child.quantity)
    same = terms == asked and times(child.price, quote.quantity) <= quote.proceeds
    yield judge("quote terms", same, _terms(quote), f"{plain(child.quantity)} {child.sell}>{child.buy}")
    yield judge("quote stands", world.at < offered.until, world.at, offered.until)
    yield judge("quote untaken", not offered.taken, quote.quote_id, "a quote is taken once")
    yield judge("one deal", offered.working is None, offered.working or "none", "no other order of the leg")
    yield judge("book", quote.proceeds >= offered.book, quote.proceeds, offered.book)
    making = world.terms.stable(quote.buy)
    if making is not None:
        after = world.stable_waiting + quote.proceeds
        yield judge("stable proceeds", after <= making.inventory_max, after, making.inventory_max)


def _terms(quote: Quote) -> str:
    return f"{plain(quote.quantity)} {quote.sell}>{quote.buy} for {plain(quote.proceeds)} on {quote.venue}"


def _standing(child: ChildOrder, world: World) -> Iterator[Verdict]:
    """May anything be sent to this venue now?"""
    yield judge("running", not world.stopped, world.stopped or "yes", "nothing stops it")
    yield judge("trading hours", not world.closed, world.closed or "open", "open")
    yield judge("calm market", not world.restless, world.restless or "yes", "the bounds of its pause")
    yield judge("deadline", world.at < world.deadline, world.at, world.deadline)
    yield judge("venue allowed", child.venue in world.terms.venues, child.venue, ",".join(world.terms.venues))
    yield judge("venue licensed", not world.unlicensed, world.unlicensed or "yes", "a valid entry on the register")
    yield judge("account in step", world.continuous, "yes" if world.continuous else "no", "private stream and survey")
    yield judge("duplicate intent", not world.seen and world.live is None, world.live or child.client_id, "none before")
    yield judge("attempts", child.attempt <= ATTEMPTS_MAX, child.attempt, ATTEMPTS_MAX)


def _path(child: ChildOrder, world: World) -> Iterator[Verdict]:
    """Is this hop lawful, by the classes of its two assets and by the mandate's own edges?"""
    classes, hop = world.terms.classes, f"{child.sell}>{child.buy}"
    kinds = (classes.get(child.sell), classes.get(child.buy))
    lawful = kinds in ((AssetClass.VOLATILE, AssetClass.STABLE), (AssetClass.STABLE, AssetClass.FIAT))
    yield judge(
        "path class", lawful, ">".join(k.value if k else "unknown" for k in kinds), "volatile>stable or stable>fiat"
    )
    edges = [f"{e.sell}>{e.buy}" for e in world.terms.edges]
    yield judge("path edge", hop in edges, hop, ",".join(edges))
    pair = (world.instrument.base, world.instrument.quote, world.instrument.symbol)
    yield judge("pair", pair == (child.sell, child.buy, child.symbol), "/".join(pair[:2]), hop)


def _size(child: ChildOrder, world: World) -> Iterator[Verdict]:
    """Never more than was entrusted, received, and stands there."""
    after = world.sold + world.committed + child.quantity
    holding = world.terms.holding(child.sell)
    released = (holding.released if holding is not None else ZERO) + world.received
    yield judge("quantity", child.quantity > 0, child.quantity, "above zero")
    yield judge("mandate quantity", after <= released, after, released)
    yield judge("plan quantity", after <= world.total, after, world.total)
    if world.today is not None:
        sold, bound = world.today
        used = sold + world.working + child.quantity
        yield judge("daily quota", used <= bound, used, bound)
    rule = world.limits.deposit
    if rule is not None and world.cover is not None:
        yield judge("deposit cover", world.cover.reaches(rule.ratio), shown(world.cover, rule), plain(rule.ratio))
    yield judge("on the account", child.quantity <= world.free, child.quantity, world.free)
    notional = times(child.quantity, child.price)
    yield judge(
        "order notional", notional <= world.limits.order_notional_max, notional, world.limits.order_notional_max
    )
    faults = world.instrument.faults(child.quantity, child.price)
    yield judge("venue filters", not faults, "; ".join(faults) or "kept", "tick, lot, minima, maxima")
