"""The recorded market: exact, durable, under a digest, and honest about what it lacks."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.drivers.tape import TapeWriter, press, read_counts, read_frames, read_mids, read_prints, verify
from engine.kernel.clock import SECOND, Instant
from engine.market.facts import BookSeen, FeedDown, Level, MarketFact
from tests.support.journals import BTCUSDT, USDTUSD, VENUE, at, trade

D = Decimal
NOW = at("11:00:00")


def book(time: str, bid: str, ask: str) -> BookSeen:
    bids, asks = (Level(D(bid), D("1.50")), Level(D("1"), D("7"))), (Level(D(ask), D("2")),)
    return BookSeen(VENUE, BTCUSDT, at(time), at(time), bids, asks, "v7")


def down(time: str) -> FeedDown:
    return FeedDown(VENUE, BTCUSDT, at(time), "silence")


FACTS: list[MarketFact] = [
    book("10:00:00", "64990.10", "65010"),
    trade(BTCUSDT, "k1", "10:00:01", "65000.00", "0.30"),
    trade(USDTUSD, "k2", "10:00:02", "0.9995", "100"),
    book("10:00:03", "64990", "65000"),
]


def segment(folder: Path, number: int) -> Path:
    return folder / "tape" / f"{number:06d}.open"


def written(folder: Path, facts: list[MarketFact]) -> None:
    """What a process leaves that is killed before it seals."""
    writer = TapeWriter(folder)
    writer.append(facts)
    writer.close()


def test_a_sealed_piece_has_a_name_a_digest_its_rows_and_its_span(tmp_path: Path) -> None:
    writer = TapeWriter(tmp_path)
    writer.append(FACTS)
    seal = writer.seal(NOW)
    assert seal is not None
    assert (seal.file, seal.rows, seal.first, seal.last) == (
        "tape/000001.parquet", 4, at("10:00:00"), at("10:00:03"),
    )  # fmt: skip
    assert (seal.at, seal.lost) == (NOW, "")
    assert [path.name for path in (tmp_path / "tape").iterdir()] == ["000001.parquet"]
    assert verify(tmp_path, [seal]) == []


def test_prints_come_back_digit_for_digit_and_by_the_time_of_the_venue(tmp_path: Path) -> None:
    writer = TapeWriter(tmp_path)
    late = trade(BTCUSDT, "k0", "10:00:00", "64999", "1")
    for facts in (FACTS, [late]):
        writer.append(facts)
        writer.seal(NOW)
    assert read_prints(tmp_path, BTCUSDT) == [late, FACTS[1]]
    assert [str(p.quantity) for p in read_prints(tmp_path, BTCUSDT)] == ["1", "0.30"]


def test_sealed_facts_are_counted_by_venue_and_kind(tmp_path: Path) -> None:
    writer = TapeWriter(tmp_path)
    for facts in (FACTS, [down("10:00:04")]):
        writer.append(facts)
        writer.seal(NOW)
    writer.append(FACTS)  # not sealed, so it is no evidence
    assert read_counts(tmp_path) == {(VENUE, "book"): 2, (VENUE, "print"): 2, (VENUE, "down"): 1}
    writer.close()


def test_mids_are_the_last_of_each_stretch_and_none_where_the_feed_broke(tmp_path: Path) -> None:
    writer = TapeWriter(tmp_path)
    writer.append([*FACTS, down("10:00:12"), book("10:00:25", "65010", "65000")])
    writer.seal(NOW)
    assert read_mids(tmp_path, VENUE, BTCUSDT, 10 * SECOND) == [
        (at("10:00:03"), D("64995")), (at("10:00:12"), None), (at("10:00:25"), None),
    ]  # fmt: skip


def test_where_nothing_was_written_there_is_nothing_to_seal(tmp_path: Path) -> None:
    writer = TapeWriter(tmp_path)
    writer.append([])
    assert writer.seal(NOW) is None
    assert list((tmp_path / "tape").iterdir()) == []


def test_what_arrives_while_a_piece_is_pressed_goes_to_the_next(tmp_path: Path) -> None:
    writer = TapeWriter(tmp_path)
    writer.append(FACTS[:2])
    cut = writer.cut()
    assert cut is not None
    writer.append(FACTS[2:])
    first, second = press(cut, NOW), writer.seal(NOW)
    assert first is not None
    assert second is not None
    assert (first.rows, second.rows) == (2, 2)
    assert verify(tmp_path, [first, second]) == []


@given(cut=st.integers(0, 10_000))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_of_a_torn_segment_every_whole_frame_is_kept_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    folder = tmp_path_factory.mktemp("torn")
    written(folder, FACTS)
    raw = segment(folder, 1).read_bytes()
    segment(folder, 1).write_bytes(raw[: cut % (len(raw) + 1)])
    facts, torn = read_frames(segment(folder, 1))
    assert facts == FACTS[: len(facts)]
    assert len(facts) < len(FACTS) or torn == 0


def test_after_a_crash_the_torn_end_is_named_and_the_numbers_go_on(tmp_path: Path) -> None:
    written(tmp_path, FACTS)
    torn = segment(tmp_path, 1)
    torn.write_bytes(torn.read_bytes()[:-3])
    writer = TapeWriter(tmp_path)
    (recovered,) = writer.recover(NOW)
    assert (recovered.rows, recovered.last) == (3, at("10:00:02"))
    assert recovered.lost.endswith("bytes of a torn frame were dropped after 2026-05-02T10:00:02.000000Z")
    writer.append([book("10:05:00", "1.5", "2")])
    seal = writer.seal(NOW)
    assert seal is not None
    assert (seal.file, seal.lost) == (
        "tape/000002.parquet",
        "nothing was recorded from 2026-05-02T10:00:02.000000Z to 2026-05-02T10:05:00.000000Z: the process was down",
    )
    assert verify(tmp_path, [recovered, seal]) == []


def test_the_gap_is_stated_once_and_not_with_every_later_piece(tmp_path: Path) -> None:
    written(tmp_path, FACTS)
    writer = TapeWriter(tmp_path)
    writer.recover(NOW)
    seals = []
    for fact in FACTS[:2]:
        writer.append([fact])
        seals.append(writer.seal(NOW))
    assert [bool(seal and seal.lost) for seal in seals] == [True, False]


def test_a_changed_byte_in_a_frame_ends_what_is_believed(tmp_path: Path) -> None:
    written(tmp_path, FACTS)
    raw = bytearray(segment(tmp_path, 1).read_bytes())
    raw[12] ^= 1
    segment(tmp_path, 1).write_bytes(raw)
    assert read_frames(segment(tmp_path, 1)) == ([], len(raw))


def test_a_file_whose_seal_never_reached_the_journal_is_sealed_again(tmp_path: Path) -> None:
    """The process died between the rename and the journal's row."""
    writer = TapeWriter(tmp_path)
    writer.append(FACTS)
    lost_seal = writer.seal(NOW)
    assert verify(tmp_path, []) == ["tape/000001.parquet has no seal in the journal"]
    assert TapeWriter(tmp_path).recover(NOW) == [lost_seal]


