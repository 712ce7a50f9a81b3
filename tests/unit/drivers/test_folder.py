"""A run's folder: one holder, whole files."""

from pathlib import Path

import pytest

from engine.drivers.folder import Lock, Locked, Origin, RunFolder, Whereabouts, write_whole


def test_a_file_is_replaced_whole_and_nothing_stays_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    write_whole(path, b"old and longer")
    write_whole(path, b"new")
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [("orders.csv", b"new")]


def test_a_lock_has_one_holder_and_is_free_again_after_it(tmp_path: Path) -> None:
    with Lock(tmp_path / "case.lock"), pytest.raises(Locked):
        Lock(tmp_path / "case.lock")
    Lock(tmp_path / "case.lock").release()


def test_the_origin_of_a_run_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    folder, origin = (
        RunFolder(tmp_path / "run"),
        Origin(kind="pointed", home="h", venues={"hashkey": Whereabouts(adapter="hashkey", address="u")}),
    )
    folder.create(origin)
    assert folder.origin() == origin


def test_a_folder_without_a_journal_was_never_born(tmp_path: Path) -> None:
    assert not RunFolder(tmp_path).born
