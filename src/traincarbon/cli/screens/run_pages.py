"""Pages of charts of runs, for ``carbon runs list --plot`` and ``carbon runs show --plot``."""

from collections.abc import Sequence

from traincarbon.cli import output
from traincarbon.cli.plotting import write_plot
from traincarbon.formatting import counted
from traincarbon.ledger.run import Run
from traincarbon.ledger.server.team_ledger import open_ledger


def plot_runs(records: Sequence[Run], file: str, *, quiet: bool) -> None:
    """Write the page of many runs."""
    from traincarbon.reporting.plots.run_plots import listing_charts, sums_words

    write_plot(file, title=counted(len(records), "run"), lead=[sums_words(records)], charts=listing_charts(records), quiet=quiet)


def plot_run(id: str, file: str, *, store: str | None, quiet: bool) -> None:
    """Write the page of one run, with its power over time where its journals are at hand."""
    from traincarbon.database.load import open_database
    from traincarbon.reporting.plots.run_plots import run_charts
    from traincarbon.reporting.subjects import reported_run

    tell = output.teller(quiet=quiet)
    with open_ledger(store, progress=tell) as ledger:
        run = reported_run(ledger, ledger.run(id), tell=tell)
    record = run.record
    lead = f"{record.project + ': ' if record.project else ''}{record.state}, {output.amount(record.duration_s, 's', digits=3)}."
    write_plot(file, title=f"Run {record.run_id}", lead=[output.clean(lead)], charts=run_charts(run, open_database()), quiet=quiet)
