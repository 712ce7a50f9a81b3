"""The preflight alone, for `steelyard plan`: nothing is claimed and nothing is sent."""

from collections.abc import Callable
from contextlib import AsyncExitStack, suppress

from msgspec import Struct
from msgspec.structs import replace

from engine.compose import approving, forecasting, quorums, reaching, running
from engine.compose import request as requests
from engine.compose.approving import PlanPaper
from engine.compose.places import Places
from engine.compose.preparing import Prepared, prepare
from engine.compose.pricefiles import PriceFiles
from engine.compose.references import sights
from engine.compose.rehearsal import START, in_process, stage
from engine.compose.request import Request
from engine.compose.session import pairs
from engine.core.evolve import evolve
from engine.core.exposure import cover_of
from engine.core.state import State, opened
from engine.drivers.casebook import CaseBook
from engine.drivers.clocks import WallClock
from engine.drivers.daybreak import Daybreak
from engine.drivers.register import CLAIMED, CaseRegister, Entered
from engine.kernel.clock import Instant
from engine.kernel.errors import BadInput
from engine.kernel.ids import RunId
from engine.market.tape import Watch


class Planned(Struct, frozen=True):
    """What a run would be started with, and what people are asked to sign for it."""

    prepared: Prepared
    paper: PlanPaper


async def planned(request: Request) -> Planned:
    """What a run would be started with; raises `BadInput` with everything that prevents it."""
    config = request.config
    async with AsyncExitStack() as stack:
        register = CaseRegister(request.state_folder)
        stack.callback(register.close)
        book = approving.book_of(config, request.state_folder)
        if book is not None:
            stack.callback(book.close)
        if found := [*requests.mistakes(request, register), *approving.mistakes(config, book)]:
            raise BadInput(found)
        remaining = register.remaining(config.environment, config.terms.case, request.released)
        if request.in_process:
            reached = in_process(stage(request, remaining, lambda: START), WallClock())
        else:
            reached = await reaching.reach(request, stack, remaining)
        prepared = await _seen(
            reached,
            await prepare(config, remaining, reached.venues, reached.clock, reached.custody, reached.references),
        )
        clock = (lambda: START) if request.in_process else reached.clock.market
        first = _first(request, prepared, reached, book, clock)
        await _look(reached, first, clock)
        prepared = _doubted(prepared, first)
        for event in Daybreak(PriceFiles.at(request.price_files)).look(first, first.at):
            evolve(first, event)
        counted = config.limits.deposit is not None and book is not None
        shown = forecasting.prospect(request, first, cover_of(first) if counted else None)
        paper = approving.paper_of(config, prepared.plan, register.upcoming(config.terms.case), shown)
        return Planned(prepared, paper)


def _first(
    request: Request, prepared: Prepared, reached: Places, book: CaseBook | None, clock: Callable[[], Instant]
) -> State:
    """The state that the first row of a run would make. No such run is on any register."""
    terms = request.config.terms
    nobody = Entered(RunId(f"{terms.case}.0"), terms.case, request.config.environment, "", CLAIMED)
    return opened(replace(running.opening(request, nobody, prepared, reached, book), at=clock()))


async def _look(reached: Places, first: State, clock: Callable[[], Instant]) -> None:
    """At the books as they stand; in memory the market stands still at its start."""
    with suppress(BadInput):  # a plan can be made while a venue rests: what its book would say is then not told
        await reaching.watch_markets(reached, first.plan)
    now = clock()
    watches = {pair: Watch(*pair) for pair in pairs(first.plan)}
    for market in reached.markets.values():
        for fact in market.drain(now):
            if (watch := watches.get((fact.venue, fact.symbol))) is not None:
                watch.apply(fact)
    first.views = {pair: watch.view(now) for pair, watch in watches.items()}
    first.at = now


def _doubted(prepared: Prepared, first: State) -> Prepared:
    """With a line for every pair whose price waits for a book that is not shown, or for a venue that is silent."""
    dark = {pair for pair, view in first.views.items() if not view.live}
    found = quorums.quorums(prepared.plan, first.limits.reference, prepared.references, dark)
    return replace(prepared, doubts=tuple(quorums.doubts(found)))


async def _seen(reached: Places, prepared: Prepared) -> Prepared:
    """With what the venues for reference list of the plan's pairs."""
    return replace(prepared, references=prepared.references or await sights(reached.references, prepared.plan))
