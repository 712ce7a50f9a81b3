"""What a story keeps beside orders and fills: words of people, tranches, and what each restart found."""

from decimal import Decimal

import msgspec
from msgspec.structs import replace

from engine.events import Closed, Restarted
from engine.evidence.books import balances, moves
from engine.evidence.reading import tell
from engine.evidence.recoveryrecord import recovery_json
from engine.evidence.story import Way
from engine.kernel.clock import Span
from engine.kernel.ids import TradeId
from engine.kernel.money import ZERO
from engine.ledger import accounts
from engine.mandate.custody import CustodyPlan
from engine.orders import commands as c
from engine.orders import events as e
from engine.orders import reports as r
from engine.orders.tranche import Confirmed, Requested, Sent, Tranche, TrancheId
from tests.support.days import two_days
from tests.support.journals import BTC, BTCUSDT, FIRST, USD, VENUE, Journal, at, fill, opened, order, report, two_legs

D = Decimal


def test_each_word_of_people_stands_with_what_became_of_it() -> None:
    story = tell(two_days().rows)
    assert [str(word.said.instruction.__struct_config__.tag) for word in story.words] == [
        "amend", "ticket", "explain_difference",
    ]  # fmt: skip
    assert [bool(word.denied) for word in story.words] == [True, False, False]


def test_a_deal_by_voice_is_a_fill_of_its_leg_learned_by_paper() -> None:
    ways = {sold.fill.trade_id: sold.way for sold in tell(two_days().rows).leg(FIRST).fills}
    assert ways == {TradeId("t1"): Way.STREAM, TradeId("t3"): Way.LOOKUP, TradeId("otc-1"): Way.PAPER}


def test_a_restart_tells_what_was_open_what_was_found_and_what_was_decided() -> None:
    """An order without an answer; its look-up shows 0.1 sold; then the account is read and agrees."""
    (told,) = tell(two_days().rows).recoveries
    (left,) = told.open
    assert (left.standing, left.filled, left.became, left.filled_after) == ("unknown", ZERO, "filled", D("0.1"))
    assert [moment.what for moment in told.found] == ["look-up", "fill", "account"]
    assert [(moment.what, moment.detail) for moment in told.decided] == [("look up", left.client_id)]
    assert told.whole_at is not None


def test_the_first_start_is_no_recovery() -> None:
    j = Journal()
    j.write(at("10:00:00"), opened())
    j.write(at("10:00:00"), Restarted(at("10:00:00"), 1, "0.1.0"))
    assert tell(j.rows).recoveries == ()


def test_a_recovery_that_never_read_every_account_says_so() -> None:
    """The order was found, and the account was not read before the journal ends."""
    j = Journal()
    j.write(at("10:00:00"), opened())
    child = j.place(order(FIRST, 1, "10:00:02", "0.4", "64980"))
    j.write(at("10:01:00"), Restarted(at("10:01:00"), 2, "0.1.0"))
    j.found("10:01:05", child, report(child, r.OrderStatus.CANCELLED, "0", "10:00:03"))
    (told,) = tell(j.rows).recoveries
    assert (told.whole_at, told.open[0].standing) == (None, "unknown")
    assert msgspec.json.decode(recovery_json(tell(j.rows), told))["whole_at"] is None


def test_an_order_that_had_ended_was_not_open() -> None:
    """Cancelled, refused and filled ones; and one whose absence the core took as proven."""
    j = Journal()
    j.write(at("10:00:00"), opened())
    orders = [j.place(order(FIRST, n, f"10:00:0{n}", "0.1", "64980")) for n in range(1, 5)]
    j.write(at("10:00:06"), e.Reported(at("10:00:06"), report(orders[0], r.OrderStatus.CANCELLED, "0", "10:00:06")))
    j.placed("10:00:06", orders[1], r.Refused("1", "no"))
    j.filled("10:00:06", fill(orders[2], "t1", "10:00:06", "0.1", "64980"))
    j.write(at("10:00:07"), c.Lookup(VENUE, BTCUSDT, orders[3].client_id, at("10:00:04"), Span(0)))
    j.write(at("10:00:08"), e.LookedUp(at("10:00:08"), orders[3].client_id, r.NotFound((), ())))
    j.write(at("10:01:00"), Restarted(at("10:01:00"), 2, "0.1.0"))
    (told,) = tell(j.rows).recoveries
    assert told.open == ()


