"""A case's book as numbers: what can be said, and where every unit is."""

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernel.clock import Instant
from engine.kernel.errors import Damaged
from engine.kernel.ids import CaseId, LotId, PersonName, RunId
from engine.kernel.money import ZERO, Asset
from engine.mandate.case import Case, attribution, outstanding, sellable, standing, surplus
from engine.mandate.folding import fold
from engine.mandate.lots import Portion
from engine.mandate.numbers import Numbers, Use, doubts, numbers
from engine.mandate.standing import CaseStanding
from engine.mandate.statements import (
    CaseOpened,
    Declined,
    DepositPosted,
    DepositReturned,
    Form,
    Held,
    Lifted,
    LotEntered,
    Received,
    Released,
    Reopened,
    RunBegan,
    ScopeAmended,
    Signed,
    Sold,
    Stage,
    StageSet,
    Suspended,
    Why,
)
from tests.support.casefiles import (
    BTC,
    ETH,
    HKD,
    OTHER_PAPER,
    PAPER,
    USD,
    USDT,
    Book,
    began,
    d,
    ended,
    lot,
    released,
    returned,
)

CASH = DepositPosted(amount=d("110000"), currency=USD, form=Form.CASH, document_sha256=PAPER)


def posted(amount: str, currency: Asset = USD) -> DepositPosted:
    return DepositPosted(amount=d(amount), currency=currency, form=Form.GUARANTEE, document_sha256=PAPER)


def given_back(amount: str, currency: Asset = USD) -> DepositReturned:
    return DepositReturned(amount=d(amount), currency=currency, document_sha256=PAPER)


def received(amount: str, currency: Asset = USD) -> Received:
    return Received(amount=d(amount), currency=currency, document_sha256=PAPER)


def stage(name: str, to: Stage) -> StageSet:
    return StageSet(lot=LotId(name), stage=to, document_sha256=PAPER)


def scope(name: str, quantity: str) -> ScopeAmended:
    return ScopeAmended(lot=LotId(name), quantity=d(quantity), document_sha256=PAPER)


def places(n: Numbers) -> dict[str, str]:
    """What is not zero."""
    return {name: str(units) for name, units in n.places.items() if units}


def use(run: str, granted: str, **places: str) -> Use:
    return Use(run=RunId(run), asset=BTC, granted=d(granted), **{name: d(units) for name, units in places.items()})


def test_a_lot_goes_from_custody_through_a_run_and_the_sum_holds_at_every_step() -> None:
    """Ten BTC, four released, a run that sells three and is unsure of a half."""
    book = Book(lot("A", "10"))
    assert places(numbers(book.case)[BTC]) == {"in_custody": "10"}
    book.says(released("A", "4"))
    assert sellable(book.case) == {BTC: d("4")}
    book.says(began("PSB-7.1", "4"))
    assert places(numbers(book.case)[BTC]) == {"in_custody": "6", "at_venue": "4"}
    going_on = use("PSB-7.1", "4", sold="1", working="0.5", unknown="0.25", in_transit="1", at_venue="0.25")
    assert places(numbers(book.case, [going_on])[BTC]) == {
        "in_custody": "7.00",
        "in_transit": "1",
        "at_venue": "0.25",
        "working": "0.5",
        "unknown": "0.25",
        "sold": "1",
    }
    book.says(ended("PSB-7.1", "3", "0.5", proceeds={USD: d("300000")}))
    assert places(numbers(book.case)[BTC]) == {"in_custody": "6", "unknown": "0.5", "sold": "3", "residue": "0.5"}
    book.says(returned("A", "6.25"))
    n = numbers(book.case)[BTC]
    assert places(n) == {"unknown": "0.5", "sold": "3", "returned": "6.25", "residue": "0.25"}
    assert (n.entrusted, n.released, n.sellable) == (d("10"), d("3.75"), d("3.75"))
    assert n.sum == (
        "0 in custody + 0 in transit + 0 at venue + 0 working + 0.5 unknown + 3 sold + 6.25 returned + 0.25 residue"
    )


