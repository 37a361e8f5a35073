"""``carbon runs verify``: the seals of journals, and audit exports."""

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import click

from traincarbon.cli import output
from traincarbon.cli.options import ledger_options
from traincarbon.errors import CarbonError

if TYPE_CHECKING:
    from traincarbon.evidence.review import Review
    from traincarbon.evidence.seals import SealedRun

_SCHEMA = "traincarbon/verification/1"
_VERDICTS = {True: "ok", False: "differs", None: "cannot be told"}


@click.command("verify", short_help="Verify that journals are as they were written.")
@click.argument("items", metavar="[ID | AUDIT.zip]…", nargs=-1)
@click.option("--digest", default="", metavar="HEX", help="The digest that was kept elsewhere: of one run or audit export.")
@ledger_options
def verify_command(*, items: tuple[str, ...], digest: str, store: str | None, as_json: bool, quiet: bool) -> None:
    """Verify that the journals of runs are as they were written: of those with the given IDs, or of all. It changes nothing.

    Each line of a journal is sealed by a hash of its text and of the line before it. What was changed, added or taken away is named by file and line,
    and a single byte that was changed by its place. Journals of earlier versions have no seal; that is said.

    AUDIT.zip is an audit export (carbon runs export ID --format audit): its seals are verified, its record is made anew from its journals,
    and every step of its derivation is computed again. Nothing touches the network. The exit code is 1 if something differs.

    \b
    carbon runs verify last
    carbon runs verify run-audit.zip --digest 5d41402a…
    """  # noqa: D301  click reads the escape
    from traincarbon.evidence.review import review
    from traincarbon.evidence.seals import verify

    files = [item for item in items if item.endswith(".zip") or os.path.isfile(item)]
    ids = [item for item in items if item not in files]
    progress = output.teller(quiet=quiet)
    reviews = [review(file, progress=progress) for file in files]
    runs = verify(ids, store=store, progress=progress) if ids or not files else ()
    if digest and len(reviews) + len(runs) != 1:
        raise CarbonError("a digest is that of one run", hint="name the run, or its audit export")
    if as_json:
        click.echo(output.as_json({"schema": _SCHEMA, "runs": [run.to_dict() for run in runs], "audits": [each.to_dict() for each in reviews]}))
    else:
        for file, each in zip(files, reviews, strict=True):
            click.echo(_audit(file, each))
        if runs:
            click.echo(_seals(runs))
    if not runs and not reviews and not quiet:
        click.echo("no runs to verify; record one with: carbon track -- COMMAND", err=True)
    if not quiet and not as_json:
        _notes(runs)
    _refuse(runs, reviews, digest)


def audit_content(ids: Sequence[str], *, file: str | None, store: str | None, progress: Callable[[str], None] | None) -> bytes:
    """Return the audit export of one run.

    Raises:
        CarbonError: several runs are named or none, or it would go to a terminal.
    """
    from traincarbon.evidence.audit import audit

    if len(ids) != 1:
        raise CarbonError("an audit export is of one run", hint="name it: carbon runs export last --format audit -o run-audit.zip")
    if file is None and sys.stdout.isatty():
        raise CarbonError("an audit export is binary and cannot be shown on a terminal", hint="name a file: -o run-audit.zip")
    return audit(ids[0], store=store, progress=progress)


def _seals(runs: Iterable["SealedRun"]) -> str:
    rows = [("id", "seal", "lines", "journals", "digest")]
    for run in runs:
        lines = sum(each.lines for each in run.journals)
        seal = run.seal.value if run.seal.value == "intact" else output.worse(run.seal.value)
        rows.append((output.clean(run.run_id), seal, f"{lines:,}", f"{len(run.journals):,}", run.digest or "–"))
    return _fitting(rows, right=(2, 3))


def _fitting(rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> str:
    """Return rows as a table, or where the screen is narrow each with its cells below its name: a digest is never cut off."""
    if output.width() >= output.PIPED_COLUMNS:
        return output.table(rows, right=right)
    return "\n".join(line for lines in output.rows_of_lines(rows, right=right) for line in lines)


def _audit(file: str, found: "Review") -> str:
    rows = [(check.what, _VERDICTS[check.passed], output.clean("; ".join(check.details))) for check in found.checks]
    return f"{output.clean(file)}: run {output.clean(found.run_id)}\n{_fitting(rows)}"


def _notes(runs: Iterable["SealedRun"]) -> None:
    for run in runs:
        for each in run.journals:
            for text in (*each.faults, *each.notes):
                output.tell(f"{'changed' if text in each.faults else 'note'}: {run.run_id}: {text}")


def _refuse(runs: "Sequence[SealedRun]", reviews: "Sequence[Review]", digest: str) -> None:
    """Exit with an error where something is not as it was written.

    Raises:
        CarbonError: it is not.
    """
    changed = [run.run_id for run in runs if run.seal.value in ("changed", "unreadable")]
    if changed:
        raise CarbonError(
            f"the journals of {output.counted(len(changed), 'run')} are not as they were written: {changed[0][:60]}", hint="restore them from a copy"
        )
    if any(not each.passed for each in reviews):
        raise CarbonError("the audit export differs from what it states", hint="ask the person who made it for another one")
    stated = next(iter([*(run.digest for run in runs), *(each.digest for each in reviews)]), "")
    if digest and digest.lower() != stated:
        raise CarbonError(
            f"the digest is {stated or 'unknown, as the journals have no seal'}, not {digest[:64]}", hint="the journals are not those of that digest"
        )
