"""What people ask of a run, as a paper: its name is its bytes, and so is its kind."""

import pytest

from engine.kernel.ids import RunId
from engine.mandate.instructions import By, Finish, Paper, kind_of

RUN = RunId("SHORT-1.1")


def test_the_same_wish_with_another_number_is_another_paper() -> None:
    first, again = (Paper(run=RUN, number=number, instruction=Finish(By.SWEEP)) for number in (0, 1))
    assert first.sha256 != again.sha256


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (Paper(run=RUN, instruction=Finish(By.SWEEP)).text, "finish"),
        ('{"config_sha256":"ab","plan":{"legs":[]}}', "plan"),
        ('{"plan":"a letter"}', "release"),
        ("[" * 100_000, "release"),
    ],
)
def test_what_a_paper_is_can_be_read_in_it(text: str, kind: str) -> None:
    """Whoever proposes it calls all of them a release."""
    assert kind_of(text, "release") == kind
