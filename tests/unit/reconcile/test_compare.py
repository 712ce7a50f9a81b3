"""Our belief against a venue's: every difference has a name, and nothing is invented."""

from collections.abc import Mapping

import pytest

from engine.kernel.ids import ClientOrderId
from engine.kernel.money import Asset
from engine.orders.reports import Balance, OrderStatus
from engine.reconcile.compare import Difference, balances, foreign
from tests.support.builders import BTC, TAG, USDT, child, d, name, report


@pytest.mark.parametrize(
    ("ledger", "differences"),
    [
        ({BTC: "10"}, ()),
        ({BTC: "10.0", USDT: "0"}, ()),
        ({BTC: "9"}, (Difference(BTC, d("1")),)),
        ({BTC: "10.00000001"}, (Difference(BTC, d("-0.00000001")),)),
        ({}, (Difference(BTC, d("10")),)),
        ({BTC: "10", USDT: "5"}, (Difference(USDT, d("-5")),)),
        ({Asset("ETH"): "1", BTC: "1"}, (Difference(BTC, d("9")), Difference(Asset("ETH"), d("-1")))),
    ],
)
def test_each_asset_that_does_not_add_up_is_named_with_its_sign(
    ledger: Mapping[Asset, str], differences: tuple[Difference, ...]
) -> None:
    """The venue shows 7 BTC free and 3 locked."""
    shown = [Balance(BTC, d("7"), d("3"))]
    assert balances({asset: d(units) for asset, units in ledger.items()}, shown) == differences


def test_a_difference_reads_as_people_say_it() -> None:
    assert str(Difference(BTC, d("-1E-8"))) == "-0.00000001 BTC"


def test_an_order_of_ours_is_not_foreign() -> None:
    ours = report(OrderStatus.WORKING, "0")
    assert foreign([ours], {ours.client_id: object()}, TAG) == []


@pytest.mark.parametrize(
    ("client_id", "said"),
    [
        (ClientOrderId(""), "order v- (no client id) is not ours"),
        (ClientOrderId("web-1"), "order v-web-1 (web-1) is not ours"),
        (name(epoch=9), f"order v-{name(epoch=9)} ({name(epoch=9)}) carries our run's name but is in no record"),
    ],
)
def test_an_order_that_no_record_explains_is_named(client_id: ClientOrderId, said: str) -> None:
    stranger = report(OrderStatus.WORKING, "0", child(client_id=client_id))
    assert foreign([stranger], {}, TAG) == [said]