def test_numbers_that_do_not_add_up_are_no_numbers() -> None:
    whole = numbers(Book(lot("A", "1")).case)[BTC]
    fields = {name: getattr(whole, name) for name in Numbers.__struct_fields__}
    with pytest.raises(ValueError, match="do not add up to 1"):
        Numbers(**{**fields, "sold": d("0.00000001")})
    with pytest.raises(ValueError, match="do not add up to 1"):
        Numbers(**{**fields, "sold": d("1.5"), "in_custody": d("-0.5")})


@pytest.mark.parametrize(
    ("fact", "why"),
    [
        (released("A", "7"), "7 is more than the 6 BTC that can be released: 10 entrusted, 2 returned, 2 released"),
        (released("A", "0.000000001"), "0.000000001 is finer than the smallest unit of BTC, 0.00000001"),
        (released("A", "0"), "0 BTC is not above zero"),
        (released("A", "-1"), "-1 BTC is not above zero"),
        (released("A", "NaN"), "not a finite number: 'NaN'"),
        (released("A", "1E+40"), "more digits than are kept exactly"),
        (released("Z", "1"), "no lot Z was entered; there are: A, W, R, U"),
        (released("W", "1"), "the lot's stage is waiting"),
        (released("R", "1"), "the lot's stage is return"),
        (released("U", "1"), "the lot's stage is early, and then nothing of USDT may be sold"),
        (Released(lot=LotId("A"), quantity=d("1"), document_sha256="a letter"), "'a letter' is not the SHA-256"),
        (returned("A", "8.00000001"), "8.00000001 is more than the 8 BTC of the lot that lie there"),
        (scope("A", "3"), "2 BTC of the lot are released"),
        (scope("A", "1"), "2 BTC of the lot are with a run, sold or returned"),
        (lot("A", "1"), "lot A was entered before"),
        (lot("B", "1", Asset("DOGE")), "DOGE is not known; known: BTC, ETH"),
        (lot("B", "1", USD), "USD is money already"),
        (lot("two words", "1"), "'two words' is no name for a lot"),
        (CaseOpened(authority="Another", document_sha256=PAPER), "open already, entrusted by Village police"),
        (Lifted(document_sha256=PAPER), "there is no hold to lift"),
        (Reopened(), "it is not suspended"),
        (posted("100", BTC), "BTC is not money that we know; known: USD, HKD"),
        (posted("0.001"), "0.001 is finer than the smallest unit of USD, 0.01"),
        (received("5", USDT), "USDT is not money that we know"),
        (given_back("110000.01"), "110000.01 is more than the 110000 USD of the deposit"),
        (began("PSB-7.1", "2.1"), "2.1 BTC is more than the 2 that may be sold"),
        (began("PSB-7.1", "1", USDT), "1 USDT is more than the 0 that may be sold"),
        (ended("PSB-7.1", "1"), "run PSB-7.1 never began"),
    ],
)
def test_what_can_not_be_is_refused_in_words_and_counts_for_nothing(fact: LotEntered, why: str) -> None:
    """Lot A of 10 BTC with 2 returned and 2 released, lots that wait or go back, early USDT, and a deposit."""
    book = Book(
        lot("A", "10"),
        lot("W", "5", stage=Stage.WAITING),
        lot("R", "5", stage=Stage.RETURN),
        lot("U", "100", USDT, Stage.EARLY),
        released("A", "2"),
        returned("A", "2"),
        CASH,
    )
    before = book.case
    reason = book.refuses(fact)
    assert reason is not None
    assert why in reason
    book.says(fact)
    assert (book.case.lots, standing(book.case).deposit) == (before.lots, standing(before).deposit)
    assert [(void.seq, void.why) for void in book.case.void] == [(len(book.rows), reason)]
    assert reason in doubts(book.case)[0]


def test_the_book_begins_with_the_entrustment() -> None:
    assert Book(open_it=False).refuses(lot("A", "1")) == ("the case is not open yet: `steelyard case open` comes first")


def test_a_statement_about_another_case_counts_for_nothing() -> None:
    book = Book()
    book.says(lot("A", "1"), case=CaseId("PSB-8"))
    assert (book.case.lots, book.case.void[0].why) == ({}, "it speaks of case PSB-8")


