"""The energy of a run by part and by device: how it is known, and why a part is missing."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from traincarbon.ledger.coverage import joined
from traincarbon.ledger.device import Device
from traincarbon.ledger.process_summary import Process
from traincarbon.ledger.sessions import Session, shared_devices, wall_span_s
from traincarbon.quantities import ENERGY_PARTS, J_PER_KWH, EnergySource, Part, least_sure

NO_GAP_S = 0.5
"""A shorter time, such as that to open a meter, is stated and not worth a note."""
_MOST_NAMED = 3
_ADDS_UP = 1e-6
_ENOUGH = 0.5
"""Share of the metered time for which it has to be known whether a GPU was idle."""
_UNKNOWN = "no meter reported it"
_NO_SERVER_METER = "no meter of the whole server"
_NOT_READ = "its meter stated nothing during the run"
_TOO_SHORT = "the run was lost before anything was metered"
_IN_OTHER = "; it is part of other, as the whole server was metered"
_LEAST_GAP_S, _LEAST_SHARE = 1.0, 0.01
"""A GPU with a longer gap that was metered for a smaller share of the run counts as not metered."""


class DeviceUse(NamedTuple):
    """The energy and the load of one device of a run."""

    node: int
    """The number of its node, from 1."""
    device: str
    part: str
    how: EnergySource
    energy_j: float
    power_max_w: float | None
    utilisation: float | None
    temperature_max_c: float | None
    metered_s: float = 0.0
    """Seconds of the run in which it was metered."""
    gaps_s: float = 0.0
    """Seconds of the run in which it was not metered."""
    idle_s: float | None = None
    """Seconds in which a GPU was idle; None where that is not known, see :mod:`traincarbon.ledger.idle`."""
    idle_j: float | None = None
    """Its energy in these seconds. [J]"""
    name: str = ""
    """The name of its product, empty where no meter told it."""
    host: str = ""
    """The name of its node in the ledger, which is a hash; empty in records of other programs."""
    spans: tuple[tuple[float, float, float], ...] = ()
    """When it was metered, from and to on the wall clock [s], with its energy then [J]; not published."""

    @property
    def metered_share(self) -> float | None:
        """Share of the run in which it was metered, None if the run had no length."""
        ran_s = self.metered_s + self.gaps_s
        return self.metered_s / ran_s if ran_s > 0.0 else None

    @property
    def metered_percent(self) -> float | None:
        """That share in percent, rounded down to one decimal, so that only a device without a gap has 100 %."""
        return None if self.metered_share is None else math.floor(self.metered_share * 1000.0) / 10.0

    @property
    def is_unknown(self) -> bool:
        """Whether it was not metered at all, so that its energy is unknown and not zero."""
        return is_unknown(energy_j=self.energy_j, metered_s=self.metered_s, gap_s=self.gaps_s)

    @property
    def is_unread_gpu(self) -> bool:
        """Whether it is a GPU of whose energy next to nothing is known, so that a total would leave it out."""
        return self.part == "gpu" and self.gaps_s > _LEAST_GAP_S and (self.metered_share or 0.0) < _LEAST_SHARE

    def to_dict(self) -> dict[str, object]:
        """Return it as a record states it."""
        stated = self._asdict()
        del stated["spans"]
        energy_j = None if self.is_unknown else self.energy_j
        return {"id": stated.pop("device"), "name": stated.pop("name"), "host": stated.pop("host"), **stated, "how": self.how.value, "energy_j": energy_j}

    @classmethod
    def from_stored(cls, stored: Sequence[Any]) -> "DeviceUse":
        """Return the use from its fields, as JSON gives them back."""
        use = cls(*stored)
        return use._replace(how=EnergySource(use.how), spans=tuple((from_s, to_s, energy_j) for from_s, to_s, energy_j in use.spans))


class Energy(NamedTuple):
    """The energy of a run. A part that was not metered is None, with the reason in ``missing``."""

    energy_j: dict[str, float | None]
    how: dict[str, EnergySource]
    missing: dict[str, str]
    by_device: tuple[DeviceUse, ...]

    @property
    def measured_j(self) -> float:
        """Energy that devices stated [J]."""
        return measured_j(self.energy_j, self.how, self.by_device)


def energy_of(clusters: list[tuple[Session, ...]]) -> Energy:
    """Return the energy of a run from its sessions, ordered as by :func:`traincarbon.ledger.sessions.clusters`."""
    energy_j: dict[str, float | None] = {part.value: None for part in ENERGY_PARTS}
    how: dict[str, EnergySource] = {}
    devices: dict[tuple[int, str], Device] = {}
    spans: dict[tuple[int, str], list[tuple[float, float, float]]] = {}
    numbers = {node: number for number, node in enumerate(dict.fromkeys(cluster[0].node for cluster in clusters), 1)}
    for cluster in clusters:
        shared = shared_devices(cluster)
        for part, device in _parts(device for device in shared.values() if not _is_unknown(device)):
            energy_j[part.value] = (energy_j[part] or 0.0) + device.energy_j
            how[part.value] = least_sure(how.get(part, device.how), device.how)
        for name, device in shared.items():
            key = (numbers[cluster[0].node], name)
            devices[key] = joined(devices[key], device) if key in devices else device
            spans.setdefault(key, []).append((*wall_span_s(cluster, name), device.energy_j))
    processes = [process for cluster in clusters for session in cluster for process in session.processes]
    is_whole = any(device.part is Part.SERVER and not _is_unknown(device) for device in devices.values())
    hosts = dict(zip(numbers.values(), numbers, strict=True))
    names = {(numbers[process.node], device): name for process in processes for device, name in (process.facts.device_names or {}).items()}
    by_device = tuple(
        _use(*key, device)._replace(name=names.get(key, ""), host=hosts[key[0]], spans=tuple(spans[key]))
        for key, device in sorted(devices.items(), key=lambda item: item[0])
    )
    return Energy(energy_j, how, _missing(processes, energy_j, is_whole=is_whole), by_device)


def energy_by_source(
    energy_j: Mapping[str, float | None], how: Mapping[str, EnergySource], by_device: Iterable[DeviceUse]
) -> dict[EnergySource, dict[str, float]]:
    """Return each source with the energy of each part that is known by it [J].

    A part has one source if its devices do not add up to it, as where none are stated: the source that the part has.

    Args:
        energy_j: Energy by part. [J]
        how: How that of each part is known, which is no better than the least sure of its devices.
        by_device: The devices.

    Example:
        >>> one, other = (DeviceUse(1, f"gpu:{n}", "gpu", how, 5.0, None, None, None) for n, how in enumerate((EnergySource.COUNTER, EnergySource.ASSUMED)))
        >>> energy_by_source({"gpu": 10.0}, {"gpu": EnergySource.ASSUMED}, (one, other))[EnergySource.COUNTER]
        {'gpu': 5.0}
    """
    found: dict[EnergySource, dict[str, float]] = {}
    for part, part_j in energy_j.items():
        if part_j is None or part not in how:
            continue
        uses = [(use.how, use.energy_j) for use in by_device if use.part == part and not use.is_unknown]
        if not math.isclose(sum(device_j for _, device_j in uses), part_j, rel_tol=_ADDS_UP):
            uses = [(how[part], part_j)]
        for source, device_j in uses or [(how[part], part_j)]:
            known = found.setdefault(source, {})
            known[part] = known.get(part, 0.0) + device_j
    return found


def measured_j(energy_j: Mapping[str, float | None], how: Mapping[str, EnergySource], by_device: Iterable[DeviceUse]) -> float:
    """Return the energy that devices stated [J], of arguments as for :func:`energy_by_source`."""
    return sum(sum(parts.values()) for source, parts in energy_by_source(energy_j, how, by_device).items() if source.is_measured)


def facility_shares(known_j: Mapping[EnergySource, Mapping[str, float]], *, facility_kwh: float | None) -> dict[str, float]:
    """Return which shares of the energy of the facility are ``measured``, ``modelled`` and ``assumed``, which add up to 1; empty where it is not known.

    Assumed are the overhead of the facility and the parts without a meter.

    Args:
        known_j: Each source with the energy of each part, as of :func:`energy_by_source`. [J]
        facility_kwh: The energy of the facility, None where it is not known. [kWh]

    Example:
        >>> facility_shares({EnergySource.COUNTER: {"gpu": 1.8e6}, EnergySource.MODELLED: {"cpu": 9e5}}, facility_kwh=1.0)
        {'measured': 0.5, 'modelled': 0.25, 'assumed': 0.25}
    """
    if not facility_kwh:
        return {}
    shares = {source: sum(parts.values()) / J_PER_KWH / facility_kwh for source, parts in known_j.items()}
    measured = min(sum(share for source, share in shares.items() if source.is_measured), 1.0)
    modelled = min(shares.get(EnergySource.MODELLED, 0.0), 1.0 - measured)
    return {"measured": measured, "modelled": modelled, "assumed": max(1.0 - measured - modelled, 0.0)}


def coverage_notes(by_device: Iterable[DeviceUse]) -> list[str]:
    """Return a note for each group of devices that were not metered all the time, the least metered first.

    Example:
        >>> coverage_notes([DeviceUse(1, "gpu:3", "gpu", EnergySource.COUNTER, 5.0, None, None, None, metered_s=54.0, gaps_s=1.0)])
        ['gpu:3 was metered for 98.1 % of the run']
    """
    groups: dict[float, list[str]] = {}
    for use in by_device:
        if use.metered_percent is not None and use.gaps_s > NO_GAP_S:
            groups.setdefault(use.metered_percent, []).append(use.device)
    return [f"{_named(names)} metered for {percent:.1f} % of the run" for percent, names in sorted(groups.items())]


def _named(devices: list[str]) -> str:
    """Return the first of *devices* by name and the number of the others, with the verb."""
    if len(devices) == 1:
        return f"{devices[0]} was"
    shown, over = devices[:_MOST_NAMED], len(devices) - _MOST_NAMED
    return f"{', '.join(shown)} and {over} more were" if over > 0 else f"{', '.join(shown[:-1])} and {shown[-1]} were"


def counted_j(devices: Iterable[Device]) -> float:
    """Return the energy of *devices* together, each part counted once."""
    return sum(device.energy_j for _, device in _parts(devices))


def _parts(devices: Iterable[Device]) -> list[tuple[Part, Device]]:
    """Return parts and devices. A metered server counts for everything that is not metered by itself, and replaces what was modelled of it."""
    known = list(devices)
    servers = [device for device in known if device.part is Part.SERVER]
    inside = [device for device in known if device.part not in (Part.SERVER, Part.OTHER)]
    if not servers:
        return [(device.part, device) for device in known]
    rest_j = max(sum(server.energy_j for server in servers) - sum(device.energy_j for device in inside), 0.0)
    rest = Device(Part.OTHER, least_sure(*(server.how for server in servers)), rest_j)
    return [*((device.part, device) for device in inside), (Part.OTHER, rest)]


def is_unknown(*, energy_j: float, metered_s: float, gap_s: float) -> bool:
    """Return whether a device was there and not metered at all."""
    return energy_j <= 0.0 and metered_s <= 0.0 and gap_s > 0.0


def _is_unknown(device: Device) -> bool:
    return is_unknown(energy_j=device.energy_j, metered_s=device.metered_s, gap_s=device.gap_s or 0.0)


def _missing(processes: list[Process], energy_j: dict[str, float | None], *, is_whole: bool) -> dict[str, str]:
    """Return the reason for each part that was not metered, or not on all nodes."""
    nodes = {process.node for process in processes}
    missing: dict[str, str] = {}
    tried = any(process.devices or process.missing for process in processes)
    for part in ENERGY_PARTS:
        metered = {process.node for process in processes if any(device.part is part for device in process.devices.values())}
        reasons = {process.node: process.missing[part] for process in processes if part in process.missing and process.node not in metered}
        reason = next(iter(reasons.values()), "")
        if energy_j[part] is None:
            unknown = _TOO_SHORT if not tried else _NOT_READ if metered else _NO_SERVER_METER if part is Part.OTHER else _UNKNOWN
            missing[part.value] = f"{reason or unknown}{_IN_OTHER if is_whole else ''}"
        elif reason and part is not Part.OTHER:
            missing[part.value] = f"on {len(reasons)} of {len(nodes)} nodes: {reason}"
    return missing


def _use(node: int, name: str, device: Device) -> DeviceUse:
    busy = min(device.busy_s / device.watched_s, 1.0) if device.watched_s else None
    measured = (device.energy_j, device.power_max_w, busy, device.temperature_max_c)
    use = DeviceUse(node, name, device.part.value, device.how, *measured, metered_s=device.metered_s, gaps_s=device.gap_s or 0.0)
    if device.judged_s <= 0.0 or device.judged_s < _ENOUGH * device.metered_s:
        return use
    return use._replace(idle_s=min(device.idle_s, device.metered_s), idle_j=min(device.idle_j, device.energy_j))
