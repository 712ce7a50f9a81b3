"""What the command line asks for, with everything in it judged that can be judged without a network."""

import os
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Final

from msgspec import Struct

from engine.config import Config
from engine.drivers import keys
from engine.drivers.folder import LOCK, ORIGIN
from engine.drivers.register import CaseRegister, exhausted_reason, unfinished_reason
from engine.journal import reading
from engine.kernel.errors import Mistake
from engine.kernel.ids import VenueName
from engine.kernel.money import Asset

RUNS: Final = "runs"


class Request(Struct, frozen=True, kw_only=True):
    """`steelyard run` or `plan`, understood."""

    config: Config
    config_path: Path
    sandbox: bool = False
    in_process: bool = False
    addresses: Mapping[VenueName, str] = {}
    seed: int | None = None
    speed: Decimal = Decimal(30)
    faults: Path | None = None
    synthetic: bool = False
    strict_tif: bool = False
    out: Path | None = None
    home: Path | None = None
    rehearse: bool = False
    """At public prices, against exchanges in memory: see `rehearsing`."""
    confirm: bool = False
    """Somebody types what is about to be sold; in production always."""
    confirmed: str | None = None
    """What he would type, where there is no terminal to type at."""

    @property
    def confirms(self) -> bool:
        """Has somebody to confirm before the run is claimed?"""
        asked = self.confirm or self.confirmed is not None or self.config.environment == "production"
        return asked and not self.rehearse

    @property
    def chosen_seed(self) -> int:
        """The command line's seed, else the config's."""
        return self.seed if self.seed is not None else self.config.seed

    @property
    def kind(self) -> str:
        """How the venues are reached: `rehearsal`, `virtual`, `own`, `pointed` or `production`."""
        if self.rehearse:
            return "rehearsal"
        if self.in_process:
            return "virtual"
        if self.sandbox:
            return "own"
        return "pointed" if self.config.environment == "sandbox" else "production"

    @property
    def state_folder(self) -> Path | None:
        """Where the case register lies; `None` keeps it in memory, for a rehearsal that names no folder."""
        if self.home is not None:
            return self.home.absolute()
        if self.in_process:
            return None
        if self.config.state:
            return (self.config_path.parent / self.config.state).absolute()
        return default_home()

    @property
    def people_file(self) -> Path | None:
        """Who may decide what; `None` where the config names nobody."""
        return (self.config_path.parent / self.config.people_file).absolute() if self.config.people_file else None

    @property
    def price_files(self) -> dict[str, dict[str, str]]:
        """Per asset and source the file that a floor by average is taken from, as an absolute path."""
        beside = self.config_path.parent
        return {
            asset: {source: str((beside / path).absolute()) for source, path in files.items()}
            for asset, files in self.config.prices.items()
        }

    @property
    def released(self) -> dict[Asset, Decimal]:
        return {holding.asset: holding.released for holding in self.config.terms.holdings}


def default_home() -> Path:
    """The state folder of this user."""
    base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base) / "steelyard"


def mistakes(request: Request, register: CaseRegister) -> list[Mistake]:
    """Everything that speaks against starting, before anything is reached or begun."""
    return [
        *_options(request),
        *_environment(request),
        *_secrets(request),
        *_remaining(request, register),
        *out_mistakes(request),
    ]


def _options(request: Request) -> list[Mistake]:
    found = []
    if request.in_process and not request.sandbox:
        found.append(Mistake("--in-process", "goes with --sandbox"))
    if request.in_process and (request.confirm or request.confirmed is not None):
        found.append(Mistake("--confirm", "not with --in-process: nothing of it is worth typing for"))
    if request.addresses and request.sandbox:
        found.append(Mistake("--venue", "points at a running sandbox, and --sandbox starts another: choose one"))
    strangers = [name for name in request.addresses if name not in request.config.venues]
    found += [Mistake("--venue", f"{name} is not a venue of this config") for name in strangers]
    if request.faults is not None and not request.sandbox:
        found.append(Mistake("--faults", "goes with --sandbox; a sandbox pointed at has its own"))
    if request.kind == "pointed":
        for name in (*request.config.terms.venues, *request.config.references):
            if name not in request.addresses:
                what = f"environment is sandbox: say --sandbox, or point at a running one with --venue {name}=URL"
                found.append(Mistake(f"venues.{name}", what))
    return found


def _environment(request: Request) -> list[Mistake]:
    """Nothing real is sold before a crashed run of it can be continued, and its venues' own windows are known."""
    if request.config.environment != "production":
        return []
    found = [Mistake("environment", "a production run could not be continued after a crash: not yet")]
    if request.config.people is None:
        found.append(Mistake("people", "is missing: a production run starts only with a plan that people approved"))
    if request.sandbox or request.addresses:
        found.append(Mistake("environment", "production and a sandbox exclude each other"))
    return found


def _secrets(request: Request) -> list[Mistake]:
    """A sandbox that we start brings its own keys."""
    if request.sandbox:
        return []
    found: list[Mistake] = []
    for name in request.config.terms.venues:
        answer = keys.find(request.config.environment, name)
        found += answer if isinstance(answer, list) else []
    return found


def _remaining(request: Request, register: CaseRegister) -> list[Mistake]:
    case, environment = request.config.terms.case, request.config.environment
    takings = register.takings(environment, case)
    other = register.unfinished(environment, case)
    if other is not None:
        return [Mistake("mandate.case", unfinished_reason(other, takings))]
    if not any(register.remaining(environment, case, request.released).values()):
        return [Mistake("mandate.case", exhausted_reason(case, request.released, takings))]
    return []


def out_mistakes(request: Request) -> list[Mistake]:
    """A run has a folder of its own, new or empty."""
    if request.out is None or not request.out.exists():
        return []
    if not request.out.is_dir():
        return [Mistake("--out", f"{request.out} is a file")]
    if (request.out / reading.FILE).exists():
        return [Mistake("--out", f"{request.out} holds a run already; a run has a folder of its own")]
    if any(path.name not in (LOCK, ORIGIN) for path in request.out.iterdir()):
        return [Mistake("--out", f"{request.out} is not empty; a run has a folder of its own")]
    return []
