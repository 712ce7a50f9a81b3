"""Other people's schedules and tactics: what is offered has to be one, and has to take its parameters."""

import sys
from importlib.metadata import EntryPoint
from types import ModuleType
from typing import Any

import pytest

from engine.kernel.clock import MINUTE, Instant
from engine.kernel.errors import BadInput, Mistake
from strategies import registry
from strategies.registry import SCHEDULE_GROUP, TACTIC_GROUP
from strategies.stepped import Stepped
from strategies.tactics.cross import Cross
from strategies.twap import twap

START, END = Instant(0), Instant(MINUTE)


def thirds(start: Instant, end: Instant, parameters: dict[str, str]) -> Stepped:
    """A schedule."""
    return twap(start, end, 3 * int(parameters["times"]))


def polite(parameters: dict[str, str]) -> Cross:
    """A tactic."""
    return Cross()


def pointless(parameters: dict[str, str]) -> str:
    """No tactic."""
    return "nothing"


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Offers what is given by a name, as a package would."""

    def offer(group: str, name: str, value: Any) -> None:
        module = ModuleType("offering")
        module.thing = value
        monkeypatch.setitem(sys.modules, "offering", module)
        point = EntryPoint(name, "offering:thing", group)
        monkeypatch.setattr(registry, "entry_points", lambda group: [point] if group == point.group else [])

    return offer


def refusal(ask: Any) -> Mistake:
    """The one mistake that is told."""
    with pytest.raises(BadInput) as caught:
        ask()
    (mistake,) = caught.value.mistakes
    return mistake


def test_ours_can_be_named_but_for_the_one_that_leg_two_is_given() -> None:
    assert {"twap", "vwap"} <= set(registry.schedule_names())
    assert "fiat_sweep" not in registry.schedule_names()
    assert {"cross", "peg"} <= set(registry.tactic_names())


def test_what_a_package_offers_is_named_after_ours(offered: Any) -> None:
    ours = registry.schedule_names()
    offered(SCHEDULE_GROUP, "thirds", thirds)
    assert registry.schedule_names() == (*ours, "thirds")


def test_a_schedule_of_a_package_is_made_with_its_parameters(offered: Any) -> None:
    offered(SCHEDULE_GROUP, "thirds", thirds)
    assert registry.schedule("thirds", START, END, {"times": "2"}) == twap(START, END, 6)


def test_a_tactic_of_a_package_is_made(offered: Any) -> None:
    offered(TACTIC_GROUP, "polite", polite)
    assert registry.tactic("polite", {}) == Cross()


def test_ours_win_over_a_package_that_takes_their_name(offered: Any) -> None:
    names = registry.tactic_names()
    offered(TACTIC_GROUP, "cross", pointless)
    assert registry.tactic("cross", {}) == Cross()
    assert registry.tactic_names() == tuple(name for name in names if name in registry.TACTICS)


def test_a_parameter_that_is_missing_is_named(offered: Any) -> None:
    offered(SCHEDULE_GROUP, "thirds", thirds)
    mistake = refusal(lambda: registry.schedule("thirds", START, END, {}))
    assert mistake == Mistake("strategy.parameters", "thirds needs 'times'")


def test_a_parameter_that_will_not_do_is_told_in_the_packages_own_words(offered: Any) -> None:
    offered(SCHEDULE_GROUP, "thirds", thirds)
    mistake = refusal(lambda: registry.schedule("thirds", START, END, {"times": "many"}))
    assert mistake.where == "strategy.parameters"
    assert "invalid literal" in mistake.what


def test_what_cannot_be_called_makes_no_tactic(offered: Any) -> None:
    offered(TACTIC_GROUP, "polite", Cross())
    mistake = refusal(lambda: registry.tactic("polite", {}))
    assert mistake == Mistake("tactic.kind", "polite: offering:thing is a Cross, and nothing that makes one")


def test_what_is_made_has_to_have_every_verb(offered: Any) -> None:
    offered(SCHEDULE_GROUP, "thirds", lambda start, end, parameters: Cross())
    mistake = refusal(lambda: registry.schedule("thirds", START, END, {}))
    assert mistake == Mistake("strategy", "thirds makes a Cross, which lacks: target, slice, following, step")
    offered(TACTIC_GROUP, "polite", pointless)
    assert refusal(lambda: registry.tactic("polite", {})) == Mistake("tactic", "polite makes a str, which lacks: act")


def test_a_package_that_cannot_be_imported_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("polite", "nowhere_at_all:thing", TACTIC_GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda group: [point])
    mistake = refusal(lambda: registry.tactic("polite", {}))
    assert mistake.where == "tactic.kind"
    assert "nowhere_at_all" in mistake.what


def test_a_name_that_nobody_offers_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="astrology"):
        registry.schedule("astrology", START, END, {})
