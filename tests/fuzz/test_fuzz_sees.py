"""Does the fuzz see anything? Three parsers are made wrong, and each is found within a few thousand frames."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from engine.orders.reports import OrderReport
from tests.fuzz.mutation import Damage
from tests.fuzz.parsers import HK, PARSERS, Parser
from tests.fuzz.test_parsers import wrong
from venues.hashkey import wire

RIGHT = PARSERS["hashkey order"]


def by_float(raw: bytes) -> OrderReport:
    """The price goes through a binary fraction."""
    report = wire.order_report(HK, raw)
    return replace(report, price=Decimal(float(report.price)))


def swapped(raw: bytes) -> OrderReport:
    """What was ordered is taken for what was sold."""
    report = wire.order_report(HK, raw)
    return replace(report, quantity=report.filled, filled=report.quantity)


def unguarded(raw: bytes) -> OrderReport:
    """An exception of the library gets out."""
    return wire.order_report(HK, b"{}" if raw == b"" else raw.decode().encode())


def defaulting(raw: bytes) -> OrderReport:
    """A price that is missing is taken for nothing."""
    try:
        return wire.order_report(HK, raw)
    except wire.Odd:
        return wire.order_report(HK, raw.replace(b'"price"', b'"was"').replace(b'"avgPrice"', b'"price"'))


@pytest.mark.parametrize("planted", [by_float, swapped, unguarded, defaulting])
def test_a_wrong_parser_is_found(planted: object) -> None:
    parser: Parser = replace(RIGHT, parse=planted)
    golden = [raw.replace(b"62000.5", b"62000.1") for raw in RIGHT.golden]
    found = (wrong(parser, frame) for frame in Damage(golden, 1).frames(5_000))
    assert next((what for what in found if what is not None), None)


def test_the_same_seed_damages_alike() -> None:
    assert list(Damage(RIGHT.golden, 7).frames(500)) == list(Damage(RIGHT.golden, 7).frames(500))
    assert list(Damage(RIGHT.golden, 7).frames(500)) != list(Damage(RIGHT.golden, 8).frames(500))
