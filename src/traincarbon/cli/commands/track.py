"""``carbon track``: run a command and meter it."""

import contextlib
import functools
import gc
import os
import signal
import sys
import time
from typing import TYPE_CHECKING, Any, NoReturn

import click

from traincarbon.cli.choice import Choice
from traincarbon.cli.lazy import PlainHelp
from traincarbon.formatting import json_text
from traincarbon.terminal_text import width
from traincarbon.tracking.settings import INTERVAL_S, BudgetPolicy, LogFormat, NodeScope

if TYPE_CHECKING:
    from traincarbon.tracking.command.outcome import Outcome
    from traincarbon.tracking.settings import Settings

_BY_SIGNAL = 128
_RESULT_S, _LEAST_S = 3.5, 0.5
"""How long after the end of the command the result may be shown, and the least time for it. [s]"""


@click.command("track", cls=PlainHelp, context_settings={"ignore_unknown_options": False, "allow_interspersed_args": False})
@click.argument("argv", metavar="[--] COMMAND…", nargs=-1, required=True, type=click.UNPROCESSED)
@click.option("--run-id", metavar="ID", help="Run id; reuse one to continue that run. [default: the batch job's, else a new one]")
@click.option("--project", metavar="NAME", default="", help="Project that the run belongs to.")
@click.option("--store", metavar="DIR", help="Folder of the runs. [default: $CARBON_STORE, else your data folder]")
@click.option("--plan", metavar="PLAN.toml", help="Plan to compare the forecast and the result with.")
@click.option("--hw", metavar="NAME", help="Server or accelerator. [default: found by the names of the GPUs]")
@click.option("--region", metavar="NAME", help="Cloud region, country or state. [default: the range of the world's grids]")
@click.option("--pue", metavar="NUMBER", help="Power usage effectiveness of the facility.")
@click.option("--carbon-intensity", metavar="NUMBER", help="Carbon intensity of the grid. [g/kWh]")
@click.option("--electricity-price", metavar="NUMBER", help="Price of electricity. [$/kWh]")
@click.option("--rent-price", metavar="NUMBER", help="Rent of one accelerator for an hour. [$/h]")
@click.option("--params", metavar="NUMBER", help="Parameters of the model; gives the utilisation (MFU).")
@click.option("--active-params", metavar="NUMBER", help="Parameters that each token uses.")
@click.option("--precision", metavar="FORMAT", help="Number format of the matrix products.")
@click.option("--seq-len", metavar="NUMBER", help="Tokens of a sequence; gives tokens where a log states samples.")
@click.option("--total-tokens", metavar="NUMBER", help="Tokens of the whole training; gives a forecast.")
@click.option("--total-samples", metavar="NUMBER", help="Samples of the whole training.")
@click.option("--total-steps", metavar="NUMBER", help="Steps of the whole training.")
@click.option(
    "--progress-regex", metavar="PATTERN", default="", help="Regular expression for progress in the output, as 'step (?P<steps>\\d+).*loss (?P<loss>[\\d.]+)'."
)
@click.option("--log-format", type=Choice([tool.value for tool in LogFormat]), help="Tool whose log lines tell the progress.")
@click.option("--max-kwh", metavar="NUMBER", help="Budget of facility energy.")
@click.option("--max-usd", metavar="NUMBER", help="Budget of money.")
@click.option("--max-kgco2e", metavar="NUMBER", help="Budget of CO2e, of electricity and of making the hardware.")
@click.option("--max-hours", metavar="NUMBER", help="Budget of time.")
@click.option(
    "--on-budget",
    type=Choice([policy.value for policy in BudgetPolicy]),
    help="What to do when a budget is used up; warn, if nothing is stated.",
)
@click.option(
    "--budget-signal", metavar="SIGNAL", default="USR1", show_default=True, help="Signal at which the script saves its state; TERM if it has no handler for it."
)
@click.option(
    "--grace", "grace_s", metavar="SECONDS", type=float, default=60.0, show_default=True, help="Seconds to wait before SIGTERM, and again before SIGKILL."
)
@click.option("--interval", "interval_s", metavar="SECONDS", type=float, default=INTERVAL_S, show_default=True, help="Seconds between journal records.")
@click.option(
    "--nodes",
    type=click.Choice([scope.value for scope in NodeScope]),
    default=NodeScope.ALL.value,
    show_default=True,
    help="Nodes of a batch job to meter from its first one: all, this one, or all through ssh.",
)
@click.option(
    "--prometheus",
    metavar="[HOST]:PORT",
    help="Serve the run to Prometheus at that address, as :9400 (every address of this machine). [default: $CARBON_PROMETHEUS, else not]",
)
@click.option(
    "--log-to",
    metavar="NAME[=WHERE],…",
    multiple=True,
    help="Log the run to wandb, mlflow, tensorboard, trackio or otel while it is metered (repeatable). [default: $CARBON_LOG_TO]",
)
@click.option("--meter", "meters", metavar="NAME", multiple=True, help="Use only these meters (repeatable); see carbon doctor.")
@click.option("--db", metavar="DIR", help="Extra hardware_db folder; its entries override the built-in ones.")
@click.option("--quiet", is_flag=True, help="Print only the command's own output.")
@click.option("--json", "as_json", is_flag=True, help="Print the run's record as one line of JSON on stdout, after the command's output.")
def command(*, argv: tuple[str, ...], quiet: bool, as_json: bool, **options: Any) -> NoReturn:
    """Run COMMAND and meter it: GPUs, processor and memory.

    The command keeps its output, signals, terminal and exit code. The record survives a crash of the command or of the tracker.

    Report to others the energy of the facility and the CO2e of all attempts, not that of the GPUs alone: carbon disclose last writes each statement.

    \b
    carbon track -- python train.py
    carbon track --plan plan.toml --max-kwh 50 -- torchrun train.py
    """  # noqa: D301  click reads the escape
    gc.disable()  # until the command runs: what is imported is not garbage
    from traincarbon.tracking.command.bounded import run_bounded
    from traincarbon.tracking.command.gpu_warning import unmetered_gpu
    from traincarbon.tracking.command.launch import EarlySidecar
    from traincarbon.tracking.command.spawn import CommandError
    from traincarbon.tracking.command.supervisor import Supervisor
    from traincarbon.tracking.display.record_fate import fate_of_record
    from traincarbon.tracking.display.stderr_display import LINES_S, PANEL_S, StderrDisplay
    from traincarbon.tracking.options import settings_from
    from traincarbon.tracking.project_budget import with_budget_check
    from traincarbon.tracking.run_identity import how_to_unite

    settings = settings_from(argv=argv, state_every_s=0.0 if quiet else PANEL_S if _on_terminal() else LINES_S, **options)
    display = StderrDisplay(sys.stderr, quiet=quiet)
    settings = with_budget_check(settings, tell=display.print)
    if advice := how_to_unite(settings.launch):
        display.print(advice)
    if warning := unmetered_gpu(settings.meters):
        display.print(warning)
    supervisor = Supervisor(settings, argv, display=display, sidecar=click.get_current_context().find_object(EarlySidecar))
    try:
        outcome = supervisor.run()
    except CommandError as error:
        click.echo(f"error: {error}\nhint: {error.hint}", err=True)
        sys.exit(error.exit_code)
    except BaseException:
        display.close()
        raise
    fate = fate_of_record(outcome.final, store=settings.store, run_id=settings.run_id)
    if fate:
        display.print(fate, even_if_quiet=True)
    display.close()
    others = outcome.final.others if outcome.final is not None else 0
    if as_json or not (quiet or others):  # the last process of a run on this node shows its summary
        show = functools.partial(_result, settings, outcome, store=str(options["store"] or ""), quiet=quiet, as_json=as_json)
        if not run_bounded(show, until_s=max(outcome.ended_s + _RESULT_S, time.monotonic() + (_RESULT_S if settings.sinks else _LEAST_S))):
            display.print("the result cannot be shown in time; see it later with: carbon runs show last")
    _leave_like(outcome)


