"""What a config file may say: the shape, before any meaning. `steelyard schema` prints it as JSON schema.

Quantities and prices are text ("1.5"), because a TOML float would already have lost digits; lengths of time are text
("30m", "1h30m"); shares are text with a percent sign ("25%").
"""

from collections.abc import Mapping
from decimal import Decimal

from msgspec import Struct, field

from engine.config.conduct_schema import ConductSection
from engine.config.fees_schema import FeeSection
from engine.config.floor_schema import FloorSection
from engine.config.method_schema import StrategySection, TacticSection
from engine.config.shapes import (
    AssetName,
    Count,
    DaysText,
    HopText,
    Name,
    Number,
    OffsetText,
    Percent,
    SpanText,
    TimeText,
)


class AssetSection(Struct, forbid_unknown_fields=True, frozen=True):
    """One asset of the case."""

    asset: AssetName
    entrusted: Number
    released: Number
    floor: FloorSection | None = None
    participation_max: Percent | None = None


class MandateSection(Struct, forbid_unknown_fields=True, frozen=True):
    """Who entrusted what, where it may be sold, and until when."""

    case: Name
    authority: str
    venues: tuple[Name, ...]
    account: Name
    deadline: str
    assets: tuple[AssetSection, ...]
    document_sha256: str = ""


class StableSection(Struct, forbid_unknown_fields=True, frozen=True):
    """How one stablecoin is passed through."""

    band_bp: Number
    inventory_max: Number
    age_max: SpanText
    par: Number = Decimal(1)
    sweep: Number | None = None
    sweep_age: SpanText | None = None
    time_jitter: Percent = "0%"
    """Of the time between two looks, later."""
    size_jitter: Percent = "0%"
    """Of `sweep`, less; drawn anew for each look."""
    tail: SpanText = "0s"
    warn_bp: Number = Decimal(10)
    """Farther from par than this is told."""
    halt_bp: Number = Decimal(50)
    """Farther than this for `persist` minutes stops making more of it."""
    hard_bp: Number = Decimal(100)
    """Farther than this by most of several sources stops at once."""
    z_halt: Number = Decimal(6)
    """So many standard deviations from its recent mean, beyond `warn_bp`, count as farther than `halt_bp`."""
    persist: Count = 3
    half_life: SpanText = "30m"
    """Of a sample in that mean and deviation."""
    blind: SpanText = "3m"
    """So long without a price stops it too."""
    calm: SpanText = "5m"
    """So long without a breach lets it go on."""


class PathSection(Struct, forbid_unknown_fields=True, frozen=True):
    """The hops that may be taken, and where they end."""

    hops: tuple[HopText, ...]
    settlement: AssetName
    stable: Mapping[str, StableSection] = {}


class LimitsSection(Struct, forbid_unknown_fields=True, frozen=True):
    """Bounds that every order is held against."""

    collar_bp: Number
    order_notional_max: Number
    minute_notional_max: Number
    minute_orders_max: Count
    basket_minute_max: Number | None = None
    """Of all assets that are sold for the same one together, in a minute."""
    hour_notional_max: Number | None = None
    """Of all that is sold for the same asset, in any sixty minutes."""
    day_notional_max: Number | None = None
    """The same on a local day of the programme; of UTC without one."""
    total_notional_max: Number | None = None
    """The same in the whole run."""
    depth_share_max: Percent | None = None
    """The most that one crossing order may take of the bids at its limit or above it."""
    book_age_max: SpanText = "60s"
    outlier_bp_max: Number = Decimal(200)
    reconcile_every: SpanText = "5m"
    unknown_patience: SpanText = "10m"


class PauseSection(Struct, forbid_unknown_fields=True, frozen=True):
    """When a volatile asset's market is too restless to sell into."""

    calm: SpanText
    """So long both bounds have to be kept before selling goes on."""
    move: Percent | None = None
    """In either direction, `over` so long."""
    over: SpanText | None = None
    spread_bp: Number | None = None
    """Of the closest book of its venues."""


class RateSection(Struct, forbid_unknown_fields=True, frozen=True):
    """What one unit is worth in the settlement currency, by whom, and on which day."""

    worth: Number
    source: str
    day: str
    """ISO: 2026-11-20."""


