"""`steelyard sandbox`: the exchange as a server."""

import sys
from decimal import Decimal
from typing import Any

from engine.kernel.errors import BadInput, ExitCode, Mistake
from engine.kernel.money import exact


def sandbox(
    *,
    speed: str,
    dialect: list[str] | None,
    account: list[str] | None,
    balance: list[str] | None,
    option: list[str] | None,
    fee_min: str | None,
    until_eof: bool,
    **options: Any,
) -> ExitCode:
    """Serve until told to stop."""
    import asyncio

    from engine.drivers import telemetry
    from venues.sandbox.serving import ServeOptions, serve

    telemetry.quiet()
    mistakes: list[Mistake] = []
    factor = number("--speed", speed, mistakes)
    options["fee_min"] = None if fee_min is None else number("--fee-min", fee_min, mistakes)
    balances = {}
    for text in balance or ():
        asset, _, units = text.partition("=")
        balances[asset] = number(f"--balance {asset}", units, mistakes)
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
