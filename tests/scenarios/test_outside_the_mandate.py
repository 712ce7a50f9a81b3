"""Plans outside their mandate, drawn by the thousand: none of them reaches a venue, and each is told why.

A desk's config, plan and book are changed in one drawn way (another case, more than was released, a forbidden hop, a
held case, one byte after the approval …) and carried out as the command line would. The last test leaves everything as
it was approved, so that the venue that counts orders is seen to count.
"""

import os
import random
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest
from msgspec import Struct

from engine.compose import virtual
from engine.compose.request import Request
from engine.config import load
from engine.kernel.errors import BadInput, ExitCode
from engine.reports.screen import PlainScreen
from tests.support.configs import SHORT, toml
from tests.support.office import CASE, REHEARSED, Office, make_keys
from venues.sandbox.exchange import Exchange
from venues.sandbox.listings import START

QUICK, MANY = 300, 10_000
Config = dict[str, Any]
Dice = random.Random
Way = Callable[[Dice, Config], None]
NAMES: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789-"


class Attempt(Struct, frozen=True):
    """What is tried: whose state folder, and with which config."""

    way: str
    office: str
    config: Config


# Ways out of the mandate. Each takes the config that was approved and changes it so that it no longer is.


def another_case(dice: Dice, config: Config) -> None:
    config["mandate"]["case"] = "C" + "".join(dice.choices(NAMES, k=dice.randint(1, 12)))


def another_authority(dice: Dice, config: Config) -> None:
    config["mandate"]["authority"] = f"Somebody {dice.randint(1, 9999)}"


def another_document(dice: Dice, config: Config) -> None:
    config["mandate"]["document_sha256"] = f"{dice.getrandbits(256):064x}"


def another_account(dice: Dice, config: Config) -> None:
    config["mandate"]["account"] = "acct" + str(dice.randint(1, 9999))


def more_than_released(dice: Dice, config: Config) -> None:
    more = Decimal("0.2") + Decimal(dice.randint(1, 10**6)) / 10**5
    config["mandate"]["assets"][0] |= {"released": str(more), "entrusted": str(max(more, Decimal("0.2")))}


def more_released_than_entrusted(dice: Dice, config: Config) -> None:
    config["mandate"]["assets"][0]["released"] = str(Decimal("0.2") + Decimal(dice.randint(1, 10**6)) / 10**5)


def asset_not_entrusted(dice: Dice, config: Config) -> None:
    asset = dice.choice(["ETH", "USDT", "DOGE", "USD", "XMR"])
    units = str(Decimal(dice.randint(1, 10**6)) / 100)
    config["mandate"]["assets"] = [{"asset": asset, "entrusted": units, "released": units}]


def one_asset_more(dice: Dice, config: Config) -> None:
    units = str(Decimal(dice.randint(1, 10**4)) / 100)
    config["mandate"]["assets"].append({"asset": "ETH", "entrusted": units, "released": units})
    config["path"]["hops"] = ["BTC>USDT", "ETH>USDT", "USDT>USD"]


def unlicensed_venue(dice: Dice, config: Config) -> None:
    name = dice.choice(["binance", "okx", "kraken", "nowhere", "HashKey"])
    config["mandate"]["venues"] = [name]
    config["venues"] = {name: {"adapter": dice.choice(["hashkey", "osl", "generic", name.lower()])}}


def another_venue(dice: Dice, config: Config) -> None:
    """A licensed one, and not the one that was approved."""
    config["mandate"]["venues"] = dice.choice([["osl"], ["hashkey", "osl"]])
    config["venues"] = {name: {"adapter": name} for name in config["mandate"]["venues"]}


def forbidden_hop(dice: Dice, config: Config) -> None:
    assets = ["BTC", "ETH", "USDT", "USD", "HKD"]
    hops = [f"{a}>{b}" for a in assets for b in assets if f"{a}>{b}" not in ("BTC>USDT", "ETH>USDT", "USDT>USD")]
    config["path"]["hops"] = [*dice.choice([[], ["BTC>USDT"], ["BTC>USDT", "USDT>USD"]]), dice.choice(hops)]


def settled_elsewhere(dice: Dice, config: Config) -> None:
    config["path"]["settlement"] = dice.choice(["HKD", "BTC", "USDT", "EUR"])


def deadline_gone(dice: Dice, config: Config) -> None:
    config["mandate"]["deadline"] = f"20{dice.randint(10, 25)}-0{dice.randint(1, 9)}-1{dice.randint(0, 9)}T12:00:00Z"


def window_after_the_deadline(dice: Dice, config: Config) -> None:
    config["strategy"]["window"] = f"{dice.randint(8, 900)}m"


