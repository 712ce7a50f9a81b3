"""The page of a plan: what it shows is text of the paper, and text of the paper can't become anything else."""

from typing import Any

from engine.forecast.prospect import Figure, Finding, HeatMap, HeatRow, Leak, LegProspect, Prospect, Stretch, Way
from engine.reports import plancharts, planheat
from engine.reports.planpage import render

NAMELESS = Way(name="TWAP", chosen=True, basis="")


def leg(**changes: object) -> LegProspect:
    standard: dict[str, object] = {
        "leg": "1",
        "sell": "BTC",
        "buy": "USDT",
        "quantity": "2",
        "figures": (Figure("price", "100", "<b>a study</b>"),),
        "lacking": ("half the spread: no book stands",),
        "ways": (NAMELESS,),
        "lines": (("floor", "none"),),
        "stretches": (),
        "frontier": (),
        "marks": (),
    }
    return LegProspect(**(standard | changes))  # type: ignore[arg-type]


def page(*legs: LegProspect) -> str:
    shown = Prospect(as_of="2026-05-02T00:00:00.000000Z", deposit=(("deposit", "the config asks for none"),), legs=legs)
    return render(shown, case="A", run="A.1", sha256="ab" * 32, rules=[("hours", "any")], sandbox=True)


def test_a_page_without_charts_needs_no_script() -> None:
    assert "<script" not in page(leg())


def test_what_nobody_could_tell_is_a_dash_and_what_lacks_is_named() -> None:
    shown = page(leg())
    assert shown.count('<td class="n">\N{EN DASH}</td>') == 10
    assert "<li>half the spread: no book stands</li>" in shown


def test_words_of_a_file_stay_words() -> None:
    assert "&lt;b&gt;a study&lt;/b&gt;" in page(leg())


def test_names_in_charts_can_t_end_their_script() -> None:
    """A way may come from somebody else's package."""
    odd = Way(name="</script>", chosen=True, basis="", course="0.00 0.00, 1.00 100.00")
    shown = page(leg(ways=(odd,)))
    assert "</script>, as configured" not in shown


def test_a_stretch_over_its_limit_is_red_beside_the_limit() -> None:
    row = Stretch(begins="2026-05-02 00:00", planned="1", volume="9", share="10.00", venues=(), limit="8.00", over=True)
    drawn = plancharts.footprint(leg(stretches=(row,)))
    assert drawn is not None
    assert drawn["datasets"] == {
        "rows": [{"begins": "2026-05-02 00:00", "share": 10.0, "over": True}],
        "limits": [{"share": 8.0}],
    }
    assert "over its limit" in page(leg(stretches=(row,)))


def test_a_bell_has_the_table_s_total_in_its_middle() -> None:
    way = Way(name="TWAP", chosen=True, basis="", total_bp="12.00", deviation_bp="40.00", course="0.00 0.00")
    drawn = plancharts.outcomes(leg(ways=(way,)))
    assert drawn is not None
    highest = max(drawn["datasets"]["rows"], key=lambda row: row["density"])
    assert (highest["bp"], highest["way"]) == (12.0, "TWAP, as configured")


def test_without_numbers_there_is_nothing_to_draw() -> None:
    assert [spec for _, spec in plancharts.charts(leg())] == [None] * 4


def row(**changes: Any) -> HeatRow:
    standard: dict[str, Any] = {
        "venue": "hashkey",
        "days": "all days",
        "sells": True,
        "source": "a.csv, 6 days",
        "volumes": "08 6.75, 09 7.1",
        "allowed": "08 0.75, 09 0.789",
        "sold_in": "09 10",
    }
    return HeatRow(**(standard | changes))


def heat(*rows: HeatRow, remark: str = "") -> HeatMap:
    return HeatMap(zone="UTC+08:00", share="10.00 % of all that is traded", remark=remark, rows=rows)


FINDING = Finding(name="round sizes", level="warn", measure="3 of 3 <b>", bound="a note from 25 %", remedy="odd digits")


def test_the_map_has_a_cell_for_each_hour_and_fills_none_that_lacks() -> None:
    """Two hours have data; the plan sells in one of them and in one of which nobody knows."""
    drawn = planheat.heat(leg(heat=heat(row())))
    assert drawn is not None
    told, empty = drawn["datasets"]["told"], drawn["datasets"]["empty"]
    assert [(cell["hour"], cell["volume"], cell["allowed"]) for cell in told] == [
        ("08", 6.75, "0.75"),
        ("09", 7.1, "0.789"),
    ]
    assert len(empty) == 22
    assert all("volume" not in cell for cell in empty)
    assert [cell["hour"] for cell in drawn["datasets"]["sold"]] == ["09", "10"]


def test_the_table_under_the_map_says_the_same_without_a_script() -> None:
    shown = page(leg(heat=heat(row(), row(venue="elsewhere", sells=False, allowed="", sold_in=""))))
    assert '<td class="n">6.75</td><td class="n"><strong>7.1</strong></td>' in shown
    assert shown.count('<td class="soft">allowed</td>') == 1
    assert "elsewhere, all days, not sold at" in shown
    assert "<li>hashkey, all days: a.csv, 6 days</li>" in shown


def test_where_there_is_no_map_the_page_says_why() -> None:
    assert "<p>no heat map: no volumes were given.</p>" in page(
        leg(heat=heat(remark="no heat map: no volumes were given"))
    )


def test_findings_stand_with_their_bound_and_what_makes_them_smaller() -> None:
    shown = page(leg(leak=Leak(basis="3 tranches foretold", findings=(FINDING,))))
    assert "<td><strong>warn</strong></td>" in shown
    assert "<td>3 of 3 &lt;b&gt;</td>" in shown
    assert "<td>odd digits</td>" in shown


def test_deposits_are_drawn_by_time_size_and_venue() -> None:
    drawn = planheat.deposits(leg(leak=Leak(basis="", deposits="0.00 0.25 osl, 0.50 0.1 hashkey")))
    assert drawn is not None
    assert drawn["datasets"]["rows"] == [
        {"hours": 0.0, "units": 0.25, "venue": "osl"},
        {"hours": 0.5, "units": 0.1, "venue": "hashkey"},
    ]


def test_a_paper_of_before_has_neither_map_nor_leak_check() -> None:
    """Its page is as it was."""
    shown = page(leg())
    assert "somebody to sell to" not in shown
    assert "watcher of the chain" not in shown
