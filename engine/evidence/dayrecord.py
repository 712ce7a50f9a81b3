"""The machine-readable result of one local day: `days/DATE/summary.json`, schema 1."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec

from engine.evidence.covering import Lowest
from engine.evidence.daylegs import DayLeg, Stretches
from engine.evidence.days import DayStory, Tomorrow
from engine.evidence.story import Moment, Story, Word
from engine.kernel.clock import iso
from engine.kernel.money import plain
from engine.mandate.deposit import Covered

SCHEMA: Final = 1


def day_json(story: Story, told: DayStory, alarms: Sequence[Moment] = ()) -> bytes:
    """One day: decimals as strings, instants in ISO 8601, what is not known as null."""
    record: dict[str, Any] = {
        "schema": SCHEMA,
        "run": story.opened.run,
        "case": story.opened.case,
        "day": told.span.name,
        "begins": iso(told.span.begins),
        "ends": iso(told.span.ends),
        "over": told.span.over,
        "hours": _stretches(told.hours),
        "bank_hours": None if told.bank is None else _stretches(told.bank),
        "legs": [_leg(leg) for leg in told.legs],
        "stable": [
            {
                "venue": each.venue,
                "asset": each.asset,
                "at_start": plain(each.at_start),
                "brought": plain(each.brought),
                "sold": plain(each.sold),
                "moved": plain(each.moved),
                "left": plain(each.units),
                "reason": each.reason or None,
            }
            for each in told.stocks
        ],
        "accounts": [
            {
                "venue": each.venue,
                "read_at": None if each.read_at is None else iso(each.read_at),
                "differences": [{"asset": d.asset, "delta": plain(d.delta)} for d in each.differences],
            }
            for each in told.compared
        ],
        "cover": None if told.cover is None else _cover(told.cover),
        "no_answer": told.unknown,
        "withheld": len(told.withheld),
        "alarms": [_moment(moment) for moment in alarms],
        "decisions": [_word(word) for word in told.words],
        "next": None if told.tomorrow is None else _tomorrow(told.tomorrow),
    }
    return msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n"


def _leg(leg: DayLeg) -> dict[str, Any]:
    return {
        "id": leg.id,
        "sell": leg.sell,
        "buy": leg.buy,
        "quota": _maybe(leg.quota),
        "planned": _maybe(leg.planned),
        "sold": plain(leg.sold),
        "remaining": plain(leg.remaining),
        "received": plain(leg.received),
        "fees": _units(leg.fees),
        "orders": leg.orders,
        "fills": leg.fills,
        "late_fills": leg.late,
        "average_price": _maybe(leg.average),
        "opening_mid": _maybe(leg.opening_mid),
        "decision_mid": _maybe(leg.decision_mid),
        "market_vwap": _maybe(leg.vwap),
        "slippage_bp": {
            "opening": _maybe(leg.loss_opening_bp),
            "decision": _maybe(leg.loss_decision_bp),
            "market_vwap": _maybe(leg.loss_vwap_bp),
        },
        "participation": _maybe(leg.footprint),
    }


def _cover(cover: Lowest) -> dict[str, Any]:
    last = cover.last
    return {
        "lowest": plain(cover.lowest.ratio),
        "at": iso(cover.at),
        "last": plain(last.ratio) if isinstance(last, Covered) else None,
        "below_ratio": cover.below,
        "not_told": cover.unpriced,
        "decisions": cover.decisions,
    }


def _word(word: Word) -> dict[str, Any]:
    said = word.said
    return {
        "at": iso(said.at),
        "what": str(said.instruction.__struct_config__.tag),
        "by": said.by,
        "agreed": list(said.agreed),
        "reason": said.reason,
        "paper_sha256": said.paper_sha256,
        "denied": [str(denied) for denied in word.denied],
    }


def _tomorrow(tomorrow: Tomorrow) -> dict[str, Any]:
    return {
        "day": tomorrow.name,
        "hours": _stretches(tomorrow.hours),
        "bank_hours": None if tomorrow.bank is None else _stretches(tomorrow.bank),
        "legs": [
            {"id": leg, "quota": _maybe(quota), "planned": _maybe(planned)} for leg, quota, planned in tomorrow.quotas
        ],
    }


def _moment(moment: Moment) -> dict[str, str]:
    return {"at": iso(moment.at), "what": moment.what, "detail": moment.detail}


def _stretches(stretches: Stretches) -> list[list[str]]:
    return [[iso(begins), iso(ends)] for begins, ends in stretches]


def _units(units: Mapping[Any, Decimal]) -> dict[str, str]:
    return {str(asset): plain(held) for asset, held in units.items()}


def _maybe(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)
