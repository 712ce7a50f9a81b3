"""Files of daily prices, as floors by average rest on them: read anew whenever a floor is taken.

A file holds bars, as `backtests.data.bars` reads them, or one close a day: a CSV of `day,close`. People and other
programs bring it up to date; nothing that the run itself has seen is mixed in. What can't be used is said in words.
"""

import csv
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Final

from engine.drivers.daybreak import Owed
from engine.events import FloorSet
from engine.kernel.clock import Instant
from engine.kernel.codec import digest, sha256_hex
from engine.kernel.errors import BadInput
from engine.kernel.money import ZERO, Asset, exact
from engine.mandate.floors import FloorVersion, share_of
from engine.market.averages import AverageRules, NoAverage, n_day_average
from engine.market.daily import Daily, DayValue, Kind, daily

CLOSES: Final = ("day", "close")
"""The header of a file of closes."""
TOLD: Final = 3
"""Missing days that a refusal names."""
FINEST: Final = Decimal("0.00000001")


class PriceFiles:
    """Per asset and source the file that holds its prices."""

    def __init__(self, files: Mapping[Asset, Mapping[str, Path]]) -> None:
        self._files = files

    @classmethod
    def at(cls, paths: Mapping[str, Mapping[str, str]]) -> "PriceFiles":
        """As a config or the origin of a run names them."""
        return cls({Asset(name): {s: Path(path) for s, path in files.items()} for name, files in paths.items()})

    def take(self, owed: Owed, at: Instant) -> FloorSet:
        """The version of the day, or why there is none."""
        made = self._version(owed)
        version, lack = (made, "") if isinstance(made, FloorVersion) else (None, made)
        return FloorSet(at=at, asset=owed.asset, day=owed.day, version=version, lack=lack)

    def _version(self, owed: Owed) -> FloorVersion | str:
        rule = owed.floor.average
        assert rule is not None, "only a floor by average is taken day by day"
        if owed.day > rule.covers_until:
            return f"holidays are known until {rule.covers_until}"
        read: list[Daily] = []
        wrong, digests = list[str](), dict[str, str]()
        for source in rule.rules.sources:
            try:
                raw = self._raw(owed.asset, source)
                read.append(_days(source, raw, self._files[owed.asset][source], rule.rules))
                digests[source] = sha256_hex(raw)
            except BadInput as error:
                wrong.append("; ".join(f"{mistake.where}: {mistake.what}" for mistake in error.mistakes[:TOLD]))
            except (ValueError, OSError) as error:
                wrong.append(f"{source}: {error}")
        average = n_day_average(read, owed.day, rule.rules)
        if isinstance(average, NoAverage):
            missing = [f"{one.day}: {one.reason}" for one in average.missing[:TOLD]]
            return "; ".join([average.reason, *wrong, *missing])
        return FloorVersion(
            number=owed.number,
            day=owed.day,
            price=share_of(average.value, rule.share),
            currency=owed.floor.currency,
            share=rule.share,
            average=average.value,
            days=average.days,
            missing=average.missing,
            digest=average.digest,
            rules_sha256=digest(rule.rules),
            files=digests,
        )

    def _raw(self, asset: Asset, source: str) -> bytes:
        path = self._files.get(asset, {}).get(source)
        if path is None:
            raise ValueError("no file of it is named")
        try:
            return path.read_bytes()
        except OSError as error:
            raise ValueError(f"{path.name} can't be read: {error.strerror}") from error


def _days(source: str, raw: bytes, path: Path, rules: AverageRules) -> Daily:
    """A file's days in the zone of the rules; `ValueError` or `BadInput` with what is wrong with it."""
    if is_closes(raw):
        return _closes(source, raw, rules)
    from backtests.data.bars import load  # pandas and Parquet, which a run without such a floor does not pay for

    bars = load(path, tick=FINEST, lot=FINEST)
    if bars.sha256 != sha256_hex(raw):
        raise ValueError(f"{path.name} was changed while it was read")
    return daily(source, bars.rows, bars.span, rules.offset, rules.kind)


def is_closes(raw: bytes) -> bool:
    """Does a file begin as one of closes does?"""
    head = raw.split(b"\n", 1)[0].decode("utf-8-sig", "replace")
    return tuple(name.strip().lower() for name in head.split(",")[:2]) == CLOSES


def _closes(source: str, raw: bytes, rules: AverageRules) -> Daily:
    """One close a local day; the file says for itself in which zone it closed."""
    if rules.kind is not Kind.CLOSE:
        raise ValueError(f"holds closes, and the {rules.kind.value} of a day is wanted")
    days: dict[str, DayValue] = {}
    for line, row in enumerate(list(csv.reader(raw.decode("utf-8-sig").splitlines()))[1:], 2):
        if not row:
            continue
        if len(row) < len(CLOSES):
            raise ValueError(f"row {line} has no close")
        name, price = date.fromisoformat(row[0].strip()).isoformat(), exact(row[1].strip())
        if name in days:
            raise ValueError(f"row {line}: {name} stands there twice")
        if price <= 0:
            raise ValueError(f"row {line}: {price} is not above zero")
        days[name] = DayValue(price, ZERO, 1, 1)
    return Daily(source, rules.offset, rules.kind, days)
