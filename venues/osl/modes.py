"""How the venue receives us, learnt from its answers and told once a change."""

from engine.orders.reports import Mode
from engine.ports import ModeSeen


class Reception:
    """Normal until an answer says otherwise; normal again at the next answer that brings something."""

    def __init__(self) -> None:
        self._mode = Mode.NORMAL
        self._news: list[ModeSeen] = []

    def heard(self, mode: Mode, reason: str = "") -> None:
        """An answer showed the venue in this mode."""
        if mode is not self._mode:
            self._mode = mode
            self._news.append(ModeSeen(mode, reason))

    def news(self) -> list[ModeSeen]:
        """Every change since it was last asked."""
        news, self._news = self._news, []
        return news
