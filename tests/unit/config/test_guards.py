"""The guards of the market in a config: what they mean, and every mistake with its place."""

from pathlib import Path

import pytest

from engine.config import Config, load
from engine.kernel.clock import HOUR, MINUTE, Span, parse_instant
from engine.kernel.errors import BadInput
from engine.mandate.peg import PegRules
from engine.risk.calm import PauseRules
from tests.support.builders import d

ROOT = Path(__file__).parents[3]
DEMO = (ROOT / "examples" / "demo.toml").read_text()
GUIDE = (ROOT / "docs" / "guides" / "guards.md").read_text()
NOW = parse_instant("2026-11-23T07:00:00+08:00")
HEAD = "[path.stable.USDT]\n"
PAUSE = '[pause]\nmove = "2%"\nover = "5m"\nspread_bp = "40"\ncalm = "2m"\n\n'


def read(folder: Path, peg: str = "", pause: str = "") -> Config:
    file = folder / "config.toml"
    file.write_text(DEMO.replace(HEAD, HEAD + peg) + pause)
    return load(file, NOW)


def wrong(folder: Path, peg: str = "", pause: str = "") -> list[str]:
    """The places of all mistakes."""
    with pytest.raises(BadInput) as caught:
        read(folder, peg, pause)
    return [mistake.where for mistake in caught.value.mistakes]


def test_a_config_that_says_nothing_has_the_guard_of_the_science_page_and_no_pause(tmp_path: Path) -> None:
    config = read(tmp_path)
    assert config.terms.stables[0].guard == PegRules()
    assert config.limits.pause is None


def test_every_word_of_the_guard_means_something(tmp_path: Path) -> None:
    said = (
        'warn_bp = "20"\nhalt_bp = "60"\nhard_bp = "150"\nz_halt = "8"\npersist = 2\nhalf_life = "1h"\n'
        'blind = "4m"\ncalm = "10m"\n'
    )
    assert read(tmp_path, said).terms.stables[0].guard == PegRules(
        warn_bp=d("20"),
        halt_bp=d("60"),
        hard_bp=d("150"),
        z_halt=d("8"),
        persist=2,
        half_life=HOUR,
        blind=4,
        calm=10,
    )


def test_a_pause_is_a_move_in_a_time_and_a_spread(tmp_path: Path) -> None:
    assert read(tmp_path, pause="\n" + PAUSE).limits.pause == PauseRules(
        move=d("0.02"), over=Span(5 * MINUTE), spread_bp=d("40"), calm=Span(2 * MINUTE)
    )


def test_the_configs_of_the_guide_are_read(tmp_path: Path) -> None:
    peg, pause = (block.split("```")[0] for block in GUIDE.split("```toml\n")[1:3])
    config = read(tmp_path, peg.split("\n", 1)[1], "\n" + pause)
    assert (config.terms.stables[0].guard, config.limits.pause is not None) == (PegRules(), True)


@pytest.mark.parametrize(
    ("said", "where"),
    [
        ('warn_bp = "0"\n', ["warn_bp"]),
        ('warn_bp = "60"\n', ["halt_bp"]),
        ('hard_bp = "40"\n', ["hard_bp"]),
        ('hard_bp = "10000"\n', ["hard_bp"]),
        ('z_halt = "0"\n', ["z_halt"]),
        ('half_life = "30s"\n', ["half_life"]),
        ('blind = "90s"\n', ["blind"]),
        ('calm = "0m"\nblind = "10s"\n', ["blind", "calm"]),
    ],
)
def test_a_mistake_in_the_guard_is_told_at_its_place(tmp_path: Path, said: str, where: list[str]) -> None:
    assert wrong(tmp_path, said) == [f"path.stable.USDT.{name}" for name in where]


@pytest.mark.parametrize(
    ("said", "where"),
    [
        ('calm = "2m"\n', ["pause"]),
        ('move = "2%"\ncalm = "2m"\n', ["pause.over"]),
        ('over = "5m"\nspread_bp = "40"\ncalm = "2m"\n', ["pause.move"]),
        ('move = "0%"\nover = "5m"\ncalm = "2m"\n', ["pause.move"]),
        ('move = "2%"\nover = "30s"\ncalm = "2m"\n', ["pause.over"]),
        ('move = "2%"\nover = "2d"\nspread_bp = "0"\ncalm = "0s"\n', ["pause.over", "pause.spread_bp", "pause.calm"]),
    ],
)
def test_a_mistake_in_the_pause_is_told_at_its_place(tmp_path: Path, said: str, where: list[str]) -> None:
    assert wrong(tmp_path, pause=f"\n[pause]\n{said}") == where
