"""The energy of a run by part and by device: what was measured, how, and what is missing for which reason."""

from collections.abc import Iterable
from typing import NamedTuple

from traincarbon.ledger.process_summary import HOWS, Device, Process
from traincarbon.ledger.sessions import Session, joined, shared_devices

ENERGY_PARTS = ("gpu", "cpu", "dram", "other")
"""What the energy of a run is made of; where a whole server was metered, ``other`` is what its parts leave of it."""

_UNKNOWN = "no meter reported it"
_NO_SERVER_METER = "no meter of the whole server"
_TOO_SHORT = "the run was lost before anything was metered"


class DeviceUse(NamedTuple):
    """One device of a run: what it drew and how hard it worked."""

    node: int
    """Its node by number, 1 the first."""
    device: str
    part: str
    how: str
    energy_j: float
    power_max_w: float | None
    utilisation: float | None
    temperature_max_c: float | None


class Energy(NamedTuple):
    """What a run drew. A part that nobody metered is None and stands in ``missing`` with the reason."""

    energy_j: dict[str, float | None]
    how: dict[str, str]
    missing: dict[str, str]
    by_device: tuple[DeviceUse, ...]


def energy_of(found: list[tuple[Session, ...]]) -> Energy:
    """Return the energy of the sessions of a run, given as :func:`traincarbon.ledger.sessions.clusters` orders them."""
    energy_j: dict[str, float | None] = dict.fromkeys(ENERGY_PARTS)
    how: dict[str, str] = {}
    devices: dict[tuple[int, str], Device] = {}
    ordinals = {node: place for place, node in enumerate(dict.fromkeys(cluster[0].node for cluster in found), 1)}
    for cluster in found:
        shared = shared_devices(cluster)
        for part, device in _parts(shared.values()):
            energy_j[part] = (energy_j[part] or 0.0) + device.energy_j
            how[part] = max(how.get(part, HOWS[0]), device.how, key=HOWS.index)
        for name, device in shared.items():
            key = (ordinals[cluster[0].node], name)
            devices[key] = joined(devices[key], device) if key in devices else device
    processes = [process for cluster in found for session in cluster for process in session.processes]
    whole_server = any(device.part == "server" for device in devices.values())
    return Energy(energy_j, how, _missing(processes, energy_j, whole_server=whole_server), tuple(_use(*item) for item in sorted(devices.items(), key=_place)))


def _parts(devices: Iterable[Device]) -> list[tuple[str, Device]]:
    """Return part and device; a metered server stands for all that is not metered by itself, and replaces what was modelled of it."""
    known = list(devices)
    servers = [device for device in known if device.part == "server"]
    inside = [device for device in known if device.part not in ("server", "other")]
    if not servers:
        return [(device.part, device) for device in known]
    rest_j = max(sum(server.energy_j for server in servers) - sum(device.energy_j for device in inside), 0.0)
    rest = Device("other", max((server.how for server in servers), key=HOWS.index), rest_j)
    return [*((device.part, device) for device in inside), ("other", rest)]


def _missing(processes: list[Process], energy_j: dict[str, float | None], *, whole_server: bool) -> dict[str, str]:
    """Return the reason for each part that was not metered, or not on all nodes."""
    nodes = {process.node for process in processes}
    missing: dict[str, str] = {}
    tried = any(process.devices or process.missing for process in processes)
    for part in ENERGY_PARTS:
        metered = {process.node for process in processes if any(device.part == part for device in process.devices.values())}
        reasons = {process.node: process.missing[part] for process in processes if part in process.missing and process.node not in metered}
        reason = next(iter(reasons.values()), "")
        if energy_j[part] is None:
            unknown = _TOO_SHORT if not tried else _NO_SERVER_METER if part == "other" else _UNKNOWN
            missing[part] = f"{reason or unknown}{'; it is part of other, as the whole server was metered' if whole_server else ''}"
        elif reason and part != "other":
            missing[part] = f"on {len(reasons)} of {len(nodes)} nodes: {reason}"
    return missing


def _place(item: tuple[tuple[int, str], Device]) -> tuple[int, str]:
    return item[0]


def _use(key: tuple[int, str], device: Device) -> DeviceUse:
    node, name = key
    busy = min(device.busy_s / device.watched_s, 1.0) if device.watched_s else None
    return DeviceUse(node, name, device.part, device.how, device.energy_j, device.power_max_w, busy, device.temperature_max_c)
