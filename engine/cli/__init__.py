"""The command line: verbs, their options, and exit codes. What a verb does is imported when it is asked for."""

import sys
import traceback
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, ParamSpec

import typer

from engine.kernel.errors import BadInput, Damaged, ExitCode

P = ParamSpec("P")
app = typer.Typer(
    name="steelyard",
    help="Sells seized crypto-assets in slices on licensed exchanges, and proves that every price was fair.",
    epilog="Exit codes: 0 done, 1 ended short, 2 bad input and nothing started, 3 unresolved, 4 verification failed.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Config = Annotated[Path, typer.Argument(help="The config file (TOML).")]
RunName = Annotated[str, typer.Argument(metavar="RUN", help="A run by its name, or by its folder.")]
Home = Annotated[Path | None, typer.Option(help="The state folder with the case register.", envvar="STEELYARD_HOME")]
Seed = Annotated[int | None, typer.Option(help="Seed of the sandbox; the config's by default.")]
Faults = Annotated[Path | None, typer.Option(help="A fault plan (TOML or JSON) for the sandbox.")]


def main() -> None:
    """The entry point of `steelyard`."""
    if not __debug__:
        sys.exit("steelyard refuses to run under python -O: its assertions are promises")
    app()


def answering(verb: Callable[P, ExitCode | int | None]) -> Callable[P, None]:
    """Turn what a verb returns or raises into an exit code, with every mistake on a line of its own."""

    @wraps(verb)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            code = verb(*args, **kwargs)
        except BadInput as error:
            for mistake in error.mistakes:
                typer.echo(str(mistake), err=True)
            code = ExitCode.BAD_INPUT
        except Damaged as error:
            typer.echo(str(error), err=True)
            code = ExitCode.VERIFICATION_FAILED
        except KeyboardInterrupt:
            typer.echo("interrupted before anything was started", err=True)
            code = ExitCode.BAD_INPUT
        except Exception:  # noqa: BLE001 - a bug or a broken machine: said in full, with a code of its own
            traceback.print_exc()
            typer.echo(
                "internal error; nothing is lost: a run that was going on is continued by `steelyard resume`", err=True
            )
            code = ExitCode.INTERNAL
        raise typer.Exit(int(code or 0))

    return wrapped


@app.command()
@answering
def check(config: Config) -> ExitCode:
    """Read a config and list every mistake in it; touch nothing."""
    from engine.cli.starting import check as answer

    return answer(config)


@app.command()
@answering
def schema() -> ExitCode:
    """Print the JSON schema of the config."""
    from engine.cli.starting import schema as answer

    return answer()


@app.command()
@answering
def venues(
    name: Annotated[str | None, typer.Argument(help="One adapter alone, with every mock part.")] = None,
    json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
    licences: Annotated[Path | None, typer.Option(help="A signed register file, over the package's own.")] = None,
) -> ExitCode:
    """List the adapters: what each venue can do, its licence, and what in it is a mock."""
    from engine.cli.listing import venues as answer

    return answer(name, licences, as_json=json)


@app.command()
@answering
def plan(
    config: Config,
    sandbox: Annotated[bool, typer.Option("--sandbox", help="Start the sandbox exchange to plan against.")] = False,
    in_process: Annotated[bool, typer.Option("--in-process", help="The sandbox in memory, without sockets.")] = False,
    venue: Annotated[list[str] | None, typer.Option(help="NAME=URL of a running sandbox.")] = None,
    seed: Seed = None,
    synthetic: Annotated[bool, typer.Option("--synthetic", help="Seeded flow instead of the recording.")] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Write plan.json, what people sign to the byte, and plan.html; NAME.json is it alone."
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="For scripts: the hash and what to expect.")] = False,
    propose: Annotated[bool, typer.Option("--propose", help="Ask for its approval in the case's book.")] = False,
    by: Annotated[str, typer.Option("--as", metavar="NAME", help="With --propose: whose key signs.")] = "",
    reason: Annotated[str, typer.Option(help="With --propose: why.")] = "",
    home: Home = None,
) -> ExitCode:
    """Show the plan: its rules, what it may cost, how likely it ends in time, and the hash to approve.

    Who: anybody; with --propose a trader, approver, compliance or officer. Needs: the case's book where the config
    names people, and with --propose a key and a reason; [impact.ASSET] and [prices.ASSET] for costs and volumes.
    Nothing is claimed and nothing is sent.
    """
    from engine.cli.starting import plan as answer
    from engine.cli.starting import proposal, understand

    request = understand(
        config, sandbox=sandbox, in_process=in_process, venue=venue, seed=seed, synthetic=synthetic, home=home
    )
    return answer(request, out, proposal(request, by, reason) if propose else None, as_json=json)


