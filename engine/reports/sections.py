"""Sections of the report that say who decided what, whose money it is, and how each day went."""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any, Final

from engine.events import Agreed, Approval
from engine.evidence.attribution import RULE, Attributed
from engine.evidence.choices import chosen
from engine.evidence.covering import covers, lowest
from engine.evidence.daylegs import DayLeg
from engine.evidence.days import DayStory
from engine.evidence.footprint import Footprint
from engine.evidence.story import Attempt, LegStory, Moment, Story, Word
from engine.evidence.summary import Summary
from engine.kernel.clock import Instant, Span, iso
from engine.kernel.ids import VenueName
from engine.kernel.money import Asset, plain, times, trimmed
from engine.mandate import instructions as i
from engine.mandate.deposit import shown
from engine.mandate.floors import in_words
from engine.mandate.standing import CaseStanding
from engine.reports.pages import DASH, show, time

HUNDRED: Final = Decimal(100)


def people(story: Story) -> list[dict[str, str]]:
    """The approval, then every instruction: who asked, who agreed, on which paper, and what came of it."""
    rows = []
    match story.approval:
        case Agreed(at=at, by=by, agreed=agreed, paper_sha256=paper):
            rows.append(_decision(at, "the plan", by, agreed, paper, "approved", ""))
        case Approval(at, digest):
            rows.append(_decision(at, "the plan", "", (), digest, "approval waived: sandbox", ""))
        case None:
            pass
    return [*rows, *map(word, story.words)]


def word(told: Word) -> dict[str, str]:
    """One instruction."""
    said = told.said
    came = f"not done: {'; '.join(map(str, told.denied))}" if told.denied else "done"
    return _decision(said.at, wanted(said.instruction), said.by, said.agreed, said.paper_sha256, came, said.reason)


def _decision(
    at: Instant, what: str, by: str, agreed: Sequence[str], paper: str, came: str, reason: str
) -> dict[str, str]:
    return {
        "at": time(at),
        "what": what,
        "by": by or DASH,
        "agreed": ", ".join(agreed) or DASH,
        "paper": paper,
        "came": came,
        "reason": reason or DASH,
    }


def wanted(instruction: i.Instruction) -> str:
    """What was asked for, in words."""
    match instruction:
        case i.Stop(scope=scope, name=name):
            return f"stop {scope.value} {name}"
        case i.GoOn(scope=scope, name=name):
            return f"go on: {scope.value} {name}".rstrip()
        case i.Amend():
            return f"amend: {_amended(instruction)}"
        case i.Finish(by=by):
            return f"finish by {by.value}"
        case i.Ticket():
            deal = f"{trimmed(instruction.quantity)} {instruction.sell} at {plain(instruction.price)} {instruction.buy}"
            return f"ticket {instruction.ticket}: {deal}, {instruction.venue}, with {instruction.counterparty}"
        case i.SettleUnknown(client_id=name, filled=filled):
            return f"settle unknown order {name}: {trimmed(filled)} sold in all"
        case i.ExplainDifference(venue=venue, asset=asset, delta=delta):
            return f"explain a difference at {venue}: {plain(delta)} {asset}"


def _amended(wish: i.Amend) -> str:
    parts = []
    if wish.ends is not None:
        parts.append(f"end {time(wish.ends)}")
    if wish.rate is not None:
        parts.append(f"pace times {trimmed(wish.rate)}")
    for asset, floor in (wish.floors or {}).items():
        parts.append(f"floor of {asset} " + (in_words(floor) if floor is not None else "none"))
    for asset, share in (wish.shares or {}).items():
        parts.append(f"participation of {asset} " + (f"{show(times(share, HUNDRED))} %" if share else "unlimited"))
    if wish.venues is not None:
        parts.append(f"venues {', '.join(wish.venues)}")
    return "; ".join(parts) or "nothing"


def footprint(told: Footprint) -> list[tuple[str, ...]]:
    """Where, over what, and where our share was largest; shares in per cent."""
    return [
        (
            line.venue or "all of these",
            {"run": "the whole run"}.get(line.span, f"a {line.span}" if line.span != "hour" else "an hour"),
            DASH if line.at is None else time(line.at),
            show(line.sold),
            show(line.others),
            percent(line.share),
            show(line.counted),
            percent(line.counted_share),
            percent(line.approved),
            percent(line.limit),
        )
        for line in told.lines
    ]


def beside(leg: LegStory, told: Footprint) -> list[VenueName]:
    """The venues for reference that the market's lines count; none where there are no such lines."""
    market = any(line.venue is None for line in told.lines)
    return list(dict.fromkeys(watched.venue for watched in leg.watched)) if market else []


def choices(attempts: Iterable[Attempt], buy: Asset) -> list[tuple[str, ...]]:
    """Per rule of the router: how many decisions and orders, how much, and what it was expected to gain."""
    return [
        (
            each.rule.value,
            str(each.decisions),
            str(each.orders),
            plain(each.placed),
            f"{plain(each.saving)} {buy}" if each.against else DASH,
            DASH if each.saving_bp is None else plain(each.saving_bp),
        )
        for each in chosen(attempts)
    ]


def percent(fraction: Decimal | None) -> str:
    """As a number of per cent."""
    return DASH if fraction is None else f"{show(times(fraction, HUNDRED), 2)} %"


