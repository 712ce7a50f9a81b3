"""How closely orders follow the VWAP: a study over hourly bars, to be run as `python -m backtests.tracking`.

Orders of twelve hours begin at every hour. What needs learning is learned from the windows that are over before the
test begins; the test is never looked at before it is judged. Nobody's own trading moves a price here, so the errors are
of tracking alone and say nothing of cost.
"""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
from msgspec import Struct

from backtests.volume import fitting
from backtests.volume.bootstrap import Reduction, reduction
from backtests.volume.history import History, read
from backtests.volume.windows import DAYS, windows
from engine.kernel import codec
from engine.kernel.clock import HOUR, Instant, iso, parse_instant
from engine.kernel.errors import BadInput, ExitCode, Mistake
from engine.science.volume import vwap_losses

BINS: Final = 12
BEGINS: Final = "2022-01-01T00:00:00Z"
SPLIT: Final = "2024-07-01T00:00:00Z"
UNTIL: Final = "2025-01-01T00:00:00Z"
ASSETS: Final = ("BTC", "ETH", "SOL")
RESAMPLES_MIN: Final = 100
RESULTS: Final = "results.json"
NAMES: Final = {
    "twap": "TWAP",
    "static": "static curve",
    "ar1": "AR(1), cumulative target",
    "direct": "direct linear",
}
_ROOT: Final = Path(__file__).parents[1]
_PROGRAM: Final = (
    "backtests/tracking.py", "backtests/data/*.py", "backtests/volume/*.py",
    "engine/science/direct.py", "engine/science/volume.py",
)  # fmt: skip


class Parameters(Struct, frozen=True, kw_only=True):
    """What the outcome depends on, besides the bars."""

    begins: str = BEGINS
    split: str = SPLIT
    until: str = UNTIL
    bins: int = BINS
    days: int = DAYS
    seed: int = 1
    resamples: int = 10_000


class Method(Struct, frozen=True):
    """One way to follow the VWAP: errors in basis points of it, reductions as fractions of TWAP's mean error."""

    mean_bp: float
    rmse_bp: float
    reduction: Reduction


class Outcome(Struct, frozen=True):
    """One asset's."""

    digest: str
    """Of bars, parameters and program: where it is another, this is of no use."""
    file: str
    sha256: str
    trained: int
    """Windows that were learned from."""
    tested: int
    weeks: int
    methods: Mapping[str, Method]


class Results(Struct, frozen=True):
    """The file that a study leaves."""

    schema: int
    parameters: Parameters
    assets: Mapping[str, Outcome]


