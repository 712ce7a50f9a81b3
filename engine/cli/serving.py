"""`steelyard sandbox`: the exchange as a server."""

import sys
from decimal import Decimal
from typing import Any

from engine.kernel.clock import Span, parse_span
from engine.kernel.errors import BadInput, ExitCode, Mistake
from engine.kernel.money import exact


def sandbox(
    *,
    speed: str,
    dialect: list[str] | None,
    account: list[str] | None,
    balance: list[str] | None,
    option: list[str] | None,
    custody: list[str] | None,
    custody_delay: str | None,
    fee_min: str | None,
    until_eof: bool,
    **options: Any,
) -> ExitCode:
    """Serve until told to stop."""
    import asyncio

    from engine.drivers import telemetry
    from venues.sandbox.custodian import Manner
    from venues.sandbox.serving import ServeOptions, serve

    telemetry.quiet()
    mistakes: list[Mistake] = []
    factor = number("--speed", speed, mistakes)
    options["fee_min"] = None if fee_min is None else number("--fee-min", fee_min, mistakes)
    balances = _units("--balance", balance, mistakes)
    options["custody"] = _units("--custody", custody, mistakes)
    if custody:  # it lies there instead of at the venues, except where --balance says otherwise
        balances = dict.fromkeys(options["custody"], Decimal(0)) | balances
    if custody_delay is not None:
        options["custody_manner"] = Manner(handling=_span("--custody-delay", custody_delay, mistakes))
    switches = dict(_switch(text, mistakes) for text in option or ())
    if mistakes:
        raise BadInput(mistakes)
    if balances:
        options["balances"] = balances
    options["dialects"] = tuple(dialect or ("hashkey",))
    options["accounts"] = tuple(account or ("main",))
    options["options"] = switches
    asyncio.run(_serving(serve(ServeOptions(speed=factor, **options)), until_eof))
    return ExitCode.DONE


def number(where: str, text: str, mistakes: list[Mistake]) -> Decimal:
    """The number, or one more mistake and zero."""
    try:
        return exact(text)
    except ValueError as error:
        mistakes.append(Mistake(where, str(error)))
        return Decimal(0)


def _units(where: str, texts: list[str] | None, mistakes: list[Mistake]) -> dict[str, Decimal]:
    """`ASSET=UNITS`, each."""
    parts = [text.partition("=") for text in texts or ()]
    return {asset: number(f"{where} {asset}", units, mistakes) for asset, _, units in parts}


def _span(where: str, text: str, mistakes: list[Mistake]) -> Span:
    """The length of time, or one more mistake and none."""
    try:
        return parse_span(text)
    except ValueError as error:
        mistakes.append(Mistake(where, str(error)))
        return Span(0)


def _switch(text: str, mistakes: list[Mistake]) -> tuple[str, str]:
    name, given, value = text.partition("=")
    if not given:
        mistakes.append(Mistake("--option", f"{text}: is NAME.KEY=VALUE"))
    return name, value


async def _serving(serving: Any, until_eof: bool) -> None:
    """Serve; with `until_eof` no longer than whoever started us keeps our standard input open."""
    import asyncio

    task = asyncio.ensure_future(serving)
    if not until_eof:
        await task
        return
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    gone = asyncio.ensure_future(reader.read())
    await asyncio.wait((task, gone), return_when=asyncio.FIRST_COMPLETED)
    gone.cancel()
    if not task.done():
        task.cancel()
    await asyncio.gather(task, return_exceptions=not task.done())
