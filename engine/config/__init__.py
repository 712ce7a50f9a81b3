"""TOML → frozen `Config`; unknown keys refused; all mistakes reported at once, each with its place."""

from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from engine.config import licences, models
from engine.config import people as people_of
from engine.config.known import OURS, Known
from engine.config.meaning import Config, VenueUse, understand
from engine.config.reading import read
from engine.kernel.clock import Instant
from engine.kernel.codec import sha256_hex
from engine.kernel.errors import BadInput, Mistake
from engine.mandate.people import People
from engine.mandate.register import Register

__all__ = ["OURS", "Config", "Known", "VenueUse", "load"]

_COMPARED = (
    ("strategy.window", "mandate.deadline"),
    ("venues.", "mandate.venues"),
    ("path.hops", "mandate.assets"),
    ("strategy.window", "programme."),
    ("strategy.model", "strategy.window"),
    ("strategy.model", "strategy.slices"),
    ("strategy.model", "programme."),
    ("programme.quota", "programme."),
    ("programme.bank.windows", "programme."),
)
"""Mistakes that compare two places: they follow from a wrong shape at the other one too, or anywhere `below.`"""


def load(path: Path, now: Instant, known: Known = OURS) -> Config:
    """The config at `path`; raises `BadInput` with every mistake in it.

    `now` is the wall clock: the day of the trade, for deadlines and licences. `known` is what may be named.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BadInput([Mistake(str(path), f"can't be read: {error.strerror}")]) from error
    file, shape = read(raw)
    if file is None:
        raise BadInput(shape)
    file, unread, unfit = models.loaded(path.parent, file)
    register, distrusted = _register(path.parent, file.licences, known.register)
    config = understand(file, sha256_hex(raw), now, replace(known, register=register))
    people, unknown = _people(path.parent, file.people)
    distrusted = [*distrusted, *unknown]
    if isinstance(config, list) or shape or distrusted or unread or unfit:
        meaning = [*(config if isinstance(config, list) else []), *unfit]
        unlisted = [m for m in meaning if not (distrusted and m.where.startswith("mandate.venues["))]
        raise BadInput([*shape, *distrusted, *unread, *(m for m in unlisted if not _follows(m, shape))])
    return replace(config, people=people)


def _people(folder: Path, name: str) -> tuple[People | None, Sequence[Mistake]]:
    """Who may decide what, by the signed file that the config names, if it names one."""
    if not name:
        return None, ()
    try:
        return people_of.read(folder / name), ()
    except BadInput as error:
        return None, error.mistakes


def _register(folder: Path, name: str, listed: Register) -> tuple[Register, Sequence[Mistake]]:
    """The package's entries, under those of the signed file that the config names, if it names one."""
    if not name:
        return listed, ()
    try:
        return {**listed, **licences.read(folder / name)}, ()
    except BadInput as error:
        return listed, error.mistakes


def _follows(meaning: Mistake, shape: list[Mistake]) -> bool:
    """Is this only what a neutral value brought, where the shape was wrong?"""
    others = [other for place, other in _COMPARED if meaning.where.startswith(place)]
    below = tuple(other for other in others if other.endswith("."))
    return any(
        meaning.where.startswith(bad.where) or bad.where in others or bad.where.startswith(below) for bad in shape
    )
