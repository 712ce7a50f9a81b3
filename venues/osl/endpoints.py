"""Where OSL is. Anywhere but this machine is refused unless production was asked for by name.

The venue's own sandbox, its institutional interface and its sister company in Bermuda are other places, and are
refused too.
"""

import re
from ipaddress import ip_address
from typing import Final

from msgspec import Struct

PRODUCTION_HOST: Final = "trade-hk.osl.com"

# Narrower than the standard on purpose: no user part, no query, nothing that two parsers could read differently.
_URL: Final = re.compile(r"(https?|wss?)://([A-Za-z0-9.-]+|\[[0-9a-f:]+\])(:\d{1,5})?((?:/[A-Za-z0-9._-]+)*)")


class Endpoints(Struct, frozen=True):
    """REST root and book socket before its query. `ValueError` for a place we don't go."""

    rest: str
    stream: str
    production: bool = False

    def __post_init__(self) -> None:
        for url, plain, tls in ((self.rest, "http", "https"), (self.stream, "ws", "wss")):
            match = _URL.fullmatch(url)
            if match is None or match[1] not in (plain, tls):
                raise ValueError(f"not an address of ours: {url!r} ({plain}://host:port/path, no slash at the end)")
            host = match[2].strip("[]").lower()
            if _loopback(host):
                continue
            if host != PRODUCTION_HOST:
                raise ValueError(f"{host} is neither this machine nor the documented host of OSL Hong Kong")
            if not self.production:
                raise ValueError(f"{host} is the real exchange; production has to be asked for by name")
            if match[1] != tls or match[3]:
                raise ValueError(f"{host} is spoken to over {tls} only, at its own port")


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