def case_turns(story: Story) -> list[tuple[str, str, str]]:
    """When the case stood otherwise: time, row of its book, how it stood then."""
    first = [(time(story.opened.at), story.opened.standing)]
    turns = [(time(turn.changed.at), turn.changed.standing) for turn in story.case]
    if not turns and story.opened.standing == CaseStanding():
        return []
    return [(at, str(standing.book_seq), _standing(standing)) for at, standing in (*first, *turns)]


def _standing(standing: CaseStanding) -> str:
    words = []
    if standing.held:
        words.append(f"held: {standing.held}")
    if standing.suspended:
        words.append(f"suspended: {standing.suspended}")
    for name, units in (("deposit", standing.deposit), ("received", standing.received)):
        if units:
            words.append(f"{name} {', '.join(f'{show(held)} {asset}' for asset, held in units.items())}")
    return "; ".join(words) or "free to be sold"


def cover(story: Story) -> dict[str, Any] | None:
    """How the deposit covered what was out of custody; `None` where none was asked for."""
    rule, seen = story.opened.limits.deposit, covers(story)
    if rule is None:
        return None
    low = lowest(seen, rule.ratio)
    if low is None:
        return {"rule": f"at least {plain(rule.ratio)}, never under {plain(rule.limit)}", "rows": []}
    rows = [
        ("Lowest", f"{plain(low.lowest.ratio)} on {time(low.at)}"),
        ("Then", shown(low.lowest, rule)),
        ("At the end", shown(low.last, rule)),
        ("Decisions at which it was below the ratio", f"{low.below} of {low.decisions}"),
        ("Decisions at which it could not be told", f"{low.unpriced} of {low.decisions}"),
    ]
    return {"rule": f"at least {plain(rule.ratio)}, never under {plain(rule.limit)}", "rows": rows}


def attribution(summary: Summary) -> dict[str, Any]:
    """Whose fiat it is: the rule in words, and a column an asset."""
    lines: tuple[tuple[str, Callable[[Attributed], str]], ...] = (
        ("Sold", lambda a: f"{show(a.coin_sold)} {a.parent}" if a.coin_sold else DASH),
        ("Stablecoin received, net of fees", lambda a: f"{show(a.stable_received)} {a.stable}"),
        ("of it sold", lambda a: f"{show(a.stable_sold)} {a.stable}"),
        ("of it unsold", lambda a: f"{show(a.stable_unsold)} {a.stable}"),
        ("Fiat, before fees", lambda a: f"{show(a.fiat_gross)} {a.fiat}"),
        ("Fees of both steps", lambda a: ", ".join(f"{show(units)} {fee}" for fee, units in a.fees.items()) or DASH),
        ("Fiat, net of its fees", lambda a: f"{show(a.fiat_net)} {a.fiat}"),
        ("Average price of the coin, in stablecoin", lambda a: show(a.coin_price, 4)),
        ("Average price of the stablecoin, in fiat", lambda a: show(a.stable_price, 6)),
        ("What one unit brought in fiat, after all fees", lambda a: show(a.effective_price, 4)),
    )
    return {
        "rule": RULE,
        "heads": [f"{each.parent}, by way of {each.stable}" for each in summary.attribution],
        "rows": [(name, [cell(each) for each in summary.attribution]) for name, cell in lines],
    }


def days(told: Sequence[DayStory]) -> list[tuple[str, ...]]:
    """A row a day and leg that was open or sold anything."""
    return [_day(day, leg) for day in told for leg in day.legs if leg.fills or (day.hours and leg.planned is not None)]


def _day(day: DayStory, leg: DayLeg) -> tuple[str, ...]:
    return (
        day.span.name,
        f"{leg.sell} for {leg.buy}",
        clock(day.hours, day.offset) if leg.planned is not None else DASH,
        show(leg.quota),
        show(leg.planned),
        show(leg.sold),
        show(leg.remaining),
        show(leg.average, 4),
        show(leg.vwap, 4),
        share(leg),
    )


def share(leg: DayLeg) -> str:
    """Our share of all that was traded."""
    return DASH if leg.footprint is None else f"{show(times(leg.footprint, HUNDRED), 2)} %"


def clock(stretches: Sequence[tuple[Instant, Instant]], offset: Span) -> str:
    """Open stretches as local times of the day."""
    if not stretches:
        return "closed"
    return ", ".join(f"{local(begins, offset)}\N{EN DASH}{local(ends, offset)}" for begins, ends in stretches)


def local(at: Instant, offset: Span) -> str:
    """The local time of the day; the midnight that ends a day is 00:00."""
    return iso(at + offset)[11:16]


def recoveries(story: Story) -> list[dict[str, Any]]:
    """Each taking over: what was open, what was found, what was decided."""
    return [
        {
            "epoch": each.epoch,
            "at": time(each.at),
            "code": each.code,
            "last": time(each.last_row_at),
            "whole": time(each.whole_at) if each.whole_at is not None else "",
            "open": [
                (
                    o.client_id,
                    o.venue,
                    show(o.quantity),
                    o.standing,
                    show(o.filled),
                    o.became or DASH,
                    show(o.filled_after),
                )
                for o in each.open
            ],
            "found": moments(each.found),
            "decided": moments(each.decided),
        }
        for each in story.recoveries
    ]


def moments(told: Sequence[Moment]) -> list[tuple[str, str, str]]:
    """Time, what, and the detail."""
    return [(time(moment.at), moment.what, moment.detail) for moment in told]
