"""Who ran when: the processes of a run as sessions on nodes, and the energy of a device that several of them watched at once."""

import itertools
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from traincarbon.ledger.process_summary import HOWS, Device, Process, greatest


class Session(NamedTuple):
    """One training on one node, whatever number of processes metered it one after the other."""

    node: str
    processes: tuple[Process, ...]
    from_s: float
    to_s: float

    @property
    def last(self) -> Process:
        """The process that saw the end, or as much of it as any."""
        return self.processes[-1]

    @property
    def gaps_s(self) -> float:
        """Time that was not metered: gaps that the processes report, and the holes from the last record of one to the start of the next."""
        holes = (_span(later)[0] - _span(earlier)[0] - earlier.recorded_s for earlier, later in itertools.pairwise(self.processes))
        return sum(process.gaps_s for process in self.processes) + sum(max(hole, 0.0) for hole in holes)

    def devices(self) -> dict[str, Device]:
        """Return each device with its energy over all processes of the session, which followed each other."""
        found: dict[str, Device] = {}
        for process in self.processes:
            for name, device in process.devices.items():
                found[name] = joined(found[name], device) if name in found else device
        return found


def clusters(processes: Iterable[Process]) -> list[tuple[Session, ...]]:
    """Return the sessions of a run in the order in which they ran, those that overlapped on one node together.

    The order is that of the monotonic clock within one boot of a machine, so that no step of the wall clock changes it.
    """
    boots: dict[tuple[str, str], list[Process]] = {}
    for process in processes:
        boots.setdefault((process.node, _boot(process)), []).append(process)
    found: list[tuple[Session, ...]] = []
    for _, members in sorted(boots.items(), key=lambda item: (item[0][0], min(process.first_wall_s for process in item[1]), item[0][1])):
        found += _overlapping(_sessions(members))
    return found


def shared_devices(cluster: Sequence[Session]) -> dict[str, Device]:
    """Return each device with its energy, counted once where several sessions watched it at the same time.

    What was measured is the device's own, whoever asks; what was modelled is charged to the session that did the work, and adds up.
    """
    if len(cluster) == 1:
        return cluster[0].devices()
    watched: dict[str, list[tuple[Session, Device]]] = {}
    for session in cluster:
        for name, device in session.devices().items():
            watched.setdefault(name, []).append((session, device))
    found: dict[str, Device] = {}
    for name, seen in watched.items():
        if len(seen) == 1:
            found[name] = seen[0][1]
            continue
        merged = seen[0][1]
        for _, device in seen[1:]:
            merged = joined(merged, device)
        measured = [(session.from_s, session.to_s, device.energy_j) for session, device in seen if device.how != HOWS[-1]]
        modelled_j = sum(device.energy_j for _, device in seen if device.how == HOWS[-1])
        merged.energy_j = _energy_once_j(measured) + modelled_j
        found[name] = merged
    return found


def side_by_side(cluster: Sequence[Session]) -> bool:
    """Say whether sessions that ran at once share nothing that was measured and no accelerators, so that what each stands for adds up."""
    shared = [name for session in cluster for name, device in session.devices().items() if device.how != HOWS[-1]]
    busy = sum(any(process.facts.get("accelerators") for process in session.processes) for session in cluster)
    return len(shared) == len(set(shared)) and busy < 2


def joined(one: Device, other: Device) -> Device:
    """Return what two spans of one device come to; known as surely as the less sure of them."""
    return Device(
        one.part,
        max(one.how, other.how, key=HOWS.index),
        one.energy_j + other.energy_j,
        greatest(one.power_max_w, other.power_max_w),
        greatest(one.temperature_max_c, other.temperature_max_c),
        one.busy_s + other.busy_s,
        one.watched_s + other.watched_s,
    )


def _sessions(processes: list[Process]) -> list[Session]:
    """Return the sessions among processes of one boot; one that neither names its session nor began the run carries on the one before."""
    parted: dict[str, list[Process]] = {}
    latest = ""
    for process in sorted(processes, key=lambda process: (_span(process)[0], process.writer)):
        if process.session or process.began or not latest:
            latest = process.session or process.writer
        parted.setdefault(latest, []).append(process)
    found = []
    for members in parted.values():
        spans = [_span(process) for process in members]
        found.append(Session(members[0].node, tuple(members), min(span[0] for span in spans), max(span[1] for span in spans)))
    return found


def _overlapping(sessions: list[Session]) -> list[tuple[Session, ...]]:
    found: list[list[Session]] = []
    end_s = 0.0
    for session in sorted(sessions, key=lambda session: (session.from_s, session.to_s, session.last.writer)):
        if found and session.from_s < end_s:
            found[-1].append(session)
        else:
            found.append([session])
            end_s = session.to_s
        end_s = max(end_s, session.to_s)
    return [tuple(cluster) for cluster in found]


def _energy_once_j(watched: list[tuple[float, float, float]]) -> float:
    """Return the energy of one device from spans that overlap: in each stretch of time the most that any span saw, at its mean power."""
    if not watched:
        return 0.0
    instants = [energy_j for from_s, to_s, energy_j in watched if to_s <= from_s]
    edges = sorted({edge for from_s, to_s, _ in watched for edge in (from_s, to_s)})
    total_j = 0.0
    for begin_s, end_s in itertools.pairwise(edges):
        powers = [energy_j / (to_s - from_s) for from_s, to_s, energy_j in watched if from_s <= begin_s and end_s <= to_s and from_s < to_s]
        total_j += max(powers, default=0.0) * (end_s - begin_s)
    return max([total_j, *instants])


def _boot(process: Process) -> str:
    return process.life.partition("/")[0]


def _span(process: Process) -> tuple[float, float]:
    """Return from when to when the process ran: on the clock of its boot, or where that is unknown from its first moment on the wall."""
    if _boot(process):
        return process.first_mono_s, process.last_mono_s
    return process.first_wall_s, process.first_wall_s + process.last_mono_s - process.first_mono_s
