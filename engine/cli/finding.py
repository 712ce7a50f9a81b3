"""Finding a run by its name or by its folder."""

from pathlib import Path

from engine.compose.request import default_home
from engine.drivers.folder import ORIGIN, RunFolder
from engine.drivers.register import CaseRegister, Entered
from engine.journal import reading
from engine.kernel.errors import BadInput, Mistake


def run_folder(name: str, home: Path | None) -> Path:
    """The folder itself, or where the register says that the run of that name is."""
    folder = Path(name)
    if (folder / reading.FILE).exists():
        return folder
    found = Path(entered(name, home)[0].folder)
    if not (found / reading.FILE).exists():
        raise BadInput([Mistake(name, f"its folder {found} holds no journal")])
    return found


def entered(name: str, home: Path | None) -> tuple[Entered, Path]:
    """The register's entry of a run, and the state folder that holds it."""
    folder = Path(name)
    if home is None and (folder / ORIGIN).exists() and (own := RunFolder(folder).origin().home):
        home = Path(own)
    home = home if home is not None else default_home()
    found = None
    if home.exists():
        register = CaseRegister(home)
        found = register.find(name)
        register.close()
    if found is None:
        raise BadInput([Mistake(name, f"no run of that name or folder is on the register in {home}")])
    return found, home