def test_of_two_releases_said_at_once_the_second_is_void_for_every_reader() -> None:
    """Each can be when it is said; together they are more than the lot."""
    book = Book(lot("A", "1"))
    first, second = released("A", "0.6"), released("A", "0.6")
    assert book.refuses(first) is book.refuses(second) is None
    book.says(first)
    book.says(second)
    assert sellable(book.case) == sellable(fold(book.rows)) == {BTC: d("0.6")}
    assert len(book.case.void) == 1


def test_before_the_judgment_only_volatile_coin_may_be_released() -> None:
    """Early disposal lets BTC go; USDT waits for the judgment, and goes after it."""
    book = Book(lot("A", "1", stage=Stage.EARLY), lot("U", "100", USDT, Stage.EARLY), released("A", "1"))
    assert book.refuses(released("U", "100")) is not None
    book.says(stage("U", Stage.JUDGED))
    book.says(released("U", "100"))
    assert sellable(book.case) == {BTC: d("1"), USDT: d("100")}


@pytest.mark.parametrize("gate", [Stage.WAITING, Stage.RETURN])
def test_a_lot_that_must_wait_gives_nothing_more_and_takes_nothing_from_another(gate: Stage) -> None:
    """Half of lot A was sold when the court stopped it; lot B can still be sold whole."""
    book = Book(lot("A", "1"), lot("B", "1"), released("A", "1"), began("PSB-7.1", "1"), ended("PSB-7.1", "0.5"))
    book.says(released("B", "1"))
    assert sellable(book.case) == {BTC: d("2")}
    book.says(stage("A", gate))
    assert sellable(book.case) == {BTC: d("1.5")}
    assert book.refuses(began("PSB-7.2", "1.1")) == "1.1 BTC is more than the 1 that may be sold"
    assert book.refuses(began("PSB-7.2", "1")) is None
    book.says(stage("A", Stage.JUDGED))
    assert sellable(book.case) == {BTC: d("2")}


def test_the_stage_of_coin_that_a_run_holds_is_set_when_the_run_has_ended() -> None:
    book = Book(lot("A", "1"), released("A", "1"), began("PSB-7.1", "1"))
    assert book.refuses(stage("A", Stage.WAITING)) == (
        "run PSB-7.1 was granted 1 BTC of the lot and has not ended: suspend the case or halt the run now, and set the "
        "stage once the run has ended"
    )
    book.says(ended("PSB-7.1", "0.25"))
    assert book.refuses(stage("A", Stage.WAITING)) is None


def test_the_scope_grows_and_shrinks_only_by_what_lies_in_custody() -> None:
    book = Book(lot("A", "1"), released("A", "1"), scope("A", "3"))
    n = numbers(book.case)[BTC]
    assert (n.entrusted, n.in_custody, n.released) == (d("3"), d("3"), d("1"))
    assert book.case.lots[LotId("A")].at_entry == d("1")
    book.says(scope("A", "1.5"))
    assert numbers(book.case)[BTC].entrusted == d("1.5")
    assert book.refuses(scope("A", "0.9")) is not None


def test_a_lot_is_taken_out_of_the_entrustment_by_a_scope_of_zero() -> None:
    book = Book(lot("A", "1"), scope("A", "0"))
    assert numbers(book.case)[BTC].entrusted == 0


def test_sales_are_attributed_to_the_lots_first_entered_first_to_the_unit() -> None:
    """A run is granted all of A and half of B, an ETH lot between them; it sells a little more than A."""
    book = Book(lot("A", "1"), lot("E", "5", ETH), lot("B", "1"), released("B", "1"), released("A", "1"))
    book.says(began("PSB-7.1", "1.5"))
    book.says(ended("PSB-7.1", "1.00000001", "0.2"))
    assert attribution(book.case) == {
        RunId("PSB-7.1"): (
            Portion(lot=LotId("A"), asset=BTC, granted=d("1"), sold=d("1")),
            Portion(lot=LotId("B"), asset=BTC, granted=d("0.5"), sold=d("1E-8"), unknown=d("0.2")),
        )
    }


