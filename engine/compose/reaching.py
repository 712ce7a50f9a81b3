"""Reaching the venues of a run: in a sandbox of its own, where it is pointed, or where they were before."""

import asyncio
from collections.abc import Coroutine, Mapping
from contextlib import AsyncExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from engine.compose import places, quorums
from engine.compose.custodians import open_custody
from engine.compose.places import Outlook, OwnSandbox, Places, Target
from engine.compose.references import Absent, Onlookers
from engine.compose.request import Request
from engine.compose.session import Screen, pairs
from engine.config import VenueUse
from engine.config.custody_checks import SANDBOX
from engine.config.custody_use import CustodyUse
from engine.core.state import State
from engine.drivers import keys
from engine.drivers.folder import Origin, Whereabouts
from engine.kernel.errors import BadInput, Mistake
from engine.kernel.ids import VenueName
from engine.kernel.money import ZERO, Asset
from engine.market.reference import ReferenceRules
from engine.planning.plan import Plan
from venues import registry
from venues.sandbox.dialects import DIALECTS


async def reach(request: Request, stack: AsyncExitStack, remaining: Mapping[Asset, Decimal]) -> Places:
    """Start the sandbox that the request asks for, or find the one that it points at."""
    config, found = request.config, _selling(request)
    custodian = ""
    if request.sandbox:
        targets, custodian = await _own(request, stack, remaining)
    else:
        targets = _pointed(request)
    promised = {name: places.strict(registry.adapter(use.adapter)) for name, use in found.items()}
    reached = await places.reach_sandboxes(
        targets, seed=request.chosen_seed, capabilities=promised if request.strict_tif else {}
    )
    if config.custody is not None:
        beside, account = request.config_path.parent, config.terms.account
        custody = open_custody(
            config.custody, case=config.terms.case, account=account, beside=beside, address=custodian
        )
        folder = str((beside / config.custody.folder).absolute()) if config.custody.folder else ""
        there = {"kind": config.custody.kind, "folder": folder, "address": custodian or config.custody.address}
        reached = replace(reached, custody=custody, custodian=there)
    stack.push_async_callback(reached.aclose)
    for name, use in config.references.items():
        if name not in reached.outlooks:
            nowhere = Whereabouts(adapter=use.adapter, address="", options=dict(use.options), reference=True)
            reached.outlooks[name] = Outlook(Absent(name, f"no sandbox speaks {use.dialect}"), nowhere)
    return reached


async def reach_again(origin: Origin, state: State, stack: AsyncExitStack) -> Places:
    """The venues of a run that is continued, where they still are."""
    if origin.kind != "pointed":
        what = "its sandbox ended with the process that started it, so nothing is left to continue"
        raise BadInput([Mistake(str(state.opened.run), what)])
    opened = state.opened
    targets = [
        Target(
            name=VenueName(name),
            adapter=there.adapter,
            address=there.address,
            key=None if there.reference else _key(opened.environment, VenueName(name)),
            options=there.options,
        )
        for name, there in origin.venues.items()
    ]
    reached = await places.reach_sandboxes(
        targets, seed=opened.seed, capabilities=opened.capabilities, all_of_them=False
    )
    if origin.custody:
        account = opened.custody.account if opened.custody is not None else opened.terms.account
        use = CustodyUse(
            kind=origin.custody["kind"], folder=origin.custody["folder"], address=origin.custody["address"]
        )
        custody = open_custody(use, case=opened.case, account=account, beside=Path())
        reached = replace(reached, custody=custody)
    stack.push_async_callback(reached.aclose)
    return reached


async def watch_markets(reached: Places, plan: Plan) -> None:
    """Nothing is begun before every pair has shown a first book."""
    starting = _starting(reached, plan)
    answers = await asyncio.gather(*starting.values(), return_exceptions=True)
    mistakes = []
    for name, answer in zip(starting, answers, strict=True):
        if isinstance(answer, TimeoutError):
            mistakes.append(Mistake(f"venues.{name}", str(answer)))
        elif isinstance(answer, BaseException):
            raise answer
    if mistakes:
        raise BadInput(mistakes)


