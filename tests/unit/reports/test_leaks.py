"""The report's lines on what our deposits gave away to who watches the chain."""

import re

from msgspec.structs import replace

from engine.evidence.reading import tell
from engine.evidence.summary import Summary, summarise
from engine.forecast.prospect import Finding
from engine.reports.html import render
from tests.support.journals import tape, two_legs

ALIKE = Finding(name="sizes that repeat", level="warn", measure="3 of 4 are alike", bound="a note from 25 %", remedy="")
DAY = Finding(name="size against a day", level="not told", measure="nobody said <how much>", bound="1 %", remedy="")


def page(*told: Finding) -> str:
    story = tell(two_legs().rows, tape())
    plain: Summary = summarise(story)
    return render(story, replace(plain, legs=(replace(plain.legs[0], leaks=told), *plain.legs[1:])))


def test_the_page_has_every_finding_with_its_level_and_a_warning_is_marked() -> None:
    found = page(ALIKE, DAY)
    assert re.search(r"<strong>warn</strong></td><td>sizes that repeat</td><td>3 of 4 are alike</td>", found)
    assert "<td>not told</td><td>size against a day</td><td>nobody said &lt;how much&gt;</td>" in found


def test_a_leg_without_tranches_has_no_such_section() -> None:
    assert "What a watcher of the chain" in page(ALIKE)
    assert "What a watcher of the chain" not in page()
