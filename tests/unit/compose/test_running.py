"""Who may carry a run on, by whose word, and what becomes of it where nobody can be heard."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from engine.compose import approving, running
from engine.compose.session import Session
from engine.config import load
from engine.drivers.folder import Origin
from engine.drivers.register import VOID, CaseRegister, Entered, Refusal
from engine.kernel.clock import HOUR, Instant, Span
from engine.kernel.errors import BadInput, Damaged
from engine.kernel.ids import CaseId
from engine.orders.events import Wish
from tests.support.builders import BTC, START, d, opened
from tests.support.by_hand import Run
from tests.support.office import Office, make_keys

CASE = CaseId("SHORT-1")


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def register(tmp_path: Path) -> CaseRegister:
    return CaseRegister(tmp_path / "register")


def ended(register: CaseRegister, folder: Path, *statuses: str) -> list[Entered]:
    """Runs of one case, one after another, each of which sold a little."""
    for status in statuses:
        claimed = register.claim("sandbox", CASE, {BTC: d("10")}, folder / status, folder)
        assert not isinstance(claimed, Refusal)
        register.update(claimed[0].run, BTC, d("1"), d("0"), d("0"))
        register.end(claimed[0].run, status)
    return register.entered("sandbox", CASE)


@pytest.mark.parametrize(
    ("statuses", "spent"),
    [(("unresolved",), False), (("unresolved", VOID), False), (("unresolved", "done"), True), (("halted",), False)],
)
def test_a_run_is_spent_once_a_later_one_was_granted_something(
    register: CaseRegister, tmp_path: Path, statuses: tuple[str, ...], spent: bool
) -> None:
    assert running._alone(register, ended(register, tmp_path, *statuses)[0]) is spent


def test_a_halted_run_is_not_opened_again_behind_a_later_one_whatever_the_register_calls_it_by_now(
    register: CaseRegister, tmp_path: Path
) -> None:
    first = ended(register, tmp_path, "halted", "done")[0]
    register.begin(first.run)
    with pytest.raises(BadInput, match=r"SHORT-1.2 was granted what this one left"):
        running._alone(register, first)


def test_a_role_that_was_taken_away_is_gone_at_once_for_the_engine_too(
    tmp_path: Path, keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Signed anew while the engine has the book open; the config was read before."""
    office = Office(tmp_path, keys)
    for name, value in office.variables.items():
        monkeypatch.setenv(name, value)
    office.opens()
    book = approving.book_of(load(office.config, START), office.home, office.folder / "people.toml")
    assert book is not None
    assert book._known().policy.lasts == Span(24 * HOUR)
    office.policy(lasts="2h")
    assert book._known().policy.lasts == Span(2 * HOUR)
    (office.folder / "people.toml").write_text("schema = 1")
    with pytest.raises(BadInput, match="is not the signature"):
        book._known()


def test_nobody_goes_on_selling_by_a_book_from_a_backup() -> None:
    """It may have lost a hold. To halt is possible by any book."""
    with pytest.raises(BadInput, match=r"the book ends with row 1.*only `steelyard halt`"):
        running._known(cast(Any, SimpleNamespace(case=CASE, restored="the book ends with row 1")))
    running._known(cast(Any, SimpleNamespace(case=CASE, restored="")))


def test_a_run_is_halted_also_where_the_people_s_file_is_broken(
    tmp_path: Path, keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = Office(tmp_path, keys)
    for name, value in office.variables.items():
        monkeypatch.setenv(name, value)
    office.opens()
    people = office.folder / "people.toml"
    people.write_text("schema = 1")
    origin = Origin(kind="pointed", home=str(office.home), people=str(people))
    state = Run(opened(case=CASE)).state
    with pytest.raises(BadInput, match="is not the signature"):
        approving.book_again(origin, state, office.home)
    book = approving.book_again(origin, state, office.home, halt=True)
    assert book is not None
    assert (book.judges, len(book.rows()) > 0) == (False, True)


def session(tmp_path: Path, look: Callable[..., Any]) -> tuple[Session, list[str]]:
    """One whose desk looks so; what the screen is told."""
    said = list[str]()
    desk = SimpleNamespace(look=look, flat=lambda *_: None, wanted=lambda *_: [])
    clock = SimpleNamespace(market=lambda: Instant(START), wall=lambda: Instant(START))
    screen, places = SimpleNamespace(say=said.append), SimpleNamespace(clock=clock)
    parts = (SimpleNamespace(path=tmp_path), None, tmp_path, places, None, screen, None, desk)
    return Session(*cast(Any, parts)), said


def test_a_book_that_can_not_be_followed_halts_the_run_and_does_not_break_it_off(tmp_path: Path) -> None:
    """A hold may stand in it. It is said once, and asked until the run is halted."""

    def look(*_: object) -> None:
        raise Damaged("row 7 is no entry of a book")

    mute, said = session(tmp_path, look)
    asked = list[Wish]()
    live = SimpleNamespace(state=SimpleNamespace(halted=""), ask=lambda wish, by: asked.append(wish))
    mute._hear(cast(Any, live))
    mute._hear(cast(Any, live))
    live.state.halted = "asked by the engine"
    mute._hear(cast(Any, live))
    assert asked == [Wish.HALT, Wish.HALT]
    assert said == ["halting, since the book of the case can't be followed: row 7 is no entry of a book"]
