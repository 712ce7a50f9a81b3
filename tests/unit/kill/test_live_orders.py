"""Which orders may still trade, read from a journal by eyes that are not the engine's."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from engine.drivers import recovery
from engine.journal import reading
from engine.journal.store import MemoryStore, SqliteStore
from engine.kernel.ids import run_tag
from engine.kill import journal, orders
from engine.kill.mistakes import BadInput
from engine.kill.orders import Told
from engine.orders import reports as r
from engine.orders.order import OrderState
from tests.support import journals
from tests.support.configs import PEG, written
from tests.support.journals import FIRST, RUN, Journal
from tests.support.processes import Person, eventually

MAY_TRADE = (OrderState.SENT, OrderState.OPEN, OrderState.UNKNOWN)


def saved(told: Journal, folder: Path) -> Path:
    """The rows as a journal file that is closed."""
    MemoryStore([record for record, _ in told.rows]).save(folder / reading.FILE)
    return folder / reading.FILE


def begun() -> Journal:
    story = Journal()
    story.write(journals.at("10:00:00"), journals.opened())
    return story


def rows_of(story: Journal) -> list[orders.Row]:
    return [(record.kind, record.wall, json.loads(record.payload)) for record, _ in story.rows]


def read(story: Journal, folder: Path) -> Told:
    return journal.read(saved(story, folder)).told


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The journal of a whole run in virtual time, with orders that rest, are cancelled and lose their answers."""
    person = Person(tmp_path_factory.mktemp("rehearsed"))
    faults = person.folder / "faults.json"
    faults.write_text(json.dumps({"seed": 3, "rules": [{"at": ["rest.resp", "order.create", 2], "do": "drop"}]}))
    config = written(person.folder, tactic=PEG, mandate__deadline="30m")
    words = ("--sandbox", "--in-process", "--seed", "7", "--synthetic", "--faults", faults, "--out", "run")
    ended = person.says("run", config, *words)
    assert ended.code in (0, 1), ended
    return person.folder / "run" / reading.FILE


def test_at_every_row_of_a_run_what_may_trade_is_live_here_as_well(rehearsed: Path) -> None:
    """Row after row, beside the engine's own fold: nothing is forgotten, and what has ended is let go."""
    fold, rows, compared = recovery.Fold(), list[orders.Row](), 0
    for record in reading.read(rehearsed):
        fold.take(record)
        if record.kind in orders.ROWS:
            rows.append((record.kind, record.wall, json.loads(record.payload)))
            state, found = fold.state, orders.told(rows)
            live = {order.client_id: order for order in found.live}
            may_trade = {
                name: order for name, order in state.live.items() if order.state in MAY_TRADE and order.committed
            }
            assert may_trade.keys() <= live.keys() <= state.live.keys() | state.ended.keys()
            assert all(live[name].left >= order.committed for name, order in may_trade.items())
            compared += len(may_trade)
    assert compared > 20
    assert orders.told(rows).live == ()


def test_the_file_tells_what_its_rows_tell(rehearsed: Path) -> None:
    found = journal.read(rehearsed)
    state = recovery.fold(reading.read(rehearsed))
    assert found.torn == ""
    assert found.told.tags == {run_tag(state.opened.run)}
    assert found.told.placed == len(state.ended)


def test_an_order_is_live_from_the_row_that_sends_it_on(tmp_path: Path) -> None:
    """A place without any answer: the process may have died before, while or after it was sent."""
    story = begun()
    sent = story.place(journals.order(FIRST, 1, "10:00:02", "0.4", "64980"))
    [order] = read(story, tmp_path).live
    assert (order.client_id, order.venue, order.asset, order.left) == (sent.client_id, "hashkey", "BTC", Decimal("0.4"))


def test_it_may_be_on_its_way_for_as_long_as_the_venue_takes_it(tmp_path: Path) -> None:
    """Five seconds of validity and one of read lag, after the wall time of its row."""
    story = begun()
    story.place(journals.order(FIRST, 1, "10:00:02", "0.4", "64980"))
    [order] = read(story, tmp_path).live
    assert order.sure_ns == journals.at("10:00:08")


def test_what_was_answered_is_on_its_way_no_longer(tmp_path: Path) -> None:
    story = begun()
    sent = story.place(journals.order(FIRST, 1, "10:00:02", "0.4", "64980"))
    story.placed("10:00:03", sent, r.Done())
    [order] = read(story, tmp_path).live
    assert order.sure_ns == 0


@pytest.mark.parametrize("outcome", [r.Refused("-1137", "too small"), r.Transient("HTTP 429")])
def test_an_order_that_certainly_never_came_is_not_live(tmp_path: Path, outcome: r.Outcome) -> None:
    story = begun()
    story.placed("10:00:03", story.place(journals.order(FIRST, 1, "10:00:02", "0.4", "64980")), outcome)
    assert read(story, tmp_path).live == ()


def test_an_order_that_was_refused_and_is_seen_all_the_same_is_live(tmp_path: Path) -> None:
    story = begun()
    sent = story.place(journals.order(FIRST, 1, "10:00:02", "0.4", "64980"))
    story.placed("10:00:03", sent, r.Refused("-1137", "too small"))
    story.found("10:00:04", sent, journals.report(sent, r.OrderStatus.WORKING, "0", "10:00:03"))
    assert [order.client_id for order in read(story, tmp_path).live] == [sent.client_id]


