"""The case register: what was released of each case, and what all its runs have taken of it.

The same coin can't be sold twice: a run is granted what remains, once, in one transaction; until it has ended, all that
it was granted counts as taken. A run that crashed is continued, never started anew beside itself.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Final

from msgspec import Struct

from engine.kernel.ids import CaseId, RunId, VenueName
from engine.kernel.money import ZERO, Asset, exact, plain

FILE: Final = "register.sqlite"
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS runs (
    run TEXT PRIMARY KEY, environment TEXT NOT NULL, "case" TEXT NOT NULL, number INTEGER NOT NULL,
    folder TEXT NOT NULL, status TEXT NOT NULL, UNIQUE (environment, "case", number)
) STRICT;
CREATE TABLE IF NOT EXISTS takings (
    run TEXT NOT NULL REFERENCES runs(run), asset TEXT NOT NULL, released TEXT NOT NULL, granted TEXT NOT NULL,
    sold TEXT NOT NULL DEFAULT '0', working TEXT NOT NULL DEFAULT '0', unknown TEXT NOT NULL DEFAULT '0',
    in_transit TEXT NOT NULL DEFAULT '0', at_venue TEXT,
    PRIMARY KEY (run, asset)
) STRICT;
CREATE TABLE IF NOT EXISTS accounts (
    environment TEXT NOT NULL, venue TEXT NOT NULL, address TEXT NOT NULL, account TEXT NOT NULL, "case" TEXT NOT NULL,
    PRIMARY KEY (environment, venue, address, account)
) STRICT;
"""
_LATER: Final = ("in_transit TEXT NOT NULL DEFAULT '0'", "at_venue TEXT")
"""Columns of `takings` that a register of an earlier version lacks."""
_NEXT: Final = 'SELECT COALESCE(MAX(number), 0) + 1 FROM runs WHERE "case" = ?'
CLAIMED: Final = "claimed"
"""Granted; its first row is not on disk yet, so nothing can have left it."""
OPEN: Final = "open"
VOID: Final = "void"
"""It was claimed and never opened."""


class Taking(Struct, frozen=True):
    """What one run has to do with one asset of its case."""

    run: RunId
    status: str
    asset: Asset
    granted: Decimal
    sold: Decimal
    working: Decimal
    unknown: Decimal
    in_transit: Decimal = ZERO
    """On its way from the custodian."""
    at_venue: Decimal | None = None
    """Idle at venues; `None` where all that was granted lies there."""

    @property
    def taken(self) -> Decimal:
        """What no other run may sell: all that was granted while the run is open, and then what it really used."""
        return self.granted if self.status in (CLAIMED, OPEN) else self.sold + self.working + self.unknown


class Entered(Struct, frozen=True):
    """A run on the register."""

    run: RunId
    case: CaseId
    environment: str
    folder: str
    status: str


class Refusal(Struct, frozen=True):
    """Why a run is not granted anything, with the numbers."""

    reason: str


