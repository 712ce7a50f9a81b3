"""Every worked number of the science page that a schedule, tactic, router or plan relies on."""

import json
import re
from pathlib import Path
from typing import Any, Final

import pytest

from tests.contracts import CONTRACTS

HERE: Final = Path(__file__).parent
PAGE: Final = HERE.parents[3] / "shared" / "science" / "execution.md"
NAMES: Final = frozenset(
    {
        "ac_plan", "ac_frontier", "ac_lvar", "largest_remainder", "vwap_dynamic", "vwap_losses", "pov_children",
        "gueant_pov", "sqrt_impact", "athl_impact", "passive_cross", "fill_prob", "sor_sweep", "split_convex",
        "ck_multi", "jitter", "usd_leg", "stable_guard",
    }
)  # fmt: skip
EXAMPLES: Final[list[dict[str, Any]]] = json.loads((HERE / "examples.json").read_text())
CLOSE: Final = 1e-9
LOOSER: Final = {"ac_lvar": 1e-6, "ck_multi": 1e-5}
INFORMATIVE: Final = {"ck_multi": {"M", "L"}}
"""The allocation is flat near the optimum: its cost is what counts."""
FRONTIER: Final = [
    (-2e-07, 717958.1043, 1258654.3249),
    (0.0, 662500.0000, 1040672.8593),
    (1e-07, 670057.4600, 961622.9023),
    (2e-07, 688153.6336, 895775.9011),
    (5e-07, 768132.8122, 750597.4765),
    (1e-06, 911226.9863, 603430.6688),
    (2e-06, 1140715.1670, 449367.6525),
    (5e-06, 1535388.0923, 272687.0560),
    (1e-05, 1845211.2616, 171712.4057),
    (0.0001, 2446575.6116, 23772.3016),
]
"""Lambda, expected cost and deviation, from the page's table: the paper's test case, to four digits after the point."""


def name(example: dict[str, Any]) -> str:
    """The contract without what the page says beside it: `athl_impact (called for T = …)`."""
    return str(example["contract"]).split()[0]


def cases(example: dict[str, Any]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Inputs and expected outputs; an example that is called for several T has one such pair for each."""
    inputs, expected = example["inputs"], example["expected"]
    forms = [key for key in expected if "=" in key]
    return [({**inputs, form.split("=")[0]: float(form.split("=")[1])}, expected[form]) for form in forms] or [
        (inputs, expected)
    ]


def within(contract: str, given: dict[str, Any], expected: dict[str, Any]) -> None:
    """The outputs that the page states are met to its tolerance. `x_first_6` are the first six of `x`."""
    closeness = LOOSER.get(contract, CLOSE)
    found = CONTRACTS[contract](**given)
    stated = {key: value for key, value in expected.items() if key not in INFORMATIVE.get(contract, ())}
    first = {f"{key}_first_6": value[:6] for key, value in found.items() if isinstance(value, list)}
    met = {key: (found | first)[key] for key in stated}
    same(met, stated, closeness)


def same(found: Any, expected: Any, closeness: float) -> None:
    """Equal in shape and text; numbers relatively close, and absolutely near nought."""
    if isinstance(expected, dict):
        assert found.keys() == expected.keys()
        for key in expected:
            same(found[key], expected[key], closeness)
    elif isinstance(expected, list):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            same(one, other, closeness)
    elif isinstance(expected, float | int) and not isinstance(expected, bool):
        assert float(found) == pytest.approx(expected, rel=closeness, abs=CLOSE)
    else:
        assert found == expected


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["example"])
def test_a_worked_example_of_the_page_is_met(example: dict[str, Any]) -> None:
    for given, expected in cases(example):
        within(name(example), given, expected)


def test_the_frontier_of_the_paper_s_own_case_is_met() -> None:
    """A million shares in five days."""
    (market,) = [e["inputs"] for e in EXAMPLES if e["example"] == "W-AC1"]
    given = {**market, "lams": [lam for lam, _, _ in FRONTIER]}
    del given["lam"]
    points = CONTRACTS["ac_frontier"](**given)["points"]
    assert [(cost, variance**0.5) for cost, variance in points] == [
        pytest.approx((cost, deviation), abs=6e-5) for _, cost, deviation in FRONTIER
    ]


def test_every_contract_that_we_use_is_ours() -> None:
    assert CONTRACTS.keys() >= NAMES


def test_every_contract_has_a_worked_example() -> None:
    """The frontier's is the page's table, above."""
    assert {name(example) for example in EXAMPLES} == NAMES - {"ac_frontier"}


@pytest.mark.skipif(not PAGE.is_file(), reason="the science page does not lie beside this checkout")
def test_the_examples_are_those_of_the_page() -> None:
    """No number was copied by hand."""
    blocks = re.findall(r"```json\n(.*?)\n```", PAGE.read_text(), re.DOTALL)
    assert [block for block in map(json.loads, blocks) if name(block) in NAMES] == EXAMPLES
