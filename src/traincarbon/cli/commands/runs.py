"""``carbon runs``: list, show, merge, export, import, compact and forget the records of runs."""

import gc
import sys
from collections.abc import Iterable, Sequence

import click

from traincarbon import runs
from traincarbon.cli import output
from traincarbon.cli.choice import Choice
from traincarbon.cli.commands.budget import budget_command
from traincarbon.cli.commands.compact import compact_command, compact_some, query_command
from traincarbon.cli.commands.evidence import audit_content, verify_command
from traincarbon.cli.commands.run_hours import hours_command
from traincarbon.cli.commands.sync import sync_command
from traincarbon.cli.lazy import Ordered
from traincarbon.cli.options import FILE, ledger_options
from traincarbon.cli.plotting import check_plot, plot_option
from traincarbon.errors import CarbonError
from traincarbon.files import check_new_file, write_new_file
from traincarbon.ledger import shared_boards
from traincarbon.ledger.process_summary import STATES
from traincarbon.ledger.run import Run

_SHOWN = 30
_MOST_NOTES = 5
_HEAD = ("id", "started (UTC)", "state", "exit", "time", "metered", "CO2e", "hw")
_ID, _HW = 0, 7
_DROPPED = (7, 3, 6)
"""Columns that a narrow screen leaves out, the first one first: hardware, exit code, CO2e."""
_LEAST_REST = 50
"""Columns that a run takes beside its id, without those that can be left out."""


@click.group("runs", cls=Ordered)
def command() -> None:
    """List, show, merge, export, import, compact and forget the records of your runs. To report runs to others: carbon disclose ID."""


@command.command("list")
@click.option("--project", default="", metavar="NAME", help="Only runs of this project.")
@click.option("--state", type=Choice(STATES), help="Only runs in this state.")
@click.option("--since", default="", metavar="WHEN", help="Only runs that began then or later: a date as 2026-11-01, or an age as 12h, 3d or 2w.")
@click.option("--limit", type=click.IntRange(min=0), metavar="NUMBER", help=f"How many runs to list; 0 lists all.  [default: {_SHOWN}, with --json all]")
@plot_option("what the runs took")
@ledger_options
def list_command(*, project: str, state: str | None, since: str, limit: int | None, plot: str | None, store: str | None, as_json: bool, quiet: bool) -> None:
    """List runs, the latest first.

    \b
    carbon runs list --state killed --since 7d
    """  # noqa: D301  click reads the escape
    from traincarbon.cli.screens.run_pages import plot_runs

    check_plot(plot)
    most = limit if limit is not None else 0 if as_json else _SHOWN
    found = runs.find(project=project, state=state or "", since=since, limit=most, store=store, progress=output.teller(quiet=quiet))
    if plot is not None:
        drawn = found if limit is not None else runs.find(project=project, state=state or "", since=since, store=store)
        plot_runs(drawn.runs, plot, quiet=quiet)
    if as_json:
        click.echo(output.as_json([record.to_dict() for record in found.runs]))
    elif found.runs:
        click.echo(_table(found.runs))
        if any(record.shared_with for record in found.runs):
            click.echo(output.dim("* its GPUs were also metered for another run at the same time, whose energy includes theirs too: carbon runs show ID"))
        if together := _together(found.runs):
            click.echo(together)
        if found.total > len(found.runs):
            click.echo(output.dim(f"and {found.total - len(found.runs):,} more; --limit 0 lists all"))
    if not quiet:
        if not found.total and (project or state or since):
            click.echo(f"no run in {output.clean(found.store)} matches; carbon runs list shows all", err=True)
        elif not found.total:
            click.echo(output.filled(f"no runs in {output.clean(found.store)}; record one with: carbon track -- COMMAND"), err=True)
        for fault in found.faults[:_MOST_NOTES]:
            output.tell(f"note: {fault}; the rest is not affected")
        if len(found.faults) > _MOST_NOTES:
            output.tell(f"note: and {len(found.faults) - _MOST_NOTES:,} more places that cannot be read")
    if not as_json:
        compact_some(store=store, quiet=quiet)


@command.command("show", short_help="Show one run: what was measured, modelled and missing.")
@click.argument("id")
@plot_option("the run against its forecast, and over time")
@ledger_options
def show_command(*, id: str, plot: str | None, store: str | None, as_json: bool, quiet: bool) -> None:
    """Show one run: what was measured, what was modelled, and what is missing and why.

    ID may be shortened to its first letters; `last` is the latest run.
    Report its cost to a budget, facility kWh and CO2e to a sustainability team, GPU-hours to readers of a paper: carbon disclose ID.

    \b
    carbon runs show last
    """  # noqa: D301  click reads the escape
    from traincarbon.cli.screens.run_pages import plot_run
    from traincarbon.tracking.display.run_summary import page

    check_plot(plot)
    record = runs.load(id, store=store, progress=output.teller(quiet=quiet))
    if plot is not None:
        plot_run(record.run_id, plot, store=store, quiet=quiet)
    click.echo(output.as_json(record.to_dict()) if as_json else "\n".join(page(record)))


