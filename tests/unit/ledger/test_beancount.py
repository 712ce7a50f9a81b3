"""The ledger as Beancount reads it: Beancount's own loader and checks are the judge."""

import re
import warnings
from decimal import Decimal

import pytest

from engine.evidence.books import balances, moves
from engine.evidence.reading import tell
from engine.evidence.story import Story
from engine.kernel.clock import Instant
from engine.kernel.money import Amount, Asset
from engine.ledger import accounts
from engine.ledger.beancount import Sale, commodity, export
from engine.orders.reports import Balance
from tests.support.days import two_days
from tests.support.journals import BTC, FIRST, USDT, VENUE, at, fill, order, two_legs
from tests.unit.evidence.test_annals import SENT, shipped

D = Decimal


def exported(story: Story) -> str:
    sales = [Sale(s.fill, leg.plan.sell, leg.plan.buy, leg.plan.id) for leg in story.legs for s in leg.fills]
    return export(f"Run {story.opened.run}", story.opened.at, story.opened.balances, sales, moves(story))


TEXT = exported(tell(two_legs().rows))


def load(text: str) -> tuple[list, list]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from beancount import loader

        entries, errors, _ = loader.load_string(text)
    return entries, errors


def kinds(entries: list, name: str) -> list:
    return [entry for entry in entries if type(entry).__name__ == name]


def test_beancount_loads_the_ledger_of_a_run_without_a_complaint() -> None:
    entries, errors = load(TEXT)
    assert errors == []
    assert len(kinds(entries, "Transaction")) == 1 + 4
    assert len(kinds(entries, "Balance")) == 9


def test_what_is_left_at_the_venue_is_what_the_fills_leave() -> None:
    """1 - 0.8 BTC; 51979.5 - 51.9795 - 40000 USDT."""
    entries, _ = load(TEXT)
    held = {b.amount.currency: b.amount.number for b in kinds(entries, "Balance") if b.account.startswith("Assets")}
    assert (held["BTC"], held["USDT"], held["USD"]) == (D("0.2"), D("11927.5205"), D("39935.025"))


def test_each_sale_names_its_order_its_trade_and_our_id() -> None:
    entries, _ = load(TEXT)
    sale = kinds(entries, "Transaction")[1]
    assert (sale.meta["trade"], sale.meta["leg"], sale.meta["at"]) == ("t1", "a", "2026-05-02T10:00:03.000000Z")
    assert sale.meta["order"].startswith("v-")
    assert sale.meta["client"].endswith("-a-1-1-1")


AMOUNT = re.compile(r"^ *(?:  |\d.* balance .*)[A-Z]\S+ +-?([\d.]+) ", re.MULTILINE)
AMOUNTS = [match.span(1) for match in AMOUNT.finditer(TEXT)]


@pytest.mark.parametrize("span", AMOUNTS)
@pytest.mark.parametrize("where", ["first", "last"])
def test_one_changed_digit_of_an_amount_is_an_error(span: tuple[int, int], where: str) -> None:
    index = span[0] if where == "first" else span[1] - 1
    digit = str((int(TEXT[index]) + 1) % 10)
    assert load(TEXT)[1] == []
    assert load(TEXT[:index] + digit + TEXT[index + 1 :])[1]


def test_the_digits_that_are_tried_are_those_of_every_posting_and_every_balance() -> None:
    assert len(AMOUNTS) == 2 + 4 * 6 + 9


def test_the_same_run_gives_the_same_bytes() -> None:
    assert exported(tell(two_legs().rows)) == TEXT


def test_sales_on_two_days_are_balanced_after_the_last() -> None:
    child = order(FIRST, 1, "10:00:00", "1", "60000")
    tomorrow = Instant(at("10:00:00") + 86_400 * 10**9)
    first = fill(child, "t1", "10:00:00", "0.25", "65000")
    second = fill(child, "t2", "10:00:00", "0.00001", "65000.1")
    moved = type(second)(**{f: getattr(second, f) for f in second.__struct_fields__} | {"at": tomorrow})
    balances = {VENUE: (Balance(BTC, D("0.5"), D("0.25")), Balance(USDT, D(0), D(0)))}
    entries, errors = load(
        export("Two days", at("09:00:00"), balances, [Sale(moved, BTC, USDT, FIRST), Sale(first, BTC, USDT, FIRST)])
    )
    assert errors == []
    assert {str(b.date) for b in kinds(entries, "Balance")} == {"2026-05-04"}
    assert len(kinds(entries, "Price")) == 2


def test_a_run_that_sold_nothing_has_a_ledger_too() -> None:
    entries, errors = load(export("Nothing", at("09:00:00"), {VENUE: (Balance(BTC, D(1), D(0)),)}, []))
    assert errors == []
    assert len(kinds(entries, "Transaction")) == 1


def test_names_that_beancount_cannot_write_are_changed_and_noted() -> None:
    """An asset that starts with a digit, a venue with an underscore, a title with quotes, a fee in a third asset."""
    child, odd = order(FIRST, 1, "10:00:00", "1", "60000"), Asset("1INCH")
    sale = fill(child, "t1", "10:00:00", "0.25", "65000")
    fields = {f: getattr(sale, f) for f in sale.__struct_fields__}
    sale = type(sale)(**fields | {"venue": "okx_spot", "fee": Amount(D("0.5"), odd)})
    balances = {"okx_spot": (Balance(BTC, D(1), D(0)), Balance(odd, D(1), D(0)))}
    text = export('Run "x" \\ y', at("09:00:00"), balances, [Sale(sale, BTC, USDT, FIRST)])
    assert load(text)[1] == []
    assert commodity(odd) == "X.1INCH.X"
    assert 'name: "1INCH"' in text


def test_what_people_booked_and_explained_is_in_the_ledger_and_it_ends_where_the_venue_does() -> None:
    """A deal by voice, a fill that a look-up found, and 5 USD that a paper explains."""
    story = tell(two_days().rows)
    entries, errors = load(exported(story))
    assert errors == []
    held = {b.amount.currency: b.amount.number for b in kinds(entries, "Balance") if b.account.startswith("Assets:Ve")}
    assert held == {b.asset: b.total for b in story.accounts[-1].balances}
    assert held == {**balances(story).assets(accounts.venue(VENUE))}
    explained = [t for t in kinds(entries, "Transaction") if any(p.account == "Equity:Explained" for p in t.postings)]
    assert [t.meta["reference"] for t in explained] == ["b2" * 32]
    assert "otc-1" in {t.meta.get("trade") for t in kinds(entries, "Transaction")}


def test_coin_that_came_from_a_custodian_is_followed_from_there() -> None:
    story = tell(shipped(SENT, landed=True).rows)
    entries, errors = load(exported(story))
    assert errors == []
    ends = {b.account: b.amount.number for b in kinds(entries, "Balance")}
    assert (ends["Assets:Custody"], ends["Assets:Transit"], ends["Assets:Venue:Hashkey"]) == (D("0.6"), D(0), D("0.4"))
