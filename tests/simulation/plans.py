"""What one simulated run is made of, as data: a scenario, faults, crashes, wishes. A plan is drawn from its seed alone.

Swarm: each seed first draws which families of faults are on at all, since a run with everything on hides what any one
of them would have shown. Nothing is run here.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from engine.kernel import chance, codec
from engine.kernel.clock import MILLISECOND, SECOND, Span
from engine.orders.events import Wish
from venues.sandbox.faults import Channel, Do, Fault, FaultPlan, Rule

MODES: Final = ("before", "torn", "after")
"""How the process dies at a journal operation: see `tests.simulation.disk`."""


class Scenario(Struct, frozen=True, kw_only=True):
    """A small mandate and the venue that it meets."""

    name: str
    toml: str
    ioc: bool = True
    venues: tuple[str, ...] = ("hashkey",)
    held: tuple[int, ...] = ()
    """How many hundredths of what was released lie at each venue; all of it where nothing is said."""
    length: Span
    """From the start to the mandate's deadline."""


class Crash(Struct, frozen=True):
    """The process dies at journal operation number `operation`, counted from 0 over all processes of the run."""

    operation: int
    mode: str


class Asking(Struct, frozen=True):
    """A person asks for something so long after the start."""

    after: Span
    wish: Wish


class Spell(Struct, frozen=True):
    """So long after the start nothing is heard of a venue any more, for a while or for good."""

    venue: str
    after: Span
    lasts: Span | None = None
    blind: bool = True
    """Its prices are gone as well."""
    deaf: Span = Span(0)
    """For so long the streams go on while no call is answered any more."""

    def covers(self, after: int) -> bool:
        """Is it dark so long after the start?"""
        return self.after <= after and (self.lasts is None or after < self.after + self.lasts)

    def silences(self, after: int) -> bool:
        """Are its streams down as well?"""
        return self.covers(after) and after >= self.after + self.deaf


class SimulationPlan(Struct, frozen=True, kw_only=True):
    """Everything that decides how a run goes."""

    seed: int
    scenario: str
    faults: FaultPlan = FaultPlan()
    crashes: tuple[Crash, ...] = ()
    calm_after: Span | None = None
    """From here on nothing goes wrong, and the run has to end well by itself."""
    askings: tuple[Asking, ...] = ()
    stranger_after: Span | None = None
    """When somebody else trades on our account, by hand."""
    away: Span | None = None
    """How long nobody runs after the first crash, where that is longer than usual."""
    shuffled: bool = False
    """Tasks that are runnable together run in a drawn order."""
    held: tuple[int, ...] = ()
    """As in the scenario, where nothing is said."""
    fees: tuple[str, ...] = ()
    """What each venue takes of the quote amount; its usual fees where nothing is said."""
    fee_min: str = "0"
    """The least that a fully executed order costs at each of them, where fees are said."""
    spells: tuple[Spell, ...] = ()

    def show(self) -> str:
        """For the message of a failure."""
        return codec.encode(self).decode()


def _toml(
    assets: str,
    hops: str,
    *,
    slices: int,
    tactic: str,
    window: str = "100s",
    deadline: str = "150s",
    venues: Sequence[str] = ("hashkey",),
) -> str:
    named = ", ".join(f'"{name}"' for name in venues)
    sections = "\n".join(f'[venues.{name}]\nadapter = "{name}"' for name in venues)
    return f"""
schema = 1
environment = "sandbox"
[mandate]
case = "SIM-1"
authority = "Nobody"
venues = [{named}]
account = "main"
deadline = "{deadline}"
{assets}
[path]
hops = [{hops}]
settlement = "USD"
[path.stable.USDT]
band_bp = "50"
inventory_max = "6000"
age_max = "100s"
sweep = "900"
sweep_age = "40s"
tail = "30s"
[strategy]
schedule = "twap"
window = "{window}"
at_end = "extend"
catch_up = "2"
slices = {slices}
time_jitter = "20%"
seed = 5
[tactic]
{tactic}
[limits]
collar_bp = "40"
order_notional_max = "20000"
minute_notional_max = "40000"
minute_orders_max = 60
reconcile_every = "30s"
unknown_patience = "60s"
{sections}
"""


def _holding(asset: str, units: str, more: str = "") -> str:
    return f'[[mandate.assets]]\nasset = "{asset}"\nentrusted = "{units}"\nreleased = "{units}"\n{more}\n'


_FLOOR: Final = 'floor = { price = "70000", currency = "USDT", scope = "fill" }'
_IN_FIAT: Final = 'floor = { price = "70000", currency = "USD", scope = "fill" }'
_PEG: Final = 'kind = "peg"\nevery = "4s"\nbefore = "6s"'
_BOTH: Final = '"BTC>USDT", "USDT>USD"'
_APART: Final = ("hashkey", "osl")
_LENGTH: Final = Span(150 * SECOND)
_BRIEF: Final = Span(70 * SECOND)

