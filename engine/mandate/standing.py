"""What a running engine has to know of its case. It is told anew whenever somebody says something that changes it."""

from collections.abc import Mapping
from decimal import Decimal

from msgspec import Struct

from engine.kernel.money import Asset


class CaseStanding(Struct, frozen=True, kw_only=True):
    """How a case stands after one row of its book."""

    held: str = ""
    """Why nothing of the case may move: the oldest court's hold, in words. Empty when there is none."""
    suspended: str = ""
    """Why nothing of it is sold for now; empty when it is not suspended."""
    deposit: Mapping[Asset, Decimal] = {}
    """What the service institution has put up and not got back, per currency."""
    received: Mapping[Asset, Decimal] = {}
    """What reached the authority, per currency."""
    proceeds_before: Mapping[Asset, Decimal] = {}
    """What the runs that have ended brought, net of fees, per asset; a run that goes on adds its own."""
    book_seq: int = 0
    """The last row of the book that is in it."""
