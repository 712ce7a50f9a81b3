"""What a request in HashKey's dialect says: its signature, its parameters, the order it asks for, its refusals.

Pure: text in, values out. It knows no socket, no account and no clock, and it never re-encodes what was signed.
"""

import hmac
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final
from urllib.parse import unquote_plus

from engine.kernel.money import ZERO, exact
from venues.sandbox.model import Kind, OrderRequest, Reason, Side

Wire = dict[str, Any]
"""A JSON object on its way out: texts, integers and booleans only, never a float."""

CODES: Final[Mapping[Reason, tuple[str, str]]] = {
    Reason.UNKNOWN_SYMBOL: ("0201", "Instrument not found"),
    Reason.HALTED: ("-1151", "The trading pair is not open yet"),
    Reason.CANCEL_ONLY: ("-2010", "New order rejected"),
    Reason.POST_ONLY: ("-2051", "Create order rejected"),
    Reason.MAINTENANCE: ("-2001", "Platform is yet to open trading"),
    Reason.DUPLICATE_ID: ("-1141", "Duplicate order"),
    Reason.BAD_ID: ("-1123", "Invalid client order id"),
    Reason.TIF_NOT_SUPPORTED: ("-1115", "Invalid timeInForce"),
    Reason.PRICE_OFF_TICK: ("0209", "Invalid price precision"),
    Reason.PRICE_OUTSIDE_BAND: ("0210", "Price outside of allowed range"),
    Reason.QUANTITY_OFF_LOT: ("-1137", "Order quantity precision too large"),
    Reason.QUANTITY_TOO_SMALL: ("-1136", "Order quantity lower than the minimum"),
    Reason.QUANTITY_TOO_LARGE: ("-1135", "Order quantity greater than the maximum"),
    Reason.NOTIONAL_TOO_SMALL: ("-1140", "Order amount lower than the minimum"),
    Reason.NOTIONAL_TOO_LARGE: ("-1206", "Order amount greater than the maximum"),
    Reason.INSUFFICIENT: ("0401", "Insufficient asset"),
    Reason.NOT_FOUND: ("-1143", "Order not found on order book"),
    Reason.ALREADY_FILLED: ("-1139", "Order has been filled"),
    Reason.ALREADY_CANCELLED: ("-1142", "Order has been cancelled"),
}
"""Which of the venue's codes stands for which refusal of the exchange; those for its modes are mock."""
PRICE_MAX: Final = Decimal(1_000_000)
"""Above this no price is taken on any pair; the least is one tick."""

_TIFS: Final = {"": Kind.GTC, "GTC": Kind.GTC, "IOC": Kind.IOC, "FOK": Kind.FOK}


class Refusal(Exception):
    """The request ends here with the venue's error envelope; nothing was changed."""

    def __init__(self, code: str, what: str, status: int = 400) -> None:
        super().__init__(f"{code} {what}")
        self.code, self.what, self.status = code, what, status

    @property
    def body(self) -> Wire:
        """The envelope; a success never has one."""
        return {"code": self.code, "msg": self.what}


def refusal(reason: Reason, detail: str = "") -> Refusal:
    """A refusal of the exchange in the venue's words."""
    code, what = CODES[reason]
    return Refusal(code, f"{what}: {detail}" if detail else what)


def paced(status: int) -> Refusal:
    """What a caller hears who asked too often: 429, or 418 once banned. The code that comes with a ban is mock."""
    if status == 418:
        return Refusal("-3145", "Please DO NOT submit request too frequently", status)
    return Refusal("0003", "Rate limit exceeded", status)


def signed_text(query: str, body: str) -> tuple[str, str]:
    """The raw text that the signature covers, query before body, and the signature itself.

    The signature's pair may stand anywhere. Nothing is decoded and encoded again: `ids=1,2` and `ids=1%2C2` are
    the same list and not the same text.
    """
    kept, signature = [], ""
    for text in (query, body):
        pairs = text.split("&") if text else []
        signature = next((pair[10:] for pair in pairs if pair.startswith("signature=")), signature)
        kept.append("&".join(pair for pair in pairs if not pair.startswith("signature=")))
    return "".join(kept), signature


def sign(secret: str, text: str) -> str:
    """Lower-case hex of HMAC-SHA256."""
    return hmac.new(secret.encode(), text.encode(errors="surrogateescape"), sha256).hexdigest()