def test_the_last_end_of_a_run_counts_and_undoes_the_one_before() -> None:
    """What was unknown turns out to be sold in part; the rest is there for the next run."""
    book = Book(lot("A", "1"), released("A", "1"), began("PSB-7.1", "1"), ended("PSB-7.1", "0.5", "0.4"))
    book.says(ended("PSB-7.1", "0.6", "0"))
    assert places(numbers(book.case)[BTC]) == {"sold": "0.6", "residue": "0.4"}
    book.says(began("PSB-7.2", "0.4"))
    assert book.refuses(ended("PSB-7.1", "0.7")) == (
        "run PSB-7.1 is said to have used 0.7 BTC of lot A, and 0.6 before; the difference was granted again, or "
        "returned, in the meantime"
    )


def test_what_a_run_left_is_granted_before_what_lies_in_custody() -> None:
    book = Book(lot("A", "2"), released("A", "2"), began("PSB-7.1", "1"), ended("PSB-7.1", "0.25"))
    book.says(began("PSB-7.2", "1"))
    assert places(numbers(book.case)[BTC]) == {"in_custody": "0.75", "at_venue": "1", "sold": "0.25"}


def test_a_run_that_is_said_to_have_used_more_than_its_grant_gets_no_table() -> None:
    book = Book(lot("A", "2"), released("A", "1"), began("PSB-7.1", "1"))
    with pytest.raises(Damaged, match=r"sold 0.9 BTC, 0.2 working, .* was granted 1"):
        numbers(book.case, [use("PSB-7.1", "1", sold="0.9", working="0.2")])
    with pytest.raises(Damaged, match="was granted 1 BTC by the case's book, and 2 by the register of runs"):
        numbers(book.case, [use("PSB-7.1", "2")])


def test_runs_that_book_and_register_tell_differently_are_doubted_in_words() -> None:
    book = Book(lot("A", "2"), released("A", "2"), began("PSB-7.1", "1"), ended("PSB-7.1", "0.5"), received("9"))
    assert doubts(book.case, [use("PSB-7.1", "1", sold="0.6"), use("OLD.1", "1", sold="0.1")]) == [
        "run PSB-7.1 sold 0.5 BTC by the book, 0 unknown; by the register of runs it is 0.6 BTC sold, 0 working, 0 "
        "unknown",
        "run OLD.1 is on the register of runs and not in the book: 0.1 BTC sold, 0 working, 0 unknown",
        "9 USD more reached the authority than the runs that have ended brought",
    ]


def test_a_hold_counts_from_each_court_until_each_is_lifted() -> None:
    """The same paper twice is one hold; nothing is released or returned meanwhile, and no run begins."""
    book = Book(lot("A", "1"), released("A", "0.5"), Held(document_sha256=PAPER), Held(document_sha256=PAPER))
    book.says(Held(document_sha256=OTHER_PAPER), by="court two")
    assert standing(book.case).held == "held since 2026-05-04T01:00:04.000000Z, by wu: because of 4"
    for fact in (released("A", "0.1"), returned("A", "0.1"), began("PSB-7.1", "0.1")):
        assert "held since 2026-05-04T01:00:04" in str(book.refuses(fact))
    book.says(Lifted(document_sha256=PAPER))
    assert "court two" in standing(book.case).held
    assert "has lifted a hold already" in str(book.refuses(Lifted(document_sha256=PAPER)))
    book.says(Lifted(document_sha256=OTHER_PAPER))
    assert standing(book.case).held == ""


def test_a_suspended_case_starts_no_run_until_it_is_reopened() -> None:
    book = Book(lot("A", "1"), released("A", "1"), Suspended())
    assert "suspended already" in str(book.refuses(Suspended()))
    assert "the case is suspended since" in str(book.refuses(began("PSB-7.1", "1")))
    book.says(Reopened())
    assert (standing(book.case).suspended, book.refuses(began("PSB-7.1", "1"))) == ("", None)


