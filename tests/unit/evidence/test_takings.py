"""What runs sold, pair by pair, and a digest of the fills that a court can work out from `fills.csv` alone."""

from decimal import Decimal
from hashlib import sha256

import pytest
from msgspec.structs import replace

from engine.evidence.reading import tell
from engine.evidence.story import Story
from engine.evidence.takings import COLUMNS, digest, line, steps
from engine.kernel.clock import Instant
from engine.kernel.ids import OrderName, TradeId, VenueOrderId, client_order_id, run_tag
from engine.kernel.money import Amount
from engine.orders import reports as r
from engine.reports import tables
from tests.support.journals import BTC, FIRST, RUN, SECOND_LEG, USD, USDT, Journal, at, leg_plan, opened, order

D = Decimal


def run(*sales: tuple[str, str, str], changed: tuple[str, str] = ("0", "1")) -> Story:
    """Sales of BTC as quantity, price and fee in USDT; then so many USDT at a price, free of charge."""
    first = opened()
    legs = (leg_plan(FIRST, "1"), replace(leg_plan(SECOND_LEG, "0", fed_by=(FIRST,)), to_fiat=True))
    j = Journal()
    j.write(first.at, replace(first, plan=replace(first.plan, legs=legs)))
    rows = [(FIRST, *sale) for sale in sales] + ([(SECOND_LEG, *changed, "0")] if D(changed[0]) else [])
    for number, (leg, quantity, price, fee) in enumerate(rows):
        like = order(leg, number, "10:00:01", quantity, price)
        child = replace(like, client_id=client_order_id(OrderName(run_tag(RUN), leg, number, 1, 1)))
        j.place(child)
        fill = r.Fill(
            venue=child.venue,
            symbol=child.symbol,
            client_id=child.client_id,
            venue_order_id=VenueOrderId(f"v{number}"),
            trade_id=TradeId(f"t{number}"),
            quantity=D(quantity),
            price=D(price),
            fee=Amount(D(fee), child.buy),
            maker=False,
            at=Instant(at("10:00:02")),
        )
        j.filled("10:00:02", fill)
    return tell(j.rows)


def test_all_fills_of_a_pair_are_one_step_whatever_run_they_are_of() -> None:
    """50,000 and twice 65,000: 60,000 on average; of the stablecoin nothing was seized."""
    stories = [run(("1", "50000", "50")), run(("2", "65000", "130"), changed=("1000", "0.9995"))]
    coin, money = steps(stories, {BTC: D("3")})
    assert (coin.sell, coin.buy, coin.quantity, coin.proceeds) == (BTC, USDT, D("3"), D("180000"))
    assert (coin.fees, coin.fills, coin.price, coin.fraction) == ({USDT: D("180")}, 2, D("60000"), "180000/3")
    assert (money.buy, money.quantity, money.proceeds, money.fees) == (USD, D("1000"), D("999.5"), {})
    assert (coin.entrusted, money.entrusted) == (D("3"), D("0"))


def test_the_digest_is_of_sorted_lines_of_columns_of_the_table_of_fills() -> None:
    """By `sort` and `sha256sum` of anybody: an order of fills, and of runs, that nobody has to guess."""
    story = run(("1", "50000", "50"), ("0.5", "50001.5", "25.000750"))
    leg = story.leg(FIRST)
    lines = [line(leg, sold) for sold in leg.fills]
    assert lines[1] == "hashkey,BTCUSDT,v1,t1,BTC,USDT,0.5,50001.5,25.000750,USDT"
    by_hand = sha256("".join(f"{text}\n" for text in sorted(lines)).encode()).hexdigest()
    assert steps([story], {})[0].fills_sha256 == digest(reversed(lines)) == by_hand
    assert set(COLUMNS) <= set(tables.FILLS)


def test_another_fill_another_price_or_another_fee_is_another_digest() -> None:
    told = [(("1", "50000", "50"),), (("1", "50000", "51"),), (("1", "50001", "50"),), (("1", "50000", "50"),) * 2]
    assert len({steps([run(*sales)], {})[0].fills_sha256 for sales in told}) == 4


def test_an_asset_that_was_sold_for_two_others_has_no_one_price() -> None:
    usd = run(("1", "50000", "50"))
    leg = replace(usd.legs[0], plan=replace(usd.legs[0].plan, buy=USD))
    with pytest.raises(ValueError, match="BTC was sold for USD and USDT: these runs have no one price"):
        steps([usd, replace(usd, legs=(leg, *usd.legs[1:]))], {})
