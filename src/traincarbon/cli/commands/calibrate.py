"""``carbon calibrate``: fit what an estimate holds uncertain to runs of one's own, and keep it under a name."""

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from traincarbon.cli import output
from traincarbon.cli.options import common_options, database
from traincarbon.errors import CarbonError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from traincarbon.calibration.fit import Fitted
    from traincarbon.estimation.calibration import Calibration
    from traincarbon.ledger.record import RunRecord

_MOST_NOTES = 5
_SLOW = 20_000
"""So many runs take more than a second."""


@click.command("calibrate")
@click.argument("runs", metavar="[RUN]…", nargs=-1)
@click.option("--from", "files", multiple=True, metavar="FILE", type=click.Path(), help="Runs from a file that carbon runs import reads; may be repeated.")
@click.option("--hw", default="", metavar="NAME", help="Hardware of the runs of those files, where they do not say it or say it otherwise.")
@click.option("--name", metavar="NAME", help="What to call the calibration.  [default: the hardware's id, or mine where there are several]")
@click.option("--site", default="", metavar="NAME", help="Region or site of runs whose plan names none.")
@click.option("--wall", "wall", multiple=True, metavar="RUN=KWH", help="A meter at the wall, for a run: its kWh, or a CSV file of time,watts.")
@click.option("--plot", metavar="X.html", type=click.Path(), help="Draw predicted against measured into a new HTML file.")
@click.option("--dry-run", is_flag=True, help="Only show what it would be; nothing is kept.")
@click.option("--list", "list_them", is_flag=True, help="List the calibrations that are kept.")
@click.option("--forget", metavar="NAME", help="Remove a calibration; without --yes only show its file.")
@click.option("--yes", is_flag=True, help="Do remove it.")
@click.option("--store", metavar="DIR", type=click.Path(), help="Where runs are kept; default $CARBON_STORE, else your data folder.")
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
    """Calibrate estimates to your own runs: RUNs of the ledger, all of them, or of files.

    Shown is predicted over measured: without the calibration, with it, and with each run
    predicted by the others alone. What that last test shows to be no better than none is
    kept, but an estimate uses it only when it is named: carbon estimate --calibration NAME.

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
    script = _prepare_plot(plot) if plot is not None else ""
    try:
        fitted = _fit(_records(runs, files, hw=hw, store=store, quiet=quiet), wall, name=name, site=site, db=db, quiet=quiet)
    except ImportError as error:
        raise CarbonError(f"calibrate needs {error.name}", hint="pip install 'traincarbon[arrays]'") from error
    if plot is not None:
        _plot(fitted, plot, script)
    file = replaced = ""
    if not dry_run:
        file, replaced = _keep(fitted)
    if as_json:
        click.echo(output.as_json(_as_dict(fitted, file)))
        return
    from traincarbon.cli.screens.calibration import screen

    click.echo("\n".join([screen(fitted), "", output.wrapped("Kept" if file else "Not kept", _outcome(fitted, file, replaced))]))


def _records(runs: tuple[str, ...], files: tuple[str, ...], *, hw: str, store: str | None, quiet: bool) -> "list[RunRecord]":
    """Return the runs that are named, those of the files, or where neither is said all of the ledger."""
    from traincarbon.ledger.store import Ledger

    found: list[RunRecord] = []
    if files:
        from traincarbon.runs import read as read_runs

        read = read_runs(files, hw=hw)
        found += read.runs
        said = [*(f"left out {text}" for text in read.left_out[:_MOST_NOTES]), *read.notes[:_MOST_NOTES]]
        if len(read.left_out) > _MOST_NOTES:
            said.append(f"and {len(read.left_out) - _MOST_NOTES:,} more left out; carbon runs import --json lists all")
        for text in said if not quiet else ():
            click.echo(f"note: {output.clean(text)}", err=True)
    if runs or not files:
        with Ledger(store) as ledger:
            found += [ledger.run(id) for id in runs] if runs else ledger.runs()
            if not found:
                raise CarbonError(f"no runs in {output.clean(ledger.store)}", hint="record some: carbon track -- COMMAND; or name a file: --from FILE")
    return found


def _fit(records: "Sequence[RunRecord]", wall: tuple[str, ...], *, name: str | None, site: str, db: str | None, quiet: bool) -> "Fitted":
    import time

    from traincarbon._version import __version__
    from traincarbon.calibration.fit import fit
    from traincarbon.calibration.observed import from_records
    from traincarbon.calibration.wall_meter import as_entries, meters_by_machine, sigmas, with_meters
    from traincarbon.estimation.calibration import file_of

    if name is not None:
        file_of(name)
    if not quiet and len(records) >= _SLOW:
        click.echo(f"fitting {len(records):,} runs", err=True)
    facts = database(db)
    at_wall = _at_wall(wall, records)
    meters = meters_by_machine(records, at_wall) if at_wall else {}
    wall_kwh = with_meters(records, at_wall, meters) if meters else at_wall
    observed, aside = from_records(records, facts, site=site, wall_kwh=wall_kwh, wall_sigma=sigmas(records, wall_kwh, meters))
    named = name or _name_of([str(job["hw"]) for job in observed.jobs])
    made = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return fit(observed, facts, name=named, made=made, version=__version__, set_aside=aside, meters=as_entries(meters))


def _at_wall(stated: tuple[str, ...], records: "Sequence[RunRecord]") -> dict[str, float]:
    """Return the energy at the wall by run, in kWh."""
    from traincarbon.calibration.wall_meter import energy_at_wall

    by_id = {record.run_id: record for record in records}
    found = {}
    for text in stated:
        id, mark, reading = text.rpartition("=")
        fitting = [record for run_id, record in by_id.items() if run_id.startswith(id)] if id and id not in by_id else [by_id[id]] if id else []
        if not mark or len(fitting) != 1:
            raise CarbonError(f"--wall {text[:60]!r} names {len(fitting) or 'no'} run{'s' * (len(fitting) > 1)}", hint="write RUN=12.4 or RUN=readings.csv")
        found[fitting[0].run_id] = energy_at_wall(reading, fitting[0])
    return found


def _name_of(hardware: "Sequence[str]") -> str:
    return hardware[0] if len(set(hardware)) == 1 else "mine"


def _keep(fitted: "Fitted") -> tuple[str, str]:
    """Write the calibration and return its file, and when the one was made that it replaces."""
    from traincarbon.calibration.store import save
    from traincarbon.estimation.calibration import read

    try:
        replaced = read(fitted.calibration.name).made[:10]
    except CarbonError:
        replaced = ""
    return save(fitted.calibration), replaced


def _outcome(fitted: "Fitted", file: str, replaced: str) -> str:
    """Return in words what became of the calibration and what an estimate will do with it."""
    calibration = fitted.calibration
    verdict = f"{output.clean(calibration.why[:1].upper() + calibration.why[1:])}."
    if not file:
        return f"{verdict} To keep it, leave out --dry-run."
    instead = f", in place of the one of {output.clean(replaced)}" if replaced else ""
    rivals = _rivals(calibration) if calibration.automatic else []
    use = "carbon estimate applies it by itself on this hardware" if calibration.automatic else "it is used only where it is named"
    if rivals:
        shown = f"{', '.join(rivals[:3])}{f' and {len(rivals) - 3} more' if len(rivals) > 3 else ''}"
        use = f"it is used only where it is named, as {shown} fit{'s' * (len(rivals) == 1)} this hardware too"
    return f"as {calibration.name} in {output.clean(file)}{instead}. {verdict} Hence {use}: --calibration {calibration.name}, or none."


def _rivals(calibration: "Calibration") -> list[str]:
    """Return the names of other calibrations that an estimate on the same hardware and site would apply by itself."""
    from traincarbon.estimation.calibration import names, read

    places = {(effect.hardware, effect.site) for effect in calibration.effects if effect.quantity == "mfu" and effect.family}
    found = []
    for name in names():
        try:
            other = read(name) if name != calibration.name else None
        except CarbonError:
            continue
        if other is not None and other.automatic and any(other.fits(*place) for place in places):
            found.append(name)
    return found


def _as_dict(fitted: "Fitted", file: str) -> dict[str, Any]:
    import numpy as np

    from traincarbon.calibration.store import as_dict
    from traincarbon.estimation.calibration import SCHEMA

    used, errors = fitted.used, fitted.errors["hours"]
    predicted = [(used.hours_h * np.exp(column)).tolist() for column in (errors.before, errors.after, errors.left_out)]
    names = ("id", "measured_h", "before_h", "after_h", "left_out_h")
    rows = [dict(zip(names, row, strict=True)) for row in zip(used.ids, used.hours_h.tolist(), *predicted, strict=True)]
    aside = [each._asdict() for each in fitted.set_aside]
    return {"schema": SCHEMA, **as_dict(fitted.calibration), "set_aside": aside, "file": file or None, "rows": rows}


def _forget(name: str, *, really: bool, as_json: bool) -> None:
    """Remove a calibration, or only show its file."""
    from traincarbon.calibration.store import forget
    from traincarbon.estimation.calibration import file_of, read

    if not really:
        read(name)
    file = forget(name) if really else file_of(name)
    if as_json:
        click.echo(output.as_json({"name": name, "file": file, "removed": really}))
    else:
        click.echo(f"{output.clean(file)} removed" if really else f"{output.clean(file)} would go; nothing was removed. To do it: --yes")


def _list(*, as_json: bool, quiet: bool) -> None:
    """List the calibrations that are kept; those that cannot be read are named on stderr."""
    from traincarbon.calibration.store import as_dict
    from traincarbon.cli.screens.calibration import listing
    from traincarbon.estimation.calibration import names, read

    found, faults = [], []
    for name in names():
        try:
            found.append(read(name))
        except CarbonError as error:
            faults.append(str(error))
    if as_json:
        click.echo(output.as_json([as_dict(each) for each in found]))
    else:
        click.echo(listing(found) if found else "no calibrations are kept: carbon calibrate makes one of your runs")
    if not quiet:
        for fault in faults:
            click.echo(f"note: {output.clean(fault)}", err=True)


def _prepare_plot(file: str) -> str:
    """Return plotly's script, all that can go wrong with the file found out before the fit."""
    from traincarbon.files import check_new_file
    from traincarbon.reporting.plots.page import plot_script

    check_new_file(file)
    return plot_script()


def _plot(fitted: "Fitted", file: str, script: str) -> None:
    from traincarbon.files import write_new_file
    from traincarbon.reporting.plots.calibration_plots import before_and_after
    from traincarbon.reporting.plots.page import page

    lead = (
        f"What runs took against what carbon expects of them: without calibration, and with each run predicted by a calibration to the others "
        f"({fitted.calibration.name}, {fitted.calibration.made[:10]}). {fitted.calibration.why[:1].upper()}{fitted.calibration.why[1:]}. "
        "Bars are intervals of 90 %. In the grey band a prediction is within a factor of two. A touch on a point names the run."
    )
    text = page(title="Predicted against measured", lead=output.clean(lead), panels=before_and_after(fitted), script=script)
    write_new_file(file, text)
    if sys.stderr.isatty():
        click.echo(f"drawn into {output.clean(file)}", err=True)
