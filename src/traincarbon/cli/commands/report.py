"""``carbon report``: a report on plans, saved estimates and runs for a budget review."""

import sys

import click

from traincarbon.cli import output
from traincarbon.cli.choice import Choice
from traincarbon.cli.options import FILE, SHARE, common_options, database


@click.command("report")
@click.argument("items", nargs=-1, metavar="[PLAN.toml | ESTIMATE.json | RUN]…")
@click.option(
    "-o",
    "--output",
    "file",
    required=True,
    metavar="X.html",
    type=FILE,
    help="The new file to write, by its ending: .html, .pdf and .png (with a browser), .csv, .xlsx.",
)
@click.option("--title", default="", metavar="TEXT", help="The title of the report.")
@click.option("--notes", default="", metavar="TEXT", help="Text above the results; an empty line begins a paragraph.")
@click.option("--approver", "approvers", multiple=True, metavar="TEXT", help="Someone who signs; repeat it for each.")
@click.option("--logo", default="", metavar="FILE", type=FILE, help="A picture for the top of the page.")
@click.option("--currency", default="", metavar="CODE=RATE", help="Show money in another currency, at its amount per US dollar: EUR=0.92.")
@click.option("--budget", "budget_usd", metavar="USD", help="What the training may cost; the page states the chance to stay within it.")
@click.option("--confidence", metavar="PERCENT", help="The chance with which the amount asked for is enough.  [default: 80]")
@click.option("--carbon-price", "carbon_price_usd", metavar="USD", help="What a tonne of CO2e costs; the page states the cost of the CO2e.")
@click.option("--one-page", "extent", flag_value="one-page", help="The first page alone.")
@click.option("--full", "extent", flag_value="full", help="Everything open, also in print.")
@click.option("--audience", type=Choice(["finance", "carbon", "engineering"]), help="Open the parts that these readers ask for.")
@click.option("--paper", type=Choice(["A4", "letter"]), help="The paper to print on.  [default: A4 for a PDF]")
@click.option("--force", is_flag=True, help="Replace an existing file.")
@click.option("--settings", metavar="FILE.toml", type=FILE, help="Read title, notes, approvers, logo, currency, budget and confidence from a file.")
@click.option("--all", "with_all", is_flag=True, help="Report on every run in the store.")
@click.option("--project", metavar="NAME", help="Report on every run of a project.")
@click.option("--store", metavar="DIR", type=FILE, help="Where runs are kept; default $CARBON_STORE, else your data folder.")
@click.option("--level", type=SHARE, metavar="SHARE", default=0.9, show_default=True, help="Confidence level of the intervals of plans.")
@common_options
def command(
    *,
    items: tuple[str, ...],
    file: str,
    title: str,
    notes: str,
    approvers: tuple[str, ...],
    logo: str,
    currency: str,
    budget_usd: str | None,
    confidence: str | None,
    carbon_price_usd: str | None,
    extent: str | None,
    audience: str | None,
    paper: str | None,
    force: bool,
    settings: str | None,
    with_all: bool,
    project: str | None,
    store: str | None,
    level: float,
    as_json: bool,
    quiet: bool,
    db: str | None,
) -> None:
    """Write a report for a budget review: one HTML file that works offline and prints.

    The first page is one sheet of paper: the amount to approve, the chance to stay within
    the budget, the first cheaper option, five results and four charts. Below it, folded:
    what-if, breakdowns, alternatives, other regions and hardware, uncertainty, and the
    formula and source of every number. Runs are compared with their forecasts. Many runs
    are summed by project, hardware and month.

    \b
    carbon report plan.toml -o plan.html --budget 5e6 --approver "Head of research"
    carbon report plan.toml -o plan.pdf --one-page --paper letter
    carbon report plan.toml last -o review.html --currency EUR=0.92
    carbon report --project bert -o bert.html
    """  # noqa: D301  click reads the escape
    from traincarbon.reporting.report import report

    made = report(
        *items,
        output=file,
        title=title,
        notes=notes,
        approvers=approvers,
        logo=logo,
        currency=currency,
        budget_usd=budget_usd,
        confidence=confidence,
        carbon_price_usd=carbon_price_usd,
        extent=extent or "folded",
        audience=audience,
        paper=paper,
        force=force,
        settings=settings,
        all=with_all,
        project=project,
        store=store,
        level=level,
        database=database(db),
        progress=None if quiet else _show_progress,
    )
    if as_json:
        click.echo(output.as_json(made.to_dict()))
    elif not quiet:
        parts = [output.counted(count, what) for count, what in ((made.plans, "plan"), (made.runs, "run")) if count]
        click.echo(f"{output.clean(file)}: {' and '.join(parts)}, {made.size_b / 1000:,.0f} kB", err=True)


def _show_progress(done: int, of: int) -> None:
    """Show on a terminal which of several plans is in progress; each takes about a second."""
    if of > 1 and sys.stderr.isatty():
        click.echo(f"\rplan {done + 1} of {of}" + ("\r" if done + 1 == of else ""), nl=False, err=True)
