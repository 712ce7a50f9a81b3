"""A people file is believed when the trusted key signed it, and every mistake in it is named at once."""

from pathlib import Path

import pytest

from engine.config import people as signed_people
from engine.config.people_file import parse
from engine.kernel.clock import HOUR
from engine.kernel.errors import BadInput
from engine.mandate.people import Role
from tests.support.people import entry, people_toml, public, sign

LI = entry("li", "trader")
APPROVERS = (entry("wang", "approver"), entry("chen", "approver", "trader"))
GOOD = people_toml(LI, *APPROVERS)


def mistakes(text: str) -> list[str]:
    with pytest.raises(BadInput) as refused:
        parse(text)
    return [str(mistake) for mistake in refused.value.mistakes]


def test_a_good_file_says_who_is_what_and_how_many_it_takes() -> None:
    found = parse(GOOD)
    assert {name: set(person.roles) for name, person in found.persons.items()} == {
        "li": {Role.TRADER},
        "wang": {Role.APPROVER},
        "chen": {Role.APPROVER, Role.TRADER},
    }
    assert (found.policy.approvals, found.policy.lasts) == (2, 24 * HOUR)


def test_who_has_left_stays_in_the_file_without_roles() -> None:
    assert parse(people_toml(entry("li"), *APPROVERS)).persons["li"].roles == frozenset()  # type: ignore[index]


def test_every_mistake_is_named_at_once() -> None:
    text = people_toml(entry("li", "boss"), entry("wang", "approver", key="c2hvcnQ="), entry("chen", "approver"))
    assert mistakes(text.replace("schema = 1", "schema = 2\nextra = 1").replace("24h", "a day")) == [
        "people.schema: is 2; this version reads 1",
        "extra: unknown key; known here: schema, policy, people",
        "policy.lasts: not a length of time: 'a day' (write 30m, 1h30m, 250ms, 3d)",
        "people.li.roles: 'boss' is none of: trader, approver, compliance, officer, custodian",
        "people.wang.key: is not an Ed25519 public key: 32 bytes in base64",
    ]


def test_two_people_with_one_key_are_one_person() -> None:
    (mistake,) = mistakes(people_toml(LI, *APPROVERS, entry("zhou", "approver", key=public("wang"))))
    assert mistake.startswith("people.zhou.key: has a key of wang")


def test_a_former_key_is_nobody_elses_key_either() -> None:
    text = people_toml(LI, APPROVERS[0] + f'former = ["{public("li")}"]\n', APPROVERS[1])
    assert mistakes(text)[0].startswith("people.wang.key: has a key of li")


def test_another_spelling_of_a_key_is_not_another_key() -> None:
    """The last digit of base64 has bits that mean nothing."""
    key = public("wang")
    respelled = key[:-2] + chr(ord(key[-2]) + 1) + "="
    assert mistakes(people_toml(LI, *APPROVERS, entry("zhou", "approver", key=respelled))) == [
        "people.zhou.key: is not an Ed25519 public key: 32 bytes in base64"
    ]


def test_a_policy_that_nobody_can_meet_is_a_mistake() -> None:
    (mistake,) = mistakes(people_toml(LI, APPROVERS[0]))
    assert mistake == "policy.approvals: asks for 2 of them, and the file names 1 with the role approver"


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("approvals = 2", "approvals = 0", "policy.approvals"),
        ('lasts = "24h"', 'lasts = "0s"', "policy.lasts"),
        ('lasts = "24h"', "lasts = 24", "policy"),
        ("[policy]", "[politics]", "politics"),
        ("[people.li]", '[people."l i"]', "people.l i"),
        ('roles = ["trader"]', 'rolls = ["trader"]', "people.li"),
    ],
)
def test_a_mistake_has_its_place(old: str, new: str, where: str) -> None:
    assert mistakes(GOOD.replace(old, new))[0].partition(": ")[0] == where


def test_what_is_not_toml_is_said_to_be_none() -> None:
    assert mistakes("people")[0].startswith("people: is not TOML")


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STEELYARD_PEOPLE_KEY", public("admin"))
    found = tmp_path / "people.toml"
    found.write_text(GOOD)
    sign(found)
    return found


def test_a_signed_file_is_believed(path: Path) -> None:
    assert set(signed_people.read(path).persons) == {"li", "wang", "chen"}


def test_a_file_that_was_changed_after_it_was_signed_is_not(path: Path) -> None:
    path.write_text(GOOD.replace("approvals = 2", "approvals = 1"))
    with pytest.raises(BadInput, match=r"is not the signature of .* by the key in STEELYARD_PEOPLE_KEY"):
        signed_people.read(path)


def test_a_file_that_somebody_else_signed_is_not(path: Path) -> None:
    sign(path, "li")
    with pytest.raises(BadInput, match="is not the signature"):
        signed_people.read(path)
