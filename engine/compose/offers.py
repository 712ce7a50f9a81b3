"""What is installed and who is licensed, by the registries: for reading a config, and for `steelyard venues`."""

from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from msgspec import Struct

from engine.config import Config, Known, load
from engine.config.register_file import listed
from engine.kernel.clock import Instant
from engine.kernel.errors import BadInput, Mistake
from engine.kernel.money import plain
from engine.mandate.register import Licence, Register
from strategies import registry as strategies
from venues import registry as venues
from venues.adapter import Adapter


class Broken(Struct, frozen=True):
    """Something that a package offers and that can't be had."""

    name: str
    problem: str


class Plugin(Struct, frozen=True):
    """A schedule or a tactic of somebody else's package."""

    kind: str
    name: str
    package: str


class Offers(Struct, frozen=True, kw_only=True):
    """All that this installation can name in a config."""

    adapters: Sequence[Adapter]
    packages: Mapping[str, str]
    """Per adapter of somebody else, the package that brings it."""
    register: Register
    plugins: Sequence[Plugin]
    broken: Sequence[Broken]

    @property
    def unreached(self) -> list[Licence]:
        """Listed platforms that no adapter is named after."""
        named = {adapter.name for adapter in self.adapters}
        return [licence for name, licence in self.register.items() if name not in named]


def read(path: Path, now: Instant) -> Config:
    """The config at `path`, held against what is installed here; raises `BadInput` with every mistake in it."""
    config = load(path, now, known())
    if mistakes := list(dict.fromkeys(_refused(config))):
        raise BadInput(mistakes)
    return config


def _refused(config: Config) -> Iterator[Mistake]:
    """What other people's schedule and tactic say against their parameters, found out by making each once."""
    for holding in config.terms.holdings:
        way = config.own.get(holding.asset, config.way)
        given = {**way.schedule.parameters, "quantity": plain(holding.released)}
        try:
            if way.schedule.name not in strategies.SCHEDULES:  # of ours the config has seen to that
                strategies.schedule(way.schedule.name, Instant(0), Instant(way.window), given)
        except BadInput as error:
            yield from error.mistakes
        try:
            strategies.tactic(way.tactic.name, way.tactic.parameters)
        except BadInput as error:
            yield from error.mistakes


def known() -> Known:
    """What a config may name here."""
    adapters, _ = _adapters()
    return Known(
        adapters={adapter.name: adapter.options for adapter in adapters},
        schedules=frozenset(strategies.schedule_names()),
        tactics=frozenset(strategies.tactic_names()),
        register=listed(),
    )


def offers(own: Register) -> Offers:
    """Everything, with the entries of `own`, a signed register file, over those of the package."""
    adapters, broken = _adapters()
    bringers = {point.name: _package(point) for point in entry_points(group=venues.GROUP)}
    return Offers(
        adapters=adapters,
        packages={a.name: bringers[a.name] for a in adapters if a.name not in venues.OWN},
        register={**listed(), **own},
        plugins=[
            *_plugins("schedule", strategies.SCHEDULE_GROUP, strategies.SCHEDULES),
            *_plugins("tactic", strategies.TACTIC_GROUP, strategies.TACTICS),
        ],
        broken=broken,
    )


def _adapters() -> tuple[list[Adapter], list[Broken]]:
    """Those that can be had; what another package spoils is told beside them, and spoils nothing else."""
    adapters, broken = [venues.adapter(name) for name in venues.OWN], []
    for name in venues.names():
        if name in venues.OWN:
            continue
        try:
            adapters.append(venues.adapter(name))
        except Exception as error:  # noqa: BLE001 - somebody else's package may raise anything when it is imported
            broken.append(Broken(name, f"{type(error).__name__}: {error}"))
    return adapters, broken


def _plugins(kind: str, group: str, ours: Mapping[str, object]) -> Iterator[Plugin]:
    points = {point.name: point for point in entry_points(group=group) if point.name not in ours}
    for name in sorted(points):
        yield Plugin(kind, name, _package(points[name]))


def _package(point: EntryPoint) -> str:
    """`steelyard-example-venue 1.0`."""
    return f"{point.dist.name} {point.dist.version}" if point.dist is not None else "a package without a name"
