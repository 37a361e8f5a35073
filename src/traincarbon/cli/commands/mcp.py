"""``carbon mcp``: tools for agents, over standard input and output."""

import click

from traincarbon.cli.options import FILE, database


@click.command("mcp")
@click.option("--store", metavar="DIR", type=FILE, help="Folder of the runs.  [default: $CARBON_STORE, else your data folder]")
@click.option("--db", metavar="DIR", type=FILE, help="Extra hardware_db folder; its entries override the built-in ones.")
def command(*, store: str | None, db: str | None) -> None:
    """Answer agents over the Model Context Protocol: estimate, compare, advise, optimise, runs, explain.

    An agent starts this command and talks to it over standard input and output. The tools
    read and compute; none writes. Each answers what its command prints with --json.

    \b
    claude mcp add traincarbon -- carbon mcp
    carbon mcp --store /shared/runs
    """  # noqa: D301  click reads the escape
    from traincarbon.agents.answers import Place
    from traincarbon.agents.server import serve

    serve(Place(database(db), store))