@command.command("merge", short_help="Copy the journals of other stores into the store.")
@click.argument("folders", metavar="FOLDER…", nargs=-1, required=True, type=FILE)
@ledger_options
def merge_command(*, folders: tuple[str, ...], store: str | None, as_json: bool, quiet: bool) -> None:
    """Copy the journals of other stores or folders into this store. Runs that it holds already are not counted twice.

    \b
    carbon runs merge /mnt/shared/runs node-7/runs
    """  # noqa: D301  click reads the escape
    merged = runs.merge(folders, store=store, progress=output.teller(quiet=quiet))
    if as_json:
        click.echo(output.as_json(merged._asdict()))
    else:
        text = f"{output.counted(merged.runs, 'run')}: {output.counted(merged.copied, 'journal')} copied, {merged.unchanged} already in the store"
        click.echo(output.filled(text))
    if not quiet:
        for fault in merged.faults[:_MOST_NOTES]:
            output.tell(f"note: left out {fault}")
    if not as_json:
        compact_some(store=store, quiet=quiet)


@command.command("export", short_help="Export runs as CSV, JSON, Parquet or emissions.csv.")
@click.argument("ids", metavar="[ID]…", nargs=-1)
@click.option("--format", "format", type=Choice((*runs.EXPORTS, "audit")), default="csv", show_default=True, help="Format of the output.")
@click.option("-o", "--output", "file", metavar="FILE", type=FILE, help="New file to write.  [default: stdout]")
@ledger_options
def export_command(*, ids: tuple[str, ...], format: str, file: str | None, store: str | None, as_json: bool, quiet: bool) -> None:
    """Export all runs, or those with the given IDs, as CSV, JSON, Parquet or CodeCarbon's emissions.csv.

    The format audit is a ZIP file of one run for a reviewer: record, journals, facts with sources, derivation. carbon runs verify checks it offline.
    Records are for your own tables: report to others what carbon disclose ID writes.

    \b
    carbon runs export -o runs.csv
    carbon runs export last --format codecarbon
    carbon runs export last --format audit -o run-audit.zip
    """  # noqa: D301  click reads the escape
    if file is not None:
        check_new_file(file)
    content: Iterable[bytes]
    if format == "audit" and not as_json:
        content = [audit_content(ids, file=file, store=store, progress=output.teller(quiet=quiet))]
    else:
        content = runs.export_pieces(ids, format="json" if as_json else format, store=store, progress=output.teller(quiet=quiet))
    if file is not None:
        write_new_file(file, content)
    elif format == "parquet" and sys.stdout.isatty():
        raise CarbonError("Parquet is binary and cannot be shown on a terminal", hint="name a file: -o runs.parquet")
    else:
        sys.stdout.buffer.writelines(content)


