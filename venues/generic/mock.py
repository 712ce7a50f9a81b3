"""What neither ccxt nor an exchange it reaches says, and what was chosen in its place. Replace it here."""

from decimal import Decimal
from typing import Final

from engine.kernel.clock import MILLISECOND, SECOND, Span
from venues.adapter import Mock

VALIDITY: Final = Span(60 * SECOND)
READ_LAG: Final = Span(5 * SECOND)
POLL: Final = Span(2 * SECOND)
FEE: Final = Decimal("0.005")
FEE_MIN: Final = Decimal(2)
LARGEST: Final = Decimal(10) ** 12
"""Stands for a maximum that an exchange does not name: no order of ours comes near, and sums stay exact."""
ROWS: Final = 100
SANDBOX_VALIDITY: Final = Span(2 * SECOND)
SANDBOX_READ_LAG: Final = Span(300 * MILLISECOND)
SANDBOX_POLL: Final = Span(500 * MILLISECOND)

MOCKS: Final = (
    Mock("how long a request that is late may still take effect", "60 s; where ccxt sends `recvWindow`, that too"),
    Mock("how far a read may trail a write", "5 s"),
    Mock("the fees of our tier", "0.5 %, and 2 units of the quote currency for each order"),
    Mock("whether IOC, FOK and post-only are kept", "no: a limit order stands until it is cancelled"),
    Mock("the largest order, where no maximum is listed", "10^12 units; the gate's own limits are far below"),
    Mock("how many rows a list may hold before it was cut", "100, as asked for; a full list is no list"),
    Mock("what a key may do", "unknown, and asked for in the option key_permissions"),
)