async def watch_again(reached: Places, plan: Plan, stack: AsyncExitStack) -> None:
    """To go on, the first venue that shows its books is enough; the others join when they can."""
    tasks = {asyncio.ensure_future(start): name for name, start in _starting(reached, plan).items()}
    for task in tasks:
        stack.callback(task.cancel)
        task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())  # told by the feed's own log
    pending, mistakes = set(tasks), []
    while pending:
        done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            if not isinstance(error := task.exception(), TimeoutError):
                return task.result()
            mistakes.append(Mistake(f"venues.{tasks[task]}", str(error)))
    raise BadInput(mistakes)


def _starting(reached: Places, plan: Plan) -> dict[VenueName, Coroutine[Any, Any, None]]:
    asked = {name: [symbol for venue, symbol in pairs(plan) if venue == name] for name in reached.markets}
    return {name: reached.markets[name].start(symbols) for name, symbols in asked.items()}


async def look_on(
    reached: Places, plan: Plan, rules: ReferenceRules, stack: AsyncExitStack, screen: Screen
) -> Onlookers:
    """Begin to watch the venues for reference, wait a moment for them, and say what can't be sold without the rest."""
    onlookers = Onlookers(reached.references, plan, screen.say)
    stack.push_async_callback(onlookers.aclose)
    await onlookers.settle()
    for line in quorums.doubts(quorums.quorums(plan, rules, tuple(onlookers.sights.values()))):
        screen.say(line)
    return onlookers


async def _own(request: Request, stack: AsyncExitStack, remaining: Mapping[Asset, Decimal]) -> tuple[list[Target], str]:
    """In a sandbox that ends with us, and the address of its custodian.

    What it does not speak, it can't show for reference either.
    """
    apart = request.config.custody is not None and request.config.custody.kind == SANDBOX
    config, selling = request.config, _selling(request)
    spoken = {name: use for name, use in config.references.items() if use.dialect in DIALECTS}
    sold_on = [use.dialect for use in selling.values()]
    shown = dict.fromkeys(use.dialect for use in spoken.values() if use.dialect not in sold_on)
    sandbox = await OwnSandbox.start(
        places.Wanted(
            dialects=[*sold_on, *shown],
            seed=request.chosen_seed,
            speed=request.speed,
            faults=request.faults,
            recorded=not request.synthetic,
            strict_tif=request.strict_tif,
            account=config.terms.account,
            balances=dict.fromkeys(remaining, ZERO) if apart else remaining,
            custody=remaining if apart else {},
        )
    )
    stack.push_async_callback(sandbox.stop)
    targets = [
        Target(
            name=name,
            adapter=use.adapter,
            address=sandbox.address(use.dialect),
            key=None if use.reference else sandbox.key(use.dialect),
            options=use.options,
        )
        for name, use in (*selling.items(), *spoken.items())
    ]
    return targets, sandbox.custodian


def _pointed(request: Request) -> list[Target]:
    """Where the command line says; in production, at their own addresses."""
    config, production = request.config, request.kind == "production"
    every: dict[VenueName, VenueUse] = {**_selling(request), **config.references}
    return [
        Target(
            name=name,
            adapter=use.adapter,
            address="" if production else places.loopback(request.addresses[name]),
            key=None if use.reference else _key(config.environment, name),
            options=use.options,
            production=production,
        )
        for name, use in every.items()
    ]


def _selling(request: Request) -> dict[VenueName, VenueUse]:
    """The venues of the mandate, in its order."""
    return {name: request.config.venues[name] for name in request.config.terms.venues}


def _key(environment: str, name: VenueName) -> tuple[str, str]:
    found = keys.find(environment, name)
    if isinstance(found, list):
        raise BadInput(found)
    return found
