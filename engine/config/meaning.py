"""From the file's shape to its meaning: a mandate, a path, a method, limits."""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from engine.alarms import Cause
from engine.config import (
    cap_checks,
    checks,
    conduct_checks,
    deposits,
    fees,
    floors,
    footprint_checks,
    guard_checks,
    impacts,
    ways,
)
from engine.config.custody_use import CustodyUse, custody_use
from engine.config.deposits import Outlook
from engine.config.fees import Schedules
from engine.config.known import Known
from engine.config.programme_checks import longest_tail
from engine.config.programmes import programme
from engine.config.reference_checks import sources
from engine.config.schema import ConfigFile, ReceiverSection, StableSection, VenueSection
from engine.config.venue_checks import PERMITTED, REFERENCE
from engine.config.words import parse_deadline, percent
from engine.kernel.clock import Instant, Span, parse_instant, parse_span
from engine.kernel.errors import Mistake
from engine.kernel.ids import CaseId, VenueName
from engine.kernel.money import Asset
from engine.mandate.assets import KNOWN
from engine.mandate.people import People
from engine.mandate.programme import Programme
from engine.mandate.register import Licence
from engine.mandate.terms import Deadline, Edge, Holding, StablePolicy, Terms
from engine.market.reference import ReferenceRules
from engine.planning.draft import Way
from engine.planning.impact import Impact
from engine.planning.plan import Recipe
from engine.receivers import Kind, Receiver
from engine.risk.limits import Limits


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
    way: Way
    """When and how what has no way of its own is sold."""
    own: Mapping[Asset, Way] = {}
    impacts: Mapping[Asset, Impact] = {}
    """What selling an asset does to its price, where the config says so."""
    sweeps: Mapping[Asset, Recipe]
    """Per stablecoin, the schedule of the leg that sells it."""
    tails: Mapping[Asset, Span]
    limits: Limits
    seed: int
    people_file: str = ""
    people: People | None = None
    """Who may decide what; `None` waives approvals, which only a sandbox may."""
    outlook: Outlook | None = None
    """What the plan assumes of the days until the money is there."""
    keys_until: Mapping[VenueName, Instant] = {}
    """When a venue's key runs out, where the config says so."""
    custody: CustodyUse | None = None
    """`None`: all of the coin lies at the venues."""
    programme: Programme | None = None
    """`None`: sold at any hour."""
    receivers: tuple[Receiver, ...] = ()
    """Who is told of alarms."""
    rehearsal: Mapping[VenueName, str] = {}
    """Per venue the root of its public data, for a rehearsal; empty where none is meant."""
    fees: Schedules = {}
    """Per venue what our account pays there, where the config says so."""
    prices: Mapping[Asset, Mapping[str, str]] = {}
    """Per asset and source the file that a floor by average is taken from, as the config names it."""

    @property
    def references(self) -> dict[VenueName, VenueUse]:
        """The venues whose public prices are all that is wanted."""
        return {name: use for name, use in self.venues.items() if use.reference}


def understand(file: ConfigFile, sha256: str, now: Instant, known: Known) -> Config | list[Mistake]:
    """What the file means, or all that is wrong with it. `now` is the wall clock, for what has run out by then."""
    return checks.mistakes(file, now, known) or _config(file, sha256, now, known)


def _config(file: ConfigFile, sha256: str, now: Instant, known: Known) -> Config:
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
            holdings=tuple(_holdings(file, now)),
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
        way=ways.way(file.strategy, file.tactic),
        own=ways.own(file),
        impacts=impacts.impacts(file),
        sweeps={Asset(name): ways.sweep(section, file.strategy.seed) for name, section in file.path.stable.items()},
        tails={Asset(name): parse_span(section.tail) for name, section in file.path.stable.items()},
        limits=Limits(
            collar_bp=file.limits.collar_bp,
            order_notional_max=file.limits.order_notional_max,
            minute_notional_max=file.limits.minute_notional_max,
            minute_orders_max=file.limits.minute_orders_max,
            basket_minute_max=file.limits.basket_minute_max,
            caps=cap_checks.caps(file),
            depth_share_max=cap_checks.depth_share(file),
            deposit=deposits.rule(file.deposit, Asset(file.path.settlement)),
            reference=_reference(file),
            reconcile_every=parse_span(file.limits.reconcile_every),
            conduct=conduct_checks.conduct(file.conduct),
            footprint=footprint_checks.footprint(file.footprint),
            pause=guard_checks.pause(file.pause),
            unknown_patience=parse_span(file.limits.unknown_patience),
        ),
        seed=file.strategy.seed,
        people_file=file.people,
        outlook=deposits.outlook(file.deposit),
        keys_until={
            VenueName(name): parse_instant(section.key_until)
            for name, section in file.venues.items()
            if section.key_until
        },
        custody=custody_use(file.custody),
        programme=programme(file.programme, longest_tail(file), now) if file.programme is not None else None,
        receivers=tuple(map(_receiver, file.notify.receiver)),
        prices=floors.prices(file),
        fees=fees.schedules(file),
        rehearsal={VenueName(n): u.rstrip("/") for n, u in file.rehearsal.hosts.items()} if file.rehearsal else {},
    )


def _holdings(file: ConfigFile, now: Instant) -> Iterator[Holding]:
    for section in file.mandate.assets:
        floor = floors.floor(section.floor, now) if section.floor is not None else None
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
        guard=guard_checks.peg(section),
    )


def _reference(file: ConfigFile) -> ReferenceRules:
    return ReferenceRules(
        age_ns_max=parse_span(file.limits.book_age_max),
        outlier_bp_max=file.limits.outlier_bp_max,
        quorum=file.reference.quorum,
        sources=tuple(VenueName(name) for name in sources(file)),
    )


def _use(section: VenueSection) -> VenueUse:
    return VenueUse(
        adapter=section.adapter,
        options=section.options,
        withdraw_key=section.withdraw_key == PERMITTED,
        reference=section.use == REFERENCE,
    )


def _receiver(section: ReceiverSection) -> Receiver:
    return Receiver(
        kind=Kind(section.kind),
        run=section.run,
        url=section.url,
        causes=tuple(map(Cause, section.causes)),
        timeout=parse_span(section.timeout),
    )
