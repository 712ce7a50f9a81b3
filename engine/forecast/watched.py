"""The leak check of one leg: the tranches that its plan will cause, and what a watcher of the chain makes of them."""

from decimal import Decimal
from typing import Final

from engine.forecast import words
from engine.forecast.heat import Heat
from engine.forecast.leak import Usual, findings
from engine.forecast.prospect import Leak
from engine.forecast.scene import Scene
from engine.forecast.trail import Deposit
from engine.forecast.tranches import foretold, steps_of
from engine.kernel.clock import Instant
from engine.kernel.money import times, total, trimmed

DEPOSITS_MAX: Final = 288
"""More of them are not listed one by one; all are judged."""
GRANTED: Final = (
    "as though each arrived at once, each slice sold what it plans in the parts told under orders, the price stayed, "
    "and neither people, the cover of the deposit nor what is received held anything back"
)


def leak(scene: Scene, heat: Heat) -> Leak | None:
    """`None` where nobody says where the coin lies."""
    given, own = scene.given, scene.own
    supply = given.supply
    if supply is None:
        return None
    if supply.custody is not None and own is None:
        return Leak(basis="not told: nobody said how much is traded, and the schedule goes by it")
    steps = steps_of(given, scene.bins, own.drawn.course) if own is not None else ()
    trail = foretold(given, supply, steps, scene.outlets, _price(scene))
    usual = Usual(daily=scene.known.venues if scene.known.volume_daily else {}, hourly=heat.usual)
    asset = str(given.leg.sell)
    if supply.custody is not None and not trail.deposits and not any(supply.there.values()):
        return Leak(basis=f"no tranche of {asset} is foretold: no ceiling leaves room for one")
    found = findings(trail, usual, given.hours, asset)
    if not trail.deposits:
        return Leak(basis=f"no {asset} leaves custody for this sale", findings=found)
    sizes = [each.quantity for each in trail.deposits]
    told = f"{len(sizes)} tranches foretold, {trimmed(min(sizes))} to {trimmed(max(sizes))} {asset}, "
    told += f"{trimmed(total(sizes))} {asset} in all; {GRANTED}"
    if len(sizes) > DEPOSITS_MAX:
        told += f"; the first {DEPOSITS_MAX} are listed"
    listed = ", ".join(_listed(each, given.start) for each in trail.deposits[:DEPOSITS_MAX])
    return Leak(basis=told, deposits=listed, findings=found)


def _price(scene: Scene) -> Decimal | None:
    """Of a coin in the settlement currency, by which a venue's ceiling counts."""
    given = scene.given
    if given.price is None:
        return None
    return times(given.price[0], given.worth.rate) if given.worth is not None else given.price[0]


def _listed(each: Deposit, start: Instant) -> str:
    return f"{words.hours(each.at - start)} {trimmed(each.quantity)} {each.venue}"
