"""`compare`: two runs side by side, such as a rehearsal and the sale that followed it, by their summaries."""

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from engine.cli import Home, answering, app
from engine.kernel.clock import SECOND, Span, parse_instant, show_span
from engine.kernel.errors import BadInput, ExitCode, Mistake
from engine.kernel.money import EXACT, plain, trimmed

NONE: Final = "-"
Summary = Mapping[str, Any]
Row = tuple[str, str, str, str]
"""What, in the first run, in the second, and the second less the first."""
NUMBERS: Final = {
    "planned": "mandated",
    "sold": "sold",
    "residue": "residue",
    "received": "received",
    "average": "average_price",
    "slippage bp": "slippage_bp",
}


@app.command()
@answering
def compare(
    first: Annotated[str, typer.Argument(metavar="RUN", help="A run by its name, or by its folder.")],
    second: Annotated[str, typer.Argument(metavar="RUN", help="Another, such as the sale that was rehearsed.")],
    home: Home = None,
) -> ExitCode:
    """Show what two runs planned, sold, got and paid, leg by leg, and by how much the second differs.

    Who: anybody. Needs: the summary.json of both; nothing is written.
    """
    mistakes, found = list[Mistake](), list[Summary]()
    for name in (first, second):
        try:
            found.append(_summary(name, home))
        except BadInput as error:
            mistakes += error.mistakes
    if mistakes:
        raise BadInput(mistakes)
    for line in table([("", first, second, "difference"), *rows(*found)]):
        typer.echo(line)
    return ExitCode.DONE


def rows(first: Summary, second: Summary) -> Iterator[Row]:
    """The whole runs, then each leg that either of them has."""
    yield ("status", first["status"], second["status"], "")
    one_lasted, other_lasted = _lasted(first), _lasted(second)
    apart = ""
    if one_lasted is not None and other_lasted is not None:
        apart = _signed(Decimal((other_lasted - one_lasted) // SECOND)) + "s"
    yield "duration", _span(one_lasted), _span(other_lasted), apart
    legs = [{(leg["sell"], leg["buy"]): leg for leg in one["legs"]} for one in (first, second)]
    for hop in dict.fromkeys([*legs[0], *legs[1]]):
        one, other = legs[0].get(hop, {}), legs[1].get(hop, {})
        yield (f"{hop[0]}>{hop[1]}", "", "", "")
        for word, key in NUMBERS.items():
            yield _numbers(f"  {word}", one.get(key), other.get(key))
        for asset in dict.fromkeys([*one.get("fees", {}), *other.get("fees", {})]):
            yield _numbers(f"  fees {asset}", one.get("fees", {}).get(asset), other.get("fees", {}).get(asset))


def table(rows: Sequence[Row]) -> Iterator[str]:
    """The rows as lines of text; numbers stand to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for row in rows:
        cells = [row[0].ljust(widths[0]), *(row[column].rjust(widths[column]) for column in (1, 2, 3))]
        yield "  ".join(cells).rstrip()


def _summary(name: str, home: Path | None) -> Summary:
    from engine.cli.finding import run_folder
    from engine.drivers.folder import SUMMARY

    path = (Path(name) if (Path(name) / SUMMARY).exists() else run_folder(name, home)) / SUMMARY
    try:
        read: Summary = json.loads(path.read_bytes())
    except OSError:
        what = f"has no {SUMMARY}: `steelyard report` makes it again from the journal"
        raise BadInput([Mistake(name, what)]) from None
    except ValueError:
        raise BadInput([Mistake(name, f"{path} is no summary")]) from None
    return read


def _numbers(word: str, one: str | None, other: str | None) -> Row:
    apart = "" if one is None or other is None else _signed(EXACT.subtract(Decimal(other), Decimal(one)))
    return word, _number(one), _number(other), apart


def _number(text: str | None) -> str:
    return NONE if text is None else trimmed(Decimal(text))


def _span(span: Span | None) -> str:
    return NONE if span is None else show_span(span)


def _signed(value: Decimal) -> str:
    text = trimmed(value)
    return text if value < 0 else f"+{text}" if value else plain(Decimal(0))


def _lasted(summary: Summary) -> Span | None:
    if summary["ended"] is None:
        return None
    span = parse_instant(summary["ended"]) - parse_instant(summary["started"])
    return Span(span // SECOND * SECOND)
