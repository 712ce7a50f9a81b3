"""Which keys of `[tactic]` each of our tactics needs, takes and leaves to others; and what is wrong with them."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from engine.config.known import OWN_TACTICS, Known
from engine.config.method_schema import TacticSection
from engine.config.words import percent
from engine.kernel.clock import parse_span
from engine.kernel.errors import Mistake
from engine.kernel.money import BP, plain
from engine.orders.condition import STOP, Side

NEEDED: Final = ""
"""In the table below: has to be said."""
ABSENT: Final = None
"""In the table below: may be said, and means nothing where it is not."""

_WAITING: Final[Mapping[str, str | None]] = {"every": "10s", "before": "10s"}
_WEIGHED: Final[Mapping[str, str | None]] = {"adverse_bp": "1", "drift_bp": "1"}
CLOCK, COST = "clock", "cost"

KEYS: Final[Mapping[str, Mapping[str, str | None]]] = {
    "cross": {"reach_bp": ABSENT},
    "peg": {**_WAITING, "urgency": CLOCK, **_WEIGHED},
    "iceberg": {"display": NEEDED, **_WAITING, "vary": "20%", "inside": "0", "seed": "0"},
    "chase": {**_WAITING, "step_bp": "1", "replaces": "10", "inside": "0", "reach_bp": ABSENT},
    "snipe": {"size": NEEDED, "within_bp": NEEDED, **_WAITING, "every": "2s", "cross_at_end": "yes"},
    "stop": {
        **dict.fromkeys(Side, ABSENT),
        "persist": NEEDED,
        "every": "5s",
        "reach_bp": ABSENT,
        "at_sweep": NEEDED,
    },
}
"""Per tactic its keys, and what each is where the config is silent."""

ALL: Final = tuple(key for key in TacticSection.__struct_fields__ if key not in ("kind", "parameters"))
WHAT_IS_MEANT: Final[Mapping[str, str]] = {
    "display": 'what it shows at a time, a share of what is left or a quantity, such as "20%" or "0.05"',
    "size": 'how much has to be bid for, a share of what is left or a quantity, such as "50%" or "0.05"',
    "persist": 'how long the price has to be there without a break, such as "1m"',
    "at_sweep": '"sell" or "wait": whether a sweep of what is left at the end sells without the price',
    "within_bp": 'how far below the mid a bid may be to count as good, such as "5"',
}
WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "urgency": (CLOCK, COST),
    "cross_at_end": ("yes", "no"),
    "at_sweep": ("sell", "wait"),
}
ABOVE_ZERO: Final = frozenset({"every", "step_bp", "display", "size", "persist", *Side})
LOOKS_MIN: Final = 4
"""So many looks lie in the time that a price has to persist: one that comes late breaks nothing."""
REPLACES_MAX: Final = 40
"""A slice has fifty orders at the most, and its end needs some."""
VARY_MAX: Final = Decimal("0.5")


def mistakes(tactic: TacticSection, known: Known) -> Iterator[Mistake]:
    """All that is wrong with one `[tactic]`."""
    if tactic.kind not in known.tactics:
        yield Mistake("tactic.kind", f"{tactic.kind!r} is none of: {', '.join(sorted(known.tactics))}")
    elif tactic.kind in OWN_TACTICS:
        if tactic.parameters:
            yield Mistake("tactic.parameters", f"{tactic.kind} takes none: its parameters are keys of [tactic]")
        yield from _keys(tactic)
        yield from _values(tactic)
        if tactic.kind == STOP:
            yield from _condition(tactic)
    else:
        for key in _given(tactic):
            yield Mistake(f"tactic.{key}", f"is not for {tactic.kind}: say it in parameters, if it takes it")


def parameters(tactic: TacticSection) -> dict[str, str]:
    """What one of our tactics is made of, as text; where the config is silent, as the table says."""
    chosen = {key: _text(tactic, key) or KEYS[tactic.kind][key] for key in KEYS[tactic.kind]}
    if chosen.get("vary"):
        chosen["vary"] = str(percent(str(chosen["vary"])))
    if chosen.get("urgency") == CLOCK:
        chosen = {key: value for key, value in chosen.items() if key not in ("urgency", *_WEIGHED)}
    return {key: value for key, value in chosen.items() if value}


def _given(tactic: TacticSection) -> list[str]:
    return [key for key in ALL if getattr(tactic, key) is not None]


def _text(tactic: TacticSection, key: str) -> str | None:
    value = getattr(tactic, key)
    return plain(value) if isinstance(value, Decimal) else None if value is None else str(value)


def _keys(tactic: TacticSection) -> Iterator[Mistake]:
    """Keys that lack, and keys that mean nothing here."""
    takes = KEYS[tactic.kind]
    for key, otherwise in takes.items():
        if otherwise == NEEDED and getattr(tactic, key) is None:
            yield Mistake(f"tactic.{key}", f"is missing: {tactic.kind} needs {WHAT_IS_MEANT[key]}")
    for key in _given(tactic):
        if key not in takes:
            yield Mistake(f"tactic.{key}", f"is not for {tactic.kind}, which takes: {', '.join(takes)}")
        elif key in _WEIGHED and tactic.urgency != COST:
            yield Mistake(f"tactic.{key}", f'is weighed by urgency = "{COST}" alone')


def _values(tactic: TacticSection) -> Iterator[Mistake]:
    """Values that no tactic could work with; of keys that are not its own nothing more is said."""
    for key in [key for key in _given(tactic) if key in KEYS[tactic.kind]]:
        text, where = str(_text(tactic, key)), f"tactic.{key}"
        if key in WORDS and text not in WORDS[key]:
            yield Mistake(where, f"{text!r} is neither of: {', '.join(WORDS[key])}")
        elif key in ABOVE_ZERO and _size(key, text) <= 0:
            yield Mistake(where, "has to be above zero")
        elif key.endswith("_bp") and not 0 <= Decimal(text) < BP:
            yield Mistake(where, "lies between 0 and 10000 bp")
        elif key in tuple(Side):
            yield from _bound(Side(key), text)
        elif text.endswith("%") and percent(text) > 1:
            yield Mistake(where, f"{text} is more than there is")
        elif key == "vary" and percent(text) > VARY_MAX:
            yield Mistake(where, "above 50% a portion would no longer be what display says")
        elif key == "replaces" and int(text) > REPLACES_MAX:
            yield Mistake(where, f"above {REPLACES_MAX} too few of a slice's orders are left for its end")


def _bound(side: Side, text: str) -> Iterator[Mistake]:
    """A share of the arrival price that holds when the leg begins waits for nothing."""
    if text.endswith("%") and (percent(text) >= 1 if side is Side.BELOW else percent(text) <= 1):
        yield Mistake(f"tactic.{side}", f"{text} of the arrival price is {side} from the start")


def _condition(tactic: TacticSection) -> Iterator[Mistake]:
    """What a `stop` waits for, its keys taken together."""
    given = [side for side in Side if getattr(tactic, side) is not None]
    if not given:
        yield Mistake("tactic.below", 'is missing, and so is above: stop needs one of them, such as "66500" or "95%"')
    if len(given) > 1:
        yield Mistake("tactic.above", "beside below: stop waits for one of them")
    every, persist = tactic.every or KEYS[STOP]["every"], tactic.persist
    if persist is not None and 0 < parse_span(persist) < LOOKS_MIN * parse_span(str(every)):
        yield Mistake(
            "tactic.persist", f"{persist} is less than {LOOKS_MIN} looks, of which there is one every {every}"
        )


def _size(key: str, text: str) -> Decimal:
    return Decimal(parse_span(text)) if key in ("every", "persist") else Decimal(text.removesuffix("%"))