def test_what_the_journal_already_holds_is_not_sealed_again(tmp_path: Path) -> None:
    writer = TapeWriter(tmp_path)
    writer.append(FACTS)
    seal = writer.seal(NOW)
    assert seal is not None
    segment(tmp_path, 1).write_bytes(b"came back after the power went")
    assert TapeWriter(tmp_path, [seal]).recover(NOW) == []
    assert verify(tmp_path, [seal]) == []


def test_a_half_written_file_is_written_anew(tmp_path: Path) -> None:
    written(tmp_path, FACTS)
    (tmp_path / "tape" / "000001.half").write_bytes(b"PAR1")
    (recovered,) = TapeWriter(tmp_path).recover(NOW)
    assert verify(tmp_path, [recovered]) == []
    assert len(read_prints(tmp_path, BTCUSDT)) == 1


def test_missing_and_changed_files_are_named(tmp_path: Path) -> None:
    writer = TapeWriter(tmp_path)
    seals = []
    for fact in FACTS[:3]:
        writer.append([fact])
        seals.append(writer.seal(Instant(NOW)))
    (tmp_path / "tape" / "000001.parquet").unlink()
    with (tmp_path / "tape" / "000002.parquet").open("ab") as file:
        file.write(b" ")
    assert verify(tmp_path, [seal for seal in seals if seal]) == [
        "tape/000001.parquet is missing",
        "tape/000002.parquet is not what was sealed: its SHA-256 differs",
    ]