class CaseRegister:
    """The register of one state folder."""

    def __init__(self, home: Path | None) -> None:
        """`None` keeps it in memory: for a rehearsal in virtual time, which sells nothing that outlives it."""
        if home is not None:
            home.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(home / FILE if home else ":memory:", isolation_level=None, timeout=30)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.executescript(_SCHEMA)
        known = {row[1] for row in self._database.execute("PRAGMA table_info(takings)")}
        for column in _LATER:
            if column.split()[0] not in known:
                self._database.execute(f"ALTER TABLE takings ADD COLUMN {column}")

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def remaining(self, environment: str, case: CaseId, released: Mapping[Asset, Decimal]) -> dict[Asset, Decimal]:
        """Per asset, what is released and not taken by any run; never below zero."""
        taken: dict[Asset, Decimal] = {}
        for taking in self.takings(environment, case):
            taken[taking.asset] = taken.get(taking.asset, ZERO) + taking.taken
        return {asset: max(ZERO, units - taken.get(asset, ZERO)) for asset, units in released.items()}

    def upcoming(self, case: CaseId) -> RunId:
        """What the next run of the case will be called."""
        return RunId(f"{case}.{self._database.execute(_NEXT, (case,)).fetchone()[0]}")

    def unfinished(self, environment: str, case: CaseId) -> Entered | None:
        """The run of this case that has not ended, if there is one."""
        return next((e for e in self.entered(environment, case) if e.status in (CLAIMED, OPEN)), None)

    def claim(
        self, environment: str, case: CaseId, released: Mapping[Asset, Decimal], folder: Path | None, default: Path
    ) -> tuple[Entered, dict[Asset, Decimal]] | Refusal:
        """Grant a new run all that remains, or refuse it; one transaction, so that of two at once one is refused.

        Its folder is `folder`, or one named after the run under `default`.
        """
        with closing(self._database.cursor()) as cursor:
            cursor.execute("BEGIN IMMEDIATE")
            try:
                result = self._claim(cursor, environment, case, released, folder, default)
                cursor.execute("COMMIT")
            except BaseException:
                cursor.execute("ROLLBACK")
                raise
        return result

    def _claim(
        self,
        cursor: sqlite3.Cursor,
        environment: str,
        case: CaseId,
        released: Mapping[Asset, Decimal],
        folder: Path | None,
        default: Path,
    ) -> tuple[Entered, dict[Asset, Decimal]] | Refusal:
        other = self.unfinished(environment, case)
        if other is not None:
            return Refusal(unfinished_reason(other, self.takings(environment, case)))
        remaining = self.remaining(environment, case, released)
        if not any(remaining.values()):
            return Refusal(exhausted_reason(case, released, self.takings(environment, case)))
        number = cursor.execute(_NEXT, (case,)).fetchone()[0]
        run = RunId(f"{case}.{number}")
        place = str((folder or _free(default / run)).absolute())
        cursor.execute("INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?)", (run, environment, case, number, place, CLAIMED))
        cursor.executemany(
            "INSERT INTO takings (run, asset, released, granted) VALUES (?, ?, ?, ?)",
            [(run, asset, plain(released[asset]), plain(units)) for asset, units in remaining.items()],
        )
        return Entered(run, case, environment, place, CLAIMED), remaining

    def begin(self, run: RunId) -> None:
        """The run's first row is durable: from here on something may leave it."""
        self.end(run, OPEN)

    def update(self, run: RunId, asset: Asset, sold: Decimal, working: Decimal, unknown: Decimal) -> None:
        """What the run has done with the asset so far."""
        self._database.execute(
            "UPDATE takings SET sold = ?, working = ?, unknown = ? WHERE run = ? AND asset = ?",
            (plain(sold), plain(working), plain(unknown), run, asset),
        )

    def lies(self, run: RunId, asset: Asset, in_transit: Decimal, at_venue: Decimal) -> None:
        """Where the rest of it lies, for a run that is given its coin by a custodian."""
        self._database.execute(
            "UPDATE takings SET in_transit = ?, at_venue = ? WHERE run = ? AND asset = ?",
            (plain(in_transit), plain(at_venue), run, asset),
        )

    def occupy(
        self, environment: str, case: CaseId, account: str, places: Iterable[tuple[VenueName, str]]
    ) -> Refusal | None:
        """Take the account at each venue and address for this case, or say which other case still has it.

        It is free again once every run of that one is done. Until fills can be split between cases, coin of two
        cases on one account could not be told apart.
        """
        with closing(self._database.cursor()) as cursor:
            cursor.execute("BEGIN IMMEDIATE")
            for venue, address in places:
                key = (environment, venue, address, account)
                found = cursor.execute(
                    'SELECT "case" FROM accounts WHERE environment = ? AND venue = ? AND address = ? AND account = ?',
                    key,
                ).fetchone()
                left = self._left(environment, CaseId(found[0])) if found and found[0] != case else None
                if left is not None:
                    cursor.execute("ROLLBACK")
                    whose = f"case {found[0]}, whose run {left.run} is {left.status}"
                    return Refusal(f"account {account} at {venue} is that of {whose}: each case needs one of its own")
                cursor.execute("INSERT OR REPLACE INTO accounts VALUES (?, ?, ?, ?, ?)", (*key, case))
            cursor.execute("COMMIT")
        return None

    def _left(self, environment: str, case: CaseId) -> Entered | None:
        """A run of the case that may have left something where it was."""
        return next((run for run in self.entered(environment, case) if run.status not in ("done", VOID)), None)

    def end(self, run: RunId, status: str) -> None:
        """The run has this status now; once it is over, only what it used counts as taken."""
        self._database.execute("UPDATE runs SET status = ? WHERE run = ?", (status, run))

    def find(self, run: str) -> Entered | None:
        """A run by its name or by its folder."""
        row = self._database.execute(
            'SELECT run, "case", environment, folder, status FROM runs WHERE run = ? OR folder = ?',
            (run, str(Path(run).absolute())),
        ).fetchone()
        return None if row is None else _entered(row)

    def entered(self, environment: str, case: CaseId) -> list[Entered]:
        """All runs of a case, oldest first."""
        rows = self._database.execute(
            'SELECT run, "case", environment, folder, status FROM runs WHERE environment = ? AND "case" = ? '
            "ORDER BY number",
            (environment, case),
        )
        return [_entered(row) for row in rows]

    def takings(self, environment: str, case: CaseId) -> list[Taking]:
        """What every run of a case has to do with each asset, oldest first."""
        rows = self._database.execute(
            "SELECT run, status, asset, granted, sold, working, unknown, in_transit, at_venue "
            "FROM takings JOIN runs USING (run) "
            'WHERE environment = ? AND "case" = ? ORDER BY number, asset',
            (environment, case),
        )
        return [
            Taking(
                run=RunId(run),
                status=status,
                asset=Asset(asset),
                granted=exact(granted),
                sold=exact(sold),
                working=exact(working),
                unknown=exact(unknown),
                in_transit=exact(moving),
                at_venue=None if idle is None else exact(idle),
            )
            for run, status, asset, granted, sold, working, unknown, moving, idle in rows
        ]


