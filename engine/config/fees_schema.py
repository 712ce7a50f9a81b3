"""How `[[fees.NAME]]` looks in a config file."""

from msgspec import Struct, field

from engine.config.shapes import AssetName, HopText, Number, Percent


class FeeSection(Struct, forbid_unknown_fields=True, frozen=True):
    """What our account pays on one venue from an instant on, until the next row."""

    begins: str = field(name="from")
    """An instant with its zone."""
    tier: str
    """The venue's name for it."""
    maker: Percent
    taker: Percent
    source: str
    """Who says so: the agreement or the notice, with its date."""
    minimum: Number | None = None
    """The least that a completely executed order costs."""
    asset: AssetName | None = None
    """In which `minimum` is."""
    pair: HopText | None = None
    """`BTC>USDT`: of this pair alone; it wins over the rows without one."""
