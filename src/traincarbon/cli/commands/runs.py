"""``carbon runs``: the ledger of what trainings really took: list, show, merge, export, import, forget."""

import re
import sys
import time
from collections.abc import Callable
from typing import Any

import click

from traincarbon.cli import output
from traincarbon.cli.lazy import Ordered
from traincarbon.errors import CarbonError
from traincarbon.ledger.exchange import FORMATS, dump
from traincarbon.ledger.process_summary import STATES
from traincarbon.ledger.record import RunRecord
from traincarbon.ledger.store import Ledger

Command = Callable[..., Any]

_SHOWN = 30
_MOST_NOTES = 5
_AT_ONCE = 5000
"""Imported runs between two signs of progress, some two seconds of work."""
_AGES_S = {"m": 60.0, "h": 3600.0, "d": 86400.0, "w": 7 * 86400.0}
_HEAD = ("id", "began (UTC)", "state", "exit", "took", "energy", "CO2e", "hw")
_ID, _HW = 0, 7
_NARROWEST_HW, _NARROWEST_ID = 8, 12
"""How far they give way where a line would be longer than the screen: first the hardware, then all of it, then the id, by which a run is asked for."""


@click.group("runs", cls=Ordered)
def command() -> None:
    """List and show what trainings really took; merge, export, import and forget their records."""


def ledger_options(command: Command) -> Command:
    """Add ``--store``, ``--quiet`` and ``--json``."""
    for option in (
        click.option("--store", metavar="DIR", type=click.Path(), help="Where runs are kept; default $CARBON_STORE, else your data folder."),
        click.option("--quiet", is_flag=True, help="No remarks on stderr."),
        click.option("--json", "as_json", is_flag=True, help="Print the library's result as JSON."),
    ):
        command = option(command)
    return command


@command.command("list")
@click.option("--project", default="", metavar="NAME", help="Only runs of this project.")
@click.option("--state", type=click.Choice(STATES), help="Only runs in this state.")
@click.option("--since", default="", metavar="WHEN", help="Only runs that began then or later: 2026-11-01, or 12h, 3d, 2w ago.")
@click.option(
    "--limit", type=click.IntRange(min=0), metavar="NUMBER", help=f"At most so many, the latest first; 0 for all.  [default: {_SHOWN}, with --json all]"
)
@ledger_options
def list_command(*, project: str, state: str | None, since: str, limit: int | None, store: str | None, as_json: bool, quiet: bool) -> None:
    """List runs, the latest first.

    \b
    carbon runs list --state killed --since 7d
    """  # noqa: D301  click reads the escape
    most = limit if limit is not None else 0 if as_json else _SHOWN
    with Ledger(store) as ledger:
        records, total = ledger.index.records(project=project, state=state or "", since=_since(since), limit=most)
        faults = ledger.index.faults()
    if as_json:
        click.echo(output.as_json([record.to_dict() for record in records]))
    elif records:
        click.echo(_table(records))
        if total > len(records):
            click.echo(output.dim(f"and {total - len(records):,} more: --limit 0 shows all"))
    if not quiet:
        if not total and (project or state or since):
            click.echo(f"no run in {output.clean(ledger.store)} fits; all: carbon runs list", err=True)
        elif not total:
            click.echo(f"no runs in {output.clean(ledger.store)}; a training is recorded with: carbon track -- COMMAND", err=True)
        for fault in faults[:_MOST_NOTES]:
            click.echo(f"note: {output.clean(fault)}; the rest of the run is not affected", err=True)
        if len(faults) > _MOST_NOTES:
            click.echo(f"note: and {len(faults) - _MOST_NOTES:,} more places that cannot be read", err=True)


@command.command("show", short_help="Show what one run took: measured, modelled, missing.")
@click.argument("id")
@ledger_options
def show_command(*, id: str, store: str | None, as_json: bool, quiet: bool) -> None:  # noqa: ARG001  common option
    """Show one run: what was measured, what was modelled, what is missing and why. ID may be cut short, or be `last`.

    \b
    carbon runs show last
    """  # noqa: D301  click reads the escape
    from traincarbon.tracking.display.run_summary import page

    with Ledger(store) as ledger:
        record = ledger.run(id)
    click.echo(output.as_json(record.to_dict()) if as_json else "\n".join(page(record)))


