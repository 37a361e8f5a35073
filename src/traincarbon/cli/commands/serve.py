"""``carbon serve``: plans, comparisons and runs in a browser, on this machine."""

import sys

import click

from traincarbon.cli import output
from traincarbon.cli.options import FILE, SHARE, common_options, database


@click.command("serve")
@click.option("--port", type=click.IntRange(0, 65_535), default=8765, show_default=True, metavar="PORT", help="The port to listen on; 0 takes any free one.")
@click.option("--store", metavar="DIR", type=FILE, help="Where runs and saved plans are kept; default $CARBON_STORE, else your data folder.")
@click.option("--read-only", is_flag=True, help="Save nothing.")
@click.option("--root-path", default="", metavar="PATH", help="The path before that of the app, as behind Jupyter: /user/ada/proxy/8765.")
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="The address to listen on; one that others reach asks for the token.")
@click.option("--allow-host", "allow_hosts", multiple=True, metavar="HOST:PORT", help="A host under which a browser may ask too; repeat it for each.")
@click.option("--level", type=SHARE, metavar="SHARE", default=0.9, show_default=True, help="Confidence level of the intervals.")
@common_options
def command(
    *,
    port: int,
    store: str | None,
    read_only: bool,
    root_path: str,
    host: str,
    allow_hosts: tuple[str, ...],
    level: float,
    as_json: bool,
    quiet: bool,
    db: str | None,
) -> None:
    """Plan, compare and watch trainings in a browser. Only this machine reaches it.

    The address that it prints has a token: with it a browser may save plans.
    Programs get the JSON of the command line at /api/. Stop it with Ctrl-C.

    \b
    carbon serve
    carbon serve --port 0 --read-only --store /shared/runs
    carbon serve --root-path /user/ada/proxy/8765 --allow-host jupyter.example.org
    """  # noqa: D301  click reads the escape
    from traincarbon.webapp.serve import Serving, serve

    def say(serving: Serving) -> None:
        click.echo(output.as_json(serving.to_dict()) if as_json else serving.link)
        sys.stdout.flush()
        if not quiet and not as_json:
            click.echo(f"serving {output.clean(serving.store)}{', read-only' if serving.is_read_only else ''}; stop with Ctrl-C", err=True)

    serve(
        port=port,
        store=store,
        host=host,
        read_only=read_only,
        root_path=root_path,
        allow_hosts=allow_hosts,
        level=level,
        database=database(db),
        ready=say,
    )
