"""One leg over two venues, read by somebody who means it ill: each of these is a way in which a sale may go wrong."""

from decimal import Decimal

from msgspec.structs import replace

from engine.core.pursuing import Method
from engine.core.world import world_of
from engine.events import Opened
from engine.kernel.clock import MINUTE, SECOND, Instant, Span
from engine.kernel.ids import VenueName
from engine.kernel.money import total
from engine.mandate.terms import Deadline
from engine.orders import commands as c
from engine.orders import events as e
from engine.orders import reports as r
from engine.orders.order import ChildOrder
from engine.planning.draft import Manner, Way, draft
from engine.planning.plan import Plan, Recipe
from strategies.tactics.cross import Cross
from strategies.tactics.peg import Peg
from strategies.twap import twap
from tests.support.both import BOTH, two
from tests.support.builders import (
    BTC,
    CAPABILITIES,
    COIN,
    ONE,
    POLICY,
    STABLE,
    START,
    USDT,
    USDTUSD,
    VENUE,
    at,
    d,
    methods,
    plan,
    report,
    terms,
)
from tests.support.by_hand import Commands, Run, only, placed

OTHER = VenueName("osl")
SOON = Span(5 * SECOND)
MINUTES = tuple(f"00:{minute:02d}" for minute in range(60))
SLICES = ("00:00", "00:00:10", "00:01", "00:01:10", "00:02", "00:02:10", "00:03", "00:03:10", "00:03:20")
DONE_BY_NOW = Deadline(after=Span(5 * MINUTE))


def briefly(first: Opened) -> Opened:
    """The same, over after five minutes."""
    return replace(first, plan=replace(first.plan, deadline=DONE_BY_NOW))


def run(first: Opened | None = None) -> Run:
    return Run(first or two(), methods()).ready()


def darken(trading: Run, venue: VenueName = VENUE) -> None:
    """Stream and books of a venue go down, and nothing is heard of it."""
    trading.stream(up=False, venue=venue)
    dim(trading, venue)


def dim(trading: Run, venue: VenueName = VENUE) -> None:
    """Its books alone go down."""
    trading.price("99.99", "100.01", venue=venue, live=False)
    trading.price("0.9999", "1.0001", USDTUSD, venue=venue, live=False)


def through(trading: Run, venue: VenueName, outcome: r.Outcome, times: tuple[str, ...]) -> list[ChildOrder]:
    """Decisions at these times: `venue` answers each order with `outcome`, and the others sell all they are sent."""
    sold = []
    for when in times:
        orders = placed(trading.due(when))
        for order in orders:
            _ = trading.answer(order, outcome) if order.venue == venue else trading.sold(order)
        sold += [order for order in orders if order.venue != venue]
    return sold


def coins(orders: list[ChildOrder]) -> Decimal:
    return total(order.quantity for order in orders if order.sell == BTC)


def wakes(commands: Commands) -> list[Instant]:
    return [wake.at for wake in only(c.WakeAt, commands)]


def reason(trading: Run, leg: object = ONE) -> str:
    return trading.state.legs[leg].residue_reason  # type: ignore[index]


# Starvation


def test_a_venue_that_refuses_every_order_does_not_keep_the_other_from_being_asked() -> None:
    """The first of the mandate says no to each slice; the second, which pays as much, holds everything as well."""
    sold = through(run(), VENUE, r.Refused("-1", "your account may not trade this pair"), MINUTES[:12])
    assert coins(sold) == d("10")


def test_a_venue_that_is_always_too_busy_does_not_keep_the_other_from_being_asked() -> None:
    """Slices are a minute apart, so ten seconds after each no are over when the next decision is due by itself."""
    sold = through(run(), VENUE, r.Transient("too many requests"), MINUTES[:12])
    assert coins(sold) == d("10")


def test_what_was_turned_away_is_decided_upon_again_soon() -> None:
    """The other venue could take the slice at once; nobody else will wake us before the next one."""
    trading = run()
    (order,) = placed(trading.due("00:00"))
    asked_again = wakes(trading.answer(order, r.Transient("no connection")))
    assert [when for when in asked_again if when <= trading.now + SOON]


def test_keys_that_are_refused_at_one_venue_send_the_slice_to_the_other_soon() -> None:
    trading = run()
    (order,) = placed(trading.due("00:00"))
    asked_again = wakes(trading.answer(order, r.Refused("-2015", "key", stop_venue=True)))
    assert [when for when in asked_again if when <= trading.now + SOON]


def test_a_venue_that_opens_again_is_asked_soon() -> None:
    trading = run(two(there="0"))
    trading.feed(e.ModeChanged(trading.now, VENUE, r.Mode.MAINTENANCE))
    assert placed(trading.due("00:00")) == []
    asked_again = wakes(trading.feed(e.ModeChanged(trading.now, VENUE, r.Mode.NORMAL)))
    assert [when for when in asked_again if when <= trading.now + SOON]


