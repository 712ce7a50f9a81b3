"""An allocation held against the case's book: what it rests on, once at a time, and undone by another row."""

from msgspec.structs import replace

from engine.kernel.ids import RunId
from engine.mandate import allotting
from engine.mandate.allocation import (
    Allocation,
    AllocationPaper,
    Basis,
    Share,
    Step,
    Taken,
    Undoing,
    awarded,
    kind_of,
    payable,
)
from engine.mandate.numbers import doubts
from engine.mandate.statements import Allocated, AllocationUndone, Held, Lifted, Proposed
from tests.support.allocations import CHANGE, SALE
from tests.support.casefiles import BTC, CASE, OTHER_PAPER, PAPER, USD, USDT, Book, began, d, ended, lot, released

PROCEEDS = {USD: d("178900.50"), USDT: d("820")}


def sold() -> Book:
    """Lots of 2 and of 4 BTC, all released; one run sold 3 of them: the two of A, and one of B."""
    book = Book(lot("A", "2"), lot("B", "4"), released("A", "2"), released("B", "4"), began("PSB-7.1", "3"))
    book.says(ended("PSB-7.1", "3", proceeds=PROCEEDS))
    return book


def divided(book: Book, *runs: str, number: int = 0, sale: Step = SALE) -> Allocation:
    """By lots; the steps are of one run's size."""
    names = [RunId(name) for name in runs or ("PSB-7.1",)]
    shares = allotting.lot_shares(book.case, names)
    awards = awarded((sale, CHANGE), shares)
    return Allocation(
        case=CASE,
        number=number,
        basis=Basis.LOTS,
        shares_sha256="",
        runs=tuple(Taken(run=name, rows=130, head=PAPER) for name in names),
        shares=shares,
        steps=(sale, CHANGE),
        awards=awards,
        payments=payable(awards),
    )


def by_names(book: Book, number: int = 0) -> Allocation:
    """The same money by two portfolios, one part to two."""
    shares = (Share(party="li", asset=BTC, parts=d("2")), Share(party="zhang", asset=BTC, parts=d("1")))
    awards = awarded((SALE, CHANGE), shares)
    made = divided(book, number=number)
    wanted = {"basis": Basis.SHARES, "shares_sha256": PAPER, "shares": shares, "awards": awards}
    return replace(made, payments=payable(awards), **wanted)


def asked(book: Book, paper: AllocationPaper) -> AllocationPaper:
    book.says(Proposed(kind=kind_of(paper), run=None, paper=paper.text))
    return paper


def entered(book: Book, paper: AllocationPaper) -> None:
    """As the book has it once enough people have agreed; who agreed is not the fold's."""
    asked(book, paper)
    which = Allocated if isinstance(paper, Allocation) else AllocationUndone
    book.says(which(paper_sha256=paper.sha256))


def test_the_lots_get_what_was_sold_of_them() -> None:
    book = sold()
    entered(book, divided(book))
    (each,) = allotting.standing(book.case)
    assert {(p.party, str(p.amount)) for p in each.paper.payments} == {("A", "119267.00"), ("B", "59633.50")}
    assert (book.case.void, doubts(book.case)) == ((), [])


def test_a_run_is_divided_once_at_a_time() -> None:
    """By lots, and then by names while the first stands: refused before it is signed, and void where it was not."""
    book = sold()
    entered(book, divided(book))
    second = asked(book, by_names(book, 1))
    why = book.refuses(Allocated(paper_sha256=second.sha256))
    assert why is not None
    assert why.startswith("what run PSB-7.1 sold is divided by allocation ")
    entered(book, second)
    assert [void.what for void in book.case.void] == ["allocated"]
    assert len(book.case.allocations) == 1


def test_what_was_undone_can_be_divided_otherwise_and_then_as_before() -> None:
    """Undone and done again it is the same to the last digit; nothing that was entered is ever gone."""
    book = sold()
    first = divided(book)
    entered(book, first)
    entered(book, Undoing(case=CASE, number=1, allocation_sha256=first.sha256))
    assert allotting.standing(book.case) == []
    entered(book, second := by_names(book, 2))
    entered(book, Undoing(case=CASE, number=3, allocation_sha256=second.sha256))
    entered(book, again := divided(book, number=4))
    assert (again.awards, again.payments) == (first.awards, first.payments)
    assert [each.undone is None for each in book.case.allocations] == [False, False, True]
    assert book.case.void == ()


def test_only_what_stands_can_be_undone_and_only_once() -> None:
    book = sold()
    first = divided(book)
    entered(book, first)
    undone = Undoing(case=CASE, number=1, allocation_sha256=first.sha256)
    entered(book, undone)
    once_more = asked(book, replace(undone, number=2))
    assert book.refuses(AllocationUndone(paper_sha256=once_more.sha256)) == (
        f"no allocation {first.sha256[:12]}… stands"
    )


def test_a_row_that_names_no_paper_or_one_of_another_kind_counts_for_nothing() -> None:
    book = sold()
    paper = asked(book, divided(book))
    assert "nobody has proposed" in (book.refuses(Allocated(paper_sha256=PAPER)) or "")
    assert "asks for something else" in (book.refuses(AllocationUndone(paper_sha256=paper.sha256)) or "")


def test_a_run_that_has_not_ended_is_named_with_what_it_holds() -> None:
    book = Book(lot("A", "3"), released("A", "3"), began("PSB-7.1", "3"))
    assert allotting.gaps(book.case, [RunId("PSB-7.1")]) == ["run PSB-7.1 has not ended and holds 3 BTC"]


