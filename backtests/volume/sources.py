"""Bars of one market from one file or several, from trades as well, and without what runs of ours did in it."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from backtests.data import trades
from backtests.data.bars import Bars, joined, load_all
from backtests.volume.history import FINE
from engine.kernel.clock import Span, parse_instant
from engine.kernel.errors import BadInput, Mistake
from engine.kernel.money import exact
from engine.market.trades import Own, bars_of, bars_of_others, others

FILLS: Final = "fills.csv"


class Market(Struct, frozen=True):
    """Whose prints a file holds, as a run's own tables name it."""

    venue: str
    symbol: str

    @classmethod
    def parse(cls, text: str) -> "Market":
        """`hashkey:BTCUSDT`; `ValueError` for anything else."""
        venue, colon, symbol = text.partition(":")
        if not (venue and colon and symbol):
            raise ValueError(f"{text!r} is no market, such as hashkey:BTCUSDT")
        return cls(venue, symbol)


def bars(paths: Sequence[Path], *, made: Span | None = None, own: Sequence[Own] = ()) -> Bars:
    """All files as one; `made` says that they hold trades, of which bars of that length are made. Without `own`.

    `BadInput` with all that is wrong in any of them, and where our fills are not among what a file holds.
    """
    found = load_all(paths, tick=FINE, lot=FINE) if made is None else _of_trades(paths, made, own)
    if made is not None or not own:
        return found
    try:
        rest = bars_of_others(found.rows, found.span, own)
    except ValueError as error:
        raise BadInput([Mistake("--without", str(error))]) from error
    return Bars(found.source, found.sha256, found.span, rest, found.absences, found.laid)


def fills(runs: Sequence[Path], market: Market) -> list[Own]:
    """What runs sold in the books of `market`, by their `fills.csv`; `BadInput` for a folder that has none."""
    found: list[Own] = []
    for run in runs:
        try:
            text = (run / FILLS).read_text()
        except OSError as error:
            raise BadInput([Mistake("--without", f"{run / FILLS} can't be read: {error.strerror}")]) from error
        try:
            found += _own(text, market)
        except (KeyError, ValueError, ArithmeticError) as error:
            raise BadInput([Mistake("--without", f"{run / FILLS} is no table of fills: {error}")]) from error
    return found


def _own(text: str, market: Market) -> list[Own]:
    rows = csv.DictReader(text.splitlines())
    here = (r for r in rows if (r["venue"], r["symbol"], r["ticket"]) == (market.venue, market.symbol, ""))
    return [Own(r["trade_id"], parse_instant(r["at"]), exact(r["price"]), exact(r["quantity"])) for r in here]


def _of_trades(paths: Sequence[Path], span: Span, own: Sequence[Own]) -> Bars:
    parts = []
    for path in paths:
        read = trades.load(path, tick=FINE, lot=FINE)
        rest = others(read.rows, [fill.id for fill in own if read.start <= fill.at <= read.end])
        if rest.missed:
            what = f"{read.source} does not hold our trades {', '.join(rest.missed)}"
            raise BadInput([Mistake("--without", what)])
        if not rest.trades:
            raise BadInput([Mistake(read.source, "holds no trade of others")])
        parts.append(Bars(read.source, read.sha256, span, bars_of(rest.trades, span), (), read.laid))
    return joined(parts)
