"""How the deposit would stand at the start, and the chance that it is outrun before the money is there."""

from collections.abc import Iterator
from decimal import Decimal

from engine.forecast.words import Line
from engine.kernel.clock import DAY, SECOND, Span
from engine.kernel.money import trimmed
from engine.mandate.deposit import Cover, Covered, DepositRule, Valuation, shown
from engine.science.cover import cover_break, headroom


def lines(rule: DepositRule | None, cover: Cover | None, volatility: Decimal | None, span: Span) -> Iterator[Line]:
    """`volatility` is a year's, as a fraction, where somebody said it; `span` lasts until the money is received.

    `cover` is `None` where no book says what was put up.
    """
    if rule is None:
        yield "deposit", "the config asks for none"
        return
    if cover is None:
        yield "deposit", "no book of the case says what was put up, so its cover can't be told"
        return
    yield "deposit", shown(cover, rule)
    if not isinstance(cover, Covered):
        return
    never = f"chance that cover falls below {trimmed(rule.limit * 100)} % before the money arrives"
    if rule.valuation is not Valuation.CURRENT:
        yield never, f"none by the price, since coin counts at {rule.valuation} prices"
    elif volatility is None:
        yield never, "not told, since deposit.volatility is not given"
    else:
        room = headroom(float(cover.deposit / cover.exposed), float(rule.limit))
        chance = cover_break(room, float(volatility), span / DAY)
        assumed = f"volatility {trimmed(volatility * 100)} % a year, {span // SECOND * SECOND / DAY:.2f} days"
        yield (
            never,
            f"{100 * chance:.2g} % ({assumed} until deadline and receipt, driftless, continuous watching, "
            "all of it exposed to the end)",
        )
