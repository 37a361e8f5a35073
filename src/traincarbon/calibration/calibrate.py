"""Calibrate estimates to runs of your own, and save the result under a name."""

import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from traincarbon._version import __version__
from traincarbon.calibration.fit import Fitted, fit
from traincarbon.calibration.joined_records import joined
from traincarbon.calibration.ledger_runs import LedgerRuns, for_prices
from traincarbon.calibration.observed import from_records
from traincarbon.calibration.price_errors import prices_tested
from traincarbon.calibration.prices_alone import prices_alone
from traincarbon.calibration.probes import is_probe, probe_remarks
from traincarbon.calibration.rents import rents_of
from traincarbon.calibration.store import as_dict, save
from traincarbon.calibration.unusable import NoUsableRunError
from traincarbon.calibration.wall_meter import as_entries, energy_at_wall, meters_by_machine, wall_sigmas, with_predicted_wall
from traincarbon.database.load import Database, open_database
from traincarbon.errors import CarbonError
from traincarbon.estimation.calibration import SCHEMA, Calibration, file_of, names, read
from traincarbon.ledger.index_progress import Tell
from traincarbon.ledger.run import Run
from traincarbon.ledger.same_energy import with_second_opinions
from traincarbon.ledger.store import Ledger

_SLOW = 20_000
"""So many runs take more than a second to fit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrated:
    """A calibration with the runs that it was fitted to.

    Attributes:
        fitted: The calibration, the runs and their errors.
        file: The file that it was saved in; empty where it was not saved.
        replaced: The day on which the calibration was made that this one replaced; empty where there was none.
    """

    fitted: Fitted
    file: str
    replaced: str

    @property
    def calibration(self) -> Calibration:
        """The calibration."""
        return self.fitted.calibration

    @property
    def rivals(self) -> tuple[str, ...]:
        """Names of other calibrations that an estimate on the same hardware and site would use by itself."""
        places = {(effect.hardware, effect.site) for effect in self.calibration.effects if effect.quantity == "mfu" and effect.family}
        return tuple(
            other.name for other in calibrations()[0] if other.name != self.calibration.name and other.automatic and any(other.fits(*place) for place in places)
        )

    def to_dict(self) -> dict[str, object]:
        """Return the calibration fit for JSON, in the schema ``traincarbon/calibration/1``, with a row for each run."""
        import numpy as np

        used, errors = self.fitted.used, self.fitted.errors.get("hours")
        logs = () if errors is None else (errors.before, errors.after, errors.left_out)
        predicted = [(used.hours_h * np.exp(column)).tolist() for column in logs] or [[], [], []]
        columns = ("id", "measured_h", "before_h", "after_h", "left_out_h")
        rows = [dict(zip(columns, row, strict=True)) for row in zip(used.ids, used.hours_h.tolist(), *predicted, strict=True)]
        aside = [{"id": each.id, "reason": each.reason} for each in self.fitted.set_aside]
        return {"schema": SCHEMA, **as_dict(self.calibration), "set_aside": aside, "file": self.file or None, "rows": rows}


def calibrate(
    runs: Iterable[Run | str] | None = None,
    *,
    name: str | None = None,
    site: str = "",
    wall: Mapping[str, float | str] | None = None,
    dry_run: bool = False,
    store: str | os.PathLike[str] | None = None,
    database: Database | None = None,
    progress: Tell | None = None,
) -> Calibrated:
    """Fit the model to runs of your own and save it as a named calibration, which estimates then use.

    Args:
        runs: Runs, or ids of runs in the ledger; by default every run in the ledger. See :func:`traincarbon.runs.read` for runs from files.
        name: The name of the calibration; by default the id of the hardware, or ``mine`` for several.
        site: The region or site of runs whose plan states none.
        wall: Readings of a meter at the wall by run: kWh, or a CSV file of ``time,watts``.
        dry_run: Fit, but save nothing.
        store: The folder of the ledger; by default ``$CARBON_STORE``, else the user's data folder.
        database: The facts to rest on; by default ours with the user's own.
        progress: Called with a line now and then while reading and fitting take longer than a second.

    Raises:
        CarbonError: there are no runs that can be used or an argument is not possible.
    """
    if name is not None:
        file_of(name)
    database = database if database is not None else open_database()
    with _records(runs, store, progress) as records:
        if progress is not None and len(records) >= _SLOW:
            progress(f"fitting {len(records):,} runs")
        readings = {record.run_id: energy_at_wall(str(reading), record) for record, reading in _by_run(wall or {}, records)}
        meters = meters_by_machine(records, readings) if readings else {}
        wall_kwh = with_predicted_wall(records, readings, meters) if meters else readings
        seen = _Seen([], [])
        sigmas = wall_sigmas(records, wall_kwh, meters) if meters else {}
        observed, aside = from_records(seen.through(records), database, site=site, wall_kwh=wall_kwh, wall_sigma=sigmas)
        remarks = records.remarks if isinstance(records, LedgerRuns) else []
    rents = rents_of(seen.billed, database, site=site)
    prices = prices_tested(seen.billed, database, site=site)
    hardware = {job.hardware for job in observed.jobs} or {rent.hardware for rent in rents}
    name = name or (hardware.pop() if len(hardware) == 1 else "mine")
    made = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    remarks += probe_remarks(seen.probes, observed.ids)
    try:
        fitted = fit(
            observed,
            database,
            name=name,
            made=made,
            version=__version__,
            set_aside=aside,
            meters=as_entries(meters),
            remarks=remarks,
            rents=rents,
            prices=prices,
        )
    except NoUsableRunError as error:
        if not rents:
            raise
        fitted = prices_alone(observed, rents, error.set_aside, prices=prices, name=name, made=made, version=__version__)
    replaced = "" if dry_run else _made(fitted.calibration.name)
    return Calibrated(fitted=fitted, file="" if dry_run else save(fitted.calibration), replaced=replaced)


def calibrations() -> tuple[tuple[Calibration, ...], tuple[str, ...]]:
    """Return the saved calibrations, and the errors of those that cannot be read."""
    found: list[Calibration] = []
    faults: list[str] = []
    for name in names():
        try:
            found.append(read(name))
        except CarbonError as error:
            faults.append(str(error))
    return tuple(found), tuple(faults)


class _Seen(NamedTuple):
    """What is kept of runs that are read one by one: those with a bill, and the ids of probes."""

    billed: list[Run]
    probes: list[str]

    def through(self, records: Iterable[Run]) -> Iterator[Run]:
        """Yield *records*, and keep what is to be kept of each."""
        for record in records:
            if record.billed is not None:
                self.billed.append(for_prices(record))
            if is_probe(record):
                self.probes.append(record.run_id)
            yield record


@contextmanager
def _records(runs: Iterable[Run | str] | None, store: str | os.PathLike[str] | None, progress: Tell | None) -> "Iterator[Sequence[Run] | LedgerRuns]":
    """Give the records of *runs*; ids are looked up in the ledger."""
    stated = None if runs is None else list(runs)
    if stated is not None and not any(isinstance(run, str) for run in stated):
        yield joined(with_second_opinions([run for run in stated if not isinstance(run, str)]))
        return
    with Ledger(store, progress=progress) as ledger:
        ledger.index.refresh()
        found = LedgerRuns(ledger.index, None if stated is None else [ledger.full_id(run) if isinstance(run, str) else run for run in stated])
        if not len(found):
            raise CarbonError(f"no runs in {ledger.store}", hint="record some with carbon track -- COMMAND, or name a file: --from FILE")
        yield found


def _by_run(wall: Mapping[str, float | str], records: Iterable[Run]) -> list[tuple[Run, float | str]]:
    """Return each reading at the wall with its run; a run may be named by the beginning of its id.

    Raises:
        CarbonError: a name is that of no run, or of several.
    """
    named = {record.run_id: record for record in records if any(id and record.run_id.startswith(id) for id in wall)} if wall else {}
    found = []
    for id, reading in wall.items():
        matching = [named[id]] if id in named else [record for run_id, record in named.items() if id and run_id.startswith(id)]
        if len(matching) != 1:
            raise CarbonError(
                f"the wall reading {id[:60]!r} names {len(matching) or 'no'} run{'s' * (len(matching) > 1)}", hint="write RUN=12.4 or RUN=readings.csv"
            )
        found.append((matching[0], reading))
    return found


def _made(name: str) -> str:
    """Return the day on which the calibration saved as *name* was made; empty where there is none."""
    try:
        return read(name).made[:10]
    except CarbonError:
        return ""