class DepositSection(Struct, forbid_unknown_fields=True, frozen=True):
    """How much of the deposit has to cover what is out of custody and not yet received."""

    ratio: Percent
    """Below it no new slice and no new release."""
    limit: Percent
    """What must never be passed."""
    valuation: str = "current"
    """At which prices coin counts: `current`, `handover` or `seizure`."""
    rates: Mapping[str, RateSection] = {}
    """Of other currencies, and of coin where the valuation is of a day gone by."""
    volatility: Percent | None = None
    """A year's, of prices: for the chance that cover breaks before the money arrives."""
    receipt: SpanText = "1d"
    """From the last sale until the authority has the money."""


class VenueSection(Struct, forbid_unknown_fields=True, frozen=True):
    """One venue. Addresses are the adapter's own; a sandbox brings its address with it."""

    adapter: Name
    options: Mapping[str, str] = {}
    """For the adapter alone; `steelyard venues` lists what each takes."""
    use: str = "execution"
    """`execution`, or `reference`: its public prices only, with no key and no licence."""
    withdraw_key: str = "refused"
    """`permitted` accepts a key that can also withdraw; it is refused otherwise."""
    hour_notional_max: Number | None = None
    """Of all that is sold there for the same asset, in any sixty minutes."""
    day_notional_max: Number | None = None
    """The same on a local day."""
    key_until: str = ""
    """When the venue's key runs out: an instant with its zone. A run that would outlive it is refused."""


class ReceiverSection(Struct, forbid_unknown_fields=True, frozen=True):
    """One who is told of alarms."""

    kind: str
    """`command` or `webhook`."""
    run: tuple[str, ...] = ()
    """For a command: the program and its arguments; no shell reads them."""
    url: str = ""
    """For a webhook. It is written into the run's folder, so no place for a secret."""
    causes: tuple[str, ...] = ()
    """Of which alarms it is told; of all where none is named."""
    timeout: SpanText = "10s"


class NotifySection(Struct, forbid_unknown_fields=True, frozen=True):
    """Who is told of alarms."""

    receiver: tuple[ReceiverSection, ...] = ()


class WindowSection(Struct, forbid_unknown_fields=True, frozen=True):
    """Open on these weekdays from `opens` until `closes`, local time."""

    days: DaysText
    opens: TimeText
    closes: TimeText


class BankSection(Struct, forbid_unknown_fields=True, frozen=True):
    """When stablecoin can become fiat: every closing is a cut-off, and leg one stops the longest tail before it."""

    windows: tuple[WindowSection, ...]
    calendars: tuple[str, ...] = ()


class BlackoutSection(Struct, forbid_unknown_fields=True, frozen=True):
    """Nothing volatile is sold from the first instant until the second."""

    begins: str = field(name="from")
    until: str
    reason: str


class MaintenanceSection(Struct, forbid_unknown_fields=True, frozen=True):
    """One venue is not used from the first instant until the second."""

    venue: Name
    begins: str = field(name="from")
    until: str
    reason: str


class ProgrammeSection(Struct, forbid_unknown_fields=True, frozen=True):
    """A sale over several days: its hours, its daily quota, and what rests overnight."""

    windows: tuple[WindowSection, ...]
    offset: OffsetText = "+08:00"
    calendars: tuple[str, ...] = ()
    """On their holidays nothing is sold: `CN`, `HK`."""
    quota: Percent | None = None
    """Of what the run may sell of each asset, per local day."""
    carry: str = "none"
    """What becomes of the rest of a day's quota: `none`, `next` or `all`."""
    overnight: str = "cancel"
    """What becomes of resting orders when hours end: `cancel` or `rest`."""
    bank: BankSection | None = None
    blackout: tuple[BlackoutSection, ...] = ()
    maintenance: tuple[MaintenanceSection, ...] = ()


class CustodySection(Struct, forbid_unknown_fields=True, frozen=True):
    """Where the coin lies that no venue holds yet, and how much of it may leave at a time."""

    kind: str
    """`files`, a folder shared with the custodian's people; or `sandbox`."""
    folder: str = ""
    """With `files`: relative to this file."""
    address: str = ""
    """With `sandbox`: the custodian of one that is running already, `http://127.0.0.1:PORT`."""
    slices_ahead: Count = 3
    """So many slices may stand at a venue."""
    tranche_min: Mapping[str, Number] = {}
    """Per asset the least that is asked for; only the last tranche may be less."""
    exposure_max: Mapping[str, Number] = {}
    """Per venue the most that may stand there, in the settlement currency."""


