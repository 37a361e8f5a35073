"""``carbon runs sync``: send runs to the ledger of a team on a server."""

import click

from traincarbon.cli import output
from traincarbon.cli.options import ledger_options

_MOST_NOTES = 5


@click.command("sync", short_help="Send runs to the team's ledger on PostgreSQL.")
@click.argument("ids", metavar="[ID]…", nargs=-1)
@click.option("--ledger", "address", metavar="URL", default="", help="The server: postgresql+psycopg://USER@HOST/DATABASE.  [default: $CARBON_LEDGER]")
@click.option("--cluster", default="", metavar="NAME", help="The cluster of these runs, if others count their jobs alike.  [default: $CARBON_CLUSTER]")
@click.option("--user", default="", metavar="NAME", help="Count these runs under a user; without it they have none.  [default: $CARBON_LEDGER_USER]")
@click.option("--wait", "wait_s", type=click.FloatRange(min=0.0), metavar="SECONDS", help="How long to wait for a server that is away.  [default: 20]")
@ledger_options
def sync_command(*, ids: tuple[str, ...], address: str, cluster: str, user: str, wait_s: float | None, store: str | None, as_json: bool, quiet: bool) -> None:
    """Send the runs of this store, or those with the given IDs, to the ledger of your team. What an earlier sync sent is not sent again.

    It may be interrupted and repeated at any time: no run is lost, and none counts twice.

    \b
    export CARBON_LEDGER=postgresql://db/team
    carbon runs sync
    """  # noqa: D301  click reads the escape
    from traincarbon import runs

    options = {} if wait_s is None else {"wait_s": wait_s}
    synced = runs.sync(ids, ledger=address, cluster=cluster, user=user, store=store, progress=output.teller(quiet=quiet), **options)
    if as_json:
        click.echo(output.as_json(synced._asdict()))
    else:
        click.echo(f"{output.counted(len(synced.sent), 'run')} sent to {output.clean(synced.server)}, {synced.unchanged:,} unchanged")
    if not quiet:
        for run_id, reason in list(synced.refused.items())[:_MOST_NOTES]:
            click.echo(f"note: {output.clean(run_id[:60])} was not taken: {output.clean(reason)}", err=True)
        if len(synced.refused) > _MOST_NOTES:
            click.echo(f"note: and {len(synced.refused) - _MOST_NOTES:,} more; --json lists all", err=True)
