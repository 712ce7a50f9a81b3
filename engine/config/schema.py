"""What a config file may say: the shape, before any meaning. `steelyard schema` prints it as JSON schema.

Quantities and prices are text ("1.5"), because a TOML float would already have lost digits; lengths of time are text
("30m", "1h30m"); shares are text with a percent sign ("25%").
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Struct

Number = Annotated[Decimal, Meta(description='a decimal number as text: "1.5"')]
SpanText = Annotated[str, Meta(pattern=r"^(\d+(ms|s|m|h|d))+$", description='a length of time: "30m", "1h30m"')]
Percent = Annotated[str, Meta(pattern=r"^\d+(\.\d+)?%$", description='a share: "25%"')]
Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", description="letters, digits, . _ -")]
AssetName = Annotated[str, Meta(pattern=r"^[A-Z0-9]{2,10}$", description="an asset in capitals: BTC")]
HopText = Annotated[str, Meta(pattern=r"^[A-Z0-9]{2,10}>[A-Z0-9]{2,10}$", description='one hop: "BTC>USDT"')]
Count = Annotated[int, Meta(ge=1)]
Weight = Annotated[int, Meta(ge=0)]


class FloorSection(Struct, forbid_unknown_fields=True, frozen=True):
    """The lowest price, its currency, and what it is held against."""

    price: Number
    currency: AssetName
    scope: str


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
    tail: SpanText = "0s"


class PathSection(Struct, forbid_unknown_fields=True, frozen=True):
    """The hops that may be taken, and where they end."""

    hops: tuple[HopText, ...]
    settlement: AssetName
    stable: Mapping[str, StableSection] = {}


class StrategySection(Struct, forbid_unknown_fields=True, frozen=True):
    """When."""

    schedule: str
    window: SpanText
    slices: Count | None = None
    curve: tuple[Weight, ...] = ()
    time_jitter: Percent = "0%"
    size_jitter: Percent = "0%"
    seed: int = 0
    catch_up: Number = Decimal(2)
    parameters: Mapping[str, str] = {}
    """For a schedule of somebody else's package, passed on as they are."""


class TacticSection(Struct, forbid_unknown_fields=True, frozen=True):
    """How."""

    kind: str
    every: SpanText | None = None
    before: SpanText | None = None
    parameters: Mapping[str, str] = {}
    """For a tactic of somebody else's package, passed on as they are."""


class LimitsSection(Struct, forbid_unknown_fields=True, frozen=True):
    """Bounds that every order is held against."""

    collar_bp: Number
    order_notional_max: Number
    minute_notional_max: Number
    minute_orders_max: Count
    book_age_max: SpanText = "60s"
    outlier_bp_max: Number = Decimal(200)
    reconcile_every: SpanText = "5m"
    unknown_patience: SpanText = "10m"


class VenueSection(Struct, forbid_unknown_fields=True, frozen=True):
    """One venue. Addresses are the adapter's own; a sandbox brings its address with it."""

    adapter: Name
    options: Mapping[str, str] = {}
    """For the adapter alone; `steelyard venues` lists what each takes."""
    use: str = "execution"
    """`execution`, or `reference`: its public prices only, with no key and no licence."""
    withdraw_key: str = "refused"
    """`permitted` accepts a key that can also withdraw; it is refused otherwise."""


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
    licences: str = ""
    """A signed register file of one's own, relative to this file; its entries win over the package's."""
    state: str = ""
    """The state folder, which holds the case register; relative to this file. `--home` wins over it."""
