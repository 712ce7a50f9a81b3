"""From what somebody typed to an instruction, each mistake in it remembered. Whether it can be is judged later."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from engine.cli.casework import Typed
from engine.config.words import percent
from engine.core import hand
from engine.core.state import State
from engine.kernel.clock import Instant, parse_instant, parse_span
from engine.kernel.errors import Mistake
from engine.kernel.ids import ClientOrderId, VenueName
from engine.kernel.money import ZERO, Amount, Asset
from engine.mandate.instructions import Amend, By, ExplainDifference, Finish, SettleUnknown, Ticket
from engine.mandate.terms import Floor, FloorFees, FloorScope

NONE = "none"
"""Takes a floor or a cap away."""


class Terms(NamedTuple):
    """What `amend` was given."""

    end: str | None
    rate: str | None
    floors: list[str]
    shares: list[str]
    venues: str | None

    def amendment(self, state: State, typed: Typed) -> Amend:
        """Of the plan that the run has in this state."""
        if not any(self):
            typed.mistakes.append(Mistake("amend", "nothing is amended: name an end, rate, floor, cap or venues"))
        floors = {
            asset: _floor(asset, text, state, typed) for asset, text in _pairs("--floor", self.floors, typed).items()
        }
        shares = {
            asset: _share(asset, text, typed) for asset, text in _pairs("--participation", self.shares, typed).items()
        }
        return Amend(
            was_sha256=hand.in_force(state),
            ends=_end(self.end, state, typed) if self.end is not None else None,
            rate=typed.amount("--rate", self.rate) if self.rate is not None else None,
            floors=floors or None,
            shares=shares or None,
            venues=tuple(VenueName(v) for v in self.venues.split(",") if v) if self.venues is not None else None,
        )


class Deal(NamedTuple):
    """What `ticket` was given."""

    number: str
    venue: str
    sell: str
    buy: str
    quantity: str
    price: str
    fee: str | None
    counterparty: str
    dealt_at: str
    document: Path

    def ticket(self, typed: Typed) -> Ticket:
        """As it was typed."""
        for where, text in (("--ticket", self.number), ("--counterparty", self.counterparty)):
            if not text.strip():
                typed.mistakes.append(Mistake(where, "is empty"))
        return Ticket(
            ticket=self.number.strip(),
            venue=VenueName(self.venue),
            sell=Asset(self.sell),
            buy=Asset(self.buy),
            quantity=_positive("--quantity", self.quantity, typed),
            price=_positive("--price", self.price, typed),
            fee=_fee(self.fee, typed) or Amount(ZERO, Asset(self.buy)),
            counterparty=self.counterparty.strip(),
            dealt_at=_instant("--dealt-at", self.dealt_at, typed),
            document_sha256=typed.document(self.document),
        )


def finishing(how: str, typed: Typed) -> Finish:
    """By what means a run ends early."""
    return Finish(typed.word("--by", how, By))


def settled(
    client_id: str, filled: str, price: str | None, fee: str | None, document: Path, typed: Typed
) -> SettleUnknown:
    """What a paper says of an order."""
    return SettleUnknown(
        client_id=ClientOrderId(client_id),
        filled=typed.amount("--filled", filled),
        price=typed.amount("--price", price) if price is not None else None,
        fee=_fee(fee, typed),
        document_sha256=typed.document(document),
    )


def explained(venue: str, asset: str, delta: str, document: Path, typed: Typed) -> ExplainDifference:
    """What a paper says of an account."""
    return ExplainDifference(
        venue=VenueName(venue),
        asset=Asset(asset),
        delta=typed.amount("--delta", delta),
        document_sha256=typed.document(document),
    )


def _pairs(where: str, texts: Iterable[str], typed: Typed) -> Mapping[Asset, str]:
    """`ASSET=VALUE`, each asset once."""
    found: dict[Asset, str] = {}
    for text in texts:
        asset, given, value = text.partition("=")
        if not (asset and given and value):
            typed.mistakes.append(Mistake(where, f"{text!r} is not ASSET=VALUE"))
        elif asset in found:
            typed.mistakes.append(Mistake(where, f"{asset} is named twice"))
        found[Asset(asset)] = value
    return found


def _floor(asset: Asset, text: str, state: State, typed: Typed) -> Floor | None:
    """A price in what the asset is sold for, or in the settlement currency; or another share of what there is.

    Where scope and fees are not named, they stay as they are.
    """
    if text == NONE:
        return None
    where, holding = f"--floor {asset}", state.terms.holding(asset)
    was = holding.floor if holding is not None else None
    if text.endswith("%"):
        return _other_share(where, text, was, typed)
    price, currency, scope, fees = (*text.split(":", 3), "", "", "")[:4]
    may = dict.fromkeys([plan.buy for plan in state.plan.legs if plan.sell == asset] + [state.terms.settlement])
    if currency not in may:
        either = " or ".join(may)
        what = f"{text!r} is not PRICE:CURRENCY in {either}, with :SCOPE:FEES or without, and not {NONE}"
        typed.mistakes.append(Mistake(where, what))
    return Floor(
        _positive(where, price, typed),
        Asset(currency),
        typed.word(where, scope, FloorScope) if scope else (was.scope if was is not None else FloorScope.FILL),
        typed.word(where, fees, FloorFees) if fees else (was.fees if was is not None else FloorFees.OUT),
    )


def _other_share(where: str, text: str, was: Floor | None, typed: Typed) -> Floor | None:
    """`90%` of the average or the quote that the floor is a share of now."""
    share = percent(f"{_positive(where, text.removesuffix('%'), typed)}%")
    if was is not None and was.average is not None:
        return replace(was, average=replace(was.average, share=share))
    if was is not None and was.quote is not None:
        return replace(was, quote=replace(was.quote, share=share))
    typed.mistakes.append(Mistake(where, f"{text!r} is a share, and the floor is no average and no quote"))
    return was


def _share(asset: Asset, text: str, typed: Typed) -> Decimal | None:
    if text == NONE:
        return None
    where = f"--participation {asset}"
    if not text.endswith("%"):
        typed.mistakes.append(Mistake(where, f"{text!r} is not a share in per cent (25%), and not {NONE}"))
        return Decimal("0.5")
    return percent(str(typed.amount(where, text.removesuffix("%"))))


def _end(text: str, state: State, typed: Typed) -> Instant:
    """A length of time counts from the last row of the journal, in market time."""
    try:
        return Instant(state.at + parse_span(text))
    except ValueError:
        return _instant("--end", text, typed)


def _instant(where: str, text: str, typed: Typed) -> Instant:
    try:
        return parse_instant(text)
    except ValueError:
        span = " nor a length of time (30m)" if where == "--end" else ""
        what = f"{text!r} is no instant with its zone (2026-12-01T16:00:00+08:00){span}"
        typed.mistakes.append(Mistake(where, what))
        return Instant(0)


def _positive(where: str, text: str, typed: Typed) -> Decimal:
    before = len(typed.mistakes)
    units = typed.amount(where, text)
    if units <= 0 and len(typed.mistakes) == before:
        typed.mistakes.append(Mistake(where, f"{text} is not above zero"))
    return units


def _fee(text: str | None, typed: Typed) -> Amount | None:
    if text is None:
        return None
    units, given, asset = text.partition(":")
    if not (given and asset):
        typed.mistakes.append(Mistake("--fee", f"{text!r} is not X:ASSET, as 1.5:USDT"))
    return Amount(typed.amount("--fee", units), Asset(asset))
