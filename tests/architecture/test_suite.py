"""What the suite promises of itself: tests don't meet in a folder, nor at the wall clock."""

from pathlib import Path

import pytest

from engine.compose.request import default_home
from engine.drivers import personal, witness
from tests.support.workers import TIMED, VIRTUAL, file, next_share, timed

ROOT = Path(__file__).parents[2]


def kept() -> list[Path]:
    """Where the register, people's keys and witnesses go unless somebody says otherwise."""
    return [default_home(), personal.folder(), witness.folder()]


@pytest.fixture(scope="module")
def before() -> list[Path]:
    """Seen by what is made once for many tests."""
    return kept()


@pytest.mark.parametrize("time", ["first", "second"])
def test_what_is_kept_by_default_is_kept_in_a_folder_of_the_test(
    time: str, before: list[Path], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Neither in the user's own folders, nor in those of another test."""
    ours = tmp_path_factory.getbasetemp()
    assert all(folder.is_relative_to(ours) and not folder.exists() for folder in (*kept(), *before)), time
    assert set(kept()).isdisjoint(before)


def test_a_share_is_a_file_whatever_its_cases_are_called() -> None:
    assert file("tests/unit/kernel/test_codec.py::test_c[a::b]") == "tests/unit/kernel/test_codec.py"


def test_who_looks_at_the_wall_clock_is_given_that_and_the_others_something_else() -> None:
    """And `None`, which means whatever comes first, once there is nothing of the kind."""
    waiting = ["tests/unit/test_a.py", "tests/integration/test_b.py", VIRTUAL[0]]
    assert next_share(waiting, of_time=True) == waiting[1]
    assert next_share(waiting[1:], of_time=False) == VIRTUAL[0]
    assert next_share(waiting[:1], of_time=True) is None


@pytest.mark.parametrize("path", VIRTUAL)
def test_what_looks_at_no_wall_clock_speaks_to_no_process_that_goes_on(path: str) -> None:
    text = (ROOT / path).read_text()
    assert [word for word in ("exchange(", "starts(", "sleep(", "eventually(") if word in text] == []


def test_folders_whose_tests_look_at_the_wall_clock_are_there() -> None:
    assert [folder for folder in TIMED if not list((ROOT / folder).glob("test_*.py"))] == []
    assert timed("tests/integration/test_two_venues.py::test_a")