@app.command()
@answering
def run(
    config: Config,
    sandbox: Annotated[bool, typer.Option("--sandbox", help="Start the sandbox exchange beside the run.")] = False,
    in_process: Annotated[
        bool, typer.Option("--in-process", help="With --sandbox: all in memory, in virtual time, repeatable.")
    ] = False,
    venue: Annotated[list[str] | None, typer.Option(help="NAME=URL of a running sandbox.")] = None,
    seed: Seed = None,
    speed: Annotated[str, typer.Option(help="Market seconds a second, of a sandbox that is started.")] = "30",
    faults: Faults = None,
    synthetic: Annotated[bool, typer.Option("--synthetic", help="Seeded flow instead of the recording.")] = False,
    strict_tif: Annotated[bool, typer.Option("--strict-tif", help="The sandbox refuses IOC; we emulate it.")] = False,
    out: Annotated[Path | None, typer.Option(help="The run folder; runs/RUN by default.")] = None,
    home: Home = None,
    plain: Annotated[bool, typer.Option("--plain", help="Plain lines even on a terminal.")] = False,
    rehearse: Annotated[
        bool, typer.Option("--rehearse", help="At the public prices of [rehearsal.hosts], in memory; no order leaves.")
    ] = False,
    confirm: Annotated[
        bool, typer.Option("--confirm", help="Type what will be sold before anything is; in production always.")
    ] = False,
    confirmed: Annotated[
        str | None, typer.Option(metavar="TEXT", help="What would be typed, where there is no terminal.")
    ] = None,
) -> ExitCode:
    """Carry a config out, with live progress. Ctrl-C pauses, a second one halts."""
    from engine.cli.starting import run as answer
    from engine.cli.starting import understand

    request = understand(
        config,
        sandbox=sandbox,
        in_process=in_process,
        venue=venue,
        seed=seed,
        speed=speed,
        faults=faults,
        synthetic=synthetic,
        strict_tif=strict_tif,
        out=out,
        home=home,
        rehearse=rehearse,
        confirm=confirm,
        confirmed=confirmed,
    )
    return answer(request, plain=plain)


@app.command()
@answering
def status(
    run: RunName, json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False, home: Home = None
) -> ExitCode:
    """Show how far a run is, whether or not a process carries it on."""
    from engine.cli.attending import show as answer

    return answer(run, home, as_json=json)


@app.command()
@answering
def pause(run: RunName, home: Home = None) -> ExitCode:
    """Cancel the resting orders of leg one; leg two sells what it holds."""
    from engine.cli.attending import ask as answer

    return answer(run, home, "pause")


@app.command()
@answering
def resume(run: RunName, home: Home = None, plain: Annotated[bool, typer.Option("--plain")] = False) -> ExitCode:
    """Go on with a paused run, or continue one whose process is gone."""
    from engine.cli.attending import resume as answer

    return answer(run, home, plain=plain)


@app.command()
@answering
def halt(run: RunName, home: Home = None) -> ExitCode:
    """Block new orders, cancel everything, verify by query, and say per venue whether it is confirmed flat."""
    from engine.cli.attending import halt as answer

    return answer(run, home)


@app.command()
@answering
def report(
    run: RunName,
    home: Home = None,
    day: Annotated[str | None, typer.Option(help="Only the report of this local day, as 2026-11-23.")] = None,
) -> ExitCode:
    """Derive summary, tables, ledger and reports again from journal and tape, with a report for each day."""
    from engine.cli.proving import report as answer

    return answer(run, home, day)


@app.command()
@answering
def audit(run: RunName, home: Home = None) -> ExitCode:
    """Decide again, from the journal alone, all that the run decided; exit 4 and name the row where it differs."""
    from engine.cli.proving import audit as answer

    return answer(run, home)


