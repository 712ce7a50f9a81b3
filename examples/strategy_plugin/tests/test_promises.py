"""What every schedule and every tactic promises, asked of ours by Steelyard's own kit."""

import pytest
from example_strategy.fading import fading
from example_strategy.narrow import narrow

from strategies.conformance import schedule_faults, tactic_faults


@pytest.mark.parametrize("slices", ["1", "7", "500"])
@pytest.mark.parametrize("first", ["0.001", "45", "300"])
def test_fading_breaks_no_promise(slices: str, first: str) -> None:
    """The kit's leg sells 300."""
    assert schedule_faults(fading, {"slices": slices, "first": first}) == []


@pytest.mark.parametrize("narrow_bp", ["0", "2", "100"])
def test_narrow_breaks_no_promise(narrow_bp: str) -> None:
    assert tactic_faults(narrow, {"narrow_bp": narrow_bp}) == []
