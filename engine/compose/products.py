"""What a run leaves behind beside its journal and tape, derived from these two and rebuilt from them at will."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from engine.compose import daily
from engine.compose.methods import targets
from engine.drivers import folder, recovery, tape
from engine.events import Entry, Opened, decode
from engine.evidence import benchmarks, conduct, summary
from engine.evidence.books import moves
from engine.evidence.reading import tell
from engine.evidence.story import Moment, Story
from engine.journal import reading
from engine.journal.record import Record
from engine.kernel.clock import SECOND, Span
from engine.kernel.ids import LegId, VenueName
from engine.ledger.beancount import Sale, export
from engine.market.facts import Print
from engine.reports import html, tables

MID_EVERY: Final = Span(2 * SECOND)
"""One point of the price chart."""
LEDGER: Final = "ledger.beancount"
ORDERS: Final = "orders.csv"
FILLS: Final = "fills.csv"
CONDUCT: Final = "conduct.json"
ATTRIBUTION: Final = "attribution.csv"
WORDING: Final = "wording.json"


def entries(path: Path) -> Iterator[tuple[Record, Entry]]:
    """The rows of a journal with their values; raises `Damaged`."""
    for record in reading.read(path):
        yield record, decode(record.payload)


def _told(run: Path, rows: Sequence[tuple[Record, Entry]]) -> Story:
    """A run's story from its rows and its tape."""
    opened = next((entry for _, entry in rows if isinstance(entry, Opened)), None)
    prints: list[Print] = []
    if opened is not None:
        for symbol in dict.fromkeys(symbol for leg in opened.plan.legs for _, symbol in leg.pairs):
            prints.extend(tape.read_prints(run, symbol))
    return tell(rows, prints, targets(opened) if opened is not None else None)


def story(run: Path) -> Story:
    """A run as its journal and its tape tell it; raises `Damaged`."""
    with recovery.uncollected():
        return _told(run, list(entries(run / reading.FILE)))


def write(run: Path, **wording: Any) -> summary.Summary:
    """Write summary, tables, ledger and report of a run; whatever stood there is replaced whole.

    `wording` is what the report says beside the numbers; it is kept, so that the same report can be made again.
    """
    with recovery.uncollected():
        rows = list(entries(run / reading.FILE))
        story = _told(run, rows)
    result = summary.summarise(story)
    evidence = benchmarks.gather(story)
    opened = story.opened
    told_days = daily.write_days(run, story, evidence, _rung(story, rows))
    daily.write_recoveries(run, story)
    sales = [Sale(sold.fill, leg.plan.sell, leg.plan.buy, leg.plan.id) for leg in story.legs for sold in leg.fills]
    mids = {LegId(leg.plan.id): tape.read_mids(run, *leg.plan.pairs[0], MID_EVERY) for leg in story.legs}
    recorded = recorded_for_reference(run)
    report = html.render(
        story,
        result,
        mids=mids,
        evidence=evidence,
        told_days=told_days,
        recorded=recorded,
        **_kept(run, wording),
    )
    for name, content in (
        (folder.SUMMARY, summary.summary_json(result)),
        (ORDERS, tables.orders_csv(story).encode()),
        (FILLS, tables.fills_csv(evidence).encode()),
        (CONDUCT, conduct.conduct_json(story, conduct.of_run(story))),
        (ATTRIBUTION, tables.attribution_csv(story).encode()),
        (LEDGER, export(f"{opened.case} {opened.run}", opened.at, opened.balances, sales, moves(story)).encode()),
        (folder.REPORT, report.encode()),
    ):
        folder.write_whole(run / name, content)
    return result


def write_days(run: Path, names: Collection[str]) -> None:
    """Write the reports of these local days from what is on record so far, and of every restart.

    `BadInput` where the run has no such day.
    """
    with recovery.uncollected():
        rows = list(entries(run / reading.FILE))
        story = _told(run, rows)
    daily.check(story, names)
    daily.write_days(run, story, benchmarks.gather(story), _rung(story, rows), names)
    daily.write_recoveries(run, story)


def _rung(story: Story, rows: Sequence[tuple[Record, Entry]]) -> list[Moment]:
    """The alarms of a run that has days; the others' reports tell what happened."""
    return daily.rung_by(rows) if story.opened.plan.programme is not None else []


def recorded_for_reference(run: Path) -> dict[VenueName, tuple[int, int]]:
    """Books and prints on the tape of each venue that was for reference only."""
    if not (run / folder.ORIGIN).exists():
        return {}
    origin = folder.RunFolder(run).origin()
    names = [VenueName(name) for name, there in origin.venues.items() if there.reference]
    counts = tape.read_counts(run) if names else {}
    return {name: (counts[name, "book"], counts[name, "print"]) for name in names}


def _kept(run: Path, wording: dict[str, Any]) -> dict[str, Any]:
    path = run / WORDING
    if wording:
        folder.write_whole(path, msgspec.json.encode(wording))
    return msgspec.json.decode(path.read_bytes()) if path.exists() else {}
