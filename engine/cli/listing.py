"""`venues`: what is installed here, what each venue can do and may do, and what in its adapter is a mock."""

import shutil
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import typer
from msgspec.structs import replace

from engine.cli.ordertypes import taken
from engine.compose.offers import Offers, offers
from engine.config import licences
from engine.kernel.clock import DAY, Instant, iso, show_span
from engine.kernel.errors import BadInput, ExitCode, Mistake
from engine.kernel.ids import VenueName
from engine.kernel.money import trimmed
from engine.mandate.register import Licence, SharedBook, day, gap, shared_book
from engine.orders.reports import Capabilities
from venues.adapter import Adapter

WIDTH: Final = 120
"""Of lines that go to no terminal."""
WORDS: Final = {
    "market_orders": "market orders",
    "quote_orders": "market orders by amount",
    "batch_cancel": "cancels in a batch",
    "self_trade_prevention": "self-trade prevention",
    "dead_man": "dead-man timer",
    "quotes": "firm quotes (RFQ)",
}
"""Capabilities that a venue has or has not."""


def venues(name: str | None, path: Path | None, *, as_json: bool) -> ExitCode:
    """The list, for people or for scripts; `BadInput` when the register file of one's own can't be trusted.

    With a `name` it holds that adapter alone, and for people every kind of order and every mock part.
    """
    found = offers(licences.read(path) if path is not None else {})
    now = Instant(time.time_ns())
    if name is not None:
        found = _alone(found, name)
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(as_data(found, now)), indent=2).decode())
    else:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else WIDTH
        typer.echo(in_words(found, now, max(width, 40), whole=name is not None))
    return ExitCode.DONE


def _alone(found: Offers, name: str) -> Offers:
    chosen = [adapter for adapter in found.adapters if adapter.name == name]
    if not chosen:
        installed = ", ".join(adapter.name for adapter in found.adapters)
        raise BadInput([Mistake(name, f"no adapter of that name; installed: {installed}")])
    register = {held: licence for held, licence in found.register.items() if held == name}
    return replace(found, adapters=chosen, register=register, plugins=[], broken=[])


def in_words(found: Offers, now: Instant, width: int, *, whole: bool = False) -> str:
    """The list for people, in lines of at most `width`; `whole` tells of kinds of orders and of each mock part too."""
    return "\n".join(
        textwrap.fill(text, width, initial_indent=label, subsequent_indent=" " * 12)
        for label, text in _lines(found, now, whole=whole)
    )


def as_data(found: Offers, now: Instant) -> dict[str, Any]:
    """The same list as JSON would hold it. Instants are ISO 8601, spans and fees text."""
    return {
        "at": iso(now),
        "adapters": [
            {
                "name": adapter.name,
                "about": adapter.about,
                "package": found.packages.get(adapter.name, ""),
                "capabilities": _capabilities(adapter.capabilities),
                "orders": dict(taken(adapter.capabilities)),
                "options": dict(adapter.options),
                "mocks": [{"what": mock.what, "chosen": mock.chosen} for mock in adapter.mocks],
                "licence": _licence(found, adapter.name, now),
            }
            for adapter in found.adapters
        ],
        "without_adapter": [_licence(found, licence.venue, now) for licence in found.unreached],
        "plugins": [{"kind": plugin.kind, "name": plugin.name, "package": plugin.package} for plugin in found.plugins],
        "broken": [{"name": broken.name, "problem": broken.problem} for broken in found.broken],
    }


def _capabilities(can: Capabilities) -> dict[str, Any]:
    shown = {field: getattr(can, field) for field in Capabilities.__struct_fields__ if field != "fees"}
    return shown | {
        "tifs": [tif.value for tif in can.tifs],
        **{name: show_span(shown[name]) for name in ("validity", "read_lag", "poll")},
        **{name: trimmed(shown[name]) for name in ("taker_fee", "maker_fee", "fee_min")},
    }


def _licence(found: Offers, name: str, now: Instant) -> dict[str, Any] | None:
    held = found.register.get(VenueName(name))
    if held is None:
        return None
    return {
        "venue": held.venue,
        "entity": held.entity,
        "authority": held.authority,
        "reference": held.reference,
        "status": held.status,
        "licensed_on": iso(held.licensed_on) if held.licensed_on is not None else "",
        "seen_at": iso(held.seen_at),
        "valid_until": iso(held.valid_until),
        "days_left": _days_left(held, now),
        "source": held.source,
        "shared_book": shared_book(found.register, held.venue, now).value,
        "shared_since": iso(held.shared_since) if held.shared_since is not None else "",
        "shared_source": held.shared_source,
        "gap": gap(found.register, held.venue, now),
    }


