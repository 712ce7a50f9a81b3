"""What stood where, row by row: the ledger's entries of a story, each with the journal's row that made it.

Every sale counts, whoever told of it; what people explained by a paper counts from the row of their paper on.
"""

from collections.abc import Iterator

from msgspec import Struct

from engine.evidence.story import Story
from engine.kernel.clock import Instant
from engine.ledger import accounts, posting
from engine.ledger.balances import Balances
from engine.mandate.instructions import ExplainDifference


class Booked(Struct, frozen=True):
    """One entry, the row by which it became known, and when that was."""

    seq: int
    at: Instant
    entry: posting.Entry


def booked(story: Story) -> tuple[Booked, ...]:
    """All entries, in the order of the journal."""
    return tuple(sorted((*sales(story), *others(story)), key=lambda b: b.seq))


def sales(story: Story) -> Iterator[Booked]:
    """One entry an execution."""
    for leg in story.legs:
        for sold in leg.fills:
            yield Booked(sold.seq, sold.learned_at, posting.sale(sold.fill, leg.plan.sell, leg.plan.buy))


def others(story: Story) -> tuple[Booked, ...]:
    """What moved without a sale, in the order of the journal: opening balances, tranches, explained differences."""
    return tuple(sorted((*_opening(story), *_moved(story), *_explained(story)), key=lambda b: b.seq))


def moves(story: Story) -> tuple[posting.Entry, ...]:
    """What has to be told to a ledger that knows the venues' opening balances and every sale."""
    found = (*_in_custody(story), *_moved(story), *_explained(story))
    return tuple(each.entry for each in sorted(found, key=lambda b: b.seq))


def balances(story: Story) -> Balances:
    """The books after all rows."""
    books = Balances()
    for each in booked(story):
        books.post(each.entry)
    return books


def _opening(story: Story) -> Iterator[Booked]:
    opened = story.opened
    yield from _in_custody(story)
    for name in sorted(opened.balances):
        yield Booked(0, opened.at, posting.opening(opened.at, name, opened.balances[name]))


def _in_custody(story: Story) -> Iterator[Booked]:
    opened = story.opened
    if opened.custody is not None:
        yield Booked(0, opened.at, posting.in_custody(opened.at, opened.custody.holdings))


def _moved(story: Story) -> Iterator[Booked]:
    for each in story.shipments:
        tranche, venue = each.tranche, accounts.venue(each.tranche.venue)
        way = (accounts.TRANSIT, venue) if each.arrived else (accounts.CUSTODY, accounts.TRANSIT)
        yield Booked(each.seq, each.at, posting.moved(each.at, tranche.asset, tranche.quantity, *way, tranche.id))


def _explained(story: Story) -> Iterator[Booked]:
    for word in story.words:
        wanted = word.said.instruction
        if isinstance(wanted, ExplainDifference) and not word.denied:
            paper = word.said.paper_sha256
            entry = posting.explained(word.said.at, wanted.venue, wanted.asset, wanted.delta, paper)
            yield Booked(word.seq, word.said.at, entry)
            yield from _ended(story, word.seq, word.said.at, wanted, paper)


def _ended(story: Story, seq: int, at: Instant, wanted: ExplainDifference, paper: str) -> Iterator[Booked]:
    """Tranches that were on their way there when people explained what came of them."""
    there = [e for e in story.shipments if (e.tranche.venue, e.tranche.asset) == (wanted.venue, wanted.asset)]
    landed = {each.tranche.id for each in there if each.arrived and each.seq < seq}
    for each in there:
        if not each.arrived and each.seq < seq and each.tranche.id not in landed:
            way = accounts.TRANSIT, accounts.EXPLAINED
            yield Booked(seq, at, posting.moved(at, wanted.asset, each.tranche.quantity, *way, paper))
