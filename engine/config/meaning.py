"""From the file's shape to its meaning: a mandate, a path, a method, limits."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from msgspec import Struct

from engine.config import checks
from engine.config.known import OWN_SCHEDULES, Known
from engine.config.schema import ConfigFile, StableSection, VenueSection
from engine.config.venue_checks import PERMITTED, REFERENCE
from engine.config.words import parse_deadline, percent
from engine.kernel.clock import Instant, Span, parse_span
from engine.kernel.errors import Mistake
from engine.kernel.ids import CaseId, VenueName
from engine.kernel.money import Asset
from engine.mandate.assets import KNOWN
from engine.mandate.register import Licence
from engine.mandate.terms import Deadline, Edge, Floor, FloorScope, Holding, StablePolicy, Terms
from engine.market.reference import ReferenceRules
from engine.planning.plan import Recipe
from engine.risk.limits import Limits

SWEEP_EVERY: Final = "10s"
PEG_EVERY: Final = "10s"
PEG_BEFORE: Final = "10s"


class VenueUse(Struct, frozen=True, kw_only=True):
    """How one venue is reached, and what for."""

    adapter: str
    options: Mapping[str, str] = {}
    withdraw_key: bool = False
    """A key that can also withdraw is accepted; otherwise it stops the run before it begins."""
    reference: bool = False
    """Its public prices only: no key, no orders."""

    @property
    def dialect(self) -> str:
        """What a sandbox has to speak for this adapter: for one that speaks many, the exchange that it was told."""
        return self.options.get("exchange", self.adapter)


class Config(Struct, frozen=True, kw_only=True):
    """A config that means something."""

    sha256: str
    environment: str
    state: str
    terms: Terms
    venues: Mapping[VenueName, VenueUse]
    """Those of the mandate, and those that are for reference only."""
    licences: Mapping[VenueName, Licence]
    """The register's entry of each venue that executes."""
    schedule: Recipe
    window: Span
    catch_up: Decimal
    tactic: Recipe
    sweeps: Mapping[Asset, Recipe]
    """Per stablecoin, the schedule of the leg that sells it."""
    tails: Mapping[Asset, Span]
    limits: Limits
    seed: int

    @property
    def references(self) -> dict[VenueName, VenueUse]:
        """The venues whose public prices are all that is wanted."""
        return {name: use for name, use in self.venues.items() if use.reference}


def understand(file: ConfigFile, sha256: str, now: Instant, known: Known) -> Config | list[Mistake]:
    """What the file means, or all that is wrong with it. `now` is the wall clock, for what has run out by then."""
    return checks.mistakes(file, now, known) or _config(file, sha256, known)


def _config(file: ConfigFile, sha256: str, known: Known) -> Config:
    deadline = parse_deadline(file.mandate.deadline)
    assert isinstance(deadline, Deadline)
    edges = tuple(Edge(Asset(s), Asset(b)) for s, b in (hop.split(">") for hop in file.path.hops))
    named = {name for edge in edges for name in (edge.sell, edge.buy)}
    return Config(
        sha256=sha256,
        environment=file.environment,
        state=file.state,
        terms=Terms(
            case=CaseId(file.mandate.case),
            authority=file.mandate.authority,
            document_sha256=file.mandate.document_sha256,
            holdings=tuple(_holdings(file)),
            venues=tuple(VenueName(v) for v in file.mandate.venues),
            account=file.mandate.account,
            deadline=deadline,
            settlement=Asset(file.path.settlement),
            edges=edges,
            classes={name: KNOWN[name].klass for name in sorted(named)},
            stables=tuple(_policy(edges, Asset(name), section) for name, section in file.path.stable.items()),
        ),
        venues={VenueName(name): _use(section) for name, section in file.venues.items()},
        licences={VenueName(name): known.register[VenueName(name)] for name in file.mandate.venues},
        schedule=_schedule(file),
        window=parse_span(file.strategy.window),
        catch_up=file.strategy.catch_up,
        tactic=_tactic(file),
        sweeps={Asset(name): _sweep(section) for name, section in file.path.stable.items()},
        tails={Asset(name): parse_span(section.tail) for name, section in file.path.stable.items()},
        limits=Limits(
            collar_bp=file.limits.collar_bp,
            order_notional_max=file.limits.order_notional_max,
            minute_notional_max=file.limits.minute_notional_max,
            minute_orders_max=file.limits.minute_orders_max,
            reference=ReferenceRules(parse_span(file.limits.book_age_max), file.limits.outlier_bp_max),
            reconcile_every=parse_span(file.limits.reconcile_every),
            unknown_patience=parse_span(file.limits.unknown_patience),
        ),
        seed=file.strategy.seed,
    )


def _holdings(file: ConfigFile) -> Iterator[Holding]:
    for section in file.mandate.assets:
        floor = None
        if section.floor is not None:
            floor = Floor(section.floor.price, Asset(section.floor.currency), FloorScope.FILL)
        share = percent(section.participation_max) if section.participation_max is not None else None
        yield Holding(Asset(section.asset), section.entrusted, section.released, floor, share)


def _policy(edges: tuple[Edge, ...], asset: Asset, section: StableSection) -> StablePolicy:
    return StablePolicy(
        asset=asset,
        fiat=next(edge.buy for edge in edges if edge.sell == asset),
        par=section.par,
        band_bp=section.band_bp,
        inventory_max=section.inventory_max,
        age_max=parse_span(section.age_max),
    )


def _use(section: VenueSection) -> VenueUse:
    return VenueUse(
        adapter=section.adapter,
        options=section.options,
        withdraw_key=section.withdraw_key == PERMITTED,
        reference=section.use == REFERENCE,
    )


def _schedule(file: ConfigFile) -> Recipe:
    strategy = file.strategy
    if strategy.schedule not in OWN_SCHEDULES:
        return Recipe(strategy.schedule, strategy.parameters)
    parameters = {
        "slices": str(strategy.slices),
        "time_jitter": str(percent(strategy.time_jitter)),
        "size_jitter": str(percent(strategy.size_jitter)),
        "seed": str(strategy.seed),
    }
    if strategy.curve:
        parameters["curve"] = ",".join(map(str, strategy.curve))
    return Recipe(strategy.schedule, parameters)


def _tactic(file: ConfigFile) -> Recipe:
    tactic = file.tactic
    if tactic.kind == "peg":
        return Recipe("peg", {"every": tactic.every or PEG_EVERY, "before": tactic.before or PEG_BEFORE})
    return Recipe(tactic.kind, tactic.parameters)


def _sweep(section: StableSection) -> Recipe:
    amount = section.sweep if section.sweep is not None else section.inventory_max / 4
    age = section.sweep_age if section.sweep_age is not None else section.age_max
    return Recipe("fiat_sweep", {"every": SWEEP_EVERY, "amount": str(amount), "age": age})
