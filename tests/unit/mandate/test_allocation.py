"""Who gets what of a sale: exact sums, one price for all, and the same whoever works it out."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernel.ids import CaseId
from engine.kernel.money import Asset
from engine.mandate.allocation import (
    Allocation,
    Award,
    Basis,
    Payment,
    Share,
    Step,
    Undoing,
    awarded,
    below_a_cent,
    payable,
    read,
)
from engine.mandate.assets import KNOWN
from engine.mandate.instructions import kind_of
from tests.support.allocations import CHANGE, SALE, TWO, share, step
from tests.support.casefiles import BTC, ETH, USD, USDT, d


def paper(steps: Sequence[Step], shares: Sequence[Share]) -> Allocation:
    awards = awarded(steps, shares)
    return Allocation(
        case=CaseId("PSB-7"),
        number=0,
        basis=Basis.SHARES,
        shares_sha256="cd" * 32,
        runs=(),
        shares=tuple(shares),
        steps=tuple(steps),
        awards=awards,
        payments=payable(awards),
    )


def of(awards: Sequence[Award], party: str, sell: Asset) -> Award:
    (found,) = [award for award in awards if (award.party, award.sell) == (party, sell)]
    return found


def test_each_gets_the_average_price_for_its_units() -> None:
    """3 BTC at 60,000: two to A, one to B; the stablecoin that was not sold on is left with them, two to one."""
    awards = awarded([SALE, CHANGE], TWO)
    coin, money = of(awards, "A", BTC), of(awards, "A", USDT)
    assert (coin.quantity, coin.proceeds, coin.fees, coin.net) == (d("2"), d("120000"), {USDT: d("120")}, d("119880"))
    assert (money.quantity, coin.left) == (d("119333.333333"), d("546.666667"))
    assert (money.proceeds, money.fees) == (d("119273.67"), {USD: d("6.67")})
    assert payable(awards) == (
        Payment(party="A", currency=USD, amount=d("119267.00")),
        Payment(party="B", currency=USD, amount=d("59633.50")),
    )


def test_a_stablecoin_that_was_seized_is_sold_before_what_sales_brought() -> None:
    """As in the book: 1,000 USDT of C were seized, and all of it is sold though 820 of what coin brought is left."""
    change = step(USDT, USD, "180000", "179910", entrusted="1000")
    awards = awarded([SALE, change], [*TWO, share("C", "1", USDT)])
    assert of(awards, "C", USDT).quantity == d("1000")
    assert of(awards, "C", USDT).proceeds == d("999.50")
    assert sum(award.left for award in awards) == d("820")


def test_one_party_with_two_assets_has_a_row_of_each_and_one_payment() -> None:
    change = step(USDT, USD, "209790", "209790", entrusted="0")
    awards = awarded([SALE, step(ETH, USDT, "10", "30000", "30"), change], [*TWO, share("A", "1", ETH)])
    assert [(award.party, award.origin, award.sell) for award in awards] == [
        ("A", BTC, BTC),
        ("A", BTC, USDT),
        ("A", ETH, ETH),
        ("A", ETH, USDT),
        ("B", BTC, BTC),
        ("B", BTC, USDT),
    ]
    assert [(p.party, p.amount) for p in payable(awards)] == [("A", d("149850.00")), ("B", d("59940.00"))]


def test_what_is_below_a_cent_is_named() -> None:
    made = paper([step(USDT, USD, "2", "1.999")], [share("A", "1", USDT), share("B", "1", USDT)])
    assert [p.amount for p in made.payments] == [d("1.00"), d("0.99")]
    assert below_a_cent(made) == {USD: d("0.009")}


def test_where_fees_took_all_nobody_is_paid_and_nobody_owes() -> None:
    awards = awarded([step(USDT, USD, "1", "1", "1.23")], [share("A", "1", USDT), share("B", "1", USDT)])
    assert [payment.amount for payment in payable(awards)] == [d("0"), d("0")]


@pytest.mark.parametrize(
    ("steps", "shares", "why"),
    [
        ([SALE], [share("A", "1", ETH)], "3 BTC were sold, and nobody has a share of BTC"),
        ([step(BTC, USDT, "3", "9", entrusted="2")], TWO, "3 BTC were sold by the fills, and by the case's book 2"),
        (
            [SALE, step(USDT, USD, "180000", "180000", entrusted="0")],
            TWO,
            "180000 USDT were sold, and there were 0 seized and 179820 from sales",
        ),
    ],
)
def test_what_does_not_add_up_is_not_divided(steps: list[Step], shares: list[Share], why: str) -> None:
    with pytest.raises(ValueError, match="were sold") as refused:
        awarded(steps, shares)
    assert str(refused.value) == why


@st.composite
def sales(draw: st.DrawFn) -> tuple[list[Step], list[Share]]:
    """One or two coins and a seized stablecoin, some of what they brought sold on; three names with any shares."""
    names, coins = ("A", "B", "C"), draw(st.sampled_from([(BTC,), (BTC, ETH)]))
    shares = [
        share(name, str(draw(st.decimals("0.00000001", "50", places=8))), asset)
        for asset in (*coins, USDT)
        for name in names
    ]
    steps, net = [], Decimal(0)
    for asset in coins:
        quantity, price = draw(st.decimals("0.00001", "100", places=5)), draw(st.decimals("1", "90000", places=2))
        fee = quantity * price * draw(st.decimals("0", "0.01", places=4))
        steps.append(step(asset, USDT, str(quantity), str(quantity * price), str(fee)))
        net += steps[-1].net
    seized = draw(st.decimals("0.000001", "5000", places=6))
    sold = (net * draw(st.integers(0, 100)) / 100).quantize(Decimal("0.000001"), rounding="ROUND_FLOOR")
    gross = (seized + sold) * draw(st.decimals("0.98", "1.02", places=4))
    fee = (gross * draw(st.decimals("0", "0.5", places=2))).quantize(Decimal("0.01"), rounding="ROUND_FLOOR")
    steps.append(step(USDT, USD, str(seized + sold), str(gross), str(fee), entrusted=str(seized)))
    return steps, shares


@given(made=sales())
def test_every_sum_is_the_whole_to_the_last_digit(made: tuple[list[Step], list[Share]]) -> None:
    """Units, proceeds, every fee, every net, and what was left of the stablecoin."""
    steps, shares = made
    awards = awarded(steps, shares)
    for each in steps:
        mine = [award for award in awards if award.sell == each.sell]
        assert sum(award.quantity for award in mine) == each.quantity
        assert sum(award.proceeds for award in mine) == each.proceeds
        assert sum(award.fees.get(each.buy, 0) for award in mine) == each.fees.get(each.buy, 0)
        assert sum(award.net for award in mine) == each.net
    *coins, last = steps
    assert sum(award.left for award in awards) == sum(each.net for each in coins) - (last.quantity - last.entrusted)
    assert all(award.left >= 0 and award.net >= 0 for award in awards)
    rest = last.net - sum(payment.amount for payment in payable(awards))
    assert 0 <= rest < Decimal("0.01")


@given(made=sales())
def test_nobody_is_a_smallest_unit_off_their_exact_share(made: tuple[list[Step], list[Share]]) -> None:
    """Of units by the shares; of proceeds by the units; of fees by the proceeds; of the payment by the net."""
    steps, shares = made
    awards = awarded(steps, shares)
    for each in steps[:-1]:
        everything = sum(Fraction(s.parts) for s in shares if s.asset == each.sell)
        for s in (s for s in shares if s.asset == each.sell):
            given = sum(
                (Fraction(a.quantity) for a in awards if (a.party, a.sell) == (s.party, each.sell)), Fraction(0)
            )
            assert abs(given - Fraction(each.quantity) * Fraction(s.parts) / everything) < Fraction(
                KNOWN[each.sell].unit
            )
    for each in steps:
        unit = Fraction(KNOWN[each.buy].unit)
        for award in (award for award in awards if award.sell == each.sell):
            part = Fraction(award.quantity) / Fraction(each.quantity)
            assert abs(Fraction(award.proceeds) - Fraction(each.proceeds) * part) < unit
            fee = Fraction(each.fees.get(each.buy, 0)) * Fraction(award.proceeds) / Fraction(each.proceeds)
            assert abs(Fraction(award.fees.get(each.buy, 0)) - fee) < unit
    payments = payable(awards)
    paid, net = sum(Fraction(p.amount) for p in payments), sum(Fraction(a.net) for a in awards if a.buy == USD)
    for payment in payments:
        mine = sum(Fraction(a.net) for a in awards if (a.party, a.buy) == (payment.party, USD))
        assert abs(Fraction(payment.amount) - paid * mine / net) < Fraction(1, 100)


@given(made=sales())
def test_the_average_price_is_the_same_for_all_within_rounding(made: tuple[list[Step], list[Share]]) -> None:
    """What a party's price differs by, times its units, is less than one smallest unit of what was paid."""
    steps, shares = made
    for each in steps:
        price = Fraction(each.proceeds) / Fraction(each.quantity)
        for award in (award for award in awarded(steps, shares) if award.sell == each.sell):
            assert abs(Fraction(award.proceeds) - price * Fraction(award.quantity)) < Fraction(KNOWN[each.buy].unit)


@given(made=sales(), chance=st.randoms())
def test_the_order_of_parties_and_steps_changes_nothing(made: tuple[list[Step], list[Share]], chance) -> None:
    """Ties go by name and not by place in a file."""
    steps, shares = made
    mixed, turned = list(shares), list(steps)
    chance.shuffle(mixed)
    chance.shuffle(turned)
    assert awarded(turned, mixed) == awarded(steps, shares)


def test_a_paper_comes_back_from_its_bytes_and_tells_its_kind() -> None:
    """Whatever it is called by who proposes it: `release` would let an officer agree to it."""
    made = paper([SALE, CHANGE], TWO)
    undoing = Undoing(case=CaseId("PSB-7"), number=1, allocation_sha256=made.sha256)
    assert (read(made.text), read(undoing.text)) == (made, undoing)
    assert (kind_of(made.text, "release"), kind_of(undoing.text, "lift")) == ("allocation", "undo_allocation")
    assert read('{"plan":"sell 1 BTC"}') is None