@command.command("merge", short_help="Copy the journals of other stores into the store.")
@click.argument("folders", metavar="FOLDER…", nargs=-1, required=True, type=click.Path())
@ledger_options
def merge_command(*, folders: tuple[str, ...], store: str | None, as_json: bool, quiet: bool) -> None:
    """Copy the journals of other stores or folders into the store; what is there already is not counted twice.

    \b
    carbon runs merge /mnt/shared/runs node-7/runs
    """  # noqa: D301  click reads the escape
    with Ledger(store) as ledger:
        merged = ledger.merge(folders)
    if as_json:
        click.echo(output.as_json(merged._asdict()))
    else:
        click.echo(f"{output.counted(merged.runs, 'run')}: {output.counted(merged.copied, 'journal')} copied, {merged.unchanged} there already")
    if not quiet:
        for fault in merged.faults[:_MOST_NOTES]:
            click.echo(f"note: left out {output.clean(fault)}", err=True)


@command.command("export", short_help="Write runs as CSV, JSON, Parquet or emissions.csv.")
@click.argument("ids", metavar="[ID]…", nargs=-1)
@click.option("--format", "format", type=click.Choice([*FORMATS, "codecarbon"]), default="csv", show_default=True, help="What to write.")
@click.option("-o", "--output", "file", metavar="FILE", type=click.Path(), help="Where to write it; default stdout.")
@ledger_options
def export_command(*, ids: tuple[str, ...], format: str, file: str | None, store: str | None, as_json: bool, quiet: bool) -> None:  # noqa: ARG001  common option
    """Write runs, all or those named, as CSV, JSON, Parquet, or as CodeCarbon's emissions.csv.

    \b
    carbon runs export -o runs.csv
    carbon runs export last --format codecarbon
    """  # noqa: D301  click reads the escape
    with Ledger(store) as ledger:
        records = [ledger.run(id) for id in ids] if ids else ledger.runs()
    if format == "codecarbon" and not as_json:
        from traincarbon.readers.codecarbon_csv import dump as dump_codecarbon

        content = dump_codecarbon(records)
    else:
        content = dump(records, "json" if as_json else format)
    if file is not None:
        with open(file, "wb") as stream:
            stream.write(content)
    elif format == "parquet" and sys.stdout.isatty():
        raise CarbonError("Parquet is not for a terminal", hint="name a file: -o runs.parquet")
    else:
        sys.stdout.buffer.write(content)


class _ImportCommand(click.Command):
    """The command whose help lists the formats that can be imported."""

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the help with the table of formats."""
        from traincarbon.readers import formats

        super().format_help_text(ctx, formatter)
        with formatter.section("Formats"):
            formatter.write_dl([(each.name, each.title.replace("`", "")) for each in formats.FORMATS])


@command.command("import", cls=_ImportCommand, short_help="Read runs from files of other programs.")
@click.argument("files", metavar="FILE…", nargs=-1, required=True, type=click.Path(allow_dash=True))
@click.option(
    "--format",
    "format",
    default="auto",
    metavar="NAME",
    help="Format of the files, if it is not recognised.  [default: auto]",
)
@click.option("--project", default="", metavar="NAME", help="The project of all these runs.")
@click.option("--hw", default="", metavar="ID", help="The hardware of all these runs.")
@click.option("--params-column", default="", metavar="NAME", help="The column that holds the model's parameters.")
@click.option("--tokens-column", default="", metavar="NAME", help="The column that holds the tokens that it saw.")
@click.option("--timezone", default="", metavar="ZONE", help="Of times that name none: Europe/Paris, +02:00.  [default: UTC]")
@click.option("--dry-run", is_flag=True, help="Show what would be added; write nothing.")
@ledger_options
def import_command(
    *,
    files: tuple[str, ...],
    format: str,
    project: str,
    hw: str,
    params_column: str,
    tokens_column: str,
    timezone: str,
    dry_run: bool,
    store: str | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Read runs from files of other programs, or from our own, into the store; FILE may be - for standard input.

    The format of a file is recognised by its content.

    \b
    carbon runs import emissions.csv --dry-run
    sacct -P -o JobID,State,Start,ElapsedRaw,NNodes,AllocTRES,ConsumedEnergyRaw |
      carbon runs import - --timezone Europe/Paris
    """  # noqa: D301  click reads the escape
    from traincarbon.cli.import_files import read_files, zone_of
    from traincarbon.readers.imported import ImportOptions

    options = ImportOptions(zone=zone_of(timezone), params_column=params_column, tokens_column=tokens_column)
    found = read_files(files, format=format, options=options, project=project, hw=hw, quiet=quiet)
    added: list[str] = []
    with Ledger(store) as ledger:
        for first in range(0, len(found.records), _AT_ONCE):
            if first and not quiet:
                click.echo(f"{first:,} of {len(found.records):,} runs", err=True)
            added += ledger.add(found.records[first : first + _AT_ONCE], dry_run=dry_run)
    if as_json:
        answer = {"read": len(found.records), "added": added, "faults": found.left_out, "notes": found.notes}
        click.echo(output.as_json(answer | ({"dry_run": True} if dry_run else {})))
    else:
        new = [record for record in found.records if record.run_id in set(added)]
        if dry_run and new:
            click.echo(_table(new[:_SHOWN]))
            if len(new) > _SHOWN:
                click.echo(output.dim(f"and {len(new) - _SHOWN:,} more"))
        counted = f"{output.counted(len(found.records), 'run')} read, {len(added):,} {'would be added' if dry_run else 'added'}"
        click.echo(f"{counted}, {len(found.records) - len(added):,} there already")
    if not quiet:
        for text in [*(f"left out {fault}" for fault in found.left_out[:_MOST_NOTES]), *found.notes[:_MOST_NOTES]]:
            click.echo(f"note: {output.clean(text)}", err=True)
        if len(found.left_out) > _MOST_NOTES:
            click.echo(f"note: and {len(found.left_out) - _MOST_NOTES} more left out; all: --json", err=True)