SCENARIOS: Final = {
    scenario.name: scenario
    for scenario in (
        Scenario(
            name="cross",
            toml=_toml(_holding("BTC", "0.05", _FLOOR), _BOTH, slices=8, tactic='kind = "cross"'),
            length=_LENGTH,
        ),
        Scenario(
            name="peg", toml=_toml(_holding("BTC", "0.05", _IN_FIAT), _BOTH, slices=5, tactic=_PEG), length=_LENGTH
        ),
        Scenario(
            name="strict",
            toml=_toml(_holding("BTC", "0.04371", _FLOOR), _BOTH, slices=6, tactic='kind = "cross"'),
            ioc=False,
            length=_LENGTH,
        ),
        Scenario(
            name="stable", toml=_toml(_holding("USDT", "5000"), '"USDT>USD"', slices=6, tactic=_PEG), length=_LENGTH
        ),
        Scenario(
            name="brief_cross",
            toml=_toml(_holding("BTC", "0.03"), _BOTH, slices=3, tactic='kind = "cross"', window="30s", deadline="70s"),
            length=_BRIEF,
        ),
        Scenario(
            name="brief_strict",
            toml=_toml(_holding("BTC", "0.02"), _BOTH, slices=2, tactic='kind = "cross"', window="20s", deadline="70s"),
            ioc=False,
            length=_BRIEF,
        ),
        Scenario(
            name="brief_peg",
            toml=_toml(_holding("USDT", "2000"), '"USDT>USD"', slices=2, tactic=_PEG, window="30s", deadline="70s"),
            length=_BRIEF,
        ),
        Scenario(
            name="apart_cross",
            toml=_toml(_holding("BTC", "0.05", _FLOOR), _BOTH, slices=8, tactic='kind = "cross"', venues=_APART),
            venues=_APART,
            length=_LENGTH,
        ),
        Scenario(
            name="apart_peg",
            toml=_toml(_holding("BTC", "0.05", _IN_FIAT), _BOTH, slices=5, tactic=_PEG, venues=_APART),
            venues=_APART,
            length=_LENGTH,
        ),
        Scenario(
            name="apart_strict",
            toml=_toml(_holding("BTC", "0.04371", _FLOOR), _BOTH, slices=6, tactic='kind = "cross"', venues=_APART),
            ioc=False,
            venues=_APART,
            length=_LENGTH,
        ),
        Scenario(
            name="brief_apart",
            toml=_toml(
                _holding("BTC", "0.03"),
                _BOTH,
                slices=3,
                tactic='kind = "cross"',
                window="30s",
                deadline="70s",
                venues=_APART,
            ),
            venues=_APART,
            held=(50, 50),
            length=_BRIEF,
        ),
    )
}
LONG: Final = ("cross", "peg", "strict", "stable")
BRIEF: Final = ("brief_cross", "brief_strict", "brief_peg", "brief_apart")
APART: Final = ("apart_cross", "apart_peg", "apart_strict")
"""Over two venues."""

_REQ, _RESP, _WS = Channel.REQUEST, Channel.ANSWER, Channel.PRIVATE
FAMILIES: Final = {
    "request lost": ((_REQ, "order.create", Do.DROP),),
    "answer lost": ((_RESP, "order.create", Do.DROP),),
    "late": ((_REQ, "order.create", Do.LATE),),
    "throttled": ((_REQ, "order.create", Do.STATUS),),
    "failed after": ((_RESP, "order.create", Do.STATUS),),
    "slow": ((_REQ, "order.create", Do.DELAY), (_RESP, "order.create", Do.DELAY), (_RESP, "order.cancel", Do.DELAY)),
    "sent twice by the network": ((_REQ, "order.create", Do.DUP),),
    "frames lost": ((_WS, "fill", Do.DROP), (_WS, "order", Do.DROP)),
    "frames twice": ((_WS, "fill", Do.DUP), (_WS, "order", Do.DUP)),
    "frames late": ((_WS, "fill", Do.DELAY), (_WS, "order", Do.DELAY)),
    "frames reordered": ((_WS, "fill", Do.REORDER), (_WS, "order", Do.REORDER)),
    "stream cut": ((_WS, "fill", Do.CUT), (_WS, "order", Do.CUT)),
    "cancel crossed": ((_REQ, "order.cancel", Do.RACE),),
    "cancel lost": ((_REQ, "order.cancel", Do.DROP), (_RESP, "order.cancel", Do.DROP)),
    "look-ups fail": ((_REQ, "order.query", Do.DROP), (_REQ, "trades", Do.DROP)),
    "surveys fail": ((_REQ, "order.open", Do.STATUS), (_RESP, "account", Do.DROP)),
}
"""Each is on or off as one."""
_STATUSES: Final = {
    (_REQ, "order.create"): (429, 418, 503),
    (_RESP, "order.create"): (502, 504),
    (_REQ, "order.open"): (503,),
}
_HELD: Final = ((100, 0), (0, 100), (50, 50), (70, 30), (100, 100))
_FEES: Final = ("0", "0.0005", "0.001", "0.0029")
_FEES_MIN: Final = ("0", "0", "0.4", "1")
LATE_MAX: Final = Span(1900 * MILLISECOND)
"""Within the two seconds for which a request is valid at the sandbox."""


