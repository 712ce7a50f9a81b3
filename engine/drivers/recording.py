"""Where raw market facts go as they come: to the tape, and to the outbox, which weighs fills against them."""

from collections.abc import Sequence

from engine.drivers.feeds import Tape
from engine.drivers.outbox import Outbox
from engine.events import TapeSealed
from engine.kernel.clock import Instant
from engine.market.facts import MarketFact


class Recording:
    """A `Tape` that also tells the outbox."""

    def __init__(self, tape: Tape, outbox: Outbox) -> None:
        self._tape, self._outbox = tape, outbox

    def append(self, facts: Sequence[MarketFact]) -> None:
        self._tape.append(facts)
        self._outbox.saw(facts)

    def seal(self, at: Instant) -> TapeSealed | None:
        return self._tape.seal(at)
