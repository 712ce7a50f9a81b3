"""Who may say what: the table, and the two rules in it that matter most."""

import pytest

from engine.mandate.people import MAY, STOPS, Role, may
from engine.mandate.statements import Approved, CaseOpened, DepositPosted, Proposed, Refused, Released
from tests.support.people import ROLES, person


@pytest.mark.parametrize("says", [s for s in STOPS if s is not Refused], ids=lambda says: says.__name__)
@pytest.mark.parametrize("name", [name for name in ROLES if ROLES[name]])
def test_anybody_may_stop(says: type, name: str) -> None:
    assert may(person(name), says)


@pytest.mark.parametrize("says", MAY, ids=lambda says: says.__name__)
def test_who_has_left_says_nothing(says: type) -> None:
    assert not may(person("left"), says, "release")


@pytest.mark.parametrize(
    ("says", "names"),
    [
        (CaseOpened, {"gao"}),
        (Released, {"gao"}),
        (DepositPosted, {"gao", "sun"}),
        (Proposed, {"li", "wang", "chen", "zhou", "sun", "gao"}),
        (Approved, {"wang", "chen", "zhou"}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_statement_has_its_roles(says: type, names: set[str]) -> None:
    assert {name for name in ROLES if may(person(name), says, "plan")} == names


@pytest.mark.parametrize("kind", ["release", "lift"])
def test_the_officer_decides_beside_the_approvers_on_what_is_the_authoritys(kind: str) -> None:
    assert may(person("gao"), Approved, kind)
    assert not may(person("gao"), Approved, "plan")


def test_every_role_may_say_something() -> None:
    assert set(Role) == {role for roles in MAY.values() for role in roles}
