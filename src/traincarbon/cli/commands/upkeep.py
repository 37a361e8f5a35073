"""``carbon db refresh`` and ``carbon db export``: bring facts up to date, and hand them on."""

import os
from typing import TYPE_CHECKING

import click

from traincarbon.cli import output
from traincarbon.cli.choice import Choice
from traincarbon.cli.options import common_options, database
from traincarbon.errors import CarbonError

if TYPE_CHECKING:
    from traincarbon.database.refresh.proposal import Proposal

_UPSTREAMS = (
    "owid",
    "ember",
    "google-regions",
    "egrid-states",
    "egrid-subregions",
    "aws",
    "azure",
    "azure-karpenter",
    "cyclenerd",
    "gpuhunt",
    "eurostat",
    "epoch-hardware",
    "epoch-models",
)


@click.command("refresh", short_help="Propose newer facts from where they are published.")
@click.argument("upstream", type=Choice(_UPSTREAMS))
@click.argument("place", metavar="[FILE|URL]", default="")
@click.option("--online", is_flag=True, help="Read the upstream's own address.")
@click.option("--dated", metavar="DATE", default="", help="When this edition was published or read, as 2026-11; today unless given.")
@click.option("--apply", is_flag=True, help="Write the changes; without it they are only shown.")
@common_options
def refresh(*, upstream: str, place: str, online: bool, dated: str, apply: bool, as_json: bool, quiet: bool, db: str | None) -> None:
    """Show as a diff what an edition of an upstream would change in the facts, and write it with --apply.

    UPSTREAM publishes one table. Read it from a downloaded FILE, from a URL, or with --online from its own address; nothing else touches the network.
    The changes go to the folder of your own facts, or to that of --db. An edition that lacks a column or most of its rows, holds an impossible value
    or another unit is refused, and nothing is changed.

    \b
    carbon db refresh owid carbon-intensity-electricity.csv
    carbon db refresh aws zz_generated.pricing_aws.go --db hardware_db --apply
    """  # noqa: D301  click reads the escape
    from traincarbon.database.overlay import check_writable, overlay_root
    from traincarbon.database.refresh.proposal import propose
    from traincarbon.database.refresh.reading import read_edition
    from traincarbon.database.refresh.upstreams import UPSTREAMS

    chosen = UPSTREAMS[upstream]
    if not place and not online:
        raise CarbonError(f"{upstream} is published at {chosen.url}", hint="download it and name the file, or give --online to read it from there")
    folder = overlay_root(db)
    if apply:
        check_writable(folder)
    edition = read_edition(chosen, place or chosen.url, database(db if db and os.path.isdir(db) else None), dated=dated)
    proposal = propose(chosen, edition, folder)
    if apply:
        proposal.apply()
    if as_json:
        click.echo(output.as_json(_as_dict(proposal, applied=apply)))
        return
    if proposal.changes:
        click.echo("\n".join(output.clean(line) for line in proposal.diff.splitlines()))
    if not quiet:
        click.echo(_summary(proposal, applied=apply), err=True)


def _as_dict(proposal: "Proposal", *, applied: bool) -> dict[str, object]:
    return {
        "upstream": proposal.upstream.name,
        "table": proposal.upstream.table,
        "file": proposal.file,
        "source": proposal.source,
        "added": [dict(change.row) for change in proposal.changes if change.was is None],
        "changed": [{"row": dict(change.row), "was": dict(change.was)} for change in proposal.changes if change.was is not None],
        "unchanged": proposal.unchanged,
        "applied": applied,
    }


def _summary(proposal: "Proposal", *, applied: bool) -> str:
    added = sum(change.was is None for change in proposal.changes)
    changed = len(proposal.changes) - added
    table = os.path.basename(proposal.file)
    counts = f"{added:,} added, {changed:,} changed, {proposal.unchanged:,} as they are"
    if not proposal.changes:
        return f"{table}: {counts}. Nothing to write."
    done = f"written to {proposal.file}; check it with: carbon db check" if applied else "nothing is written yet: --apply writes it"
    return f"{table}: {counts}; {done}."


@click.command("export", short_help="Write every fact with its source into one file.")
@click.option("-o", "--output", "file", metavar="FILE", required=True, help="The file: .json or .parquet.")
@common_options
def export_command(*, file: str, as_json: bool, quiet: bool, db: str | None) -> None:
    """Write every fact of the database with its source into a new file, as JSON or Parquet by its name.

    \b
    carbon db export -o facts.json
    carbon db export -o facts.parquet
    """  # noqa: D301  click reads the escape
    from traincarbon.database.export import FORMATS, export
    from traincarbon.files import check_new_file, write_new_file

    format = file.rpartition(".")[2].lower()
    if format not in FORMATS:
        raise CarbonError(f"{file!r} ends in neither .json nor .parquet", hint="name the format by the end of the file")
    check_new_file(file)
    content = export(database(db), format)
    write_new_file(file, content)
    if as_json:
        click.echo(output.as_json({"file": file, "bytes": len(content)}))
    elif not quiet:
        click.echo(f"{file}: every fact with its source, {len(content) / 1e6:.1f} MB")