@app.command()
@answering
def backtest(
    config: Config,
    bars: Annotated[Path | None, typer.Option(help="Play a file of bars (CSV or Parquet) instead of the flow.")] = None,
    since: Annotated[str | None, typer.Option("--from", help="With --bars: start at this instant (ISO 8601).")] = None,
    seed: Seed = None,
    faults: Faults = None,
    synthetic: Annotated[bool, typer.Option("--synthetic", help="Seeded flow instead of the recording.")] = False,
    strict_tif: Annotated[bool, typer.Option("--strict-tif", help="The market refuses IOC; we emulate it.")] = False,
    out: Annotated[Path | None, typer.Option(help="The folder; runs/backtest-CASE by default.")] = None,
) -> ExitCode:
    """Run the same core over recorded flow or bars in simulated time, into one report."""
    from engine.cli.proving import backtest as answer

    return answer(
        config, bars=bars, since=since, seed=seed, faults=faults, synthetic=synthetic, strict_tif=strict_tif, out=out
    )


@app.command()
@answering
def sandbox(
    dialect: Annotated[list[str] | None, typer.Option(help="A venue to serve, hashkey or osl; again for more.")] = None,
    port: Annotated[int, typer.Option(help="The first venue's, the others' behind it; 0 takes free ones.")] = 0,
    seed: Annotated[int, typer.Option()] = 1,
    speed: Annotated[str, typer.Option(help="Market seconds a second.")] = "1",
    faults: Faults = None,
    synthetic: Annotated[bool, typer.Option("--synthetic", help="Seeded flow instead of the recording.")] = False,
    strict_tif: Annotated[bool, typer.Option("--strict-tif", help="Refuse IOC on limit orders.")] = False,
    forbidden: Annotated[bool, typer.Option("--forbidden", help="List a pair that no run may ever use.")] = False,
    balance: Annotated[list[str] | None, typer.Option(help="[VENUE:]ASSET=UNITS on every account.")] = None,
    truth: Annotated[Path | None, typer.Option(help="Write the exchange's own books here at the end.")] = None,
    no_rate_limit: Annotated[bool, typer.Option("--no-rate-limit")] = False,
    account: Annotated[
        list[str] | None, typer.Option(help="An account's name, main by default; again for more.")
    ] = None,
    keys: Annotated[int, typer.Option(help="How many API keys open each account.")] = 1,
    withdraw_key: Annotated[bool, typer.Option("--withdraw-key", help="One more key each, to withdraw.")] = False,
    read_key: Annotated[bool, typer.Option("--read-key", help="One more key each, only to read.")] = False,
    option: Annotated[list[str] | None, typer.Option(help="VENUE.KEY=VALUE, a switch of a dialect.")] = None,
    custody: Annotated[
        list[str] | None, typer.Option(help="ASSET=UNITS in every account's vault, outside the venues.")
    ] = None,
    custody_delay: Annotated[
        str | None, typer.Option(help="Market time from a request to the custodian until it is sent.")
    ] = None,
    fee_min: Annotated[str | None, typer.Option(help="USD that a filled order at HashKey pays at least.")] = None,
    until_eof: Annotated[bool, typer.Option("--until-eof", help="End when standard input does.")] = False,
) -> ExitCode:
    """The exchanges alone, on loopback: one JSON line when it is ready, and then until SIGTERM."""
    from engine.cli.serving import sandbox as answer

    return answer(
        dialect=dialect,
        port=port,
        seed=seed,
        speed=speed,
        faults=faults,
        recorded=not synthetic,
        strict_tif=strict_tif,
        forbidden=forbidden,
        balance=balance,
        truth=truth,
        rate_limit=not no_rate_limit,
        account=account,
        keys=keys,
        withdraw_key=withdraw_key,
        read_key=read_key,
        option=option,
        custody=custody,
        custody_delay=custody_delay,
        fee_min=fee_min,
        until_eof=until_eof,
    )


from engine.cli import allocation_verbs as allocation_verbs  # noqa: E402 - its verb is added to `app`
from engine.cli import case_orders as case_orders  # noqa: E402 - its verbs are added to `app`, as those below are
from engine.cli import comparing as comparing  # noqa: E402 - as above
from engine.cli import conducting as conducting  # noqa: E402 - as above
from engine.cli import deciding as deciding  # noqa: E402 - its verbs are added to `app`, which has to be there first
from engine.cli import drilling as drilling  # noqa: E402 - as above
from engine.cli import learning as learning  # noqa: E402 - as above
from engine.cli import steering_verbs as steering_verbs  # noqa: E402 - as above
