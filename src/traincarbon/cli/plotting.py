"""What commands share that write a page of charts with ``--plot``."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, TypeVar

import click

from traincarbon.cli import output
from traincarbon.cli.options import PAGE

if TYPE_CHECKING:
    from traincarbon.reporting.charts.chart import Chart

C = TypeVar("C", bound=Callable[..., object])


def plot_option(what: str) -> Callable[[C], C]:
    """Return the option ``--plot``, whose help says *what* is drawn."""
    return click.option("--plot", metavar="X.html", type=PAGE, help=f"Draw {what} into a new HTML file.")


def check_plot(file: str | None) -> None:
    """Refuse a file that cannot be written, before anything is computed.

    Raises:
        CarbonError: it exists, or its folder does not.
    """
    if file is not None:
        from traincarbon.files import check_new_file

        check_new_file(file)


def write_plot(file: str, *, title: str, lead: Iterable[str], charts: Sequence["Chart"], quiet: bool) -> None:
    """Write the page of *charts*, and say on stderr where it is.

    Raises:
        CarbonError: the file cannot be written.
    """
    from traincarbon.files import write_new_file
    from traincarbon.reporting.plots.page import page

    write_new_file(file, page(title=title, lead=lead, charts=charts))
    if not quiet:
        click.echo(f"plotted in {output.clean(file)}", err=True)
