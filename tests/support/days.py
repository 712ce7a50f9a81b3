"""A journal of two local days with all that a daily report tells of.

Hong Kong time; open from 10:00 to 12:00 and from 13:00 to 16:00, the bank until 17:00, half of all a day, and what is
left comes on top of the next day's. On 2 May 0.2 BTC are sold, and 0.1 more of which nobody hears before the morning
of the 3rd; then a process takes over, people ask for something, and 0.15 are sold by voice.
"""

from decimal import Decimal

from msgspec.structs import replace

from engine.events import Agreed, CaseChanged, Closed, Instructed, Opened, Restarted
from engine.kernel.clock import HOUR, MINUTE, Instant, Span, parse_instant
from engine.kernel.errors import Denied
from engine.kernel.ids import (
    ClientOrderId,
    LegId,
    OrderName,
    PersonName,
    TradeId,
    VenueOrderId,
    client_order_id,
    run_tag,
)
from engine.kernel.money import Amount
from engine.mandate import instructions as i
from engine.mandate.deposit import DepositRule, Valuation
from engine.mandate.hours import Hours, Window
from engine.mandate.programme import Carry, Programme
from engine.mandate.standing import CaseStanding
from engine.market.facts import Print
from engine.market.view import MarketView
from engine.orders import commands as c
from engine.orders import events as e
from engine.orders import reports as r
from engine.orders.order import Approved, ChildOrder
from tests.support import journals
from tests.support.journals import BTC, BTCUSDT, FIRST, RUN, SECOND_LEG, USD, USDT, USDTUSD, VENUE, Journal, leg_plan

D = Decimal
EVERY_DAY = (0, 1, 2, 3, 4, 5, 6)
HOURS = Hours(
    offset=Span(8 * HOUR),
    windows=(
        Window(days=EVERY_DAY, opens=Span(10 * HOUR), closes=Span(12 * HOUR)),
        Window(days=EVERY_DAY, opens=Span(13 * HOUR), closes=Span(16 * HOUR)),
    ),
    closed_days=(),
    covers_until="2026-12-31",
)
BANK = replace(HOURS, windows=(Window(days=EVERY_DAY, opens=Span(9 * HOUR), closes=Span(17 * HOUR)),))
PROGRAMME = Programme(hours=HOURS, bank=BANK, quota=D("0.5"), carry=Carry.NEXT)
RULE = DepositRule(currency=USD, ratio=D("1.05"), limit=D("1.00"), valuation=Valuation.CURRENT)


def on(day: int, time: str) -> Instant:
    """A local time in May."""
    return parse_instant(f"2026-05-{day:02d}T{time}+08:00")


def begun(*, deposit: bool = True, balances: tuple[r.Balance, ...] = ()) -> Opened:
    """The first row: 1 BTC to be sold by the evening of the 4th, 70000 USD of deposit."""
    first = journals.opened(balances or (r.Balance(BTC, D(1), D(0)), r.Balance(USDT, D(0), D(0))))
    deadline = replace(first.plan.deadline, after=Span(57 * HOUR))
    pool = replace(leg_plan(SECOND_LEG, "0", fed_by=(FIRST,)), to_fiat=True)
    plan = replace(first.plan, legs=(leg_plan(FIRST, "1"), pool), programme=PROGRAMME, deadline=deadline)
    limits = replace(first.limits, deposit=RULE if deposit else None)
    standing = CaseStanding(deposit={USD: D(70000)}, book_seq=4)
    return replace(first, at=on(2, "09:00:00"), plan=plan, limits=limits, standing=standing, approvals=2)


def place(j: Journal, leg: LegId, index: int, when: Instant, quantity: str, price: str, epoch: int = 1) -> ChildOrder:
    like = journals.order(leg, index, "10:00:00", quantity, price)
    name = client_order_id(OrderName(run_tag(RUN), leg, index, 1, epoch))
    child = replace(like, client_id=name, decided_at=when)
    j.write(when, c.Place(Approved(child, ())))
    return child


def fill(child: ChildOrder, trade: str, when: Instant, quantity: str, price: str) -> r.Fill:
    """A thousandth of the proceeds is the fee."""
    return replace(journals.fill(child, trade, "10:00:00", quantity, price), at=when)


def due(j: Journal, when: Instant, bid: str, ask: str) -> None:
    """A decision over both pairs; USDT at par."""

    def view(symbol: object, low: str, high: str) -> MarketView:
        return replace(journals.view("10:00:00", symbol, low, high), at=when, book_at=when, seen_at=when)  # type: ignore[arg-type]

    j.write(when, e.Due(when, (view(BTCUSDT, bid, ask), view(USDTUSD, "0.9999", "1.0001"))))


def survey(j: Journal, when: Instant, btc: str, usdt: str, usd: str, *fills: r.Fill) -> None:
    balances = tuple(r.Balance(a, D(u), D(0)) for a, u in ((BTC, btc), (USDT, usdt), (USD, usd)))
    j.write(when, e.Surveyed(when, VENUE, r.Survey(VENUE, on(2, "09:00:00"), (), fills, balances)))


def instructed(when: Instant, wanted: i.Instruction, paper: str) -> Instructed:
    by, others = PersonName("wong"), (PersonName("lee"), PersonName("chan"))
    return Instructed(
        at=when, instruction=wanted, by=by, agreed=others, reason="as agreed", paper_sha256=paper * 32, book_seq=7
    )


