"""Does the kit see anything? Each planted fault fails the cases that stand beside it, and the right adapter none."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

import pytest

from tests.conformance.case import PATIENCE_NAME
from tests.conformance.planted import FAULTS

ROOT: Final = Path(__file__).parents[2]
CATCHES: Final[Mapping[str, str]] = {
    "takes_silence_for_a_no": (
        "test_outcomes.py::test_an_order_whose_answer_was_lost_is_unknown_and_not_refused[*-lost answer]"
    ),
    "sends_again_what_had_no_answer": (
        "test_outcomes.py::test_a_sale_is_sent_once_whatever_becomes_of_it[*-lost answer]"
    ),
    "says_done_to_every_cancel": "test_cancel.py::test_an_order_that_never_was_is_not_cancelled",
    "forgets_the_last_fill": "test_lookup.py::test_a_partly_sold_order_is_found_working_with_what_it_sold",
    "tells_every_fill_twice": "test_facts.py::test_every_fill_of_an_order_is_told_and_each_once",
    "loses_the_first_fill": "test_facts.py::test_nothing_is_lost_when_much_happens_at_once",
    "hides_every_break": "test_facts.py::test_a_stream_that_was_cut_says_down_and_then_up",
    "rounds_quantities": "test_place.py::test_a_quantity_and_a_price_with_every_digit_arrive_to_the_last",
    "speaks_in_floats": "test_exactness.py::test_no_report_no_fill_and_no_balance_holds_a_float",
    "proves_absence_without_reading": (
        "test_lookup.py::test_no_round_with_a_read_that_failed_proves_an_order_absent[*-lost answer]"
    ),
    "surveys_what_it_can": "test_survey.py::test_a_survey_of_which_a_part_could_not_be_read_raises[*-lost answer]",
    "leaves_an_open_order_out": "test_survey.py::test_every_open_order_is_shown_whatever_its_pair",
    "calls_what_is_locked_free": "test_holdings.py::test_what_rests_is_locked_and_not_free",
    "keeps_its_own_time": "test_clock.py::test_the_venues_clock_is_read_as_it_stands",
    "says_done_to_a_used_id": "test_place.py::test_the_id_of_an_order_that_has_ended_makes_no_second_order",
    "takes_a_used_id_for_a_refusal": (
        "test_place.py::test_an_id_that_was_used_makes_no_second_order_and_is_not_taken_for_a_refusal"
    ),
    "sorts_bids_the_wrong_way": "test_market.py::test_every_book_is_sorted_and_uncrossed",
}
"""For each fault one case that must see it; `*` stands for the adapter among the variants of a case."""

Verdicts = dict[tuple[str, str], bool]
"""By case and adapter: did it pass?"""


def node(case: str, adapter: str) -> str:
    """The case as pytest names it, for this adapter."""
    variants = case if case.endswith("]") else f"{case}[*]"
    return f"tests/conformance/{variants.replace('*', f'planted.{adapter}')}"


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> Verdicts:
    """The kit in a process of its own: each wrong adapter in its case, and the right one in all of them."""
    report = tmp_path_factory.mktemp("kit") / "report.xml"
    cases = [(case, adapter) for fault, case in CATCHES.items() for adapter in (fault, "nothing")]
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "-p", "no:cacheprovider"]
    venues = [f"--venue=planted.{name}" for name in (*FAULTS, "nothing")]
    subprocess.run(
        [*words, f"--junitxml={report}", *venues, *(node(case, adapter) for case, adapter in cases)],
        cwd=ROOT,
        env={**os.environ, PATIENCE_NAME: "2"},
        capture_output=True,
        timeout=300,
    )
    told = {one.get("name"): not list(one) for one in ElementTree.parse(report).iter("testcase")}
    return {(case, adapter): told[node(case, adapter).partition("::")[2]] for case, adapter in cases}


def test_there_is_a_case_for_every_fault() -> None:
    assert CATCHES.keys() == FAULTS.keys()
    assert len(FAULTS) >= 12


@pytest.mark.parametrize("fault", FAULTS)
def test_a_wrong_adapter_fails_the_kit(verdicts: Verdicts, fault: str) -> None:
    """And the right one passes the same case: one that fails for everybody would only seem to catch something."""
    case = CATCHES[fault]
    assert (verdicts[case, fault], verdicts[case, "nothing"]) == (False, True)
