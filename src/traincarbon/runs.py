"""The runs in a ledger: list, load, read, import, export, merge, compact and forget them.

>>> from traincarbon import runs
>>> runs.list(project="no such project")
()
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from traincarbon.budgets import listing
from traincarbon.errors import CarbonError
from traincarbon.ledger import exchange
from traincarbon.ledger.lookup import Listing, find_in, load_from
from traincarbon.ledger.packs import calls as packs
from traincarbon.ledger.run import Run
from traincarbon.ledger.server import sync as server
from traincarbon.ledger.server.team_ledger import open_ledger
from traincarbon.ledger.store import Ledger, Merged
from traincarbon.readers.adding import add_found
from traincarbon.readers.bills.importing import with_bills
from traincarbon.readers.formats import AUTO, FORMAT_NAMES, merged
from traincarbon.readers.found import Found, ImportResult
from traincarbon.readers.imported import ENERGY_COVERS, ImportOptions
from traincarbon.readers.on_demand import entries_of, fixed
from traincarbon.readers.recorded_jobs import RecordedJobs
from traincarbon.readers.sources import JobNames, KnownJob, joint_notes, read_sources
from traincarbon.tracking import project_budget
from traincarbon.zones import zone_of

Store = str | os.PathLike[str] | None
Progress = Callable[[str], None]
sync = server.sync
compact, compact_some, query = packs.compact, packs.compact_some, packs.query
check_budget = project_budget.check_budget
budget, set_budget, remove_budget, set_time_zone = listing.budget, listing.set_budget, listing.remove_budget, listing.set_time_zone
EXPORTS = (*exchange.FORMATS, "codecarbon")
"""Formats that :func:`export` writes."""


class Forgotten(NamedTuple):
    """Journals of runs.

    Attributes:
        runs: Ids of the runs.
        files: Their journals.
        removed: Whether they were removed.
        shared: Those of the files that hold other imported runs too: of them, only the lines of these runs are removed.
    """

    runs: tuple[str, ...]
    files: tuple[str, ...]
    removed: bool
    shared: tuple[str, ...]


def list(*, project: str = "", state: str = "", since: str = "", limit: int = 0, store: Store = None) -> tuple[Run, ...]:
    """Return the runs in the ledger, the latest first.

    Args:
        project: Only runs of this project.
        state: Only runs in this state: ``running``, ``finished``, ``failed``, ``killed`` or ``lost``.
        since: Only runs that began then or later: a date as ``2026-11-01``, or an age as ``12h``, ``3d`` or ``2w``.
        limit: At most so many; 0 for all.
        store: The folder of the ledger; by default the server in ``$CARBON_LEDGER``, else ``$CARBON_STORE``, else the user's data folder.

    Raises:
        CarbonError: *since* is not a date, or the store cannot be read.
    """
    return find(project=project, state=state, since=since, limit=limit, store=store).runs


def find(*, project: str = "", state: str = "", since: str = "", limit: int = 0, store: Store = None, progress: Progress | None = None) -> Listing:
    """Return what :func:`list` does, with the number of all runs that match and the faults of their journals.

    *progress* is called with a message now and then while journals are read for longer than a second.
    """
    with open_ledger(store, progress=progress) as ledger:
        return find_in(ledger, project=project, state=state, since=since, limit=limit)


def load(id: str = "last", *, store: Store = None, progress: Progress | None = None) -> Run:
    """Return the run with this *id*, or whose id begins with it; ``last`` is the latest run. *progress* is called as by :func:`find`.

    Raises:
        NotFoundError: no run has that id; AmbiguousError: several ids begin with it.
    """
    with open_ledger(store, progress=progress) as ledger:
        return load_from(ledger, id)


def read(
    files: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    *,
    format: str = AUTO,
    project: str = "",
    hw: str = "",
    params_column: str = "",
    tokens_column: str = "",
    timezone: str = "",
    energy_covers: str = "",
    job: str | Sequence[str] = "",
    hosts: str = "",
    from_: str = "",
    to: str = "",
    known_job: KnownJob | None = None,
    progress: Progress | None = None,
) -> Found:
    """Return the runs in *files* of this and other programs, without adding them to the ledger.

    Args:
        files: One file or several; ``-`` is standard input, ``prom+http://HOST:PORT`` a Prometheus server. Of a folder, all files with the names that programs give to them.
        format: The format of the files; ``auto`` recognises it by the content.
        project: The project of all these runs.
        hw: The hardware of all these runs.
        params_column: The column with the parameters of the model.
        tokens_column: The column with the tokens of the training.
        timezone: The time zone of times that state none: ``Europe/Paris`` or ``+02:00``; by default UTC.
        energy_covers: What the energy of SLURM covers: ``cpu``, ``node`` or ``gpu``; by default unknown.
        job: The jobs to read from a server, by the label of their series: numbers of SLURM, pods, or ``LABEL=VALUE``; ``*`` stands for any text.
        hosts: Its hosts, as ``a,b`` or ``gpu[01-03]``, if no label names it.
        from_: When it began.
        to: When it ended.
        known_job: Finds what is known of a job by its number.
        progress: Called with a message before a large file is read.

    Raises:
        CarbonError: a file cannot be read, its format is not recognised, or an argument is not possible.
    """
    if format not in FORMAT_NAMES:
        raise CarbonError(f"unknown format {format[:40]!r}", hint=f"one of {', '.join(FORMAT_NAMES)}")
    if energy_covers not in ("", *ENERGY_COVERS):
        raise CarbonError(f"unknown --energy-covers {energy_covers[:40]!r}", hint=f"one of {', '.join(ENERGY_COVERS)}")
    options = ImportOptions(zone=zone_of(timezone), hw=hw, params_column=params_column, tokens_column=tokens_column, energy_covers=energy_covers)
    named = [os.fspath(file) for file in ([files] if isinstance(files, str | os.PathLike) else files)]
    readings, charges, nodes = read_sources(named, format, options, JobNames(job, hosts, from_, to), known=known_job, progress=progress)
    records = with_bills(merged([entry for _, reading in readings for entry in entries_of(reading.records)]), charges, nodes)
    return Found(
        fixed(records, partial(_stated, project=project, hw=hw) if project or hw else None),
        tuple(f"{shown}, {fault}" for shown, reading in readings for fault in reading.left_out),
        (*joint_notes(records, readings), *(f"{shown}: {note}" for shown, reading in readings for note in reading.notes)),
        tuple(charges),
        nodes,
    )


def _stated(record: Run, *, project: str, hw: str) -> Run:
    """Return a record with what the user states of it."""
    return replace(record, project=project or record.project, hw=hw or record.hw)


def import_(
    files: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    *,
    format: str = AUTO,
    project: str = "",
    hw: str = "",
    params_column: str = "",
    tokens_column: str = "",
    timezone: str = "",
    energy_covers: str = "",
    job: str | Sequence[str] = "",
    hosts: str = "",
    from_: str = "",
    to: str = "",
    dry_run: bool = False,
    store: Store = None,
    progress: Progress | None = None,
) -> ImportResult:
    """Add the runs in *files* to the ledger; runs that it holds already stay as they are.

    Args:
        files: One file or several; ``-`` is standard input.
        format: As in :func:`read`, like the ten that follow.
        project: The project of all these runs.
        hw: The hardware of all these runs.
        params_column: The column with the parameters of the model.
        tokens_column: The column with the tokens of the training.
        timezone: The time zone of times that state none.
        energy_covers: What the energy of SLURM covers.
        job: The jobs to read from a server.
        hosts: Its hosts.
        from_: When it began.
        to: When it ended.
        dry_run: Write nothing; only return what would be added.
        store: The folder of the ledger; by default ``$CARBON_STORE``, else the user's data folder.
        progress: Called with a message before a large file, and every few thousand runs.

    Raises:
        CarbonError: a file cannot be read, or the ledger cannot be written.
    """
    with closing(RecordedJobs(store)) as known_job:
        found = read(
            files,
            format=format,
            project=project,
            hw=hw,
            params_column=params_column,
            tokens_column=tokens_column,
            timezone=timezone,
            energy_covers=energy_covers,
            job=job,
            hosts=hosts,
            from_=from_,
            to=to,
            known_job=known_job,
            progress=progress,
        )
    return add_found(found, store, dry_run=dry_run, progress=progress)


def export(ids: Iterable[str] = (), *, format: str = "csv", store: Store = None, progress: Progress | None = None) -> bytes:
    """Return runs as the content of a file: those with these *ids*, or all.

    Args:
        ids: The runs, as :func:`load` takes them.
        format: One of :data:`EXPORTS`: ``csv``, ``json``, ``parquet``, or ``codecarbon`` for its emissions.csv.
        store: The folder of the ledger; by default ``$CARBON_STORE``, else the user's data folder.
        progress: Called as by :func:`find`.

    Raises:
        CarbonError: a run or the format is unknown, or Parquet needs a package that is not installed.
    """
    return b"".join(export_pieces(ids, format=format, store=store, progress=progress))


def export_pieces(ids: Iterable[str] = (), *, format: str = "csv", store: Store = None, progress: Progress | None = None) -> Iterator[bytes]:
    """Yield what :func:`export` returns, with the same arguments: a file of more runs than memory holds can be written piece by piece.

    Raises:
        CarbonError: as :func:`export`, when the first piece is asked for.
    """
    if format not in EXPORTS:
        raise CarbonError(f"unknown format {format[:40]!r}", hint=f"one of {', '.join(EXPORTS)}")
    with open_ledger(store, progress=progress) as ledger:
        named = [ledger.run(id) for id in ids]
        found = iter(named) if named else ledger.each_run()
        if format != "codecarbon":
            yield from exchange.pieces(found, format)
            return
        from traincarbon.readers import codecarbon_csv

        yield from codecarbon_csv.pieces(found)


def merge(folders: Iterable[str | os.PathLike[str]], *, store: Store = None, progress: Progress | None = None) -> Merged:
    """Copy the journals of other stores or folders into the store; runs that it holds already are not counted twice.

    *progress* is called with a line now and then while that takes longer than a second.

    Raises:
        CarbonError: a folder does not exist, or a journal cannot be copied.
    """
    with Ledger(store, progress=progress) as ledger:
        return ledger.merge(folders)


def forget(ids: Sequence[str], *, dry_run: bool = True, store: Store = None, progress: Progress | None = None) -> Forgotten:
    """Delete the journals of runs for good, all of them or, if one cannot be deleted, none.

    Args:
        ids: The runs, as :func:`load` takes them.
        dry_run: Delete nothing; only return the journals.
        store: The folder of the ledger; by default ``$CARBON_STORE``, else the user's data folder.
        progress: Called with a line now and then while journals are read for longer than a second.

    Raises:
        CarbonError: a run is unknown or still running, or a journal cannot be deleted.
    """
    with Ledger(store, progress=progress) as ledger:
        runs = tuple(dict.fromkeys(ledger.full_id(id) for id in ids))
        files = tuple(ledger.forget(*runs))
        shared = tuple(file for file in files if not set(ledger.index.runs_in(file)) <= set(runs))
        if not dry_run:
            ledger.forget(*runs, dry_run=False)
    return Forgotten(runs, files, not dry_run, shared)
