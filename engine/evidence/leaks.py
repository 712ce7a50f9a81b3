"""What the tranches that really left custody gave away to who watches the chain: the checks of the plan, afterwards.

A deposit counts from when the custodian said that it left. How much is usual at a venue the journal does not know, so
sizes are held against one another and the whole, and not against a day.
"""

from typing import Any, Final

from engine.evidence.story import LegStory, Story
from engine.forecast.leak import Usual, findings
from engine.forecast.prospect import Finding
from engine.forecast.trail import Deposit, Sale, Trail
from engine.kernel.money import total

UNKNOWN: Final = Usual(daily={}, hourly=lambda _venue, _at: None)


def trail(story: Story, leg: LegStory) -> Trail:
    """The leg's deposits and sales, as the journal has them."""
    asset, venues = leg.plan.sell, [each.venue for each in leg.plan.instruments]
    balances = {venue: story.opened.balances.get(venue, ()) for venue in venues}
    left = [each for each in story.shipments if not each.arrived and each.tranche.asset == asset]
    deposits = tuple(Deposit(each.tranche.venue, each.left_at, each.tranche.quantity) for each in left)
    sold = total(each.fill.quantity for each in leg.fills)  # more than its own coin, where other legs feed it
    return Trail(
        whole=max(leg.plan.quantity, sold, total(each.quantity for each in deposits)),
        there={name: total(each.total for each in held if each.asset == asset) for name, held in balances.items()},
        deposits=deposits,
        sales=tuple(Sale(each.fill.venue, each.fill.at, each.fill.quantity) for each in leg.fills),
    )


def leaks(story: Story, leg: LegStory) -> tuple[Finding, ...]:
    """Empty where no tranche has left custody for the leg."""
    custody = story.opened.custody
    if custody is None or leg.plan.sell not in custody.holdings:
        return ()
    left = trail(story, leg)
    if not left.deposits:
        return ()
    return findings(left, UNKNOWN, story.opened.plan.hours(leg.plan), str(leg.plan.sell))


def record(found: tuple[Finding, ...]) -> dict[str, Any]:
    """For `summary.json`: under `leak`, and nothing where nothing was looked at."""
    told = [{"name": f.name, "level": str(f.level), "measure": f.measure, "bound": f.bound} for f in found]
    return {"leak": told} if told else {}