def study(history: History, parameters: Parameters, digest: str = "") -> Outcome:
    """One asset; `BadInput` where the bars do not reach as far as the parameters want."""
    begins, split, until = (parse_instant(at) for at in (parameters.begins, parameters.split, parameters.until))
    if history.span != HOUR:
        raise BadInput([Mistake(history.file, "holds no hourly bars")])
    past = windows(history, begins, split, HOUR, parameters.bins, parameters.days)
    ahead = windows(history, split, min(until, history.end), HOUR, parameters.bins, parameters.days)
    past, ahead = past.where(past.whole), ahead.where(ahead.whole)
    if not len(past.starts) or not len(ahead.starts):
        what = f"has {len(past.starts)} whole windows before {parameters.split} and {len(ahead.starts)} after it"
        raise BadInput([Mistake(history.file, what)])
    try:
        learned = fitting.fit(past)
    except ValueError as error:
        raise BadInput([Mistake(history.file, str(error))]) from error
    losses = {
        name: vwap_losses(shares.tolist(), ahead.volume.tolist(), ahead.price.tolist())
        for name, shares in learned.shares(ahead).items()
    }
    errors = {name: np.array(each.slippage_bp) for name, each in losses.items()}
    draws = {"seed": parameters.seed, "resamples": parameters.resamples}
    methods = {
        name: Method(
            mean_bp=each.absolute * 10_000,
            rmse_bp=each.quadratic**0.5 * 10_000,
            reduction=reduction(errors[name], errors["twap"], ahead.starts, **draws),
        )
        for name, each in losses.items()
    }
    weeks = len(np.unique((ahead.starts - ahead.starts[0]) // (7 * 24 * HOUR)))
    return Outcome(digest, history.file, history.sha256, len(past.starts), len(ahead.starts), weeks, methods)


def run(files: Mapping[str, Path], out: Path, parameters: Parameters, told: Callable[[str], None]) -> Results:
    """The study of each asset, stored as soon as it is known; what is stored already and still holds is taken up.

    `BadInput` with what is wrong with all the bars, once those that can be studied are stored.
    """
    program, earlier = _program(), _stored(out / RESULTS)
    stored = earlier.assets if earlier is not None else {}
    found = {name: each for name, each in stored.items() if earlier and earlier.parameters == parameters}
    wrong: list[Mistake] = []
    for asset, path in files.items():
        digest = codec.digest([codec.sha256_hex(path.read_bytes()), parameters, program])
        if (there := stored.get(asset)) is not None and there.digest == digest:
            told(f"{asset}: taken up from {out / RESULTS}")
            found[asset] = there
            continue
        told(f"{asset}: {'changed since it was stored, and done again' if there else 'begun'}, from {path.name}")
        try:
            found[asset] = study(read(path), parameters, digest)
        except BadInput as error:
            wrong += error.mistakes
            continue
        told(f"{asset}: {found[asset].tested} windows tested, {found[asset].trained} learned from")
        _store(out / RESULTS, Results(1, parameters, found))
    if wrong:
        raise BadInput(wrong)
    return Results(1, parameters, {name: found[name] for name in files})


def table(results: Results) -> str:
    """For people: mean absolute error, its reduction against TWAP with the interval, and RMSE."""
    lines = ["asset  method                     mean |error|     RMSE   less than TWAP's, 95 % interval"]
    for asset, outcome in results.assets.items():
        for name in (name for name in NAMES if name in outcome.methods):
            method = outcome.methods[name]
            less = method.reduction
            by = "" if name == "twap" else f"{less.found:7.1%}  [{less.low:.1%}, {less.high:.1%}]"
            row = f"{asset:<6} {NAMES[name]:<26} {method.mean_bp:9.2f} bp {method.rmse_bp:8.2f}   {by}"
            lines.append(row.rstrip())
        weeks = f"drawn by {outcome.weeks} weeks"
        lines.append(f"       {outcome.tested} windows tested, {outcome.trained} learned from; {weeks}")
    return "\n".join(lines)


def _program() -> str:
    """A digest of what computes: results of another program are of no use."""
    files = sorted(path for pattern in _PROGRAM for path in _ROOT.glob(pattern))
    return codec.digest([np.__version__, *(codec.sha256_hex(path.read_bytes()) for path in files)])


def _stored(path: Path) -> Results | None:
    """What an earlier start left; `None` where it left nothing that can be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Results)
    except (OSError, msgspec.DecodeError):
        return None


def _store(path: Path, results: Results) -> None:
    """All or nothing: whoever is stopped in between finds the file as it was."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".new")
    beside.write_bytes(msgspec.json.format(codec.encode(results), indent=2) + b"\n")
    beside.replace(path)


def _files(folder: Path, assets: Sequence[str]) -> tuple[dict[str, Path], list[Mistake]]:
    if not folder.is_dir():
        return {}, [Mistake(str(folder), "is no folder of bars")]
    files, wrong = {}, []
    for asset in dict.fromkeys(assets):
        there = sorted(folder.glob(f"*_{asset}USDT_1h_*.parquet"))
        if len(there) == 1:
            files[asset] = there[0]
        else:
            what = f"has {len(there)} files like *_{asset}USDT_1h_*.parquet, and one is wanted"
            wrong.append(Mistake(f"--assets {asset}", f"{folder} {what}"))
    return files, wrong


def _whole(option: str, text: str, least: int) -> tuple[int, list[Mistake]]:
    if text.isascii() and text.isdecimal() and int(text) >= least:
        return int(text), []
    return least, [Mistake(option, f"{text!r} is no whole number from {least} on")]


def _dates(given: argparse.Namespace) -> list[Mistake]:
    wrong, instants = [], list[Instant]()
    for option in ("begins", "split", "until"):
        try:
            instants.append(parse_instant(getattr(given, option)))
        except ValueError as error:
            wrong.append(Mistake(f"--{option}", str(error)))
    if not wrong and not instants[0] < instants[1] < instants[2]:
        named = " ".join(iso(at)[:10] for at in instants)
        wrong.append(Mistake("--split", f"does not lie between --begins and --until: {named}"))
    return wrong


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m backtests.tracking",
        description="VWAP tracking errors of TWAP, a static curve, an AR(1) rule and the direct linear rule, "
        "over 12-hour orders at every hour.",
        epilog="Exit codes: 0 done, 2 bad input. A second start takes up what the first one stored.",
    )
    parser.add_argument("folder", type=Path, help="hourly bars in Parquet, one file an asset: *_BTCUSDT_1h_*.parquet")
    parser.add_argument("--out", type=Path, required=True, help=f"a folder for {RESULTS}")
    parser.add_argument("--assets", nargs="+", default=list(ASSETS), metavar="ASSET")
    parser.add_argument("--seed", default="1", help="of the bootstrap")
    parser.add_argument("--resamples", default="10000", help=f"of the bootstrap; {RESAMPLES_MIN} at the least")
    parser.add_argument("--begins", default=BEGINS, help="where learning begins (ISO 8601)")
    parser.add_argument("--split", default=SPLIT, help="where learning ends and the test begins")
    parser.add_argument("--until", default=UNTIL, help="where the test ends")
    return parser


def main(arguments: Sequence[str] | None = None) -> ExitCode:
    """The command: progress and mistakes on standard error, the table on standard output."""
    given = _parser().parse_args(arguments)
    files, wrong = _files(given.folder, given.assets)
    seed, no_seed = _whole("--seed", given.seed, 0)
    resamples, no_resamples = _whole("--resamples", given.resamples, RESAMPLES_MIN)
    wrong += no_seed + no_resamples + _dates(given)
    if given.out.exists() and not given.out.is_dir():
        wrong.append(Mistake("--out", f"{given.out} is no folder"))
    parameters = Parameters(begins=given.begins, split=given.split, until=given.until, seed=seed, resamples=resamples)
    try:
        if wrong:
            raise BadInput(wrong)
        results = run(files, given.out, parameters, lambda line: print(line, file=sys.stderr, flush=True))  # noqa: T201 - a command's progress
    except BadInput as error:
        print(*error.mistakes, sep="\n", file=sys.stderr)  # noqa: T201 - as above
        return ExitCode.BAD_INPUT
    print(table(results))  # noqa: T201 - a command's answer
    return ExitCode.DONE


if __name__ == "__main__":
    sys.exit(main())