class _ImportCommand(click.Command):
    """The command whose help lists the formats that can be imported."""

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the help with the table of formats."""
        from traincarbon.readers import formats

        super().format_help_text(ctx, formatter)
        with formatter.section("Formats"):
            formatter.write_dl([(each.name, each.title.replace("`", "")) for each in formats.EVERY])


@command.command("import", cls=_ImportCommand, short_help="Import runs from files of other programs.")
@click.argument("files", metavar="FILE…", nargs=-1, required=True, type=FILE)
@click.option(
    "--format",
    "format",
    default="auto",
    metavar="NAME",
    help="Format of the files, if it is not recognised.  [default: auto]",
)
@click.option("--project", default="", metavar="NAME", help="Project of all imported runs.")
@click.option("--hw", default="", metavar="ID", help="Hardware of all imported runs.")
@click.option("--params-column", default="", metavar="NAME", help="Column with the parameters of the model.")
@click.option("--tokens-column", default="", metavar="NAME", help="Column with the tokens of the training.")
@click.option("--timezone", default="", metavar="ZONE", help="Time zone of times that state none: Europe/Paris, +02:00.  [default: UTC]")
@click.option("--energy-covers", default="", metavar="cpu|node|gpu", help="What the energy of SLURM's plugin covers.  [default: unknown]")
@click.option("--job", multiple=True, metavar="ID", help="Jobs to read from Prometheus, by label: numbers, pods or LABEL=VALUE; a,b or train-*.")
@click.option("--hosts", default="", metavar="a,b", help="Hosts of that job, if no label names it: a,b or gpu[01-03].")
@click.option("--from", "from_", default="", metavar="TIME", help="When that job began.")
@click.option("--to", default="", metavar="TIME", help="When that job ended.")
@click.option("--dry-run", is_flag=True, help="Show what would be imported, and write nothing.")
@ledger_options
def import_command(
    *,
    files: tuple[str, ...],
    job: tuple[str, ...],
    dry_run: bool,
    store: str | None,
    as_json: bool,
    quiet: bool,
    **options: str,
) -> None:
    """Import runs from files of this or other programs into the store. FILE may be a folder, or - for standard input.

    The format of a file is recognised by its content. FILE may also be a Prometheus server with the energy of a job.

    \b
    carbon runs import emissions.csv --dry-run
    sacct -P -o JobID,State,Start,ElapsedRaw,NNodes,AllocTRES,ConsumedEnergyRaw |
      carbon runs import - --timezone Europe/Paris
    carbon runs import prom+http://HOST:9090 --job 1234
    """  # noqa: D301  click reads the escape
    gc.set_threshold(100_000)  # the records stay until the end: looking through them for garbage would take a tenth of the time
    progress = output.teller(quiet=quiet)
    imported = runs.import_(files, job=job, dry_run=dry_run, store=store, progress=progress, **options)
    found = imported.found
    if as_json:
        click.echo(output.as_json(imported.to_dict()))
    else:
        if dry_run and (new := imported.new):
            click.echo(_table(new[:_SHOWN]))
            if len(new) > _SHOWN:
                click.echo(output.dim(f"and {len(new) - _SHOWN:,} more"))
        counts = f"{output.counted(len(found.runs), 'run')} read, {len(imported.added):,} {'would be added' if dry_run else 'added'}"
        click.echo(output.filled(f"{counts}, {len(found.runs) - len(imported.added):,} already in the ledger"))
        if imported.bill is not None:
            from traincarbon.cli.screens.bills import bill_screen

            click.echo(bill_screen(imported.bill))
    if not quiet:
        for text in [*(f"left out {fault}" for fault in found.left_out[:_MOST_NOTES]), *found.notes[:_MOST_NOTES]]:
            output.tell(f"note: {text}")
        if len(found.left_out) > _MOST_NOTES:
            output.tell(f"note: and {len(found.left_out) - _MOST_NOTES:,} more left out; --json lists all")
        if len(found.notes) > _MOST_NOTES:
            output.tell(f"note: and {output.counted(len(found.notes) - _MOST_NOTES, 'more note')}; --json lists all")


@command.command("forget", short_help="Delete the journals of runs for good.")
@click.argument("ids", metavar="ID…", nargs=-1, required=True)
@click.option("--yes", is_flag=True, help="Delete the journals; without it, only list them.")
@ledger_options
def forget_command(*, ids: tuple[str, ...], yes: bool, store: str | None, as_json: bool, quiet: bool) -> None:
    """Delete the journals of runs for good. Without --yes, only list them.

    \b
    carbon runs forget toy-7 --yes
    """  # noqa: D301  click reads the escape
    found = runs.forget(ids, dry_run=not yes, store=store, progress=output.teller(quiet=quiet))
    if as_json:
        click.echo(output.as_json(found._asdict()))
        return
    for file in found.files:
        click.echo(output.clean(file) + (output.dim(" (the lines of these runs; others stay)") if file in found.shared else ""))
    what = f"{output.counted(len(found.runs), 'run')}, {output.counted(len(found.files), 'journal')}"
    click.echo(f"{what} deleted" if yes else output.dim(f"{what}; nothing was deleted. Add --yes to delete them."))


for subcommand in (budget_command, compact_command, query_command, hours_command, verify_command, sync_command):
    command.add_command(subcommand)


def _table(records: Sequence[Run]) -> str:
    """Return a line a run; where the screen is narrow, columns are left out, never a part of an id, which can be pasted.

    An id that is longer than the screen is shown by its first letters, which name the run too.
    """
    rows = [_HEAD, *(_row(record) for record in records)]
    if max(len(row[_ID]) for row in rows) + _LEAST_REST <= output.width():
        return output.fitting_table(rows, right=(3, 4, 5, 6), drop=_DROPPED, cut=(_HW,))
    rest = [row[1:] for row in rows]
    head, *lines = output.fitting_table(rest, right=(2, 3, 4, 5), drop=[at - 1 for at in _DROPPED], columns=output.width() - 2).split("\n")
    return "\n".join(
        [output.dim("id, and below it:"), f"  {head}", *(f"{row[_ID][: output.width()]}\n  {line}" for row, line in zip(rows[1:], lines, strict=True))]
    )


def _together(records: Sequence[Run]) -> str:
    """Return what the runs took together and which of them shared boards, "" if none did."""
    counted = shared_boards.counted_once(records)
    if not counted:
        return ""
    metered_kwh = shared_boards.metered_once_kwh(records, counted)
    total = f"{'–' if metered_kwh is None else output.amount(metered_kwh, 'kWh')} metered, each board once at any time."
    return output.wrapped(f"{output.counted(len(records), 'run')} together", f"{total} {output.clean(shared_boards.described(counted))}")


def _row(record: Run) -> tuple[str, ...]:
    return (
        output.clean(record.run_id),
        record.started_at[2:16].replace("T", " "),
        output.worse(record.state) if record.state == "incomplete" else record.state,
        "–" if record.exit_code is None else str(record.exit_code),
        output.amount(record.duration_s, "s"),
        "–" if record.metered_kwh is None else output.amount(record.metered_kwh, "kWh") + ("*" if record.shared_with else ""),
        "–" if record.operational_kgco2e is None else output.amount(record.operational_kgco2e["median"], "kg CO2e"),
        output.clean(record.hw) or "–",
    )