def _leave_like(outcome: "Outcome") -> NoReturn:
    """Exit with the exit code of the command; if a signal ended it, end by the same signal, as a shell expects."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            with contextlib.suppress(OSError, ValueError):  # it is closed
                stream.flush()
    if outcome.signal is None:
        os._exit(outcome.exit_code or 0)
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))  # the command may have left a core dump already
    if outcome.signal != signal.SIGKILL:
        signal.signal(outcome.signal, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [outcome.signal])
    os.kill(os.getpid(), outcome.signal)
    os._exit(_BY_SIGNAL + outcome.signal)


def _on_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()  # a closed one is None


def _result(settings: "Settings", outcome: "Outcome", *, store: str, quiet: bool, as_json: bool) -> None:
    """Print the summary on stderr and the record on stdout."""
    from traincarbon.errors import CarbonError
    from traincarbon.ledger.record import read_run
    from traincarbon.tracking.messages import Final

    final = outcome.final or Final()
    try:
        record = read_run(final.kept_in or settings.store, settings.run_id, unwritten=final.unwritten)
    except (CarbonError, OSError) as error:
        click.echo(f"carbon: the record cannot be read: {error}", err=True)
        return
    if record is None:
        click.echo("carbon: nothing was recorded", err=True)
        return
    if not quiet and not final.others:
        from traincarbon.tracking.display.run_summary import summary

        shown = summary(record, budgets=final.budgets, store=store, again=not final.unwritten, styled=_on_terminal(), columns=width(2))
        click.echo(f"\n{shown}", err=True)
    if as_json:
        click.echo(json_text(record.to_dict()))
