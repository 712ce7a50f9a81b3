"""The log of a run: facts with fields in its folder, as long as the run lasts and no longer."""

import gc
import json
import warnings
from pathlib import Path
from typing import Any

import pytest
import structlog

from engine.drivers import telemetry
from engine.drivers.folder import LOG

log = structlog.get_logger()


@pytest.fixture(autouse=True)
def _quiet() -> None:
    telemetry.quiet()


def written(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / LOG).read_text().splitlines()]


def test_while_a_run_lasts_its_facts_go_to_its_folder_and_not_to_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with telemetry.to_folder(tmp_path):
        log.info("joined", venue="osl")
        log.warning("lost", venue="osl")
    assert [(line["event"], line["venue"], line["level"]) for line in written(tmp_path)] == [
        ("joined", "osl", "info"),
        ("lost", "osl", "warning"),
    ]
    assert capsys.readouterr().err == ""


def test_after_it_a_warning_is_said_and_a_fact_is_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Somebody who closes late finds standard error in place of a closed file."""
    with telemetry.to_folder(tmp_path):
        pass
    log.info("joined")
    log.warning("lost")
    assert (written(tmp_path), [json.loads(capsys.readouterr().err)["event"]]) == ([], ["lost"])


def test_a_run_that_is_continued_writes_on_behind_what_stands_there(tmp_path: Path) -> None:
    for event in ("begun", "continued"):
        with telemetry.to_folder(tmp_path):
            log.info(event)
    assert [line["event"] for line in written(tmp_path)] == ["begun", "continued"]


@pytest.mark.parametrize("failure", [KeyboardInterrupt, OSError])
def test_however_a_run_ends_its_log_is_closed(tmp_path: Path, failure: type[BaseException]) -> None:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", ResourceWarning)
        with pytest.raises(failure), telemetry.to_folder(tmp_path):
            raise failure
        telemetry.quiet()  # nobody holds the file any more
        gc.collect()
    assert [str(one.message) for one in told if LOG in str(one.message)] == []