def is_signed(secret: str, query: str, body: str) -> bool:
    """Was this sent by the holder of `secret`? Letter case of the signature is ignored."""
    text, signature = signed_text(query, body)
    given = signature.lower().encode(errors="surrogateescape")
    return hmac.compare_digest(sign(secret, text).encode(), given)


def parameters(query: str, body: str) -> dict[str, str]:
    """Both strings' pairs; the first of a name counts."""
    found: dict[str, str] = {}
    for text in (query, body):
        for pair in text.split("&") if text else ():
            name, _, value = pair.partition("=")
            found.setdefault(_plain(name), _plain(value))
    return found


def _plain(text: str) -> str:
    return unquote_plus(text) if "%" in text or "+" in text else text  # most have nothing to decode


def whole(params: Mapping[str, str], name: str, default: int | None = None) -> int:
    """A parameter that must be a whole number."""
    text = params.get(name, "")
    if not text:
        if default is None:
            raise Refusal("0001", f"Required field {name} missing or invalid")
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 19:
        raise Refusal("-1130", f"Illegal parameter '{name}'")
    return int(text)


def required(params: Mapping[str, str], name: str) -> str:
    """A parameter that must be there."""
    text = params.get(name, "")
    if not text:
        raise Refusal("0001", f"Required field {name} missing or invalid")
    return text


def side_of(text: str) -> Side:
    """`BUY` or `SELL`, in any letter case."""
    try:
        return Side(text.upper())
    except ValueError:
        raise Refusal("-1117", "Invalid side") from None


class Edition(StrEnum):
    """The two endpoints for new orders, which differ in how a market order says its size."""

    V1 = "v1"
    """`quantity` alone: base for a sale, and the cash to spend for a buy."""
    V1_1 = "v1.1"
    """`quantity` in base or `amount` in quote, for both sides."""


def order_request(params: Mapping[str, str], client_id: str, edition: Edition = Edition.V1) -> OrderRequest:
    """The order that a client asks for, or `Refusal` with the code for what is wrong with how it is written."""
    symbol = required(params, "symbol")
    side = side_of(required(params, "side"))
    what, tif = required(params, "type").upper(), params.get("timeInForce", "").upper()
    if what not in ("LIMIT", "LIMIT_MAKER", "MARKET"):
        raise Refusal("0206", "Unsupported order type")
    if params.get("amount") and params.get("quantity"):
        raise Refusal("-1129", "Invalid parameters, quantity and amount are not allowed to be sent at the same time.")
    if what == "MARKET":
        return _market_request(params, symbol, side, client_id, edition)
    if tif not in _TIFS or (what == "LIMIT_MAKER" and _TIFS[tif] is not Kind.GTC):
        raise Refusal("-1115", "Invalid timeInForce")
    price = _number(params, "price", "-1124")
    if price > PRICE_MAX:
        raise Refusal("-1132", "Order price greater than the maximum")
    return OrderRequest(
        symbol=symbol,
        side=side,
        kind=Kind.MAKER if what == "LIMIT_MAKER" else _TIFS[tif],
        quantity=_number(params, "quantity", "-1126"),
        price=price,
        client_id=client_id,
    )


def _market_request(
    params: Mapping[str, str], symbol: str, side: Side, client_id: str, edition: Edition
) -> OrderRequest:
    if params.get("timeInForce", "").upper() not in ("", "IOC"):
        raise Refusal("-1115", "Invalid timeInForce")
    if params.get("price"):
        raise Refusal("-1014", "Unsupported order combination")  # mock: the venue may as well ignore it
    by_amount = edition is Edition.V1_1 and bool(params.get("amount"))
    size = _number(params, "amount" if by_amount else "quantity", "-1126")
    cash = by_amount or (edition is Edition.V1 and side is Side.BUY)
    quantity, amount = (ZERO, size) if cash else (size, ZERO)
    return OrderRequest(symbol, side, Kind.MARKET, quantity, ZERO, client_id, amount)


def _number(params: Mapping[str, str], name: str, code: str) -> Decimal:
    try:
        number = exact(required(params, name))
    except ValueError:
        raise Refusal(code, f"Invalid {name}") from None
    if number <= 0:
        raise Refusal(code, f"Invalid {name}")
    return number
