"""Where a class of ccxt may speak to. A sandbox is on this machine; anything else is the exchange itself, by name.

A class knows many addresses and picks among them by itself. So all of them are looked at before the first request, and
each request is held against them once more.
"""

import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

Origin = tuple[str, int]
"""A host in lower case and a port."""

# Narrower than the standard on purpose: no user part, no query, nothing that two parsers could read differently.
_URL: Final = re.compile(r"(?:https?|wss?)://(?:[A-Za-z0-9.-]+|\[[0-9a-f:]+\])(?::\d{1,5})?(?:/[A-Za-z0-9._-]+)*/?")
_PORTS: Final = {"http": 80, "ws": 80, "https": 443, "wss": 443}
_TLS: Final = frozenset({"https", "wss"})


def leaves(tree: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every address in a tree of them, by its path: `("ws.public", "ws://127.0.0.1:1/quote")`."""
    if isinstance(tree, Mapping):
        for name, branch in tree.items():
            yield from leaves(branch, f"{path}.{name}" if path else str(name))
    elif isinstance(tree, list | tuple):
        for branch in tree:
            yield from leaves(branch, path)
    elif tree is not None:
        yield path, str(tree)


def sandbox(template: str, root: str) -> dict[str, Any]:
    """The addresses that `template` gives a sandbox at `root`; `ValueError` for what is not on this machine.

    `public={rest}, ws.public={ws}/quote`: names as ccxt has them, `{rest}` for the root and `{ws}` for its sockets.
    """
    if not _URL.fullmatch(root) or urlsplit(root).scheme != "http" or root.endswith("/"):
        raise ValueError(f"not the root of a sandbox: {root!r} (http://127.0.0.1:PORT)")
    tree: dict[str, Any] = {}
    for item in filter(None, (part.strip() for part in template.split(","))):
        path, equals, url = (part.strip() for part in item.partition("="))
        if not equals or not path:
            raise ValueError(f"not a name and an address: {item!r} (public={{rest}}, ws.public={{ws}}/path)")
        *branches, leaf = path.split(".")
        node = tree
        for branch in branches:
            node = node.setdefault(branch, {})
            if not isinstance(node, dict):
                raise ValueError(f"{path} stands below another address")
        node[leaf] = url.replace("{rest}", root).replace("{ws}", root.replace("http", "ws", 1))
    origins(tree, production=False)
    return tree


def origins(tree: Any, *, production: bool) -> frozenset[Origin]:
    """Host and port of every address; `ValueError` where one is of the wrong kind, or where there is none at all.

    In production they are all the exchange's own and encrypted; without it all are on this machine.
    """
    found = set()
    for path, url in leaves(tree):
        if not _URL.fullmatch(url):
            raise ValueError(f"{path} is not an address that can be checked: {url!r}")
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        if not production and not loopback(host):
            raise ValueError(f"{path} is {host}, which is not this machine; production has to be asked for by name")
        if production and (loopback(host) or parts.scheme not in _TLS):
            raise ValueError(f"{path} is {url}, which is no encrypted address of an exchange")
        found.add((host, parts.port or _PORTS[parts.scheme]))
    if not found:
        raise ValueError("no address is given")
    return frozenset(found)


def loopback(host: str) -> bool:
    """Is this host the machine that we run on?"""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
