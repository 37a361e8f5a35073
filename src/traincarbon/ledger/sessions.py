"""Sessions of a run: which processes ran where and when, and the energy of a device that several of them metered at once."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from traincarbon.ledger.coverage import Span, joined, longest_gap_s, metered_devices, united
from traincarbon.ledger.device import Device
from traincarbon.ledger.process_summary import Process
from traincarbon.quantities import Part


@dataclass(frozen=True)
class Session:
    """One training on one node, which one process metered, or several one after the other."""

    node: str
    processes: tuple[Process, ...]
    from_s: float
    to_s: float

    @property
    def last(self) -> Process:
        """The process that metered the end of the session, or the part nearest to it."""
        return self.processes[-1]

    @property
    def gaps_s(self) -> float:
        """The longest time for which a device was not metered, between the last record of one process and the start of the next too."""
        if devices := self.devices:
            return longest_gap_s(devices.values())
        holes = (later.from_s - earlier.to_s for earlier, later in itertools.pairwise(self._spans()))
        return sum(process.gaps_s for process in self.processes) + sum(max(hole, 0.0) for hole in holes)

    @property
    def began_s(self) -> float:
        """When it began, on the wall clock."""
        return min(process.first_wall_s for process in self.processes)

    @cached_property
    def devices(self) -> Mapping[str, Device]:
        """Each device with its energy, metered time and gaps over all processes of the session."""
        return metered_devices(self._spans())

    def _spans(self) -> list[Span]:
        return [Span(process, begin_s := _span(process)[0], begin_s + process.recorded_s) for process in self.processes]


def clusters(processes: Iterable[Process]) -> list[tuple[Session, ...]]:
    """Return the sessions of a run in the order in which they ran, with those that overlapped on one node together.

    Within one boot of a machine the monotonic clock gives the order, so that setting the wall clock does not change it.
    """
    boots: dict[tuple[str, str], list[Process]] = {}
    for process in processes:
        boots.setdefault((process.node, _boot(process)), []).append(process)
    found: list[tuple[Session, ...]] = []
    for _, members in sorted(boots.items(), key=lambda item: (item[0][0], min(process.first_wall_s for process in item[1]), item[0][1])):
        found += _overlapping(_sessions(members))
    return found


def shared_devices(cluster: Sequence[Session]) -> Mapping[str, Device]:
    """Return each device with its energy, counted once where several sessions metered it at the same time.

    Measured energy is that of the whole device, so each session saw the same. Modelled energy is that of one session's work, so it adds up.
    """
    if len(cluster) == 1:
        return cluster[0].devices
    watched: dict[str, list[tuple[Session, Device]]] = {}
    for session in cluster:
        for name, device in session.devices.items():
            watched.setdefault(name, []).append((session, device))
    found: dict[str, Device] = {}
    for name, seen in watched.items():
        if len(seen) == 1:
            found[name] = seen[0][1]
            continue
        merged = seen[0][1]
        for _, device in seen[1:]:
            merged = joined(merged, device)
        measured = [(session.from_s, session.to_s, device.energy_j) for session, device in seen if device.how.is_measured]
        modelled_j = sum(device.energy_j for _, device in seen if not device.how.is_measured)
        metered_s, gap_s = united([(session.from_s, session.to_s, device) for session, device in seen])
        found[name] = replace(merged, energy_j=_energy_once_j(measured) + modelled_j, metered_s=metered_s, gap_s=gap_s)
    return found


def wall_span_s(cluster: Sequence[Session], device: str) -> tuple[float, float]:
    """Return from when to when, on the wall clock, those sessions ran that metered a device."""
    found = [session for session in cluster if any(device in process.devices for process in session.processes)]
    return min(session.began_s for session in found), max(session.began_s + session.to_s - session.from_s for session in found)


def share_nothing(cluster: Sequence[Session]) -> bool:
    """Return whether sessions that ran at once share no measured device and no GPU, so that their results add up."""
    shared = [name for session in cluster for name, device in session.devices.items() if device.how.is_measured]
    busy = [session for session in cluster if any(process.facts.accelerators for process in session.processes)]
    gpus = [name for session in busy for name in _gpus(session) or ["unknown"]]
    return len(shared) == len(set(shared)) and len(gpus) == len(set(gpus))


def share_all(cluster: Sequence[Session]) -> bool:
    """Return whether sessions that ran at once metered the same GPUs, so that the results of one are those of all."""
    return len({frozenset(_gpus(session)) for session in cluster}) == 1


def share_once(cluster: Sequence[Session], *, by_time: bool) -> float:
    """Return the part of the sum of what sessions state that remains if what they share counts once.

    Args:
        cluster: Sessions that ran at once.
        by_time: Whether to go by the time of GPUs instead of the energy of all devices.
    """
    times = [(name, session.to_s - session.from_s) for session in cluster for name in _gpus(session)]
    if by_time and (total_s := sum(time_s for _, time_s in times)) > 0.0:
        longest: dict[str, float] = {}
        for name, time_s in times:
            longest[name] = max(time_s, longest.get(name, 0.0))
        return sum(longest.values()) / total_s
    total_j = sum(device.energy_j for session in cluster for device in session.devices.values())
    return sum(device.energy_j for device in shared_devices(cluster).values()) / total_j if total_j > 0.0 else 1.0


def _gpus(session: Session) -> list[str]:
    return [name for name, device in session.devices.items() if device.part is Part.GPU]


def _sessions(processes: list[Process]) -> list[Session]:
    """Return the sessions among the processes of one boot. A process that neither names a session nor began the run continues the session before it."""
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
    """Return the energy of one device from overlapping spans: at any time, the highest mean power among the spans counts."""
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
    """Return when the process began and ended, on the clock of its boot, or on the wall clock if the boot is unknown."""
    if _boot(process):
        return process.first_mono_s, process.last_mono_s
    return process.first_wall_s, process.first_wall_s + process.last_mono_s - process.first_mono_s
