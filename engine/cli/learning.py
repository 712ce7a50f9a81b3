"""`learn`: a model of a market's volumes from past bars, for orders that follow the VWAP."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from engine.cli import answering, app
from engine.kernel.clock import Span, parse_span
from engine.kernel.errors import BadInput, ExitCode, Mistake

if TYPE_CHECKING:
    from engine.market.trades import Own
    from engine.market.volume_model import VolumeModel

DAYS = 28


@app.command()
@answering
def learn(
    bars: Annotated[
        list[Path],
        typer.Argument(help="Bars of the market that is sold into (CSV, zipped klines, Parquet), or trades."),
    ],
    window: Annotated[str, typer.Option(help="The length of the orders, a day at the most: 12h.")],
    slices: Annotated[int, typer.Option(help="Into so many equal slices, each a whole number of bars.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where the model goes; never over a file.")],
    until: Annotated[str, typer.Option(help="The last day that may be looked at, UTC: 2024-06-30.")] = "",
    days: Annotated[int, typer.Option(help="The day's curve is a mean over so many last days.")] = DAYS,
    trades: Annotated[str, typer.Option(metavar="SPAN", help="The files hold trades: make bars of so long: 10m.")] = "",
    without: Annotated[
        list[Path] | None, typer.Option(metavar="RUN", help="Take out what this run sold there; more than once.")
    ] = None,
    market: Annotated[str, typer.Option(help="With --without: whose prints they are, as hashkey:BTCUSDT.")] = "",
) -> ExitCode:
    """Learn how volume runs through a day and what a surprise in it means, for `[strategy] model` in a config.

    Who: anybody. Needs: bars of an hour or less. Says which rule was closest to the VWAP on the last fifth of them.
    """
    from backtests.learning import Wish  # numpy, for this verb alone
    from backtests.learning import learn as learned

    wrong = [Mistake("--out", f"{out} is there already")] if out.exists() else []
    length = Span(0)
    try:
        length = parse_span(window)
    except ValueError as error:
        wrong.append(Mistake("--window", str(error)))
    made, own = _made(trades, wrong), _own(without or [], market, wrong)
    try:
        model = learned(bars, Wish(length, slices, days, until), made=made, own=own)
    except BadInput as error:
        late = [m for m in error.mistakes if not (wrong and m.where == "--window" and not length)]
        raise BadInput([*wrong, *late]) from error
    if wrong:
        raise BadInput(wrong)
    _write(out, model)
    judged = model.validation
    typer.echo(
        f"on {judged.windows} windows from {judged.begins[:10]} on, mean |error| against the VWAP: "
        f"TWAP {judged.twap_bp} bp, static {judged.static_bp}, AR(1) {judged.ar1_bp}, direct {judged.direct_bp}"
    )
    typer.echo(f"chosen: {model.chosen}; bars until {model.origin.until[:16]}Z; written to {out}")
    return ExitCode.DONE


def _made(trades: str, wrong: list[Mistake]) -> Span | None:
    """The length of the bars that are made of trades."""
    try:
        return parse_span(trades) if trades else None
    except ValueError as error:
        wrong.append(Mistake("--trades", str(error)))
        return None


def _own(runs: list[Path], market: str, wrong: list[Mistake]) -> "list[Own]":
    """What runs of ours sold in that market."""
    from backtests.volume.sources import Market, fills

    if bool(runs) != bool(market):
        wrong.append(Mistake("--market", "goes with --without, and names whose prints the files hold"))
        return []
    try:
        return fills(runs, Market.parse(market)) if runs else []
    except ValueError as error:
        wrong.append(Mistake("--market", str(error)))
    except BadInput as error:
        wrong += error.mistakes
    return []


def _write(out: Path, model: "VolumeModel") -> None:
    """All of it or nothing."""
    beside = out.with_name(out.name + ".new")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(msgspec.json.format(model.text.encode(), indent=1) + b"\n")
        os.link(beside, out)
    except OSError as error:
        raise BadInput([Mistake("--out", f"{out} can't be written: {error.strerror}")]) from error
    finally:
        beside.unlink(missing_ok=True)
