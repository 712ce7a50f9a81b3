"""What a restart found, machine-readable: `recovery-EPOCH.json`, schema 1."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from engine.evidence.story import Moment, Recovery, Story
from engine.kernel.clock import iso
from engine.kernel.money import plain

SCHEMA: Final = 1


def recovery_json(story: Story, told: Recovery) -> bytes:
    """One taking over: decimals as strings, instants in ISO 8601, what never came as null."""
    record: dict[str, Any] = {
        "schema": SCHEMA,
        "run": story.opened.run,
        "epoch": told.epoch,
        "at": iso(told.at),
        "code": told.code,
        "journal_row": told.seq,
        "last_row_before": iso(told.last_row_at),
        "whole_at": None if told.whole_at is None else iso(told.whole_at),
        "open": [
            {
                "client_id": left.client_id,
                "leg": left.leg,
                "venue": left.venue,
                "quantity": plain(left.quantity),
                "stood": left.standing,
                "filled": plain(left.filled),
                "became": left.became or None,
                "filled_after": plain(left.filled_after),
            }
            for left in told.open
        ],
        "found": _moments(told.found),
        "decided": _moments(told.decided),
    }
    return msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n"


def _moments(moments: Sequence[Moment]) -> list[dict[str, str]]:
    return [{"at": iso(moment.at), "what": moment.what, "detail": moment.detail} for moment in moments]