def changed_limit(dice: Dice, config: Config) -> None:
    """The same plan with another bound: not what was signed."""
    name = dice.choice(["order_notional_max", "minute_notional_max", "minute_orders_max", "collar_bp"])
    was = Decimal(str(config["limits"][name]))
    new = int(was) + dice.randint(1, 60)
    config["limits"][name] = new if name == "minute_orders_max" else str(new)


def changed_pace(dice: Dice, config: Config) -> None:
    config["strategy"]["slices"] = dice.choice([n for n in range(2, 60) if n != SHORT["strategy"]["slices"]])


def changed_stable(dice: Dice, config: Config) -> None:
    config["path"]["stable"]["USDT"] |= {"inventory_max": str(20_000 + dice.randint(1, 10**6))}


def one_space_more(dice: Dice, config: Config) -> None:
    """What was approved is approved to the byte: a comment is another paper."""
    config["#"] = "x" * dice.randint(1, 30)


def no_people(dice: Dice, config: Config) -> None:
    del config["people"]


def production(dice: Dice, config: Config) -> None:
    config["environment"] = "production"


CONFIGS: Final[tuple[Way, ...]] = (
    another_case, another_authority, another_document, another_account, more_than_released,
    more_released_than_entrusted, asset_not_entrusted, one_asset_more, unlicensed_venue, another_venue, forbidden_hop,
    settled_elsewhere, deadline_gone, window_after_the_deadline, changed_limit, changed_pace, changed_stable,
    one_space_more, no_people, production,
)  # fmt: skip
CHANGED: Final = "approval: the plan [0-9a-f]{64} may not run: "
BOOK: Final = "the book says Nobody, document [0-9a-f]{64}; the config says otherwise"
REASONS: Final[Mapping[Way, str]] = {
    another_authority: f"mandate.authority: {BOOK}",
    another_document: f"mandate.authority: {BOOK}",
    more_than_released: r"mandate.assets\[0\].entrusted: .*, and the book's lots are 0.2\n"
    r"mandate.assets\[0\].released: .*, and the book has released 0.2",
    more_released_than_entrusted: r"mandate.assets\[0\].released: .* is more than the 0.2 entrusted",
    asset_not_entrusted: r"mandate.assets\[0\].asset: DOGE is not known",
    one_asset_more: r"mandate.assets\[1\].entrusted: .*, and the book's lots are 0",
    unlicensed_venue: r"mandate.venues\[0\]: kraken is not on the licence register",
    forbidden_hop: r"path.hops\[1\]: ETH>BTC goes from volatile to volatile; lawful are volatile>stable and ",
    settled_elsewhere: "path.settlement: USDT is not a fiat currency that we know",
    deadline_gone: "mandate.deadline: 2020-03-16T12:00:00Z lies in the past",
    window_after_the_deadline: "strategy.window: 339m and the tail do not fit before the deadline",
    no_people: "people: is missing: the case has a book",
    production: "reference.quorum: is 1; in production at least 2 sources have to agree",
}
"""What is said of the ways that are found before anybody's approval is looked for, drawn with the dice of 7."""
APPROVED, SPARE = "approved", "approved as well"
BOOKS: Final = ("held", "suspended", "half approved", "withdrawn", "refused", "not proposed", "unreleased")
"""Of these the approved config is tried as well."""


def drawn(seed: int, approved: Config) -> Attempt:
    """One way out of the mandate, sometimes two at once."""
    dice, config = Dice(seed), deepcopy(approved)
    if dice.random() < 0.25:
        office = dice.choice(BOOKS)
        return Attempt(office, office, config)
    ways = dice.sample(CONFIGS, k=2 if dice.random() < 0.2 else 1)
    if {no_people, another_case} <= {*ways}:
        ways = [no_people]  # a sandbox case that has no book may be rehearsed without approvals, visibly
    for way in ways:
        way(dice, config)
    return Attempt(" and ".join(way.__name__ for way in ways), dice.choice((APPROVED, *BOOKS)), config)


class Desks:
    """One office for each state of the book, and a count of all orders that any exchange ever got."""

    def __init__(self, offices: Mapping[str, Office], scratch: Path) -> None:
        self.offices, self._scratch = offices, scratch
        self.orders, self._runs = 0, 0

    def refuses(self, attempt: Attempt) -> str:
        """Why it may not be: empty where it was carried out."""
        office = self.offices[attempt.office]
        path = office.folder / "tried.toml"
        path.write_text(written(attempt.config))
        self._runs += 1
        out = self._scratch / f"run-{self._runs}"
        os.environ |= office.variables
        try:
            request = Request(
                config=load(path, START), config_path=path, sandbox=True, in_process=True, synthetic=True,
                home=office.home, out=out,
            )  # fmt: skip
            with (self._scratch / "screen").open("w") as screen:
                assert virtual.run(request, PlainScreen(screen)) is ExitCode.DONE
        except BadInput as refused:
            assert not out.exists(), f"{attempt.way}: refused, and a folder was made"
            return "\n".join(str(mistake) for mistake in refused.mistakes)
        return ""


