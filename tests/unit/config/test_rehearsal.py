"""Where a rehearsal looks: every mistake with its place, and what is meant."""

from pathlib import Path
from typing import Any, Final

import pytest

from engine.config import Config, load
from engine.kernel.errors import BadInput
from tests.support.builders import START
from tests.support.configs import PRODUCTION, written

HERE: Final = "http://127.0.0.1:8700"
ROOT: Final = Path(__file__).parents[3]


def read(folder: Path, hosts: dict[str, str], **changes: Any) -> Config:
    return load(written(folder, rehearsal={"hosts": hosts}, **changes), START)


def refused(folder: Path, hosts: dict[str, str], **changes: Any) -> list[str]:
    with pytest.raises(BadInput) as caught:
        read(folder, hosts, **changes)
    return [str(mistake) for mistake in caught.value.mistakes]


@pytest.mark.parametrize("address", [HERE, HERE + "/", "http://localhost:1", "http://[::1]:8700"])
def test_a_sandbox_is_rehearsed_at_an_address_of_this_machine(address: str, tmp_path: Path) -> None:
    assert read(tmp_path, {"hashkey": address}).rehearsal == {"hashkey": address.rstrip("/")}


@pytest.mark.parametrize(
    "address",
    [
        "https://api-pro.hashkey.com", "http://api-pro.hashkey.com:80", "http://127.0.0.1.example:80",
        "http://10.0.0.1:8700", "//127.0.0.1:8700", "https://127.0.0.1:8700", "http://127.0.0.1", "ws://127.0.0.1:1",
        "http://127.0.0.1:8700/api", "http://127.0.0.1:8700?key=1", "http://me:word@127.0.0.1:8700",
        "http://@127.0.0.1:8700", "http://127.0.0.1:port", "127.0.0.1:8700", "",
    ],
)  # fmt: skip
def test_from_a_sandbox_nobody_else_is_asked(address: str, tmp_path: Path) -> None:
    (mistake,) = refused(tmp_path, {"hashkey": address})
    assert mistake.startswith("rehearsal.hosts.hashkey: ")


def test_production_is_rehearsed_over_https(tmp_path: Path) -> None:
    config = read(tmp_path, {"hashkey": "https://api-pro.hashkey.com"}, **PRODUCTION)
    assert config.rehearsal == {"hashkey": "https://api-pro.hashkey.com"}
    for address in ("http://api-pro.hashkey.com", "wss://api-pro.hashkey.com", HERE, "https://localhost:8700"):
        (mistake,) = refused(tmp_path, {"hashkey": address}, **PRODUCTION)
        assert mistake.startswith("rehearsal.hosts.hashkey: "), address


def test_every_venue_of_the_mandate_has_a_host_and_no_stranger_has(tmp_path: Path) -> None:
    assert refused(tmp_path, {"osl": HERE}) == [
        "rehearsal.hosts.osl: [venues.osl] is missing",
        "rehearsal.hosts.hashkey: is missing: every venue of the mandate is rehearsed on",
    ]


def test_a_config_without_the_section_names_no_host(tmp_path: Path) -> None:
    assert load(written(tmp_path), START).rehearsal == {}


def test_what_the_guide_says_is_put_under_an_example_as_it_stands(tmp_path: Path) -> None:
    guide = (ROOT / "docs" / "guides" / "rehearsal.md").read_text()
    section = guide.split("```toml\n")[1].split("```")[0]
    config = tmp_path / "config.toml"
    config.write_text((ROOT / "examples" / "demo.toml").read_text() + section)
    assert load(config, START).rehearsal == {"hashkey": HERE}
