"""What runs sold, pair by pair, each pair's fills taken together and named by a digest that all can work out again.

An allocation rests on this. It is counted from the story alone, as `fills.csv` is: a line of what is digested has ten
of its columns.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final

from engine.evidence.story import LegStory, Sold, Story
from engine.kernel.codec import sha256_hex
from engine.kernel.money import EXACT, ZERO, Asset, plain, times, total
from engine.mandate.allocation import Step

COLUMNS: Final = (
    "venue", "symbol", "venue_order_id", "trade_id", "sell", "buy", "quantity", "price", "fee", "fee_asset",
)  # fmt: skip
"""Of `fills.csv`, in the order in which a line has them, with a comma between two."""


def line(leg: LegStory, sold: Sold) -> str:
    """One fill, as its digest has it."""
    fill, plan = sold.fill, leg.plan
    names = (fill.venue, fill.symbol, fill.venue_order_id, fill.trade_id, plan.sell, plan.buy)
    return ",".join((*names, plain(fill.quantity), plain(fill.price), plain(fill.fee.units), fill.fee.asset))


def digest(lines: Iterable[str]) -> str:
    """SHA-256 of the lines in the order of their bytes, each with a newline: `LC_ALL=C sort | sha256sum`."""
    ordered = sorted(text.encode() for text in lines)
    return sha256_hex(b"".join(text + b"\n" for text in ordered))


def steps(stories: Sequence[Story], entrusted: Mapping[Asset, Decimal]) -> tuple[Step, ...]:
    """What these runs sold, a step for each pair of assets, in the order of the pairs' names.

    `entrusted` is what the case's book says was sold of each seized asset. `ValueError` where one asset was sold for
    two others: then it has two average prices, and the runs are to be allocated one by one.
    """
    found: dict[tuple[Asset, Asset], list[tuple[LegStory, Sold]]] = {}
    for leg in (leg for story in stories for leg in story.legs):
        for sold in leg.fills:
            found.setdefault((leg.plan.sell, leg.plan.buy), []).append((leg, sold))
    sells = [sell for sell, _ in found]
    for sell in sells:
        if sells.count(sell) > 1:
            buys = " and ".join(sorted(buy for each, buy in found if each == sell))
            raise ValueError(f"{sell} was sold for {buys}: these runs have no one price; name them one by one")
    return tuple(_step(pair, found[pair], entrusted) for pair in sorted(found))


def _step(pair: tuple[Asset, Asset], sold: Sequence[tuple[LegStory, Sold]], entrusted: Mapping[Asset, Decimal]) -> Step:
    fees: dict[Asset, Decimal] = {}
    for _, each in sold:
        if each.fill.fee.units:
            fees[each.fill.fee.asset] = EXACT.add(fees.get(each.fill.fee.asset, ZERO), each.fill.fee.units)
    return Step(
        sell=pair[0],
        buy=pair[1],
        quantity=total(each.fill.quantity for _, each in sold),
        entrusted=entrusted.get(pair[0], ZERO),
        proceeds=total(times(each.fill.quantity, each.fill.price) for _, each in sold),
        fees=dict(sorted(fees.items())),
        fills=len(sold),
        fills_sha256=digest(line(leg, each) for leg, each in sold),
    )
