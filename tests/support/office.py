"""A desk with four eyes: a trader, approvers and an officer with real keys, their people file, and a case that is open.

Everybody shares one machine, one state folder and one passphrase; what they type is typed through the command line.
"""

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from typer.testing import CliRunner, Result

from engine.cli import app
from engine.drivers import personal
from engine.drivers.casebook import CaseBook
from engine.kernel.ids import CaseId
from engine.mandate.statements import Declined, Why
from tests.support.configs import short
from tests.support.people import entry, people_toml, public, sign

PASSPHRASE: Final = "correct horse"
ROLES: Final[Mapping[str, tuple[str, ...]]] = {
    "li": ("trader",),
    "wang": ("approver",),
    "chen": ("approver", "trader"),
    "gao": ("officer",),
}
CASE: Final = CaseId("SHORT-1")
REHEARSED: Final = ("--sandbox", "--in-process", "--synthetic")


def make_keys(folder: Path) -> Path:
    """A key for everybody; made once for many tests, since opening and closing them is slow on purpose."""
    for name in ROLES:
        personal.create(name, folder, PASSPHRASE)
    return folder


class Office:
    """One folder with all that the desk needs; `variables` are what its people have in their environment."""

    def __init__(self, folder: Path, keys: Path, **changes: Any) -> None:
        self.folder, self._keys = folder, keys
        folder.mkdir(parents=True, exist_ok=True)
        self.home, self.witness = folder / "state", folder / "witness"
        self.config, self.plan = folder / "config.toml", folder / "plan.json"
        self.paper = folder / "order.pdf"
        self.paper.write_bytes(b"the authority's order")
        self.policy()
        self.configured(**changes)
        self.variables = {
            "STEELYARD_HOME": str(self.home),
            "STEELYARD_KEYS": str(keys),
            "STEELYARD_WITNESS": str(self.witness),
            "STEELYARD_PEOPLE": str(folder / "people.toml"),
            "STEELYARD_PEOPLE_KEY": public("admin"),
            "STEELYARD_PASSPHRASE": PASSPHRASE,
        }

    def policy(self, lasts: str = "24h") -> None:
        """The people file, with two approvals wanted."""
        path = self.folder / "people.toml"
        path.write_text(people_toml(*(entry(n, *r, key=self._key(n)) for n, r in ROLES.items()), lasts=lasts))
        sign(path)

    def configured(self, **changes: Any) -> None:
        """The config, which names the people and the order of the case's book."""
        from engine.kernel.codec import sha256_hex

        order = sha256_hex(self.paper.read_bytes())
        self.config.write_text(short(people="people.toml", mandate__document_sha256=order, **changes))

    def says(self, *words: str | Path) -> Result:
        """`steelyard WORDS`, in this process."""
        return CliRunner().invoke(app, [str(word) for word in words], env=self.variables)

    def does(self, *words: str | Path) -> str:
        """What has to succeed; what it printed."""
        result = self.says(*words)
        assert result.exit_code == 0, (words, result.output, result.exception)
        return result.stdout

    def opens(self, quantity: str = "0.2") -> None:
        """The case begins: entrusted, one lot, all of it released, a deposit."""
        by = ("--as", "gao", "--reason", "as ordered", "--document", self.paper)
        self.does("case", "open", CASE, "--authority", "Nobody", *by)
        self.does("case", "lot", CASE, "L1", "BTC", quantity, "--place", "Vault One", "--stage", "judged", *by)
        self.does("case", "release", CASE, "L1", quantity, *by)
        self.does("case", "deposit", CASE, "30000", "USD", "--form", "cash", *by)

    def proposes(self, *words: str) -> str:
        """The trader has a plan drafted, and asks for its approval; what was printed."""
        ask = ("--out", self.plan, "--propose", "--as", "li", "--reason", "first tranche")
        return self.does("plan", self.config, *(words or REHEARSED), *ask)

    def approves(self, *names: str, paper: str | Path | None = None) -> None:
        for name in names:
            self.does("approve", paper or self.plan, "--as", name, "--reason", "as agreed")

    def runs(self, out: str = "run") -> Result:
        """In virtual time."""
        return self.says("run", self.config, *REHEARSED, "--out", self.folder / out)

    def book(self) -> CaseBook:
        return CaseBook(self.home, "sandbox", CASE)

    def declined(self) -> list[Why]:
        """What did not count, by the book, in order."""
        book = self.book()
        try:
            return [e.why for _, _, e in book.rows() if isinstance(e, Declined)]
        finally:
            book.close()

    def _key(self, name: str) -> str:
        return base64.b64encode(personal.open_key(name, self._keys, PASSPHRASE).public_key()).decode()