def test_an_order_that_is_being_looked_for_is_open() -> None:
    """One negative look-up, and the core asks again: nothing is proven yet."""
    j = Journal()
    j.write(at("10:00:00"), opened())
    child = j.place(order(FIRST, 1, "10:00:02", "0.1", "64980"))
    j.write(at("10:00:08"), e.LookedUp(at("10:00:08"), child.client_id, r.NotFound((), ())))
    j.write(at("10:00:08"), c.Lookup(VENUE, BTCUSDT, child.client_id, at("10:00:02"), Span(0)))
    j.write(at("10:01:00"), Restarted(at("10:01:00"), 2, "0.1.0"))
    (told,) = tell(j.rows).recoveries
    assert [left.client_id for left in told.open] == [child.client_id]


def test_two_restarts_are_two_recoveries_also_when_the_first_was_cut_short() -> None:
    j = Journal()
    j.write(at("10:00:00"), opened())
    for epoch in (2, 3):
        j.write(at(f"10:0{epoch}:00"), Restarted(at(f"10:0{epoch}:00"), epoch, "0.1.0"))
    j.surveyed("10:04:00")
    assert [(told.epoch, told.whole_at) for told in tell(j.rows).recoveries] == [(2, None), (3, at("10:04:00"))]


def test_a_recovery_ends_with_the_journal_at_the_latest() -> None:
    j = Journal()
    j.write(at("10:00:00"), opened())
    j.write(at("10:01:00"), Restarted(at("10:01:00"), 2, "0.1.0"))
    j.write(at("10:02:00"), c.Finish("unresolved"))
    j.write(at("10:02:00"), Closed(at("10:02:00"), "unresolved", 0, 0))
    (told,) = tell(j.rows).recoveries
    assert [moment.what for moment in told.decided] == ["finish"]


def test_the_record_of_a_recovery_holds_its_rows_as_text() -> None:
    story = tell(two_legs().rows)
    record = msgspec.json.decode(recovery_json(story, story.recoveries[0]))
    assert (record["epoch"], record["last_row_before"]) == (2, "2026-05-02T10:01:05.000000Z")
    assert record["open"][0]["became"] == "filled"
    assert [found["what"] for found in record["found"]][:2] == ["look-up", "fill"]


def shipped(*states: object, landed: bool) -> Journal:
    """1 BTC lies with a custodian; 0.4 of it are asked for."""
    j = Journal()
    plan = CustodyPlan(holdings={BTC: D(1)}, statement_sha256="00" * 32, account="main", slices_ahead=2)
    j.write(at("10:00:00"), replace(opened((r.Balance(BTC, D(0), D(0)),)), custody=plan))
    tranche = Tranche(
        id=TrancheId("x-1"), asset=BTC, quantity=D("0.4"), venue=VENUE, account="main", asked_at=at("10:00:01")
    )
    j.write(at("10:00:01"), c.AskTranche(tranche))
    for state in states:
        j.write(at("10:00:02"), e.TrancheSeen(at("10:00:02"), tranche.id, state))  # type: ignore[arg-type]
    if landed:
        j.write(at("10:00:03"), c.Landed(tranche))
    return j


def held(j: Journal) -> tuple[Decimal, ...]:
    """In custody, on its way, at the venue."""
    books = balances(tell(j.rows))
    return tuple(books.of(name, BTC) for name in (accounts.CUSTODY, accounts.TRANSIT, accounts.venue(VENUE)))


SENT, FINAL = Sent("tx", at("10:00:02")), Confirmed("tx", at("10:00:02"))


def test_coin_leaves_custody_by_the_custodian_s_word_once_and_arrives_by_the_venue_s() -> None:
    assert held(shipped(Requested(), landed=False)) == (D(1), D(0), D(0))
    assert held(shipped(SENT, FINAL, landed=False)) == (D("0.6"), D("0.4"), D(0))
    assert held(shipped(SENT, FINAL, landed=True)) == (D("0.6"), D(0), D("0.4"))


def test_a_tranche_that_the_venue_shows_before_the_custodian_spoke_has_left_and_arrived() -> None:
    assert held(shipped(landed=True)) == (D("0.6"), D(0), D("0.4"))


def test_a_difference_that_was_explained_is_in_the_books_and_one_that_was_refused_is_not() -> None:
    story = tell(two_days().rows)
    assert balances(story).of(accounts.EXPLAINED, USD) == D(5)
    assert balances(story).of(accounts.venue(VENUE), USD) == D(10984)
    refused = [replace(word, denied=(story.words[0].denied)) for word in story.words]
    assert moves(replace(story, words=tuple(refused))) == ()
