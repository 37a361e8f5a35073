"""Import jobs from Prometheus: each by the label that names it, or by its hosts and its time."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from typing import Any, NamedTuple
from zlib import crc32

from traincarbon.errors import CarbonError, NotFoundError
from traincarbon.ledger.energy_coverage import WHOLE
from traincarbon.ledger.nodes import MISSING
from traincarbon.ledger.run import Run
from traincarbon.ledger.run_energy import DeviceUse
from traincarbon.quantities import S_PER_DAY, Part
from traincarbon.readers.imported import UNKNOWN_END, Imported, instant, moment, record_of
from traincarbon.readers.plausible import Basis
from traincarbon.readers.prometheus.address import Address, address_of
from traincarbon.readers.prometheus.client import Client, literal, matching
from traincarbon.readers.prometheus.energy import HostEnergy, Question, host_energy, together
from traincarbon.readers.prometheus.find import JobSeries, check_known, find_job, flag_series, host_series
from traincarbon.readers.prometheus.hostlist import hosts_of
from traincarbon.readers.prometheus.job_ids import ids_like
from traincarbon.readers.prometheus.joules import longest_step_s
from traincarbon.readers.prometheus.metrics import FLAGS, NAMES

NAME = "prometheus"
"""The source of its records."""
_LONGEST_BACK_S = 400.0 * S_PER_DAY
"""How far back a job is looked for whose time is not stated."""
_SHORT_NAME = 80


class Job(NamedTuple):
    """A job to read.

    Attributes:
        id: What its label says, empty if it is found by its hosts.
        hosts: Its hosts; empty if its label says them.
        from_s: When it began, None if its label says so. [s]
        to_s: When it ended. [s]
        known: What another program recorded of it, without energy or with another one.
    """

    id: str = ""
    hosts: tuple[str, ...] = ()
    from_s: float | None = None
    to_s: float | None = None
    known: Run | None = None


class Served(NamedTuple):
    """What a server states of jobs.

    Attributes:
        found: Their runs, the jobs that were left out, and notes.
        hosts: Names of the hosts by the id of a run, in the order of its nodes, which records do not state.
    """

    found: Imported
    hosts: dict[str, tuple[str, ...]]


def job_of(*, job: str, hosts: str, begin: str, end: str, zone: tzinfo | None, known: Run | None = None) -> Job:
    """Return the job that ``--job``, ``--hosts``, ``--from`` and ``--to`` state.

    Raises:
        CarbonError: too little is stated, or a time cannot be read.
    """
    times = [_time(name, text, zone) for name, text in (("--from", begin), ("--to", end))]
    from_s, to_s = times
    if known is not None and from_s is None and to_s is None and known.started_at and known.duration_s > 0.0:
        from_s = moment(known.started_at, None).timestamp()
        to_s = from_s + known.duration_s
    stated = hosts_of(hosts)
    if not job and not stated:
        raise CarbonError("Prometheus holds many jobs and none is named", hint="name one with --job ID, or with --hosts a,b --from TIME --to TIME")
    if not job and (from_s is None or to_s is None):
        raise CarbonError("--hosts needs the time of the job", hint="add --from TIME --to TIME, as 2026-03-01T10:00")
    if from_s is not None and to_s is not None and from_s >= to_s:
        raise CarbonError("--from is not before --to", hint="is one of them in another time zone? --timezone states it")
    return Job(job.strip(), stated, from_s, to_s, known)


def ids_between(address: str, pattern: str, *, begin: str, end: str, zone: tzinfo | None) -> list[str]:
    """Return the jobs that a *pattern* stands for, each as LABEL=VALUE, between ``--from`` and ``--to``.

    Raises:
        NotFoundError: there is none.
        CarbonError: a time cannot be read, or the server cannot be asked.
    """
    from_s, to_s = _time("--from", begin, zone), _time("--to", end, zone)
    until_s = time.time() if to_s is None else to_s
    with Client(address_of(address)) as client:
        return ids_like(client, pattern, from_s=until_s - _LONGEST_BACK_S if from_s is None else from_s, to_s=until_s)


def job_on(record: Run, hosts: tuple[str, ...]) -> Job:
    """Return the job that a record of ``sacct`` states, with its hosts."""
    from_s = moment(record.started_at, None).timestamp()
    return Job("", hosts, from_s, from_s + record.duration_s, record)


def read_jobs(address: str, jobs: Sequence[Job], *, hw: str = "", progress: Callable[[str], None] | None = None, now_s: float | None = None) -> Served:
    """Return the runs of *jobs*, with their energy as the server's samples state it.

    Args:
        address: The server, as ``prom+http://HOST:PORT``.
        jobs: The jobs.
        hw: The hardware of all of them, if the labels do not state it.
        progress: Called with a line before each job, if there are several.
        now_s: The end of the time in which a job is looked for; by default now. [s]

    Raises:
        NotFoundError: the only job has no series.
        CarbonError: the server cannot be asked.
    """
    server = address_of(address)
    found: list[Run] = []
    left_out: list[str] = []
    notes: list[str] = []
    nodes: dict[str, tuple[str, ...]] = {}
    with Client(server) as client:
        for number, job in enumerate(jobs, 1):
            if progress is not None and len(jobs) > 1:
                progress(f"job {number:,} of {len(jobs):,}")
            try:
                run, hosts, said = _read(client, server, job, hw=hw, now_s=time.time() if now_s is None else now_s)
            except (NotFoundError, ValueError) as error:
                if len(jobs) == 1 and isinstance(error, NotFoundError):
                    raise
                left_out.append(f"job {job.id or (job.known.run_id if job.known else ', '.join(job.hosts))}: {error}")
                continue
            found.append(run)
            nodes[run.run_id] = hosts
            notes += [*said, *(f"run {run.run_id[:60]!r}: {note}" for note in run.notes)]
    return Served(Imported(found, left_out, list(dict.fromkeys(notes))), nodes)


def _read(client: Client, server: Address, job: Job, *, hw: str, now_s: float) -> tuple[Run, tuple[str, ...], list[str]]:
    """Return the run of a job, its hosts in the order of its nodes, and notes that name hosts, which records do not.

    Raises:
        NotFoundError: it has no series.
        ValueError: its duration cannot be.
    """
    is_exact = job.from_s is not None and job.to_s is not None and (bool(job.hosts) or job.known is not None)
    series: JobSeries | None = None
    begin_s = job.from_s if job.from_s is not None else now_s - _LONGEST_BACK_S
    end_s = job.to_s if job.to_s is not None else now_s
    if job.id and not (job.hosts and is_exact):
        try:
            series = find_job(client, job.id, from_s=begin_s, to_s=end_s, is_exact=is_exact)
        except NotFoundError:
            if not job.hosts:
                raise
    hosts = job.hosts or (series.hosts if series is not None else ())
    if series is not None and not is_exact:
        begin_s, end_s = _span(client, series, job)
    question = Question(
        begin_s,
        end_s,
        series.label if series is not None else None,
        flag_series(client, series, from_s=begin_s, to_s=end_s) if series is not None else (),
        is_alone=bool(job.hosts),
    )
    known = {host: energy for host in hosts if (energy := host_energy(host_series(client, host, from_s=begin_s, to_s=end_s), question)).parts}
    check_known(hosts, list(known), server.url)
    absent = [host for host in hosts if host not in known]
    notes = [f"Prometheus has no energy of host {host} at that time" for host in absent]
    notes += [f"Prometheus has no GPU of host {host}" for host, energy in known.items() if not energy.gpus and any(each.gpus for each in known.values())]
    return _record(job, (begin_s, end_s), known, absent=len(absent), hw=hw), tuple(known), notes


def _span(client: Client, series: JobSeries, job: Job) -> tuple[float, float]:
    """Return the times of the first and the last sample that names a job, or the stated ones if these are as near as a scrape.

    Raises:
        NotFoundError: there is none.
    """
    label, value = series.label
    found = client.samples(matching(name="|".join([*NAMES, *FLAGS]), **{label: literal(value)}), series.from_s, series.to_s)
    times_s = [time_s for each in found for time_s in (each.samples[0][0], each.samples[-1][0])]
    if not times_s or min(times_s) >= max(times_s):
        raise NotFoundError(f"Prometheus has too few samples of {label}={value[:60]}", hint="did the job run for less than a minute? name its hosts and times")
    slack_s = max(longest_step_s(each.samples) for each in found)
    begin_s, end_s = min(times_s), max(times_s)
    if job.from_s is not None and begin_s - job.from_s <= slack_s:
        begin_s = job.from_s
    if job.to_s is not None and job.to_s - end_s <= slack_s:
        end_s = job.to_s
    return begin_s, end_s


def _record(job: Job, window: tuple[float, float], known: dict[str, HostEnergy], *, absent: int, hw: str) -> Run:
    hosts = list(known.values())
    energy_j, missing = together(hosts)
    gpus = sum(host.gpus for host in hosts)
    other = job.known
    stated = other.accelerators if other is not None else None
    notes = []
    if stated and Part.GPU in energy_j and gpus and gpus < stated:
        del energy_j[Part.GPU]
        known = {host: energy._replace(boards={}) for host, energy in known.items()}
        missing[Part.GPU] = f"Prometheus has {gpus:,} of {stated:,} GPUs"
        notes.append(missing[Part.GPU])
    expected = len(hosts) + absent
    if absent:
        missing[MISSING] = f"Prometheus has no energy of {absent:,} of {expected:,} nodes"
    models = " + ".join(dict.fromkeys(model for host in hosts for model in host.models))
    more: dict[str, Any] = {} if not absent else {"nodes_expected": expected}
    if other is not None:
        more |= {"project": other.project, "exit_code": other.exit_code}
    record = record_of(
        run_id=_run_id(job, window, known),
        state=other.state if other is not None else UNKNOWN_END,
        began=instant(window[0]),
        duration_s=window[1] - window[0],
        energy_j=energy_j,
        missing=missing,
        basis=Basis(unit="J", whole_includes_gpus=True),
        energy_covers=WHOLE if Part.OTHER in energy_j else "",
        gaps_s=max((host.gaps_s for host in hosts), default=0.0),
        samples=max((host.samples for host in hosts), default=0),
        nodes=len(hosts),
        accelerators=stated or gpus or None,
        hw=hw or models or (other.hw if other is not None else ""),
        devices=[use.to_dict() for use in _uses(known.values())],
        versions={},
        notes=notes,
        source=NAME,
        **more,
    )
    return replace(record, missing={**record.missing, MISSING: missing[MISSING]}) if absent else record


def _uses(hosts: Iterable[HostEnergy]) -> Iterator[DeviceUse]:
    """Yield the GPUs that the hosts name: by them it is known that two records state the same energy."""
    for node, host in enumerate(hosts, 1):
        for id, board in sorted(host.boards.items()):
            if id:
                name = host.models[0] if len(host.models) == 1 else ""
                metered_s = max(board.job_s - board.gaps_s, 0.0)
                yield DeviceUse(node, f"gpu:{id}", Part.GPU, board.how, board.energy_j, None, None, None, metered_s, board.gaps_s, name=name)


def _run_id(job: Job, window: tuple[float, float], known: dict[str, HostEnergy]) -> str:
    """Return the name of the run: that of a record of the same job without energy, else one of its own."""
    if job.known is not None and not any(job.known.energy_j.values()):
        return job.known.run_id
    id = job.id.partition("=")[2] or job.id
    if id.isdigit():
        return f"slurm-{id}-{NAME}"
    if job.known is not None:
        return f"{job.known.run_id}-{NAME}"
    if id:
        return f"{NAME}-{id[:_SHORT_NAME]}"
    began = datetime.fromtimestamp(window[0], UTC)
    return f"{NAME}-{began:%Y%m%dT%H%M%S}-{crc32(repr((sorted(known), window[1])).encode()):08x}"


def _time(name: str, text: str, zone: tzinfo | None) -> float | None:
    if not text.strip():
        return None
    try:
        return moment(text, zone).timestamp()
    except ValueError as error:
        raise CarbonError(f"{name}: {error}", hint="write 2026-03-01T10:00, 2026-03-01T10:00+01:00 or seconds since 1970") from None
