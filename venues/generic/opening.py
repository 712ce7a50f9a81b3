"""From a site to the two ports of an exchange of ccxt, with every mistake in its options at once."""

from collections.abc import Collection, Mapping
from functools import partial
from typing import Final, TypeVar

from engine.kernel.clock import MINUTE, Span, parse_span
from engine.kernel.errors import BadInput, Mistake
from engine.kernel.ids import Symbol
from engine.orders.reports import Permissions
from venues.adapter import Site
from venues.generic import mock
from venues.generic.client import Client, Door, opened
from venues.generic.known import known
from venues.generic.market import GenericMarket
from venues.generic.polling import Polling
from venues.generic.records import Round
from venues.generic.venue import GenericVenue
from venues.secrets import Keys, keys_of
from venues.stream import Backoff

_SWITCH: Final = {"on": True, "off": False}
_PERMISSIONS: Final = {
    "read": Permissions(trade=False, withdraw=False),
    "trade": Permissions(trade=True, withdraw=False),
    "trade,withdraw": Permissions(trade=True, withdraw=True),
}
_T = TypeVar("_T")


class _Asked:
    """The options of one venue, read; every mistake among them at once."""

    def __init__(self, site: Site, options: Collection[str]) -> None:
        self._site = site
        self.mistakes: list[Mistake] = []
        self.exchange = site.options.get("exchange", "")
        self.streams = self._choice("streams", _SWITCH, _SWITCH["on"])
        self.permissions = self._choice("key_permissions", _PERMISSIONS, None)
        self.every = self._span("poll", site.capabilities.poll or mock.POLL)
        self.pairs = tuple(Symbol(pair.strip()) for pair in site.options.get("pairs", "").split(",") if pair.strip())
        for option in sorted(site.options.keys() - set(options)):
            self._wrong(option, f"not an option of this adapter: {', '.join(options)}")
        if not self.exchange:
            self._wrong("exchange", "which exchange of ccxt is meant?")

    def client(self, keys: Keys | None) -> Client:
        """The exchange; `BadInput` with all that was wrong before, and with what is wrong with its address."""
        site = self._site
        door = Door(
            exchange=self.exchange,
            root=site.address,
            urls=site.options.get("urls", ""),
            production=site.production,
            streams=self.streams,
            window=site.capabilities.validity,
        )
        if self.exchange:
            try:
                client = opened(door, known(self.exchange), site.clock, keys=keys)
            except ValueError as error:
                self.mistakes.append(Mistake(f"venues.{site.name}", str(error)))
        if self.mistakes:
            raise BadInput(self.mistakes)
        return client

    def _choice(self, option: str, words: Mapping[str, _T], otherwise: _T) -> _T:
        word = self._site.options.get(option)
        if word is not None and word not in words:
            self._wrong(option, f"{word!r} is none of: {'; '.join(words)}")
        return otherwise if word is None else words.get(word, otherwise)

    def _span(self, option: str, otherwise: Span) -> Span:
        try:
            span = parse_span(self._site.options[option])
        except KeyError:
            return otherwise
        except ValueError as error:
            self._wrong(option, str(error))
            return otherwise
        if not 0 < span <= MINUTE:
            self._wrong(option, "more than nothing, and a minute at the most")
        return span

    def _wrong(self, option: str, what: str) -> None:
        self.mistakes.append(Mistake(f"venues.{self._site.name}.options.{option}", what))


def venue(site: Site, options: Collection[str]) -> GenericVenue:
    """Our account there. Nothing is sent yet; `BadInput` with every mistake in address, key and options."""
    asked = _Asked(site, options)
    keys = None
    try:
        keys = keys_of(site)
    except BadInput as error:
        asked.mistakes += error.mistakes
    about = known(asked.exchange)
    if site.production and not about.licensed:
        what = f"nothing is sold by ccxt's {asked.exchange}: nobody has made sure that it speaks to a licensed company"
        asked.mistakes.append(Mistake(f"venues.{site.name}.options.exchange", what))
    client = asked.client(keys)
    polling = Polling(
        site.name,
        client,
        about,
        site.clock,
        every=asked.every,
        asks=partial(Round, site.name, client, about, asked.pairs),
        streams=asked.streams,
        backoff=Backoff("generic private stream", site.seed),
    )
    return GenericVenue(
        client,
        about,
        polling,
        name=site.name,
        capabilities=site.capabilities,
        permissions=asked.permissions,
        pairs=asked.pairs,
        withheld=site.withheld,
    )


def market(site: Site, options: Collection[str]) -> GenericMarket:
    """Its public prices; needs no key."""
    asked = _Asked(site, options)
    return GenericMarket(
        asked.client(None),
        known(asked.exchange),
        site.clock,
        name=site.name,
        every=asked.every,
        streams=asked.streams,
        backoff=Backoff("generic public feed", site.seed),
    )
