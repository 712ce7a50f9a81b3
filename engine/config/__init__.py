"""TOML → frozen `Config`; unknown keys refused; all mistakes reported at once, each with its place."""

from pathlib import Path

from engine.config.meaning import Config, understand
from engine.config.reading import read
from engine.kernel.clock import Instant
from engine.kernel.codec import sha256_hex
from engine.kernel.errors import BadInput, Mistake

__all__ = ["Config", "load"]

_COMPARED = (("strategy.window", "mandate.deadline"), ("venues.", "mandate.venues"), ("path.hops", "mandate.assets"))
"""Mistakes that compare two places: they follow from a wrong shape at the other one too."""


def load(path: Path, now: Instant) -> Config:
    """The config at `path`; raises `BadInput` with every mistake in it."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BadInput([Mistake(str(path), f"can't be read: {error.strerror}")]) from error
    file, shape = read(raw)
    config = understand(file, sha256_hex(raw), now) if file is not None else []
    if isinstance(config, list) or shape:
        meaning = config if isinstance(config, list) else []
        raise BadInput([*shape, *(m for m in meaning if not _follows(m, shape))])
    return config


def _follows(meaning: Mistake, shape: list[Mistake]) -> bool:
    """Is this only what a neutral value brought, where the shape was wrong?"""
    others = [other for place, other in _COMPARED if meaning.where.startswith(place)]
    return any(meaning.where.startswith(bad.where) or bad.where in others for bad in shape)