class _Dice:
    """Numbered draws of one seed."""

    def __init__(self, seed: int, purpose: str = "simulation") -> None:
        self._seed, self._purpose, self._count = seed, purpose, 0

    def below(self, bound: int) -> int:
        self._count += 1
        return chance.below(self._seed, self._purpose, self._count, bound)

    def share(self) -> float:
        return self.below(1_000_000) / 1e6


def drawn(seed: int, among: Sequence[str] = LONG) -> SimulationPlan:
    """The plan of a seed."""
    dice = _Dice(seed)
    scenario = SCENARIOS[among[dice.below(len(among))]]
    rules = tuple(_rules(dice))
    crashes = [Crash(dice.below(160), MODES[dice.below(3)]) for _ in range(max(0, dice.below(6) - 2))]
    unlike = {crash.operation: crash for crash in crashes}
    return SimulationPlan(
        seed=seed,
        scenario=scenario.name,
        faults=FaultPlan(seed, rules),
        crashes=tuple(unlike.values()),
        calm_after=Span(int(scenario.length * (0.3 + 0.6 * dice.share()))),
        askings=tuple(_askings(dice, scenario)),
        stranger_after=Span(dice.below(scenario.length)) if dice.below(25) == 0 else None,
        shuffled=dice.below(2) == 0,
        away=Span(dice.below(int(scenario.length * 0.8))) if dice.below(20) == 0 else None,
    )


def drawn_apart(seed: int) -> SimulationPlan:
    """The plan of a seed over two venues: besides the rest, who holds what, fees, faults of one alone, the dark."""
    plan, dice = drawn(seed, APART), _Dice(seed, "apart")
    rules = [replace(rule, venue=(None, *_APART)[dice.below(3)]) for rule in plan.faults.rules]
    spells = tuple(_spells(dice, SCENARIOS[plan.scenario].length))
    return replace(
        plan,
        faults=replace(plan.faults, rules=tuple(rules)),
        held=_HELD[dice.below(len(_HELD))],
        fees=tuple(_FEES[dice.below(len(_FEES))] for _ in _APART),
        fee_min=_FEES_MIN[dice.below(len(_FEES_MIN))],
        spells=spells,
        stranger_after=None if spells else plan.stranger_after,
    )


def _spells(dice: _Dice, length: Span) -> Iterator[Spell]:
    """Half of the plans have a dark venue, a few both; half of those that go dark do not come back."""
    for venue in _APART:
        if dice.below(3):
            continue
        after = Span(dice.below(length))
        lasts = None if dice.below(2) else Span(dice.below(length - after))
        deaf = Span(dice.below(25 * SECOND) if dice.below(2) else 0)
        yield Spell(venue, after, lasts, blind=dice.below(3) > 0, deaf=deaf)


def _rules(dice: _Dice) -> Iterator[Rule]:
    eager = dice.share() * 0.6
    for moves in FAMILIES.values():
        if dice.share() >= eager:
            continue
        rate = round(0.02 + 0.38 * dice.share() ** 2, 3)
        for channel, op, do in moves:
            longest = LATE_MAX if channel is not _WS else Span(5 * SECOND)
            span = Span(10 * MILLISECOND + dice.below(longest)) if do in (Do.DELAY, Do.LATE, Do.REORDER) else Span(0)
            choice = _STATUSES[channel, op] if do is Do.STATUS else (0,)
            fault = Fault(do, min(span, longest), choice[dice.below(len(choice))])
            yield Rule(channel=channel, op=op, rate=rate, fault=fault)


def _askings(dice: _Dice, scenario: Scenario) -> Iterator[Asking]:
    kind = dice.below(12)
    first = Span(dice.below(scenario.length))
    if kind == 0:
        yield Asking(first, Wish.HALT)
    elif kind == 1:
        yield Asking(first, Wish.PAUSE)
        yield Asking(Span(first + dice.below(30 * SECOND)), Wish.RESUME)