@command.command("forget", short_help="Remove the journals of runs for good.")
@click.argument("ids", metavar="ID…", nargs=-1, required=True)
@click.option("--yes", is_flag=True, help="Do it; without, only what would go is shown.")
@ledger_options
def forget_command(*, ids: tuple[str, ...], yes: bool, store: str | None, as_json: bool, quiet: bool) -> None:  # noqa: ARG001  common option
    """Remove the journals of runs for good; without --yes only show which.

    \b
    carbon runs forget toy-7 --yes
    """  # noqa: D301  click reads the escape
    with Ledger(store) as ledger:
        runs = {ledger.run(id).run_id: id for id in ids}
        files = [file for run_id in runs for file in ledger.forget(run_id)]
        if yes:  # all of them or, where one cannot be, none
            for run_id in runs:
                ledger.forget(run_id, dry_run=False)
    if as_json:
        click.echo(output.as_json({"runs": list(runs), "files": files, "removed": yes}))
        return
    for file in files:
        click.echo(output.clean(file))
    what = f"{output.counted(len(runs), 'run')}, {output.counted(len(files), 'journal')}"
    click.echo(f"{what} removed" if yes else output.dim(f"{what} would go; nothing was removed. To do it: --yes"))


def _since(text: str) -> str:
    """Return the instant that ``--since`` names, in ISO 8601 as records have it; a day begins at midnight UTC."""
    if not text:
        return ""
    age = re.fullmatch(r"(\d{1,6})([mhdw])", text)
    if age:
        return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() - int(age[1]) * _AGES_S[age[2]]))
    from datetime import UTC, datetime

    try:
        moment = datetime.fromisoformat(text)
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise CarbonError(f"--since {text[:40]!r} is no date", hint="write 2026-11-01, 2026-11-01T12:00, or 12h, 3d, 2w ago") from error
    return moment.isoformat()[:19]  # strftime would write the year 800 without its zero


def _table(records: list[RunRecord]) -> str:
    rows = [_HEAD, *(_row(record) for record in records)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    over = sum(widths) + 2 * (len(widths) - 1) - output.WIDTH
    if over > max(widths[_HW] - _NARROWEST_HW, 0):
        over -= widths.pop(_HW) + 2
        rows = [row[:_HW] for row in rows]
        widths[_ID] = max(min(widths[_ID], _NARROWEST_ID), widths[_ID] - max(over, 0))
    else:
        widths[_HW] -= max(over, 0)
    cut = [[cell if len(cell) <= width else f"{cell[: width - 1]}…" for cell, width in zip(row, widths, strict=True)] for row in rows]
    head, *lines = output.table(cut, right=(3, 4, 5, 6)).split("\n")
    return "\n".join([output.dim(head), *lines])


def _row(record: RunRecord) -> tuple[str, ...]:
    return (
        output.clean(record.run_id),
        record.started_at[2:16].replace("T", " "),
        record.state,
        "–" if record.exit_code is None else str(record.exit_code),
        output.amount(record.duration_s, "s"),
        "–" if record.metered_kwh is None else output.amount(record.metered_kwh, "kWh"),
        "–" if record.operational_kgco2e is None else output.amount(record.operational_kgco2e["median"], "kg CO2e"),
        output.clean(record.hw) or "–",
    )