def unfinished_reason(other: Entered, takings: list[Taking]) -> str:
    """Why no second run may start, with what the first holds."""
    held = ", ".join(
        f"{plain(t.granted)} {t.asset} granted ({plain(t.sold)} sold, {plain(t.working)} working, "
        f"{plain(t.unknown)} unknown)"
        for t in takings
        if t.run == other.run
    )
    return (
        f"run {other.run} of this case has not ended and holds {held}: continue it with `steelyard resume {other.run}`"
    )


def exhausted_reason(case: CaseId, released: Mapping[Asset, Decimal], takings: list[Taking]) -> str:
    """That nothing remains, with where it went."""
    parts = []
    for asset, units in released.items():
        mine = [t for t in takings if t.asset == asset]
        sold, unknown = (sum((getattr(t, name) for t in mine), ZERO) for name in ("sold", "unknown"))
        parts.append(f"{asset} released {plain(units)}, sold {plain(sold)}, unknown {plain(unknown)}, remaining 0")
    return f"nothing of case {case} is left to sell: {'; '.join(parts)}"


def _entered(row: tuple[str, str, str, str, str]) -> Entered:
    run, case, environment, folder, status = row
    return Entered(RunId(run), CaseId(case), environment, folder, status)


def _free(path: Path) -> Path:
    """`path`, or the first of `path-2`, `path-3`, … that is free: another state folder may have used the name."""
    candidate, number = path, 1
    while candidate.exists():
        number += 1
        candidate = path.with_name(f"{path.name}-{number}")
    return candidate