def test_attempts_that_one_venue_refuses_do_not_use_up_those_of_the_other() -> None:
    """Something wakes us every second; after fifty refusals in one slice the other venue still may be asked."""
    trading = run()
    seconds = tuple(f"00:00:{second:02d}" for second in range(55))
    assert coins(through(trading, VENUE, r.Refused("-1", "no"), seconds)) == d("2.5")


def test_a_venue_that_is_too_busy_is_not_asked_each_second_because_another_one_holds_nothing() -> None:
    """Everything lies at the first venue, so nobody else can take what it turned away."""
    trading = run(two(there="0"))
    (order,) = placed(trading.due("00:00"))
    asked_again = wakes(trading.answer(order, r.Transient("too many requests", Span(30 * SECOND))))
    assert [when for when in asked_again if when <= trading.now + SOON] == []


def test_a_venue_that_is_too_busy_is_not_asked_each_second_because_another_one_is_closed() -> None:
    """The other venue holds as much, and is in maintenance."""
    trading = run()
    trading.feed(e.ModeChanged(trading.now, OTHER, r.Mode.MAINTENANCE))
    (order,) = placed(trading.due("00:00"))
    asked_again = wakes(trading.answer(order, r.Transient("too many requests", Span(30 * SECOND))))
    assert [when for when in asked_again if when <= trading.now + SOON] == []


def test_an_order_that_rests_in_a_book_that_we_no_longer_see_is_pulled() -> None:
    """Its stream is up and it takes cancels, but there is no price to hold the order against; the other could sell."""
    pegged = methods() | {ONE: Method(twap(START, at("00:04"), 4), Peg(Span(20 * SECOND), Span(10 * SECOND)))}
    trading = Run(two(), pegged).ready()
    resting, there = placed(trading.due("00:00"))
    for order in (resting, there):
        trading.answer(order, r.Done(report(r.OrderStatus.WORKING, "0", order)))
    dim(trading)
    pulled = only(c.Cancel, trading.due("00:00:20"))
    assert [cancel.client_id for cancel in pulled] == [resting.client_id]


# Reasons


def test_what_stays_at_a_dark_venue_is_said_to_be_there() -> None:
    """Both hold 5 BTC, one of them dies at once: the other is empty, and is not why 5 BTC are left."""
    trading = run(briefly(two(coins="5", there="5")))
    darken(trading)
    through(trading, VENUE, r.Done(), MINUTES[:6])
    assert trading.state.legs[ONE].remaining == d("5")
    assert "hashkey" in reason(trading)


def test_what_the_gate_held_against_one_venue_is_not_told_of_the_other() -> None:
    """The first venue's stream is down, its books are not; the second has sold all that it held."""
    trading = run(briefly(two(coins="5", there="5")))
    trading.stream(up=False)
    through(trading, VENUE, r.Done(), MINUTES[:6])
    assert trading.state.legs[ONE].remaining == d("5")
    assert "osl: account in step" not in reason(trading)


def test_what_an_unknown_order_holds_is_not_said_to_be_nowhere() -> None:
    """Everything but the 2.5 BTC of an order without an answer was sold; the venue that knows stays dark."""
    trading = run(briefly(two(coins="2.5", there="7.5")))
    (lost, *others) = placed(trading.due("00:00"))
    trading.unanswered(lost)
    darken(trading)
    for order in others:
        trading.sold(order)
    through(trading, VENUE, r.Done(), MINUTES[1:20])
    assert trading.state.finished == "unresolved"
    assert "unknown" in reason(trading)


# The end


def test_a_venue_that_was_dark_from_the_start_and_never_used_keeps_no_run_open() -> None:
    """The preflight read its balances, nothing was sent there, and the other venue has sold everything."""
    trading = Run(two(), methods())
    trading.restart(1)
    trading.feed(e.Surveyed(trading.now, VENUE, None, "ConnectionError: no answer"))
    trading.survey(venue=OTHER)
    trading.stream(up=True, venue=OTHER)
    trading.survey(venue=OTHER)
    dim(trading)
    through(trading, VENUE, r.Done(), SLICES)
    trading.survey(venue=OTHER)
    assert trading.state.finished == "done"


def test_a_venue_that_died_with_everything_proven_keeps_no_run_open_when_its_routine_survey_is_due() -> None:
    """Each survey that fails is followed by the next in the same turn, so one always seems to be under way."""
    trading = run(two(coins="2.5", there="7.5"))
    through(trading, VenueName("none"), r.Done(), ("00:00", "00:00:10"))
    trading.survey()
    darken(trading)
    through(trading, VENUE, r.Done(), MINUTES[1:7])
    trading.survey(venue=OTHER)
    for _ in range(5):
        trading.later(3)
        trading.feed(e.Surveyed(trading.now, VENUE, None, "ConnectionError: no answer"))
    assert trading.state.finished == "done"


def test_what_is_told_twice_of_a_settled_order_does_not_unsettle_its_venue() -> None:
    """Sold, read, told again by a stream that repeats itself; then the venue dies, and there is nothing to find out."""
    trading = run(two(coins="2.5", there="7.5"))
    (first, *_) = through(trading, VenueName("none"), r.Done(), ("00:00", "00:00:10"))
    trading.survey()
    trading.report(first, r.OrderStatus.FILLED, "2.5")
    darken(trading)
    through(trading, VENUE, r.Done(), SLICES[2:])
    trading.survey(venue=OTHER)
    assert trading.state.finished == "done"