class RehearsalSection(Struct, forbid_unknown_fields=True, frozen=True):
    """Where `run --rehearse` looks at public prices."""

    hosts: Mapping[str, str]
    """Per venue the root of its public data: this machine in a sandbox, https in production."""


class ReferenceSection(Struct, forbid_unknown_fields=True, frozen=True):
    """Whose prices make the market's price, and how many of them have to agree."""

    quorum: Count = 1
    sources: tuple[Name, ...] = ()
    """Of the venues; where none is named, those of the mandate and those that are for reference."""


class ImpactSection(Struct, forbid_unknown_fields=True, frozen=True):
    """What selling one asset does to its price."""

    price: Number
    """In the asset that it is sold for, when the rest was measured."""
    sigma_daily: Percent
    """Of the price, a day."""
    volume_daily: Number
    """Coins a day, in the market that is sold into."""
    y: Number
    """Prefactor of the law of the root: selling Q moves the price by y sigma (Q / volume)^exponent."""
    spread_bp: Number
    calibrated: str
    """The day, ISO: 2026-11-20."""
    source: str
    exponent: Number = Decimal("0.5")
    permanent: Number = Decimal(0)
    """The fraction of the price by which a whole day's volume would move it for good."""
    desk_bp: Number | None = None
    """What a desk is thought to take below the mid, fees included: for the comparison in a plan, and nothing else."""


class SharesSection(Struct, forbid_unknown_fields=True, frozen=True):
    """How much of what counts may be ours, over each of these."""

    minute: Percent | None = None
    hour: Percent | None = None
    day: Percent | None = None


class FootprintSection(Struct, forbid_unknown_fields=True, frozen=True):
    """How much of what is traded in books may be ours."""

    venue: SharesSection | None = None
    """Of each venue by itself."""
    market: SharesSection | None = None
    """Of the mandate's venues and those for reference together."""


class ConfigFile(Struct, forbid_unknown_fields=True, frozen=True):
    """A whole file."""

    schema: int
    environment: str
    mandate: MandateSection
    path: PathSection
    strategy: StrategySection
    tactic: TacticSection
    limits: LimitsSection
    venues: Mapping[str, VenueSection]
    strategies: Mapping[str, StrategySection] = {}
    """Of assets that are sold at another pace than the rest."""
    tactics: Mapping[str, TacticSection] = {}
    """Of assets that are sold in another manner than the rest."""
    impact: Mapping[str, ImpactSection] = {}
    """Per asset what selling it does to its price; schedules and plans ask for it."""
    deposit: DepositSection | None = None
    people: str = ""
    """Who may decide what: a signed file, relative to this one. With it, nothing runs that was not approved."""
    notify: NotifySection = NotifySection()
    custody: CustodySection | None = None
    """Without it all of the coin lies at the venues."""
    licences: str = ""
    """A signed register file of one's own, relative to this file; its entries win over the package's."""
    state: str = ""
    """The state folder, which holds the case register; relative to this file. `--home` wins over it."""
    programme: ProgrammeSection | None = None
    """Without one, the run may sell at any hour."""
    pause: PauseSection | None = None
    """Without it no market is too restless."""
    conduct: ConductSection = ConductSection()
    """What the run's own conduct is held against in its report."""
    footprint: FootprintSection | None = None
    """Without it our share is limited by `participation_max` alone."""
    rehearsal: RehearsalSection | None = None
    """Without it nothing can be rehearsed at public prices."""
    reference: ReferenceSection = ReferenceSection()
    fees: Mapping[str, tuple[FeeSection, ...]] = {}
    """Per venue of the mandate what our account pays there, in time order; without it as the adapter's papers say."""
    prices: Mapping[str, Mapping[str, str]] = {}
    """Per asset and source a file of bars or daily closes, relative to this one: what floors by average rest on,
    and what a plan takes volumes from; of a venue's own name it is that venue's."""