def _days_left(held: Licence, now: Instant) -> int:
    return max(0, (held.valid_until - now) // DAY)


def _lines(found: Offers, now: Instant, *, whole: bool) -> Iterator[tuple[str, str]]:
    """Label and text of each line."""
    for adapter in found.adapters:
        package = f" (from {found.packages[adapter.name]})" if adapter.name in found.packages else ""
        yield f"{adapter.name:<12}", f"{adapter.about}{package}"
        yield "  licence   ", _licence_in_words(found, adapter, now)
        if (held := found.register.get(VenueName(adapter.name))) is not None:
            yield "  book      ", _book_in_words(found, held, now)
        yield "  can       ", _in_words(adapter.capabilities)
        for kind, way in taken(adapter.capabilities).items() if whole else ():
            yield "  order     ", f"{kind}: {way}"
        for option, help_text in adapter.options.items():
            yield "  option    ", f"{option}: {help_text}"
        if not whole:
            yield "  mock      ", _mocks(adapter)
        for mock in adapter.mocks if whole else ():
            yield "  mock      ", f"{mock.what}: {mock.chosen}"
        yield "", ""
    if found.unreached:
        yield "", "On the register, and without an adapter of that name:"
    for licence in found.unreached:
        yield f"  {licence.venue:<14}", _entry(licence, now)
    for plugin in found.plugins:
        yield f"{plugin.kind:<12}", f"{plugin.name} (from {plugin.package})"
    for broken in found.broken:
        yield "broken      ", f"{broken.name}: {broken.problem}"


def _mocks(adapter: Adapter) -> str:
    """What in it is invented, by name alone."""
    if not adapter.mocks:
        return "nothing"
    return f"{len(adapter.mocks)} taken to be so until the venue says: {'; '.join(m.what for m in adapter.mocks)}"


def _licence_in_words(found: Offers, adapter: Adapter, now: Instant) -> str:
    held = found.register.get(VenueName(adapter.name))
    if held is None:
        return f"none: no entry is named {adapter.name}, so its prices alone can be had under that name"
    reason = gap(found.register, held.venue, now)
    return _entry(held, now) + (f"; may not execute: {reason}" if reason else "")


def _book_in_words(found: Offers, held: Licence, now: Instant) -> str:
    """Whether what is sold there may meet a book abroad."""
    match shared_book(found.register, held.venue, now):
        case SharedBook.YES:
            since = f" since {day(held.shared_since)}" if held.shared_since is not None else ""
            return f"shared with one abroad{since}: {held.shared_source}"
        case SharedBook.NO:
            until = f" until {day(held.shared_since)}" if held.shared_since is not None else ""
            return f"its own{until}: {held.shared_source}"
        case SharedBook.UNKNOWN | SharedBook.NO_BOOK:
            return "nobody has found out whether it is shared with one abroad"


def _entry(held: Licence, now: Instant) -> str:
    who = ", ".join(filter(None, (held.entity or "company unknown", held.authority, held.reference)))
    since = f" since {day(held.licensed_on)}" if held.licensed_on is not None else ""
    left = f"{_days_left(held, now)} days left" if now < held.valid_until else "run out"
    return f"{who}: {held.status}{since}, seen {day(held.seen_at)}, valid until {day(held.valid_until)} ({left})"


def _in_words(can: Capabilities) -> str:
    has = [words for name, words in WORDS.items() if getattr(can, name)]
    lacks = [words for name, words in WORDS.items() if not getattr(can, name)]
    fee = f"fee {trimmed(can.taker_fee * 100)}% taking, {trimmed(can.maker_fee * 100)}% making"
    if can.fee_min:
        fee += f", at least {trimmed(can.fee_min)} an order"
    parts = [
        f"limit orders {', '.join(tif.value for tif in can.tifs)}",
        "finds one order by our id" if can.client_id_lookup else "finds orders by reading lists",
        "private stream" if can.private_stream else f"no private stream: asks every {show_span(can.poll)}",
        *has,
        *([f"without {', '.join(lacks)}"] if lacks else []),
        f"a request holds for {show_span(can.validity)}",
        fee,
    ]
    return "; ".join(parts)
