"""``carbon runs compact`` and ``carbon runs query``: pack the journals of runs that have ended, and ask what packs hold."""

import sys
from typing import TYPE_CHECKING

import click

from traincarbon.cli import output
from traincarbon.cli.options import ledger_options

if TYPE_CHECKING:
    from traincarbon.ledger.packs.compacted import Compacted, Joined

_MB = 1e6
_REASONS = {
    "running": "of runs that go on",
    "recent": "without an end that changed within a day",
    "imported": "of imported runs, joined with no other",
    "mixed": "in which several runs or processes have lines, or lines are out of order",
    "different": "that a pack would not state exactly",
}


@click.command("compact", short_help="Pack the journals of runs that have ended.")
@click.option("--dry-run", is_flag=True, help="Only show what would be packed.")
@ledger_options
def compact_command(*, dry_run: bool, store: str | None, as_json: bool, quiet: bool) -> None:
    """Pack the journals of runs that have ended into files of Parquet, one or more a month, and remove the journals.

    A pack is read back and compared with its journals, by hash and by energy, before they are removed. Small files of imported runs are joined. If the command is killed at any time, nothing is lost.
    carbon runs verify, show and export give the same as before.

    \b
    carbon runs compact --dry-run
    """  # noqa: D301  click reads the escape
    from traincarbon import runs

    tell = output.teller(quiet=quiet)
    found = runs.compact(dry_run=dry_run, store=store, progress=tell, on_plan=None if as_json else lambda planned: click.echo(_planned(planned)))
    if as_json:
        click.echo(output.as_json(found.to_dict()))
        return
    if dry_run:
        click.echo(output.dim("Nothing was changed."))
    else:
        _say_done(found)
    if not quiet:
        _notes(found)


@click.command("query", short_help="Ask packed journals a question in SQL.")
@click.argument("question", metavar="SQL")
@ledger_options
def query_command(*, question: str, store: str | None, as_json: bool, quiet: bool) -> None:
    """Ask the journals that carbon runs compact packed a question in SQL, which DuckDB answers from the table intervals.

    \b
    carbon runs query "
      SELECT project, sum(energy_j)
      FROM intervals GROUP BY project"
    """  # noqa: D301  click reads the escape
    from traincarbon import runs

    found = runs.query(question, store=store)
    if as_json:
        click.echo(output.as_json([{name: _plain(value) for name, value in zip(found.columns, row, strict=True)} for row in found.rows]))
    else:
        numbers = [at for at in range(len(found.columns)) if found.rows and isinstance(found.rows[0][at], (int, float))]
        click.echo(output.table([tuple(map(output.clean, found.columns)), *(tuple(map(_cell, row)) for row in found.rows)], right=numbers))
    if found.journals and not quiet:
        what = f"{output.counted(found.journals, 'journal')} ({_size(found.journals_b)}) not packed, which this leaves out; carbon runs compact packs them"
        click.echo(f"note: {what}", err=True)


def compact_some(*, store: str | None, quiet: bool) -> None:
    """Pack some journals of a store that holds many, after the answer of a command was printed."""
    from traincarbon import runs

    sys.stdout.flush()
    found = runs.compact_some(store=store)
    if found is not None and found.removed and not quiet:
        sizes = f"{_size(found.removed_b)} → {_size(found.packed_b)}"
        click.echo(f"note: {output.counted(found.removed, 'journal')} packed, as they are many here: {sizes}; carbon runs compact packs all", err=True)


def _say_done(found: "Compacted") -> None:
    """Tell what was packed and joined."""
    if found.removed:
        rate = f", {found.removed_b / _MB / found.duration_s:,.0f} MB/s" if found.removed_b >= _MB else ""
        sizes = f"{_size(found.removed_b)} → {_size(found.packed_b)} in {output.counted(len(found.packs), 'pack')}"
        click.echo(
            output.filled(f"{output.counted(found.removed, 'journal')} packed, read back and removed: {sizes} ({output.amount(found.duration_s, 's')}{rate})")
        )
    if found.joined.journals:
        click.echo(output.filled(f"{output.counted(found.joined.journals, 'journal')} of imported runs joined {_into(found.joined)}, read back and removed"))


def _planned(found: "Compacted") -> str:
    """Return what will be packed, by month, and what will be joined."""
    rows = [("month", "runs", "journals", "size")]
    rows += [(each.month, f"{each.runs:,}", f"{each.journals:,}", _size(each.size_b)) for each in found.months]
    packed = output.table(rows, right=(1, 2, 3)) if found.months else ""
    joined = output.filled(f"{_joined(found.joined)}.") if found.joined.journals else ""
    return "\n".join(filter(None, (packed, joined))) or f"no journals to pack in {output.clean(found.store)}"


def _joined(found: "Joined") -> str:
    """Return which journals of imported runs become one, or several."""
    return f"{output.counted(found.journals, 'journal')} of imported runs ({_size(found.size_b)}) to be joined {_into(found)}"


def _into(found: "Joined") -> str:
    return f"into {found.files:,}" if found.files else "with those that have their records"


def _notes(found: "Compacted") -> None:
    for reason, words in _REASONS.items():
        left = [each for each in found.left if each.reason == reason]
        if left:
            first = next((each for each in left if each.detail), left[0])
            detail = f": {first.detail}" if first.detail else ""
            click.echo(f"note: {output.counted(len(left), 'journal')} left {words}, such as {output.clean(first.journal[:80])}{output.clean(detail)}", err=True)


def _size(size_b: float) -> str:
    return output.amount(size_b, "B") if size_b < _MB else f"{size_b / _MB:,.1f} MB"


def _cell(value: object) -> str:
    return "–" if value is None else output.clean(f"{value:,.6g}" if isinstance(value, float) else str(value))


def _plain(value: object) -> object:
    """Return a value fit for JSON."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, dict):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)
