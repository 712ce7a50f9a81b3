"""The licence register: who may execute for us. A venue that is not here can't be traded on by any config.

A dated snapshot of public facts, renewed by a release. `sandbox` stands for our own exchange on loopback only.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from engine.kernel.clock import Instant, parse_instant
from engine.kernel.ids import VenueName


class Licence(Struct, frozen=True):
    """One venue's permission to deal, as of a day."""

    venue: VenueName
    holder: str
    authority: str
    reference: str
    seen_at: Instant
    """When the public register was last read."""


LICENSED: Final[Mapping[VenueName, Licence]] = {
    VenueName(name): Licence(
        VenueName(name), holder, "SFC Hong Kong", "Type 1 and 7", parse_instant("2026-09-23T00:00:00Z")
    )
    for name, holder in (
        ("hashkey", "Hash Blockchain Limited"),
        ("osl", "OSL Digital Securities Limited"),
    )
}


def licence(venue: VenueName) -> Licence | None:
    """The venue's licence, or `None`: then it may be looked at, and never traded on."""
    return LICENSED.get(venue)
