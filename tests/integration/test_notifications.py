"""A whole run, and what its receivers are told of it."""

import json
from pathlib import Path

from tests.support.configs import written
from tests.support.processes import Person


def test_of_a_run_without_faults_a_receiver_hears_only_that_it_is_done(tmp_path: Path) -> None:
    person = Person(tmp_path)
    receiver = {"kind": "command", "run": ["sh", "-c", "cat >> heard"]}
    config = written(tmp_path, notify={"receiver": [receiver]})
    ended = person.says("run", config, "--sandbox", "--speed", "30", "--out", "run", "--plain")
    assert ended.code == 0, ended
    (heard,) = [json.loads(line) for line in (tmp_path / "heard").read_text().splitlines()]
    assert (heard["cause"], heard["what"], heard["run"], heard["grave"]) == ("done", "raised", "SHORT-1.1", False)
    assert heard["text"].startswith("done: BTC sold 0.2 of 0.2; ")
    (noted,) = [json.loads(line) for line in (tmp_path / "run" / "notifications.jsonl").read_text().splitlines()]
    assert (noted["receiver"], noted["outcome"], noted["tries"]) == ("notify.receiver[0]", "delivered", 1)
    assert "  alarm done: done: BTC sold 0.2" in person.says("status", "SHORT-1.1").out
