"""``carbon calibrate``: fit the model to your own runs and save it as a named calibration."""

import os
from typing import TYPE_CHECKING

import click

from traincarbon.cli import output
from traincarbon.cli.options import FILE, common_options, database
from traincarbon.cli.plotting import check_plot, plot_option, write_plot
from traincarbon.errors import CarbonError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from traincarbon.calibration.calibrate import Calibrated
    from traincarbon.calibration.fit import Fitted
    from traincarbon.ledger.run import Run

_MOST_NOTES = 5


@click.command("calibrate")
@click.argument("runs", metavar="[RUN]…", nargs=-1)
@click.option("--from", "files", multiple=True, metavar="FILE", type=FILE, help="Also use runs from a file that carbon runs import reads (repeatable).")
@click.option("--hw", default="", metavar="NAME", help="Hardware of the runs in those files; overrides what they state.")
@click.option("--name", metavar="NAME", help="Name of the calibration.  [default: id of the hardware, or mine if there are several]")
@click.option("--site", default="", metavar="NAME", help="Region or site of runs whose plan names none.")
@click.option("--wall", "wall", multiple=True, metavar="RUN=KWH", help="Energy of a run at a wall meter: kWh, or a CSV file of time,watts.")
@plot_option("predictions against what was measured")
@click.option("--dry-run", is_flag=True, help="Show the calibration without saving it.")
@click.option("--list", "list_them", is_flag=True, help="List your calibrations.")
@click.option("--forget", metavar="NAME", help="Delete a calibration; without --yes, only show its file.")
@click.option("--yes", is_flag=True, help="Confirm --forget.")
@click.option("--store", metavar="DIR", type=FILE, help="Folder of runs; default $CARBON_STORE, else your data folder.")
@common_options
def command(
    *,
    runs: tuple[str, ...],
    files: tuple[str, ...],
    hw: str,
    name: str | None,
    site: str,
    wall: tuple[str, ...],
    plot: str | None,
    dry_run: bool,
    list_them: bool,
    forget: str | None,
    yes: bool,
    store: str | None,
    as_json: bool,
    quiet: bool,
    db: str | None,
) -> None:
    """Fit the model to your own runs and save it as a named calibration.

    Without RUNs or --from, it uses every run of the ledger. The tables compare predicted
    with measured: without calibration, with it, and with each run left out of the fit
    that predicts it. A calibration that does not beat the default in that last test is
    saved too, but only used when you name it: carbon estimate --calibration NAME.

    \b
    carbon calibrate --dry-run
    carbon calibrate run-a run-b run-c run-d --name cluster-a
    carbon calibrate --from runs.csv --wall run-a=12.4
    """  # noqa: D301  click reads the escape
    if forget is not None:
        _forget(forget, really=yes and not dry_run, as_json=as_json)
        return
    if list_them:
        _list(as_json=as_json, quiet=quiet)
        return
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the matrices are tiny: threads make them slower
    check_plot(plot)
    from traincarbon.calibration.calibrate import calibrate

    records: list[Run | str] | None = [*_read(files, hw=hw, quiet=quiet), *runs] if runs or files else None
    made = calibrate(records, name=name, site=site, wall=_wall(wall), dry_run=dry_run, store=store, database=database(db), progress=output.teller(quiet=quiet))
    if plot is not None:
        _plot(made.fitted, plot, quiet=quiet)
    if as_json:
        click.echo(output.as_json(made.to_dict()))
        return
    from traincarbon.cli.screens.calibration import screen

    click.echo("\n".join([screen(made.fitted), "", output.wrapped("Saved" if made.file else "Not saved", _outcome(made))]))


def _read(files: tuple[str, ...], *, hw: str, quiet: bool) -> "Sequence[Run]":
    """Return the runs in files; notes go to stderr."""
    from traincarbon.runs import read

    if not files:
        return ()
    found = read(files, hw=hw, progress=output.teller(quiet=quiet))
    notes = [*(f"left out {text}" for text in found.left_out[:_MOST_NOTES]), *found.notes[:_MOST_NOTES]]
    if len(found.left_out) > _MOST_NOTES:
        notes.append(f"and {len(found.left_out) - _MOST_NOTES:,} more left out; carbon runs import --json lists all")
    for text in notes if not quiet else ():
        output.tell(f"note: {text}")
    return found.runs


def _wall(stated: tuple[str, ...]) -> dict[str, float | str]:
    """Return the readings of ``--wall RUN=KWH`` by run."""
    found: dict[str, float | str] = {}
    for text in stated:
        id, mark, reading = text.rpartition("=")
        if not mark:
            raise CarbonError(f"--wall {text[:60]!r} names no run", hint="write RUN=12.4 or RUN=readings.csv")
        found[id] = reading
    return found


def _outcome(made: "Calibrated") -> str:
    """Return in words where the calibration was saved, and when estimates use it."""
    calibration = made.calibration
    verdict = f"{output.clean(calibration.why[:1].upper() + calibration.why[1:])}."
    if not made.file:
        return f"{verdict} To save it, leave out --dry-run."
    instead = f", replacing that of {output.clean(made.replaced)}" if made.replaced else ""
    rivals = made.rivals if calibration.automatic else ()
    use = "carbon estimate uses it automatically on this hardware" if calibration.automatic else "it is only used when you name it"
    if rivals:
        shown = f"{', '.join(rivals[:3])}{f' and {len(rivals) - 3} more' if len(rivals) > 3 else ''}"
        use = f"it is only used when you name it, because {shown} fit{'s' * (len(rivals) == 1)} this hardware too"
    return f"as {calibration.name} in {output.clean(made.file)}{instead}. {verdict} So {use}: --calibration {calibration.name}, or none."


def _forget(name: str, *, really: bool, as_json: bool) -> None:
    """Delete a calibration, or only show its file."""
    from traincarbon.calibration.store import forget
    from traincarbon.estimation.calibration import file_of, read

    if not really:
        read(name)
    file = forget(name) if really else file_of(name)
    if as_json:
        click.echo(output.as_json({"name": name, "file": file, "removed": really}))
    else:
        click.echo(f"deleted {output.clean(file)}" if really else f"would delete {output.clean(file)}; confirm with --yes")


def _list(*, as_json: bool, quiet: bool) -> None:
    """List the calibrations that are kept; those that cannot be read are named on stderr."""
    from traincarbon.calibration.calibrate import calibrations
    from traincarbon.calibration.store import as_dict
    from traincarbon.cli.screens.calibration import listing

    found, faults = calibrations()
    if as_json:
        click.echo(output.as_json([as_dict(each) for each in found]))
    else:
        click.echo(listing(found) if found else "no calibrations; carbon calibrate makes one from your runs")
    if not quiet:
        for fault in faults:
            click.echo(f"note: {output.clean(fault)}", err=True)


def _plot(fitted: "Fitted", file: str, *, quiet: bool) -> None:
    from traincarbon.reporting.plots.calibration_plots import calibration_charts

    lead = (
        f"{fitted.calibration.why[:1].upper()}{fitted.calibration.why[1:]} ({fitted.calibration.name}, {fitted.calibration.made[:10]}).",
        "Each run is predicted twice: without calibration, and by a calibration to the other runs.",
    )
    write_plot(file, title="Predicted against measured", lead=map(output.clean, lead), charts=calibration_charts(fitted), quiet=quiet)