def written(config: Config) -> str:
    """As TOML; what stands under `#` is a comment."""
    comment = config.pop("#", None)
    return toml(config) + (f"# {comment}\n" if comment else "")


@pytest.fixture(scope="module")
def desks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desks]:
    """The case of 0.2 BTC, with the plan approved by two, and beside it everything that can be wrong with a book."""
    folder = tmp_path_factory.mktemp("desks")
    keys = make_keys(folder / "keys")
    offices: dict[str, Office] = {}
    with pytest.MonkeyPatch.context() as patched:
        for name in (APPROVED, SPARE, *BOOKS):
            office = offices[name] = Office(folder / name.replace(" ", "-"), keys)
            for variable, value in office.variables.items():
                patched.setenv(variable, value)
            office.opens("0.2")
            histories(office)[name]()
        desks = Desks(offices, folder)
        place = Exchange.place

        def counted(exchange: Exchange, *words: Any) -> Any:
            desks.orders += 1
            return place(exchange, *words)

        patched.setattr(Exchange, "place", counted)
        yield desks


def histories(office: Office) -> Mapping[str, Callable[[], object]]:
    """What has happened in each of them, once the case is open."""
    gao, document = ("--as", "gao", "--reason", "as ordered"), ("--document", office.paper)

    def agreed(*names: str) -> None:
        office.proposes(*REHEARSED)
        office.approves(*names)

    def after(*words: str | Path) -> None:
        agreed("wang", "chen")
        office.does(*words)

    return {
        APPROVED: lambda: agreed("wang", "chen"),
        SPARE: lambda: agreed("wang", "chen"),
        "held": lambda: after("case", "hold", CASE, *document, *gao),
        "suspended": lambda: after("case", "suspend", CASE, *gao),
        "half approved": lambda: agreed("wang"),
        "withdrawn": lambda: after("withdraw", office.plan, "--as", "li", "--reason", "not now"),
        "refused": lambda: after("refuse", office.plan, "--as", "wang", "--reason", "no"),
        "not proposed": lambda: None,
        "unreleased": lambda: after("case", "stage", CASE, "L1", "waiting", *document, *gao),
    }


def approved(desks: Desks) -> Config:
    """The config that two people have agreed to."""
    return tomllib.loads(desks.offices[APPROVED].config.read_text())


def none_passes(desks: Desks, seeds: Iterable[int]) -> None:
    """Every attempt is refused with a reason, and no exchange has heard of an order."""
    before, config = desks.orders, approved(desks)
    for seed in seeds:
        attempt = drawn(seed, config)
        assert desks.refuses(attempt), f"seed {seed}: {attempt.way} with the {attempt.office} book was carried out"
        assert desks.orders == before, f"seed {seed}: {attempt.way} with the {attempt.office} book reached a venue"


def test_no_plan_outside_the_mandate_reaches_a_venue(desks: Desks) -> None:
    none_passes(desks, range(QUICK))


@pytest.mark.slow
def test_ten_thousand_plans_outside_the_mandate_never_reach_a_venue(desks: Desks) -> None:
    none_passes(desks, range(QUICK, QUICK + MANY))


@pytest.mark.parametrize("way", CONFIGS, ids=lambda way: way.__name__)
def test_each_way_out_is_told_at_its_place(desks: Desks, way: Way) -> None:
    """With a book in which nothing else is wrong."""
    config = approved(desks)
    way(Dice(7), config)
    assert re.match(REASONS.get(way, CHANGED), desks.refuses(Attempt(way.__name__, APPROVED, config)))


@pytest.mark.parametrize(
    ("office", "why"),
    [
        ("held", "mandate.case: .*since .*, by gao: as ordered"),
        ("suspended", "mandate.case: suspended since .*, by gao: as ordered"),
        ("half approved", "approval: .* has 1 of 2 approvals"),
        ("withdrawn", "approval: .* was withdrawn by li"),
        ("refused", "approval: .* was refused by wang"),
        ("not proposed", "approval: .* nobody has proposed the paper"),
        ("unreleased", r"mandate.assets\[0\].released: 0.2, and the book has released 0"),
    ],
)
def test_the_approved_config_is_refused_where_the_book_says_otherwise(desks: Desks, office: str, why: str) -> None:
    assert re.search(why, desks.refuses(Attempt("as approved", office, approved(desks))))


def test_what_was_approved_is_carried_out_so_the_count_is_one_that_counts(desks: Desks) -> None:
    """In an office of its own, since an approval is used up."""
    assert desks.orders == 0
    assert desks.refuses(Attempt("as approved", SPARE, approved(desks))) == ""
    assert desks.orders > 5
    desks.orders = 0
