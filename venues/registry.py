"""Name → adapter. Our own stand in this table; other people's come in by the entry-point group `steelyard.venues`.

The only place that names a venue's package. Nothing is imported before it is asked for.
"""

from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import entry_points
from typing import Final

from venues.adapter import Adapter

GROUP: Final = "steelyard.venues"


def _hashkey() -> Adapter:
    from venues.hashkey.adapter import ADAPTER

    return ADAPTER


def _osl() -> Adapter:
    from venues.osl.adapter import ADAPTER

    return ADAPTER


def _generic() -> Adapter:
    from venues.generic.adapter import ADAPTER

    return ADAPTER


OWN: Final[Mapping[str, Callable[[], Adapter]]] = {"hashkey": _hashkey, "osl": _osl, "generic": _generic}


def names() -> tuple[str, ...]:
    """Every adapter that is installed, ours first."""
    return (*OWN, *sorted({point.name for point in entry_points(group=GROUP)} - OWN.keys()))


def adapter(name: str) -> Adapter:
    """The adapter of that name; `KeyError` when nobody offers it, `TypeError` when what is offered is none."""
    if (own := OWN.get(name)) is not None:
        return own()
    for point in entry_points(group=GROUP):
        if point.name == name:
            offered = point.load()
            if not isinstance(offered, Adapter):
                raise TypeError(
                    f"{point.value} is offered as the venue adapter {name} and is a {type(offered).__name__}"
                )
            return offered
    raise KeyError(name)


def adapters() -> Iterator[Adapter]:
    """All of them."""
    return map(adapter, names())