def test_the_deposit_is_given_back_only_when_nothing_runs_and_all_was_received() -> None:
    book = Book(lot("A", "1"), released("A", "1"), CASH, began("PSB-7.1", "1"))
    assert book.refuses(given_back("110000")) == "run PSB-7.1 has not ended; the deposit covers what it sells"
    book.says(ended("PSB-7.1", "1", proceeds={USD: d("100000"), USDT: d("0.5")}))
    book.says(received("99999.99"))
    assert book.refuses(given_back("110000")) == (
        "0.01 USD of the proceeds have not reached the authority; it is returned on proof of receipt"
    )
    book.says(received("0.01"))
    assert book.refuses(given_back("110000")) is None


@pytest.mark.parametrize(("unknown", "what"), [("0", "0.25 BTC are left unsold"), ("0.25", "and 0.25 are unknown")])
def test_the_deposit_stays_while_units_are_unsold_or_unknown(unknown: str, what: str) -> None:
    """All that was sold has been received; a quarter may still be sold, or may have been. Whoever asks for it."""
    book = Book(lot("A", "1"), released("A", "1"), CASH, began("PSB-7.1", "1"), ended("PSB-7.1", "0.75", unknown))
    assert what in str(book.refuses(given_back("110000")))
    book.says(ended("PSB-7.1", "0.75"))
    book.says(returned("A", "0.25"))
    assert book.refuses(given_back("110000")) is None


def test_what_a_run_brought_is_left_out_of_what_it_is_told_of_those_before() -> None:
    """It ended, is opened again, and counts its own."""
    book = Book(lot("A", "1"), released("A", "1"), began("PSB-7.1", "0.5"))
    book.says(ended("PSB-7.1", "0.5", proceeds={USD: d("50000")}))
    assert standing(book.case, RunId("PSB-7.1")).proceeds_before == {USD: d("0")}
    assert standing(book.case, RunId("PSB-7.2")).proceeds_before == {USD: d("50000")}


@pytest.mark.parametrize("credited", ["15662.39", "15662.40"])
def test_what_is_finer_than_a_cent_never_reaches_the_authority_and_keeps_no_deposit(credited: str) -> None:
    """Venues count finer than banks do; a bank rounds either way, and neither is for people to explain."""
    book = Book(lot("A", "1"), released("A", "1"), CASH, began("PSB-7.1", "1"))
    book.says(ended("PSB-7.1", "1", proceeds={USD: d("15662.395994")}))
    assert outstanding(book.case) == {USD: d("15662.39")}
    book.says(received(credited))
    assert (outstanding(book.case), surplus(book.case)) == ({}, {})
    assert book.refuses(given_back("110000")) is None


def test_the_standing_holds_what_an_engine_must_know() -> None:
    book = Book(lot("A", "1"), released("A", "1"), CASH, posted("1000"), posted("500", HKD), began("PSB-7.1", "0.5"))
    book.says(ended("PSB-7.1", "0.5", proceeds={USD: d("50000")}))
    book.says(received("20000"))
    book.says(given_back("500", HKD))  # refused: the proceeds are not in
    assert standing(book.case) == CaseStanding(
        deposit={USD: d("111000"), HKD: d("500")},
        received={USD: d("20000")},
        proceeds_before={USD: d("50000")},
        book_seq=10,
    )


def test_what_the_desk_declined_moves_nothing_but_the_last_row() -> None:
    book = Book(lot("A", "1"))
    lots = book.case.lots
    book.row(Declined(why=Why.LATE, detail="too late", by=PersonName("li")))
    assert (book.case.lots, book.case.seq) == (lots, 3)


def test_a_signed_row_that_holds_no_statement_damages_the_book() -> None:
    with pytest.raises(Damaged, match="row 1 of the case's book holds no statement"):
        fold([(1, Instant(0), Signed(statement="{}", signature=""))])


