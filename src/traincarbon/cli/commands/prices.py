"""``carbon db prices``: who rents hardware out for how much."""

from typing import TYPE_CHECKING

import click

from traincarbon.cli import output
from traincarbon.cli.choice import Choice
from traincarbon.cli.options import common_options, database
from traincarbon.cli.plotting import check_plot, plot_option, write_plot
from traincarbon.database.records import PURCHASES
from traincarbon.errors import CarbonError
from traincarbon.formatting import counted

if TYPE_CHECKING:
    from traincarbon.explore.price_book import Market, PriceBook


@click.command("prices", short_help="Show who rents hardware out for how much.")
@click.argument("hardware", metavar="HARDWARE")
@click.option("--rent", type=Choice(PURCHASES), help="One way of buying; all of them unless given.")
@click.option("--region", metavar="REGION", help="A cloud's region: the prices of its provider there.")
@click.option("--start", metavar="DATE", help="Prices of that time, YYYY or YYYY-MM; the newest unless given.")
@click.option("--accelerators", type=click.IntRange(1, 1_000_000), metavar="N", help="How many are rented together: prices are of sizes that give them.")
@plot_option("the prices")
@common_options
def prices(
    *,
    hardware: str,
    rent: str | None,
    region: str | None,
    start: str | None,
    accelerators: int | None,
    plot: str | None,
    as_json: bool,
    quiet: bool,
    db: str | None,
) -> None:
    """Show what each provider asks for an accelerator-hour of HARDWARE, and the price of the market that an estimate takes.

    Each provider counts once, with its cheapest size in its home region, or in yours. The market is the median over providers.

    \b
    carbon db prices h100
    carbon db prices 8xA100 --rent spot --json
    carbon db prices aws-p5.48xlarge --region us-east-1
    """  # noqa: D301  click reads the escape
    from traincarbon.explore.price_book import price_book

    check_plot(plot)
    if start is not None:
        _check_date(start)
    book = price_book(database(db), hardware, rent=rent, region=region, start=start, accelerators=accelerators)
    if not book.markets:
        what = "" if rent is None else f"{rent.replace('_', ' ')} "
        raise CarbonError(f"no {what}price of {book.hardware.name} is known", hint="carbon db refresh brings newer prices; or give --rent-price to an estimate")
    if plot is not None:
        _plot(book, plot, quiet=quiet)
    if as_json:
        click.echo(output.as_json(_as_dict(book)))
    else:
        click.echo("\n\n".join(_page(market, book) for market in book.markets))


def _check_date(start: str) -> None:
    """Refuse a start that is not a date.

    Raises:
        OutOfRangeError: it is not a date.
    """
    from traincarbon.estimation.plan import Plan

    Plan(start=start)


def _page(market: "Market", book: "PriceBook") -> str:
    """Return the price of the market in words, and a table of the quotes."""
    low, middle, high = (output.significant(bound, 3) for bound in market.usd_per_h)
    title = f"{market.purchase.replace('_', ' ')}: ${middle} per GPU-hour of {book.accelerator.name} (${low} – ${high})"
    kinds = "; ".join(f"{kind}s ${output.significant(usd_per_h, 3)}" for kind, usd_per_h in market.by_kind.items())
    head = ("provider", "kind", "$/h", "size", "region", "date", "source")
    rows = [
        (quote.provider, quote.kind, output.significant(quote.usd_per_h, 4), quote.server, quote.region.partition(":")[2], quote.date, quote.source)
        for quote in market.quotes
    ]
    lines = [output.bold(output.filled(title, indent=0)), output.dim(output.filled(output.clean(market.reason)))]
    lines.append(output.filled(f"{counted(len(rows), 'provider')}{f': {kinds}' if len(market.by_kind) > 1 else ''}"))
    lines.append(output.fitting_table([head, *[tuple(output.clean(cell) for cell in row) for row in rows]], right=(2,), drop=(6, 4, 3, 1), cut=(3, 0)))
    return "\n".join(lines)


def _as_dict(book: "PriceBook") -> dict[str, object]:
    return {
        "hardware": book.hardware.id,
        "accelerator": book.accelerator.id,
        "markets": [
            {
                "purchase": market.purchase,
                "usd_per_h": market.usd_per_h._asdict(),
                "reason": market.reason,
                "by_kind": market.by_kind,
                "quotes": [quote._asdict() for quote in market.quotes],
            }
            for market in book.markets
        ],
    }


def _plot(book: "PriceBook", file: str, *, quiet: bool) -> None:
    from traincarbon.reporting.plots.price_plots import price_charts

    lead = "What each provider asks for an accelerator-hour: its cheapest size in its home region. An estimate takes the median over providers."
    write_plot(file, title=f"Prices of {book.accelerator.name}", lead=[lead], charts=price_charts(book), quiet=quiet)
