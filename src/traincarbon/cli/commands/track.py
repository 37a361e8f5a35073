"""``carbon track``: run a command and meter it, as if nobody watched."""

import contextlib
import os
import signal
import sys
from typing import TYPE_CHECKING, Any, NoReturn

import click

from traincarbon.tracking.settings import INTERVAL_S, POLICIES

if TYPE_CHECKING:
    from traincarbon.tracking.command.supervisor import Outcome
    from traincarbon.tracking.display.live import Live
    from traincarbon.tracking.settings import Settings

_BY_SIGNAL = 128
_PANEL_S, _LINES_S = 1.0, 10.0
"""How often what is shown is brought up to date."""


@click.command("track", context_settings={"ignore_unknown_options": False, "allow_interspersed_args": False})
@click.argument("argv", metavar="[--] COMMAND…", nargs=-1, required=True, type=click.UNPROCESSED)
@click.option("--run-id", metavar="ID", help="Name of the run; that of an earlier one goes on with it. [default: the batch job's, else a new one]")
@click.option("--project", metavar="NAME", default="", help="What the run belongs to.")
@click.option("--store", metavar="DIR", type=click.Path(), help="Where runs are kept; default $CARBON_STORE, else your data folder.")
@click.option("--plan", metavar="PLAN.toml", type=click.Path(), help="What was estimated: forecast and result are held against it.")
@click.option("--hw", metavar="NAME", help="Server or accelerator; else found by what the boards say.")
@click.option("--region", metavar="NAME", help="Cloud region, country or state; without it the range of the world's grids.")
@click.option("--pue", metavar="NUMBER", help="Power usage effectiveness of the facility.")
@click.option("--carbon-intensity", metavar="NUMBER", help="Carbon intensity of the grid. [g/kWh]")
@click.option("--electricity-price", metavar="NUMBER", help="Price of electricity. [$/kWh]")
@click.option("--rent-price", metavar="NUMBER", help="Rent of one accelerator for an hour. [$/h]")
@click.option("--params", metavar="NUMBER", help="Parameters of the model: gives the utilisation (MFU).")
@click.option("--active-params", metavar="NUMBER", help="Parameters that each token passes through.")
@click.option("--precision", metavar="FORMAT", help="Number format of the matrix products.")
@click.option("--total-tokens", metavar="NUMBER", help="Tokens of the whole training: gives a forecast.")
@click.option("--total-samples", metavar="NUMBER", help="Samples of the whole training.")
@click.option("--total-steps", metavar="NUMBER", help="Steps of the whole training.")
@click.option("--progress-regex", metavar="PATTERN", default="", help="Find progress in the output, as 'step (?P<steps>\\d+).*loss (?P<loss>[\\d.]+)'.")
@click.option("--max-kwh", metavar="NUMBER", help="Budget of energy, the facility's.")
@click.option("--max-usd", metavar="NUMBER", help="Budget of money.")
@click.option("--max-kgco2e", metavar="NUMBER", help="Budget of CO2e, from electricity and from making the hardware.")
@click.option("--max-hours", metavar="NUMBER", help="Budget of time.")
@click.option("--on-budget", type=click.Choice(POLICIES), default=POLICIES[0], show_default=True, help="At the end of a budget.")
@click.option(
    "--budget-signal", metavar="SIGNAL", default="USR1", show_default=True, help="By which the script saves its state; TERM where it does not handle it."
)
@click.option(
    "--grace", "grace_s", metavar="SECONDS", type=float, default=60.0, show_default=True, help="Between that signal, the request to stop and the end."
)
@click.option("--interval", "interval_s", metavar="SECONDS", type=float, default=INTERVAL_S, show_default=True, help="Between two records.")
@click.option("--meter", "meters", metavar="NAME", multiple=True, help="Use only this meter, and others so named; carbon doctor lists them.")
@click.option("--db", metavar="DIR", type=click.Path(), help="Another hardware_db, which adds to ours and wins over it.")
@click.option("--quiet", is_flag=True, help="Nothing but what the command itself prints.")
@click.option("--json", "as_json", is_flag=True, help="Print the run's record on stdout in one line, after all that the command prints.")
def command(*, argv: tuple[str, ...], quiet: bool, as_json: bool, **options: Any) -> NoReturn:
    """Run COMMAND and meter it: GPUs, processor and memory.

    Its output, signals, terminal and exit code are its own; the record survives whatever happens to it.

    \b
    carbon track -- python train.py
    carbon track --plan plan.toml --max-kwh 50 -- torchrun train.py
    """  # noqa: D301  click reads the escape
    from traincarbon.tracking.command.launch import Warm
    from traincarbon.tracking.command.supervisor import CommandError, Supervisor
    from traincarbon.tracking.options import prepared

    settings = prepared(argv=argv, tell_s=0.0 if quiet else _PANEL_S if _on_terminal() else _LINES_S, **options)
    display = _Display(quiet=quiet)
    supervisor = Supervisor(settings, argv, say=display.say, show=display.show, warm=click.get_current_context().find_object(Warm))
    try:
        outcome = supervisor.run()
    except CommandError as error:
        click.echo(f"error: {error}\nhint: {error.hint}", err=True)
        sys.exit(error.exit_code)
    finally:
        display.close()
    try:
        if not quiet or as_json:
            _result(settings, outcome, store=str(options["store"] or ""), quiet=quiet, as_json=as_json)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  the command has ended already: how it ended is what its caller has to see
        display.say(f"the result cannot be shown: {type(error).__name__}: {error}")
    _leave_like(outcome)