names = st.sampled_from(["A", "B", "C"])
units = st.integers(0, 5).map(lambda n: Decimal(n) / 4)
runs = st.sampled_from(["PSB-7.1", "PSB-7.2"])
papers = st.sampled_from([PAPER, OTHER_PAPER])
coins = st.sampled_from([BTC, USDT])
says = st.one_of(
    st.builds(lambda n, q, a, s: lot(n, str(q), a, s), names, units, coins, st.sampled_from(Stage)),
    st.builds(lambda n, q: released(n, str(q)), names, units),
    st.builds(lambda n, q: released(n, str(q)), names, units),
    st.builds(lambda n, q: returned(n, str(q)), names, units),
    st.builds(lambda n, q: scope(n, str(q)), names, units),
    st.builds(stage, names, st.sampled_from(Stage)),
    st.builds(lambda n, q, a: began(n, str(q), a), runs, units, coins),
    st.builds(lambda n, q, u, a: ended(n, str(q), str(u), a), runs, units, units, coins),
    st.builds(lambda p: Held(document_sha256=p), papers),
    st.builds(lambda p: Lifted(document_sha256=p), papers),
    st.sampled_from([Suspended(), Reopened(), CASH, given_back("110000"), received("10")]),
)
ENTERED = [lot("A", "1"), lot("B", "1.25"), released("A", "1"), released("B", "0.75")]


def spent(case: Case, asset: Asset) -> Decimal:
    return sum((p.sold for ps in attribution(case).values() for p in ps if p.asset == asset), ZERO)


@given(st.lists(says, max_size=25), st.fractions(0, 1), st.fractions(0, 1))
def test_whatever_is_said_the_numbers_add_up_and_nothing_is_negative(
    said: list[LotEntered], first: Decimal, second: Decimal
) -> None:
    """Any facts and runs in any order, those that can't be among them; a run that goes on has used a part."""
    book = Book(*ENTERED)
    for fact in said:
        why = book.refuses(fact)
        book.says(fact)
        assert (book.case.void[-1:] != () and book.case.void[-1].seq == book.case.seq) == (why is not None)
        for asset, n in numbers(book.case, going_on(book.case, first, second)).items():
            assert sum(n.places.values()) == n.entrusted
            assert min(n.places.values()) >= 0
            assert 0 <= n.sold <= n.sellable <= n.released <= n.entrusted - n.returned
            assert n.sold >= spent(book.case, asset)
    assert fold(book.rows) == book.case


def going_on(case: Case, first: Decimal, second: Decimal) -> list[Use]:
    """Every run that goes on has sold a part of its grant, and a part of the rest is working."""
    uses = []
    for run in case.runs.values():
        for asset in case.assets:
            granted = sum((p.granted for p in run.portions if p.asset == asset), ZERO)
            sold = (granted * int(4 * first)) / 4
            working = (granted - sold) * int(4 * second) / 4
            uses.append(Use(run=run.run, asset=asset, granted=granted, sold=sold, working=working))
    return uses


@given(st.lists(st.integers(1, 40), min_size=1, max_size=6), st.data())
def test_attributed_sales_summed_over_lots_are_the_run_s_and_no_lot_gives_more_than_it_has(
    sizes: list[int], data: st.DataObject
) -> None:
    """Several lots, two runs one after the other, any part of each sold."""
    book = Book(*(lot(f"L{i}", str(size)) for i, size in enumerate(sizes)))
    for i, size in enumerate(sizes):
        book.says(released(f"L{i}", str(size)))
    left = sum(sizes)
    for name in ("PSB-7.1", "PSB-7.2"):
        granted = data.draw(st.integers(0, left), "granted")
        sold = data.draw(st.integers(0, granted), "sold")
        unknown = data.draw(st.integers(0, granted - sold), "unknown")
        book.says(RunBegan(run=RunId(name), granted=(Sold(asset=BTC, granted=Decimal(granted), sold=ZERO),)))
        book.says(ended(name, str(sold), str(unknown)))
        mine = attribution(book.case)[RunId(name)]
        assert sum(p.sold for p in mine) == sold
        assert sum(p.unknown for p in mine) == unknown
        assert all(p.sold == p.granted for p, later in pairwise(mine) if later.sold)
        left -= sold + unknown
    for entry in book.case.lots.values():
        portions = [p for ps in attribution(book.case).values() for p in ps if p.lot == entry.lot]
        assert sum(p.sold for p in portions) == entry.sold <= entry.quantity
    assert book.case.void == ()
