"""The page of a plan: what it shows is text of the paper, and text of the paper can't become anything else."""

from engine.forecast.prospect import Figure, LegProspect, Prospect, Stretch, Way
from engine.reports import plancharts
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