def test_neither_silence_nor_a_look_up_without_a_find_ends_an_order(tmp_path: Path) -> None:
    story = begun()
    sent = story.place(journals.order(FIRST, 1, "10:00:02", "0.4", "64980"))
    story.placed("10:00:03", sent, r.Unknown("timeout"))
    answer = r.NotFound((), ("aa",))
    story.write(journals.at("10:00:20"), journals.e.LookedUp(journals.at("10:00:20"), sent.client_id, answer))
    assert [order.client_id for order in read(story, tmp_path).live] == [sent.client_id]


def test_a_fill_told_twice_is_sold_once(tmp_path: Path) -> None:
    story = begun()
    sent = story.place(journals.order(FIRST, 1, "10:00:02", "0.4", "64980"))
    for _ in range(2):
        story.filled("10:00:04", journals.fill(sent, "t1", "10:00:03", "0.3", "64990"))
    [order] = read(story, tmp_path).live
    assert order.left == Decimal("0.1")


def test_fills_that_add_up_end_an_order_without_a_report(tmp_path: Path) -> None:
    story = begun()
    sent = story.place(journals.order(FIRST, 1, "10:00:02", "0.4", "64980"))
    story.surveyed("10:00:04", journals.fill(sent, "t1", "10:00:03", "0.3", "64990"))
    story.filled("10:00:04", journals.fill(sent, "t2", "10:00:03", "0.1", "64990"))
    assert read(story, tmp_path).live == ()


def test_a_finished_run_has_nothing_that_is_live(tmp_path: Path) -> None:
    found = read(journals.two_legs(), tmp_path)
    assert (found.live, found.odd, found.environment) == ((), 0, "sandbox")
    assert found.tags == {run_tag(RUN)}


def asks(story: Journal, time: str, wish: journals.e.Wish) -> None:
    story.write(journals.at(time), journals.e.Asked(journals.at(time), wish, "a test"))


def test_a_halt_on_record_counts_until_an_order_is_sent_again() -> None:
    """A pause is no halt; and a run that people let go on after a halt has none any more."""
    story = begun()
    asks(story, "10:00:01", journals.e.Wish.PAUSE)
    assert not orders.told(rows_of(story)).halted
    asks(story, "10:00:02", journals.e.Wish.HALT)
    assert orders.told(rows_of(story)).halted
    story.place(journals.order(FIRST, 1, "10:00:03", "0.4", "64980"))
    assert not orders.told(rows_of(story)).halted


@pytest.fixture
def being_written(tmp_path: Path) -> Iterator[Path]:
    """A journal whose rows all lie in the log beside it, as while an engine is at work."""
    path = tmp_path / reading.FILE
    store = SqliteStore.create(path)
    story = begun()
    story.place(journals.order(FIRST, 1, "10:00:02", "0.4", "64980"))
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM journal").fetchone()  # keeps the rows out of the file itself
        store.copy([record for record, _ in story.rows])
        eventually(lambda: store.durable == store.seq, 10.0, lambda: store.failure)
        yield path
    store.close()


def test_a_journal_is_read_while_an_engine_writes_it(being_written: Path) -> None:
    found = journal.read(being_written)
    assert (found.torn, len(found.told.live)) == ("", 1)


def test_a_log_without_its_index_is_read_from_a_copy(being_written: Path, tmp_path: Path) -> None:
    """Somebody copied the journal and its log off a dead machine, and left the third file behind."""
    away = tmp_path / "away"
    away.mkdir()
    for name in (reading.FILE, f"{reading.FILE}-wal"):
        shutil.copyfile(tmp_path / name, away / name)
    assert len(journal.read(away / reading.FILE).told.live) == 1


def test_of_a_torn_journal_the_readable_rows_are_used_and_the_tear_is_said(tmp_path: Path) -> None:
    """Its last third is cut off, as by a disk that ran full; the run's first orders are still known."""
    story = begun()
    for index in range(1, 200):
        story.place(journals.order(FIRST, index, "10:00:02", "0.001", "64980"))
    path = saved(story, tmp_path)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size * 2 // 3)
    found = journal.read(path)
    assert found.torn
    assert 20 < len(found.told.live) < 199
    assert found.told.tags == {run_tag(RUN)}


def test_a_row_that_makes_no_sense_is_said_and_the_others_are_used(tmp_path: Path) -> None:
    story = begun()
    story.place(journals.order(FIRST, 1, "10:00:02", "0.4", "64980"))
    story.place(journals.order(FIRST, 2, "10:00:02", "0.3", "64980"))
    path = saved(story, tmp_path)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE journal SET payload = x'7b' WHERE seq = 2")
    found = journal.read(path)
    assert found.torn == "1 rows about orders make no sense"
    assert [order.left for order in found.told.live] == [Decimal("0.3")]


def test_what_is_no_journal_is_bad_input(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "other.sqlite")) as database, database:
        database.execute("CREATE TABLE journal (seq INTEGER)")
    with pytest.raises(BadInput, match="not a journal of a run"):
        journal.read(tmp_path / "other.sqlite")
    with pytest.raises(BadInput, match="no such journal"):
        journal.read(tmp_path / "none.sqlite")


def test_another_version_is_not_guessed_at(tmp_path: Path) -> None:
    path = saved(begun(), tmp_path)
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 1")
    with pytest.raises(BadInput, match="of version 1"):
        journal.read(path)


def test_the_run_tag_is_the_engine_s() -> None:
    assert orders.run_tag("20260502-case-7") == run_tag(RUN)
