"""What an import names, read one after the other: files, standard input, and servers whose jobs are named beside them."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from traincarbon.errors import CarbonError, NotFoundError
from traincarbon.ledger.run import Run
from traincarbon.ledger.same_energy import job_of as number_of
from traincarbon.readers.bills.charge import Charge
from traincarbon.readers.bills.focus import bill_of
from traincarbon.readers.formats import STDIN, expanded, read_file
from traincarbon.readers.imported import Imported, ImportOptions
from traincarbon.readers.on_demand import entries_of
from traincarbon.readers.prometheus.address import is_address
from traincarbon.readers.prometheus.job_ids import is_like, is_pattern, job_ids
from traincarbon.readers.prometheus.nodelists import nodes_of_jobs

if TYPE_CHECKING:
    from traincarbon.readers.prometheus.reader import Served

Progress = Callable[[str], None]
KnownJob = Callable[[str], Run | None]
"""Finds what is known of a job by its number."""
_LARGE_B = 20_000_000
"""Reading a larger file takes longer than a second."""


class Sources(NamedTuple):
    """What an import reads.

    Attributes:
        readings: What each source holds, with the name that messages show.
        charges: The charges of bills among the files.
        hosts: The hosts by the id of their run: of those from servers, and of jobs of SLURM if there are bills.
    """

    readings: list[tuple[str, Imported]]
    charges: list[Charge]
    hosts: Mapping[str, Sequence[str]]


class JobNames(NamedTuple):
    """Which jobs of a server are asked for.

    Attributes:
        job: What its label says; several, separated by commas, and patterns with ``*`` name several jobs.
        hosts: Its hosts, as ``a,b`` or ``gpu[01-03]``.
        begin: When it began.
        end: When it ended.
    """

    job: str | Sequence[str] = ""
    hosts: str = ""
    begin: str = ""
    end: str = ""


def read_sources(sources: Sequence[str], format: str, options: ImportOptions, names: JobNames, *, known: KnownJob | None, progress: Progress | None) -> Sources:
    """Return what each of *sources* holds; files first, as they may name the jobs of servers.

    Args:
        sources: Files and folders of them, ``-`` for standard input, and addresses of servers.
        format: The format of the files.
        options: What the user states about the files.
        names: The job to read from servers; if none is named, all jobs of the files of ``sacct`` among *sources*.
        known: Finds a job in the ledger.
        progress: Called with a message before what takes longer than a second.

    Raises:
        CarbonError: a source cannot be read.
    """
    servers = [source for source in sources if is_address(source)]
    if any(names) and not servers:
        raise CarbonError("--job, --hosts, --from and --to name a job of Prometheus, and no server is named", hint="add prom+http://HOST:9090")
    files = [file for source in sources if not is_address(source) for file in expanded(source)]
    charges: list[Charge] = []
    found: list[tuple[str, Imported]] = []
    hosts: dict[str, tuple[str, ...]] = {}
    for file in files:
        bill = bill_of(file, format)
        charges += bill.charges if bill is not None else []
        found.append((_shown(file), _read(file, format, options, progress) if bill is None else Imported([], bill.left_out, bill.notes)))
    if servers:
        records = [record for _, reading in found for record in reading.records]
        for server in servers:
            url, (reading, served) = _read_server(server, files, records, options, names, known=known, progress=progress)
            found.append((url, reading))
            hosts |= served
    of_jobs = nodes_of_jobs(file for file in files if file != STDIN) if charges else {}
    return Sources(found, charges, {**of_jobs, **hosts})


def _read_server(
    server: str, files: Sequence[str], records: Sequence[Run], options: ImportOptions, names: JobNames, *, known: KnownJob | None, progress: Progress | None
) -> "tuple[str, Served]":
    from traincarbon.readers.prometheus import reader
    from traincarbon.readers.prometheus.address import address_of

    nodes = nodes_of_jobs(file for file in files if file != STDIN)
    placed = [record for record in records if record.run_id in nodes and record.duration_s > 0.0 and record.started_at and not names.hosts]
    wanted = job_ids(names.job)
    if len(wanted) > 1 and names.hosts:
        raise CarbonError("--hosts are those of one job, and --job names several", hint="import them one by one, or leave out --hosts")
    ask = partial(reader.job_of, hosts=names.hosts, begin=names.begin, end=names.end, zone=options.zone)
    jobs = [reader.job_on(record, nodes[record.run_id]) for record in placed if not wanted or any(is_like(number_of(record.run_id), id) for id in wanted)]
    numbers, absent = {number_of(record.run_id) for record in placed}, []
    for id in wanted or ([] if jobs else [""]):
        if any(is_like(number, id) for number in numbers):
            continue
        try:
            found = reader.ids_between(server, id, begin=names.begin, end=names.end, zone=options.zone) if is_pattern(id) else [id]
        except NotFoundError as error:
            if len(wanted) == 1:
                raise
            absent.append(f"job {id}: {error}")
            continue
        jobs += [ask(job=each, known=_recorded(each, records, known)) for each in found]
    read, hosts = reader.read_jobs(server, jobs, hw=options.hw, progress=progress) if jobs else (Imported([], [], []), {})
    return address_of(server).url, reader.Served(read._replace(left_out=[*absent, *read.left_out]), hosts)


def _recorded(id: str, records: Sequence[Run], known: KnownJob | None) -> Run | None:
    """Return what the files of the import, or the ledger, have of a job of SLURM."""
    number = id.rpartition("=")[2]
    if not number.isdecimal():
        return None
    recorded = next((record for record in records if number_of(record.run_id) == number), None)
    return known(number) if recorded is None and known is not None else recorded


def joint_notes(records: Sequence[Run], readings: Sequence[tuple[str, Imported]]) -> Iterable[str]:
    """Yield the notes on runs that no source gives alone, as those on ranks of one machine."""
    said = {note for _, reading in readings for entry in entries_of(reading.records) for note in entry.notes}
    return (f"run {entry.run_id[:60]!r}: {note}" for entry in entries_of(records) for note in entry.notes if note not in said)


def _shown(file: str) -> str:
    return "standard input" if file == STDIN else file


def _read(file: str, format: str, options: ImportOptions, progress: Progress | None) -> Imported:
    """Return what one file holds; an error names the file."""
    size_b = os.path.getsize(file) if os.path.isfile(file) else 0
    if size_b > _LARGE_B and progress is not None:
        progress(f"reading {file}, {size_b / 1e6:,.0f} MB")
    try:
        return read_file(file, format=format, options=options)
    except CarbonError as error:
        if os.path.basename(file) in str(error):
            raise
        raise type(error)(f"{_shown(file)}: {error}", hint=error.hint) from error
