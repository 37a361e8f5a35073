"""``carbon calculator``: one page that computes estimates offline, in any browser."""

import sys

import click

from traincarbon.cli import output
from traincarbon.cli.options import FILE, common_options, database


@click.command("calculator")
@click.option("-o", "--output", "file", required=True, metavar="X.html", type=FILE, help="The new page to write.")
@click.option("--force", is_flag=True, help="Replace an existing file.")
@common_options
def command(*, file: str, force: bool, as_json: bool, quiet: bool, db: str | None) -> None:
    """Write a page that computes estimates offline, in any browser, to share or to put on a site.

    Parameters and tokens, or GPU-hours, give cost, time, energy, carbon and water with
    their intervals, and a sentence to paste. The page holds the facts of every accelerator
    for training, every place and every rent, and its figures are those of carbon estimate.

    \b
    carbon calculator -o calculator.html
    carbon calculator -o calculator.html --db our-facts --force
    """  # noqa: D301  click reads the escape
    from traincarbon.reporting.calculator_page.calculator import calculator

    made = calculator(output=file, force=force, database=database(db), progress=None if quiet else _show_progress)
    if as_json:
        click.echo(output.as_json(made.to_dict()))
    elif not quiet:
        click.echo(f"{output.clean(file)}: {made.size_b / 1000:,.0f} kB", err=True)


def _show_progress(done: int, of: int) -> None:
    """Show on a terminal how much of the hardware is done; all of it takes some seconds."""
    if sys.stderr.isatty():
        click.echo(f"\rhardware {done + 1} of {of}" + ("\r\x1b[K" if done + 1 == of else ""), nl=False, err=True)
