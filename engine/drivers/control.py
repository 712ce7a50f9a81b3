"""A local socket on which a running engine answers: status, pause, resume, halt. One JSON line each way."""

import asyncio
import json
import socket
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from tempfile import gettempdir
from typing import Any, Final

from engine.kernel.ids import RunId
from engine.orders.events import Wish

TIMEOUT_S: Final = 5.0
_PATH_MAX: Final = 100
"""Unix socket paths end soon; a state folder that lies deep gets its sockets in the temporary folder."""


def address(home: Path, run: RunId) -> Path:
    """Where the engine of `run` listens."""
    path = home / "control" / f"{run}.sock"
    if len(str(path)) <= _PATH_MAX:
        return path
    short = sha256(f"{home.absolute()}|{run}".encode()).hexdigest()[:24]
    return Path(gettempdir()) / f"steelyard-{short}.sock"


class Control:
    """The engine's end."""

    def __init__(self, path: Path, ask: Callable[[Wish, str], None], status: Callable[[], dict[str, Any]]) -> None:
        self._path, self._ask, self._status = path, ask, status
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen; only this user may connect. A socket left by a dead process is replaced."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._answer, path=str(self._path))
        self._path.chmod(0o600)

    async def stop(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()
            self._path.unlink(missing_ok=True)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            line = await asyncio.wait_for(reader.readline(), TIMEOUT_S)
            request = json.loads(line)
            if request.get("do") != "status":
                self._ask(Wish(request["do"]), str(request.get("by", "control socket")))
            writer.write(json.dumps(self._status()).encode() + b"\n")
            await writer.drain()
        except (ValueError, KeyError, AttributeError, TimeoutError, ConnectionError):
            pass  # whoever asks nonsense, or goes away, gets no answer
        finally:
            writer.close()


def call(path: Path, do: str, by: str) -> dict[str, Any] | None:
    """Ask a running engine; `None` when none is listening there."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(TIMEOUT_S)
        try:
            client.connect(str(path))
            client.sendall(json.dumps({"do": do, "by": by}).encode() + b"\n")
            answer = b"".join(iter(lambda: client.recv(65536), b""))
        except (FileNotFoundError, ConnectionError, TimeoutError):
            return None
    return json.loads(answer) if answer else None