def approved() -> Agreed:
    """Wong asked, Lee and Chan agreed."""
    return Agreed(
        at=on(2, "09:00:00"),
        plan_sha256="e0" * 32,
        paper_sha256="e1" * 32,
        by=PersonName("wong"),
        agreed=(PersonName("lee"), PersonName("chan")),
        book_seq=4,
    )


def two_days(*, closed: bool = True) -> Journal:
    """The two days that this module's first words describe."""
    j = Journal()
    j.write(on(2, "09:00:00"), begun())
    j.write(on(2, "09:00:00"), approved())
    due(j, on(2, "10:00:00"), "59990", "60010")
    a1 = place(j, FIRST, 1, on(2, "10:00:01"), "0.2", "59900")
    j.write(on(2, "10:00:02"), e.Filled(on(2, "10:00:02"), fill(a1, "t1", on(2, "10:00:02"), "0.2", "60000")))
    due(j, on(2, "10:10:00"), "59990", "60010")
    b1 = place(j, SECOND_LEG, 1, on(2, "10:10:01"), "11000", "0.999")
    j.write(on(2, "10:10:02"), e.Filled(on(2, "10:10:02"), fill(b1, "t2", on(2, "10:10:02"), "11000", "1")))
    due(j, on(2, "15:59:00"), "65990", "66010")
    a2 = place(j, FIRST, 20, on(2, "15:59:01"), "0.1", "65900")
    j.write(on(2, "15:59:31"), e.Placed(on(2, "15:59:31"), a2.client_id, r.Unknown("timeout")))
    survey(j, on(2, "20:00:00"), "0.8", "988", "10989")
    j.write(on(3, "08:59:00"), Restarted(on(3, "08:59:00"), 2, "0.1.0"))
    j.write(on(3, "08:59:01"), c.Lookup(VENUE, BTCUSDT, a2.client_id, on(2, "15:59:01"), Span(MINUTE)))
    late = fill(a2, "t3", on(2, "15:59:02"), "0.1", "65995")
    ended = replace(journals.report(a2, r.OrderStatus.FILLED, "0.1", "10:00:00"), at=on(2, "15:59:02"))
    j.write(on(3, "09:00:00"), e.LookedUp(on(3, "09:00:00"), a2.client_id, r.Found(ended, (late,))))
    survey(j, on(3, "09:01:00"), "0.7", "7580.9005", "10989")
    hold = CaseStanding(deposit={USD: D(90000)}, suspended="an appeal", book_seq=6)
    j.write(on(3, "09:30:00"), CaseChanged(on(3, "09:30:00"), hold))
    j.write(on(3, "09:40:00"), instructed(on(3, "09:40:00"), i.Amend(was_sha256="00" * 32, rate=D(2)), "a1"))
    j.write(on(3, "09:40:00"), c.Unheeded("a1" * 32, (Denied("amended plan", "00", "another"),)))
    _by_voice(j)
    explained = i.ExplainDifference(venue=VENUE, asset=USD, delta=D("-5"), document_sha256="d5" * 32)
    survey(j, on(3, "18:00:00"), "0.55", "17571.9505", "10984")
    j.write(on(3, "18:30:00"), instructed(on(3, "18:30:00"), explained, "b2"))
    if closed:
        j.write(on(3, "19:00:00"), c.Residue(FIRST, "halted"))
        j.write(on(3, "19:00:00"), c.Residue(SECOND_LEG, "halted"))
        j.write(on(3, "19:00:01"), Closed(on(3, "19:00:01"), "halted", 0, 0))
    return j


def _by_voice(j: Journal) -> None:
    """0.15 BTC at 66667 to a desk, for 9990 net."""
    when, none = on(3, "11:00:00"), Amount(D("9.00"), USDT)
    ticket = i.Ticket(
        ticket="otc-1", venue=VENUE, sell=BTC, buy=USDT, quantity=D("0.15"), price=D("66667"), fee=none,
        counterparty="the desk", dealt_at=when, document_sha256="d1" * 32,
    )  # fmt: skip
    said = instructed(when, ticket, "c3")
    j.write(when, said)
    name = client_order_id(OrderName(run_tag(RUN), FIRST, 999_999, 1, 2))
    child = replace(journals.order(FIRST, 1, "10:00:00", "0.15", "66667"), client_id=name, decided_at=when)
    deal = r.Fill(
        VENUE, BTCUSDT, ClientOrderId(name), VenueOrderId("otc-1"), TradeId("otc-1"), D("0.15"), D("66667"), none,
        maker=False, at=when,
    )  # fmt: skip
    j.write(when, c.Book(paper_sha256=said.paper_sha256, order=child, fill=deal))


def others(day: int, time: str, price: str, quantity: str) -> Print:
    """Somebody else's trade of BTC."""
    when = on(day, time)
    return Print(VENUE, BTCUSDT, when, when, f"o{when}", D(price), D(quantity), buyer_is_maker=True)


def tape() -> tuple[Print, ...]:
    """By others: 0.8 BTC in hours and 5 at lunch on the 2nd, 1.35 in hours on the 3rd."""
    return (
        others(2, "10:30:00", "60100", "0.4"),
        others(2, "12:30:00", "50000", "5"),
        others(2, "15:00:00", "60300", "0.4"),
        others(3, "11:30:00", "66000", "1.35"),
    )