# The stablecoin


def test_stablecoin_that_waits_for_company_does_not_keep_its_company_away() -> None:
    """Its minimum fee makes a sweep worth 600 USDT at each venue; half the inventory lies at each of the two."""
    dear = replace(CAPABILITIES, taker_fee=d("0.002"), fee_min=d("1.2"))
    little = terms(venues=BOTH, stables=(replace(POLICY, inventory_max=d("800")),))
    trading = run(two(coins="5", there="5", capabilities=dict.fromkeys(BOTH, dear), terms=little))
    through(trading, VenueName("none"), r.Done(), MINUTES[:50])
    assert trading.state.legs[ONE].remaining == 0


def test_stablecoin_below_what_the_fee_is_worth_does_not_age_until_nothing_is_sold() -> None:
    """Some USDT lie where the fee makes them wait, and are older than the mandate allows; the coins are still sold."""
    dear = replace(CAPABILITIES, taker_fee=d("0.002"), fee_min=d("1.2"))
    trading = run(two(coins="2.5", there="7.5", capabilities={VENUE: dear, OTHER: CAPABILITIES}))
    through(trading, VenueName("none"), r.Done(), ("00:00", "00:10", "00:20", "00:30", "00:40", "00:50"))
    assert trading.state.legs[ONE].remaining == 0


def test_stablecoin_at_a_dead_venue_grows_old_there_and_keeps_nobody_from_selling_elsewhere() -> None:
    """Some USDT lie at a venue that dies at once; six minutes later it may make no more, and the other one may."""
    slow = methods() | {ONE: Method(twap(START, at("00:20"), 20), Cross())}
    legs = two(coins="0.5", there="9.5").plan.legs
    first = two(coins="0.5", there="9.5", plan=plan(replace(legs[0], window=Span(20 * MINUTE)), legs[1]))
    trading = Run(first, slow).ready()
    early = [placed(trading.due("00:00"))[0]]
    trading.sold(early[0])
    darken(trading)
    trading.survey(venue=OTHER)
    through(trading, VENUE, r.Done(), tuple(f"00:{m:02d}:{s}" for m in range(1, 7) for s in ("00", "15")))
    waiting = trading.state.legs["2"].remaining  # type: ignore[index]
    late = coins(through(trading, VENUE, r.Done(), MINUTES[8:20]))
    assert (early[0].venue, waiting > 40, late > 0) == (VENUE, True, True)
    assert trading.state.legs[ONE].remaining == 0
    old = world_of(trading.state, trading.state.opened.plan.legs[0], early[0]).stable_since
    assert old is not None
    assert trading.now - old > POLICY.age_max


def test_the_proceeds_of_one_venue_are_not_paid_from_what_lay_at_another() -> None:
    """The first account held USDT that are no part of the mandate; the second brings 250, and they are sold there."""
    held = {
        VENUE: (r.Balance(USDT, d("5000"), d("0")),),
        OTHER: (r.Balance(BTC, d("10"), d("0")),),
    }
    trading = run(two(balances=held))
    for order in placed(trading.due("00:00")):
        trading.sold(order)
    sweeps = [order.venue for order in placed(trading.due("00:00:10")) if order.sell == USDT]
    assert sweeps == [OTHER]


def test_coins_are_not_sold_where_their_proceeds_could_not_be() -> None:
    """The second venue lists no pair for the stablecoin, and nothing is moved between venues."""
    manner = Manner(
        way=Way(
            schedule=Recipe("twap", {"slices": "4"}),
            window=Span(4 * MINUTE),
            catch_up=d("2"),
            tactic=Recipe("cross"),
        ),
        sweeps={USDT: Recipe("fiat_sweep", {"every": "10s", "amount": "200", "age": "2m"})},
        tails={},
    )
    listed = (COIN, replace(COIN, venue=OTHER), STABLE)
    drafted = draft(terms(venues=BOTH), {BTC: d("10")}, listed, manner)
    where = [i.venue for i in drafted.legs[0].instruments] if isinstance(drafted, Plan) else []
    assert OTHER not in where


# Whose


def test_an_execution_that_another_venue_tells_of_our_order_stops_the_run() -> None:
    """The order went to the first venue; a trade of that name on the second account is nobody's that we know."""
    trading = run()
    (order,) = placed(trading.due("00:00"))
    trading.answer(order, r.Done())
    trading.told(replace(trading.execution(order, "1"), venue=OTHER))
    assert trading.state.halted


def test_a_dark_venue_does_not_make_decisions_fall_due_all_the_time() -> None:
    """Its account can't be read: each try tells us nothing new, so there is nothing new to decide."""
    trading = run()
    trading.due("00:00:20")
    darken(trading)
    told = trading.feed(e.Surveyed(trading.now, VENUE, None, "ConnectionError: no answer"))
    assert [when for when in wakes(told) if when <= trading.now + SOON] == []
