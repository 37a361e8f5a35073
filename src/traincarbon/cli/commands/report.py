"""``carbon report``: a report on plans, saved estimates and runs for a budget review."""

import os
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
    metavar="X.html",
    type=FILE,
    help="The new file to write, by its ending: .html, .pdf and .png (with a browser), .csv, .xlsx.",
)
@click.option("--title", default="", metavar="TEXT", help="The title of the report.")
@click.option("--notes", default="", metavar="TEXT", help="Text above the results; an empty line begins a paragraph.")
@click.option("--author", default="", metavar="TEXT", help="Who prepared the report.")
@click.option("--approver", "approvers", multiple=True, metavar="TEXT", help="Someone who signs; repeat it for each.")
@click.option("--logo", default="", metavar="FILE", type=FILE, help="A picture for the top of the page.")
@click.option("--currency", default="", metavar="CODE=RATE", help="Show money in another currency, at its amount per US dollar: EUR=0.92.")
@click.option("--budget", "budget_usd", metavar="USD", help="What the training may cost; the page states the chance to stay within it.")
@click.option("--confidence", metavar="PERCENT", help="The chance with which the amount asked for is enough.  [default: 80]")
@click.option("--carbon-price", "carbon_price_usd", metavar="USD", help="What a tonne of CO2e costs; the page states the cost of the CO2e.")
@click.option("--value", "value_usd", metavar="USD", help="What the training is worth over its life; the page states the return.")
@click.option("--requests", metavar="N", help="Requests that the model answers over its life; the page states the cost of a thousand.")
@click.option("--one-page", "extent", flag_value="one-page", help="The first page alone.")
@click.option("--full", "extent", flag_value="full", help="Everything open, also in print.")
@click.option("--audience", type=Choice(["finance", "carbon", "engineering"]), help="Open the parts that these readers ask for.")
@click.option("--paper", type=Choice(["A4", "letter"]), help="The paper to print on.  [default: A4 for a PDF]")
@click.option("--pdf", is_flag=False, flag_value="", metavar="[X.pdf]", help="Write it as it prints too, by default beside the page.")
@click.option("--png", is_flag=False, flag_value="", metavar="[X.png]", help="Write a picture of the first page too.")
@click.option("--csv", is_flag=False, flag_value="", metavar="[X.csv]", help="Write the results as a table too.")
@click.option("--xlsx", is_flag=False, flag_value="", metavar="[X.xlsx]", help="Write a workbook with the cost of ownership as formulas too.")
@click.option("--force", is_flag=True, help="Replace existing files.")
@click.option("--settings", metavar="FILE.toml", type=FILE, help="Read title, notes, author, approvers, logo, currency, budget and so on from a file.")
@click.option("--all", "with_all", is_flag=True, help="Report on every run in the store.")
@click.option("--project", metavar="NAME", help="Report on every run of a project.")
@click.option("--store", metavar="DIR", type=FILE, help="Where runs are kept; default $CARBON_STORE, else your data folder.")
@click.option("--level", type=SHARE, metavar="SHARE", default=0.9, show_default=True, help="Confidence level of the intervals of plans.")
@common_options
def command(
    *,
    items: tuple[str, ...],
    file: str | None,
    title: str,
    notes: str,
    author: str,
    approvers: tuple[str, ...],
    logo: str,
    currency: str,
    budget_usd: str | None,
    confidence: str | None,
    carbon_price_usd: str | None,
    value_usd: str | None,
    requests: str | None,
    extent: str | None,
    audience: str | None,
    paper: str | None,
    pdf: str | None,
    png: str | None,
    csv: str | None,
    xlsx: str | None,
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

    It is for a budget committee: the number is the amount to approve. carbon disclose writes what regulators, sustainability teams and readers ask for.

    \b
    carbon report plan.toml -o plan.html --budget 5e6 --approver "Head of research"
    carbon report plan.toml -o plan.html --pdf --xlsx
    carbon report plan.toml -o plan.pdf --one-page --paper letter
    carbon report plan.toml last -o review.html --currency EUR=0.92
    carbon report --project bert -o bert.html
    """  # noqa: D301  click reads the escape
    from traincarbon.reporting.report import report

    also, subjects = _also({"pdf": pdf, "png": png, "csv": csv, "xlsx": xlsx})
    if file is None and not any(isinstance(asked, str) for asked in also.values()):
        raise click.UsageError("Missing option '-o' / '--output'.", click.get_current_context())
    made = report(
        *subjects,
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
        author=author,
        value_usd=value_usd,
        requests=requests,
        extent=extent or "folded",
        audience=audience,
        paper=paper,
        **also,
        force=force,
        settings=settings,
        all=with_all,
        project=project,
        store=store,
        level=level,
        database=database(db),
        progress=None if quiet else _show_progress,
        tell=output.teller(quiet=quiet),
    )
    if as_json:
        click.echo(output.as_json(made.to_dict()))
    elif not quiet:
        parts = [output.counted(count, what) for count, what in ((made.plans, "plan"), (made.runs, "run")) if count]
        for name in made.files:
            click.echo(f"{output.clean(name)}: {' and '.join(parts)}, {os.path.getsize(name) / 1000:,.0f} kB", err=True)


def _also(asked: dict[str, str | None]) -> tuple[dict[str, bool | str], list[str]]:
    """Return the file of each format, True for one beside the report; and what follows such an option but is not its file, which is a subject.

    Example:
        >>> _also({"pdf": "", "csv": None, "xlsx": "plan.toml"})
        ({'pdf': True, 'csv': False, 'xlsx': True}, ['plan.toml'])
    """
    found: dict[str, bool | str] = {}
    subjects = []
    for format, stated in asked.items():
        is_file = stated is not None and stated.lower().endswith(f".{format}")
        found[format] = stated if is_file and stated is not None else stated is not None
        if stated and not is_file:
            subjects.append(stated)
    return found, subjects


def _show_progress(done: int, of: int) -> None:
    """Show on a terminal which of several plans is in progress; each takes about a second."""
    if of > 1 and sys.stderr.isatty():
        click.echo(f"\rplan {done + 1} of {of}" + ("\r" if done + 1 == of else ""), nl=False, err=True)
