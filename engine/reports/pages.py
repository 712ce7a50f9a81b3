"""What all pages share: their templates, and how numbers and times are written for eyes."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import msgspec

from engine.kernel.clock import Instant, iso
from engine.kernel.money import ratio, trimmed

DASH: Final = "\N{EN DASH}"
"""Stands where nothing is known."""


def page(name: str, **values: Any) -> str:
    """A template, filled in; a value that it wants and was not given is an error."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name).render(**values)


def script(values: Sequence[Mapping[str, Any]]) -> str:
    """JSON for a script element, which no text in it can break out of."""
    return msgspec.json.encode(values).decode().replace("<", "\\u003c").replace("\u2028", "\\u2028")


def show(value: Decimal | None, places: int | None = None) -> str:
    """For eyes: thousands apart, no trailing zeros unless `places` asks for them, a dash where nothing is known."""
    if value is None:
        return DASH
    rounded = Decimal(trimmed(value)) if places is None else ratio(value, Decimal(1), places)
    return f"{rounded:,f}".replace("-", "\N{MINUS SIGN}")


def time(at: Instant) -> str:
    """UTC, to the millisecond."""
    return iso(at)[:-4].replace("T", " ")
