"""TOML → frozen `Config`; unknown keys refused; all mistakes reported at once, each with its place."""

from pathlib import Path

from engine.config.meaning import Config, understand
from engine.config.reading import read
from engine.kernel.clock import Instant
from engine.kernel.codec import sha256_hex
from engine.kernel.errors import BadInput, Mistake

__all__ = ["Config", "load"]


def load(path: Path, now: Instant) -> Config:
    """The config at `path`; raises `BadInput` with every mistake in it."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BadInput([Mistake(str(path), f"can't be read: {error.strerror}")]) from error
    file = read(raw)
    if isinstance(file, list):
        raise BadInput(file)
    config = understand(file, sha256_hex(raw), now)
    if isinstance(config, list):
        raise BadInput(config)
    return config
