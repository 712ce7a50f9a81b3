"""Where HashKey is. Anywhere but this machine is refused unless production was asked for by name.

The venue's simulator and its sister companies in Bermuda and the Emirates are other places, and are refused too.
"""

import re
from ipaddress import ip_address
from typing import Final

from msgspec import Struct

PRODUCTION_HOSTS: Final = frozenset({"api-pro.hashkey.com", "stream-pro.hashkey.com"})

# Narrower than the standard on purpose: no user part, no query, nothing that two parsers could read differently.
_URL: Final = re.compile(r"(https?|wss?)://([A-Za-z0-9.-]+|\[[0-9a-f:]+\])(:\d{1,5})?((?:/[A-Za-z0-9._-]+)*)")


class Endpoints(Struct, frozen=True):
    """REST root, public socket, and private socket before the listen key. `ValueError` for a place we don't go."""

    rest: str
    ws_public: str
    ws_private: str
    production: bool = False

    def __post_init__(self) -> None:
        for url, plain, tls in (
            (self.rest, "http", "https"),
            (self.ws_public, "ws", "wss"),
            (self.ws_private, "ws", "wss"),
        ):
            match = _URL.fullmatch(url)
            if match is None or match[1] not in (plain, tls):
                raise ValueError(f"not an address of ours: {url!r} ({plain}://host:port/path, no slash at the end)")
            host = match[2].strip("[]").lower()
            if _loopback(host):
                continue
            if host not in PRODUCTION_HOSTS:
                raise ValueError(f"{host} is neither this machine nor a documented host of HashKey Hong Kong")
            if not self.production:
                raise ValueError(f"{host} is the real exchange; production has to be asked for by name")
            if match[1] != tls:
                raise ValueError(f"{host} is spoken to over {tls} only")


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