def _leave_like(outcome: "Outcome") -> NoReturn:
    """Leave with the exit code of the command; where a signal ended it, by the same signal, so that a shell sees what it would have seen."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            with contextlib.suppress(OSError, ValueError):  # nobody reads it
                stream.flush()
    if outcome.signal is None:
        os._exit(outcome.exit_code or 0)
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))  # the command has left its own
    if outcome.signal != signal.SIGKILL:
        signal.signal(outcome.signal, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [outcome.signal])
    os.kill(os.getpid(), outcome.signal)
    os._exit(_BY_SIGNAL + outcome.signal)


def _on_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()  # closed, it is none


class _Display:
    """What the user sees meanwhile: how things stand where that helps, and what the tracker has to say in lines of their own."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._live: Live | None = None

    def show(self, state: dict[str, Any]) -> bytes:
        """Show how things stand, and return what would give the terminal back; what draws it is loaded when the command runs already."""
        if self._live is None:
            from traincarbon.tracking.display.live import live

            self._live = live(sys.stderr, quiet=self._quiet)
        if state.get("state") == "stopped":
            self._live.hide()
        else:
            self._live.show(state)
        return self._live.undo()

    def say(self, text: str) -> None:
        """Say something in a line of its own."""
        if self._quiet:
            return
        if self._live is not None:
            self._live.hide()
        with contextlib.suppress(OSError, ValueError):  # nobody reads it, which must not end the command
            click.echo(f"carbon: {''.join(letter if letter.isprintable() else '�' for letter in text)}", err=True)

    def close(self) -> None:
        """Leave the terminal as it was."""
        if self._live is not None:
            self._live.close()


def _result(settings: "Settings", outcome: "Outcome", *, store: str, quiet: bool, as_json: bool) -> None:
    """Print what was measured: a screen on stderr, the record on stdout."""
    from traincarbon.errors import CarbonError
    from traincarbon.ledger.record import read_run

    try:
        record = read_run(settings.store, settings.run_id, unwritten=outcome.unwritten)
    except (CarbonError, OSError) as error:
        click.echo(f"carbon: the record cannot be read: {error}", err=True)
        return
    if record is None:
        click.echo("carbon: nothing was recorded", err=True)
        return
    if not quiet:
        from traincarbon.tracking.display.run_summary import summary

        shown = summary(record, budgets=outcome.budgets, store=store, again=not outcome.unwritten, styled=_on_terminal())
        click.echo(f"\n{shown}", err=True)
    if as_json:
        import json

        click.echo(json.dumps(record.to_dict(), ensure_ascii=False, allow_nan=False))
