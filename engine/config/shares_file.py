"""A file of shares: TOML with one table a portfolio, and in it each asset's share. Every mistake is named at once.

Shares of one asset are per cent that add up to a hundred, or parts of whatever they add up to; not both.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, Final

from engine.kernel.errors import BadInput, Mistake
from engine.kernel.money import ZERO, Asset, exact, plain, total
from engine.mandate.allocation import Share
from engine.mandate.assets import KNOWN

SCHEMA: Final = 1
_NAME: Final = re.compile(r"\w[\w._-]{0,63}")


def parse(text: str, assets: Iterable[Asset]) -> tuple[Share, ...]:
    """The shares of these assets, by asset and portfolio; what the file says of others is left out.

    `BadInput` with every mistake in it, by its place; an asset of which nobody has a share is one.
    """
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInput([Mistake("--shares", f"is not TOML: {error}")]) from error
    mistakes = list(_about_the_file(tree))
    tables = tree.get("portfolios")
    found: dict[Asset, dict[str, str]] = {}
    for name, table in tables.items() if isinstance(tables, dict) else ():
        mistakes += _about_a_table(name, table)
        for asset, share in table.items() if isinstance(table, dict) else ():
            found.setdefault(Asset(asset), {})[name] = share
    wanted = list(assets)
    mistakes += [Mistake("portfolios", f"nobody has a share of {asset}") for asset in wanted if asset not in found]
    shares = [Share(party=p, asset=a, parts=u) for a in sorted(found) for p, u in _parts(a, found[a], mistakes)]
    if mistakes:
        raise BadInput(mistakes)
    return tuple(share for share in shares if share.asset in wanted)


def _about_the_file(tree: dict[str, Any]) -> Iterator[Mistake]:
    if tree.get("schema") != SCHEMA:
        yield Mistake("schema", f"is {tree.get('schema', 'missing')}; this version reads {SCHEMA}")
    if not isinstance(tree.get("portfolios"), dict):
        yield Mistake("portfolios", "no table [portfolios.NAME] in the file")
    for key in sorted(tree.keys() - {"schema", "portfolios"}):
        yield Mistake(key, "unknown key; known here: schema, portfolios")


def _about_a_table(name: str, table: object) -> Iterator[Mistake]:
    where = f"portfolios.{name}"
    if not _NAME.fullmatch(name):
        yield Mistake(where, "a name has letters, digits, `.`, `_` and `-`, and at most 64 of them")
    if not isinstance(table, dict) or not table:
        yield Mistake(where, 'is no table of shares, as BTC = "60%"')
        return
    for asset in table.keys() - KNOWN.keys():
        yield Mistake(f"{where}.{asset}", f"{asset} is not known; known: {', '.join(KNOWN)}")


def _parts(asset: Asset, given: dict[str, str], mistakes: list[Mistake]) -> list[tuple[str, Decimal]]:
    """Each portfolio's parts, in the order of the names; zero parts are left out."""
    parts: dict[str, Decimal] = {}
    for name, text in sorted(given.items()):
        where = f"portfolios.{name}.{asset}"
        try:
            parts[name] = exact(text.removesuffix("%") if isinstance(text, str) else text)
        except ValueError as error:
            mistakes.append(Mistake(where, f'{error}; a share is text, as "60%" or "3"'))
            continue
        if parts[name] < 0:
            mistakes.append(Mistake(where, f"{text} is below zero"))
    percents = [isinstance(text, str) and text.endswith("%") for text in given.values()]
    sum_ = total(parts.values())
    if any(percents) and not all(percents):
        mistakes.append(Mistake(f"portfolios.*.{asset}", "some shares are per cent and some are parts"))
    elif any(percents) and len(parts) == len(given) and sum_ != 100:
        mistakes.append(Mistake(f"portfolios.*.{asset}", f"the shares add up to {plain(sum_)} %, and not to 100 %"))
    elif len(parts) == len(given) and sum_ == ZERO:
        mistakes.append(Mistake(f"portfolios.*.{asset}", "nobody has more than nothing"))
    return [(name, units) for name, units in parts.items() if units]
