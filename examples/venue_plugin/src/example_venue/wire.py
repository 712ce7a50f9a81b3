"""The exchange's words and ours: bytes to values, and nothing else. What can't be believed raises `ValueError`."""

import hmac
from typing import Final, TypeVar

import msgspec
from msgspec import Struct

from engine.kernel.clock import SECOND, Instant, Span, of_millis
from engine.kernel.ids import ClientOrderId, Symbol, TradeId, VenueName, VenueOrderId
from engine.kernel.money import Amount, Asset, exact
from engine.market.facts import BookSeen, Level, Print
from engine.market.instrument import Instrument
from engine.orders.reports import Balance, Fill, OrderReport, OrderStatus, Refused, Transient, Unknown, Wire

T = TypeVar("T")
STATES: Final = {"open": OrderStatus.WORKING, "done": OrderStatus.FILLED, "gone": OrderStatus.CANCELLED}
STOPS: Final = frozenset({"stranger", "seal", "late"})
"""Our key, our signature or our clock is wrong: nothing else will work either."""
NOT_PLACED: Final = frozenset({"pair", "halted", "size", "limit", "value", "funds"})
NOT_CANCELLED: Final = frozenset({"unknown", "ended"})
BUSY_WAIT: Final = Span(2 * SECOND)


class Order(Struct, frozen=True):
    """An order of ours."""

    number: int
    ref: str
    pair: str
    size: str
    limit: str
    sold: str
    state: str
    ms: int


class Trade(Struct, frozen=True):
    """An execution of ours."""

    number: int
    order: int
    ref: str
    pair: str
    size: str
    price: str
    fee: str
    fee_in: str
    maker: bool
    ms: int


class Ledger(Struct, frozen=True):
    """Our account; orders and trades are those that changed after the count that was asked for."""

    count: int
    orders: list[Order]
    trades: list[Trade]
    purse: dict[str, tuple[str, str]]


class Pair(Struct, frozen=True):
    """One pair that is listed."""

    pair: str
    base: str
    quote: str
    tick: str
    lot: str
    least: str
    most: str
    least_value: str
    most_value: str
    open: bool


class Passed(Struct, frozen=True):
    """One public trade."""

    number: int
    price: str
    size: str
    buyer_waited: bool
    ms: int


class Board(Struct, frozen=True):
    """What everybody may see of a pair; best prices first."""

    version: int
    ms: int
    bids: list[tuple[str, str]]
    asks: list[tuple[str, str]]
    passed: list[Passed]


class No(Struct, frozen=True):
    """The exchange's refusal."""

    no: str
    why: str


def parsed(body: bytes, shape: type[T]) -> T:
    """The answer in its shape; `ValueError` when it has another."""
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.DecodeError as error:
        raise ValueError(f"not a {shape.__name__}: {error}") from None


def seal(secret: str, method: str, target: str, ms: int, body: bytes) -> str:
    """HMAC-SHA256 over method, path with query, time and body, a newline between each."""
    return hmac.new(secret.encode(), f"{method}\n{target}\n{ms}\n".encode() + body, "sha256").hexdigest()


def judged(status: int, body: bytes, wire: Wire, refusals: frozenset[str]) -> Refused | Transient | Unknown:
    """How a call ended whose answer is no success. What proves nothing is unknown."""
    if status in (418, 429):
        return Transient("asked too often", BUSY_WAIT, wire)
    try:
        no = parsed(body, No)
    except ValueError:
        return Unknown(f"HTTP {status} without a reason that we know", wire)
    if shut(status, body):
        return Transient(no.why, BUSY_WAIT, wire)
    if 400 <= status < 500 and no.no in STOPS | refusals:
        return Refused(no.no, no.why, stop_venue=no.no in STOPS, wire=wire)
    return Unknown(f"HTTP {status}, {no.no}: {no.why}", wire)


def shut(status: int, body: bytes) -> bool:
    """Does the answer say that the exchange is closed for everybody?"""
    try:
        return status == 503 and parsed(body, No).no == "shut"
    except ValueError:
        return False


def report(venue: VenueName, row: Order) -> OrderReport:
    """An order in the engine's words."""
    if row.state not in STATES:
        raise ValueError(f"an order is {row.state!r}")
    return OrderReport(
        venue=venue,
        symbol=Symbol(row.pair),
        client_id=ClientOrderId(row.ref),
        venue_order_id=VenueOrderId(str(row.number)),
        status=STATES[row.state],
        quantity=exact(row.size),
        price=exact(row.limit),
        filled=exact(row.sold),
        at=of_millis(row.ms),
    )


def fill(venue: VenueName, row: Trade) -> Fill:
    """An execution in the engine's words."""
    return Fill(
        venue=venue,
        symbol=Symbol(row.pair),
        client_id=ClientOrderId(row.ref),
        venue_order_id=VenueOrderId(str(row.order)),
        trade_id=TradeId(str(row.number)),
        quantity=exact(row.size),
        price=exact(row.price),
        fee=Amount(exact(row.fee), Asset(row.fee_in)),
        maker=row.maker,
        at=of_millis(row.ms),
    )


def balances(ledger: Ledger) -> tuple[Balance, ...]:
    """What the account holds."""
    return tuple(Balance(Asset(name), exact(free), exact(locked)) for name, (free, locked) in ledger.purse.items())


def instrument(venue: VenueName, row: Pair) -> Instrument:
    """A pair in the engine's words."""
    return Instrument(
        venue=venue,
        symbol=Symbol(row.pair),
        base=Asset(row.base),
        quote=Asset(row.quote),
        tick=exact(row.tick),
        lot=exact(row.lot),
        quantity_min=exact(row.least),
        quantity_max=exact(row.most),
        notional_min=exact(row.least_value),
        notional_max=exact(row.most_value),
        trading=row.open,
    )


def book(venue: VenueName, symbol: Symbol, board: Board, seen_at: Instant) -> BookSeen:
    """The book of a board."""
    bids, asks = (tuple(Level(exact(p), exact(s)) for p, s in side) for side in (board.bids, board.asks))
    return BookSeen(venue, symbol, of_millis(board.ms), seen_at, bids, asks, str(board.version))


def print_(venue: VenueName, symbol: Symbol, row: Passed, seen_at: Instant) -> Print:
    """A public trade in the engine's words."""
    price, size = exact(row.price), exact(row.size)
    return Print(venue, symbol, of_millis(row.ms), seen_at, str(row.number), price, size, row.buyer_waited)