def test_what_is_unknown_is_named_with_its_quantity() -> None:
    book = Book(lot("A", "3"), released("A", "3"), began("PSB-7.1", "3"), ended("PSB-7.1", "2", unknown="0.25"))
    assert allotting.gaps(book.case, [RunId("PSB-7.1")]) == [
        "of run PSB-7.1 0.25 BTC are unknown; that is settled first"
    ]


def test_every_gap_is_named_at_once() -> None:
    book = Book(lot("A", "3"), released("A", "3"), began("PSB-7.1", "1"), ended("PSB-7.1", "0"), began("PSB-7.2", "1"))
    runs = [RunId(name) for name in ("PSB-7.1", "PSB-7.2", "PSB-7.9", "PSB-7.9")]
    assert allotting.gaps(book.case, runs) == [
        "a run is named twice",
        "run PSB-7.1 (done) sold nothing",
        "run PSB-7.2 has not ended and holds 1 BTC",
        "run PSB-7.9 is not in the book",
    ]


def test_two_runs_at_different_prices_are_one_average_price() -> None:
    """1 BTC of A at 50,000, then 2 of A and B at 65,000 each: 60,000 for everybody."""
    book = Book(lot("A", "2"), lot("B", "1"), released("A", "2"), released("B", "1"))
    book.says(began("PSB-7.1", "1"))
    book.says(ended("PSB-7.1", "1", proceeds={USD: d("49000")}))
    book.says(began("PSB-7.2", "2"))
    book.says(ended("PSB-7.2", "2", proceeds={USD: d("129900.50"), USDT: d("820")}))
    both = divided(book, "PSB-7.1", "PSB-7.2")
    assert allotting.objection(book.case, both) is None
    assert [award.proceeds / award.quantity for award in both.awards if award.sell == BTC] == [60000, 60000]


def objected(**changes: object) -> str:
    book = sold()
    return allotting.objection(book.case, replace(divided(book), **changes)) or ""


def test_a_paper_that_was_made_up_counts_for_nothing() -> None:
    """More money than the book has, other shares than the lots', parts that do not follow: each is found anew."""
    book = sold()
    made = divided(book)
    assert objected(case="PSB-8") == "it speaks of case PSB-8"
    assert objected(steps=(replace(SALE, proceeds=d("190000")), CHANGE)).startswith("brought, net: by the book")
    assert objected(steps=(replace(SALE, quantity=d("4"), entrusted=d("4")), CHANGE)) == (
        "sold: by the book 3 BTC, by the fills 4 BTC"
    )
    assert objected(steps=(SALE, SALE, CHANGE)) == "one asset is sold in two steps"
    assert (
        objected(steps=(replace(SALE, quantity=d("NaN")), CHANGE)) == "NaN is no quantity that can be divided exactly"
    )
    assert objected(shares=by_names(book).shares) == "its shares are not what was sold of each lot"
    assert objected(awards=by_names(book).awards) == "its parts are not what its own steps and shares come to"
    assert objected(payments=made.payments[:1]) == "its parts are not what its own steps and shares come to"
    assert objected(basis=Basis.SHARES) == "the file that its shares come from has no SHA-256"


def test_a_paper_whose_own_parts_do_not_add_up_is_unsound_whatever_the_book_says() -> None:
    made = divided(sold())
    assert allotting.unsound(made) is None
    assert allotting.unsound(replace(made, awards=())) == "its parts are not what its own steps and shares come to"
    assert allotting.unsound(replace(made, steps=(replace(SALE, quantity=d("NaN")), CHANGE))) == (
        "NaN is no quantity that can be divided exactly"
    )


def test_a_hold_keeps_money_from_being_divided_and_a_division_from_being_undone() -> None:
    book = sold()
    first = divided(book)
    entered(book, first)
    undoing = asked(book, Undoing(case=CASE, number=1, allocation_sha256=first.sha256))
    book.says(Held(document_sha256=PAPER))
    assert "nothing moves until the hold is lifted" in (
        book.refuses(AllocationUndone(paper_sha256=undoing.sha256)) or ""
    )
    book.says(Lifted(document_sha256=OTHER_PAPER))
    assert book.refuses(AllocationUndone(paper_sha256=undoing.sha256)) is None


def test_a_run_that_is_known_better_later_makes_a_doubt() -> None:
    """It was opened again and sold a quarter more: the allocation stands as it was signed, and says so."""
    book = Book(lot("A", "2"), lot("B", "4"), released("A", "2"), released("B", "4"), began("PSB-7.1", "4"))
    book.says(ended("PSB-7.1", "3", proceeds=PROCEEDS))
    entered(book, divided(book))
    assert doubts(book.case) == []
    book.says(ended("PSB-7.1", "3.25", proceeds=PROCEEDS))
    (doubt,) = doubts(book.case)
    assert "sold: by the book 3.25 BTC, by the fills 3 BTC; undo it, and divide anew" in doubt


def test_a_paper_proposed_in_other_bytes_is_none_of_ours() -> None:
    """People would agree to the name of these bytes, and the desk names it by its own."""
    book = sold()
    book.says(Proposed(kind="allocation", run=None, paper=divided(book).text + " "))
    assert book.case.papers == {}


def test_a_paper_proposed_under_another_name_is_none_of_ours() -> None:
    """The desk names it by its own bytes; a row that does not is left out of the case."""
    book = sold()
    made = divided(book)
    book.says(Proposed(kind="release", run=None, paper=made.text))
    assert book.case.papers == {}
