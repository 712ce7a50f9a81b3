"""A file that says whose share of a sale is how large."""

import re

import pytest

from engine.config.shares_file import parse
from engine.kernel.errors import BadInput
from engine.mandate.allocation import Share
from tests.support.casefiles import BTC, ETH, d

PERCENT = 'schema = 1\n[portfolios.zhang]\nBTC = "60%"\nETH = "100%"\n[portfolios.li]\nBTC = "40%"\n'


def test_per_cent_of_each_asset_add_up_to_a_hundred() -> None:
    assert parse(PERCENT, [BTC, ETH]) == (
        Share(party="li", asset=BTC, parts=d("40")),
        Share(party="zhang", asset=BTC, parts=d("60")),
        Share(party="zhang", asset=ETH, parts=d("100")),
    )


def test_parts_add_up_to_whatever_they_do() -> None:
    """A third each can't be said in per cent."""
    text = 'schema = 1\n[portfolios.a]\nBTC = "1"\n[portfolios.b]\nBTC = "1"\n[portfolios.c]\nBTC = "1.0"\n'
    assert [share.parts for share in parse(text, [BTC])] == [1, 1, 1]


def test_one_file_serves_sales_of_other_assets_too() -> None:
    """What is not sold is left out, and so is a share of nothing."""
    assert [(s.party, s.asset) for s in parse(PERCENT, [ETH])] == [("zhang", ETH)]
    assert [s.party for s in parse('schema = 1\nportfolios = { a = { BTC = "0" }, b = { BTC = "2" } }', [BTC])] == ["b"]


def test_names_may_be_chinese() -> None:
    assert parse('schema = 1\nportfolios."张三".BTC = "1"', [BTC])[0].party == "张三"


def test_every_mistake_is_named_at_once() -> None:
    text = (
        "schema = 2\nother = 1\n"
        '[portfolios."a b"]\nBTC = "60%"\nBTX = "1"\n'
        '[portfolios.li]\nBTC = "30%"\nETH = 0.5\n'
        '[portfolios.zhang]\nETH = "-1"\nUSDT = "1"\n'
        '[portfolios.wu]\nUSDT = "10%"\n'
        "[portfolios.he]\n"
    )
    with pytest.raises(BadInput) as refused:
        parse(text, [BTC, ETH])
    assert [mistake.where for mistake in refused.value.mistakes] == [
        "schema",
        "other",
        "portfolios.a b",
        "portfolios.a b.BTX",
        "portfolios.he",
        "portfolios.*.BTC",
        "portfolios.li.ETH",
        "portfolios.zhang.ETH",
        "portfolios.*.USDT",
    ]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("schema = 1\n", "no table [portfolios.NAME] in the file"),
        ("schema = ", "is not TOML"),
        ('schema = 1\nportfolios.a.ETH = "1"', "nobody has a share of BTC"),
        ('schema = 1\nportfolios.a.BTC = "0"', "nobody has more than nothing"),
        ('schema = 1\nportfolios.a.BTC = "99.99%"', "the shares add up to 99.99 %, and not to 100 %"),
    ],
)
def test_a_file_that_leaves_something_open_is_refused(text: str, what: str) -> None:
    with pytest.raises(BadInput, match=re.escape(what)):
        parse(text, [BTC])
