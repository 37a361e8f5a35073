"""The energy of a job out of the series of its hosts: by device and part, for the times in which the job had them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from traincarbon.quantities import ENERGY_PARTS, EnergySource, Part, least_sure
from traincarbon.readers.limits import MOST_NODE_W, accelerator_limits, processor_limits
from traincarbon.readers.prometheus.chains import Chain, chain_of, windows_of
from traincarbon.readers.prometheus.client import Series
from traincarbon.readers.prometheus.joules import longest_step_s, metered, steps_of
from traincarbon.readers.prometheus.metrics import FLAG_GPU, METRICS, MODEL_LABELS, Metric, Scope, device_of, metric_of

Window = tuple[float, float]


class Question(NamedTuple):
    """What of a host is asked for.

    Attributes:
        from_s: When the job began. [s]
        to_s: When it ended. [s]
        job: Label and value that name the job; None if the hosts were the job's alone.
        flags: Series of CEEMS that say which GPUs the job had.
        is_alone: Whether the whole of each host was the job's, though a label names it.
    """

    from_s: float
    to_s: float
    job: tuple[str, str] | None = None
    flags: Sequence[Series] = ()
    is_alone: bool = False


class HostEnergy(NamedTuple):
    """The energy of a job on one host.

    Attributes:
        parts: Energy [J] of each known part and how it is known; ``other`` is what the whole node took beside the rest.
        gpus: Its GPUs.
        models: The names of their products.
        boards: What each of its GPUs took, by the id that names it.
        gaps_s: The longest time in which one of its devices was not metered. [s]
        samples: Samples of the device with the most.
        is_shared: Whether parts of the node were left out, as other jobs may have used it.
    """

    parts: Mapping[Part, tuple[float, EnergySource]]
    gpus: int = 0
    models: tuple[str, ...] = ()
    boards: Mapping[str, "MeteredDevice"] = {}
    gaps_s: float = 0.0
    samples: int = 0
    is_shared: bool = False


class MeteredDevice(NamedTuple):
    """What one device drew for the job."""

    energy_j: float
    how: EnergySource
    gaps_s: float
    samples: int
    job_s: float
    """How long the job had it. [s]"""


def host_energy(series: Sequence[Series], question: Question) -> HostEnergy:
    """Return the energy of a job on a host, of which *series* are those of energy and power."""
    by_scope = _by_scope(series)
    models = tuple(dict.fromkeys(name for each in series if (name := next((each.labels[label] for label in MODEL_LABELS if each.labels.get(label)), ""))))
    gpus = {id: _gpu(chains, models, question) for (id,), chains in by_scope.get(Scope.DEVICE, {}).items()}
    boards = {id: device for id, device in gpus.items() if device is not None and device.job_s > 0.0}
    mine = list(boards.values())
    whole_s = question.to_s - question.from_s
    has_all = question.is_alone or question.job is None or (bool(gpus) and len(mine) == len(gpus) and all(device.job_s >= 0.9 * whole_s for device in mine))
    parts: dict[Part, tuple[float, EnergySource]] = {}
    if mine:
        parts[Part.GPU] = _sum(mine)
    found, others = list(mine), 0
    if question.job is not None:
        others = _gpus_within(by_scope.get(Scope.JOB, {}), question)
        for part, device in _of_scope(by_scope.get(Scope.JOB, {}), question, only_job=True).items():
            parts.setdefault(part, (device.energy_j, device.how))
            found.append(device)
    if has_all:
        others = max(others, _gpus_within(by_scope.get(Scope.NODE, {}), question._replace(job=None)))
        nodes = _of_scope(by_scope.get(Scope.NODE, {}), question, only_job=False)
        for part, device in nodes.items():
            if part is Part.OTHER:
                continue
            if part not in parts or parts[part][1] is EnergySource.MODELLED:
                parts[part] = (device.energy_j, device.how)
                found.append(device)
        if Part.OTHER in nodes:
            parts[Part.OTHER] = (nodes[Part.OTHER].energy_j - sum(energy_j for energy_j, _ in parts.values()), nodes[Part.OTHER].how)
    return HostEnergy(
        parts=parts,
        gpus=len(mine) or (others if Part.GPU in parts else 0),
        models=models if mine else (),
        boards=boards,
        gaps_s=max((device.gaps_s for device in found), default=0.0),
        samples=max((device.samples for device in found), default=0),
        is_shared=not has_all and Scope.NODE in by_scope,
    )


_Chains = dict[Metric, list[Series]]


def _by_scope(series: Iterable[Series]) -> dict[Scope, dict[tuple[str, ...], _Chains]]:
    """Return the series of each thing that is metered, by scope and by the labels that tell it from others."""
    found: dict[Scope, dict[tuple[str, ...], _Chains]] = {}
    for each in series:
        for metric in METRICS:
            if metric_of(each.labels, metric.scope) is metric:
                found.setdefault(metric.scope, {}).setdefault(_id(metric, each.labels), {}).setdefault(metric, []).append(each)
    return found


def _id(metric: Metric, labels: Mapping[str, str]) -> tuple[str, ...]:
    if metric.scope is Scope.DEVICE:
        return (device_of(metric, labels),)
    return (metric.part.value, metric.name, *(labels.get(label, "") for label in metric.ids))


def _gpu(chains: _Chains, models: Sequence[str], question: Question) -> MeteredDevice | None:
    """Return what one GPU drew for the job, by the best metric that knows it; None if none does."""
    most_w = accelerator_limits(" + ".join(models)).most_w
    for metric in METRICS:
        if metric in chains:
            chain = chain_of(chains[metric], question.job)
            windows = _windows(chain, chains[metric], question)
            found = _device(chain, metric, windows, most_w=most_w)
            if found is not None and found.energy_j > 0.0:  # a GPU without a counter states 0
                return found
    return None


def _windows(chain: Chain, series: Sequence[Series], question: Question) -> list[Window]:
    """Return the times in which the job had a GPU."""
    whole = [(question.from_s, question.to_s)]
    if question.job is None:
        return whole
    ids = {each.labels[label] for each in series for label in ("UUID", "uuid") if label in each.labels}
    flags = [each for each in question.flags if each.labels.get(FLAG_GPU) in ids]
    if question.flags:
        chain = chain_of(flags, question.job)
    if not chain.of_job:
        return []
    return windows_of(chain, from_s=question.from_s, to_s=question.to_s, slack_s=longest_step_s(chain.samples))


def _of_scope(found: Mapping[tuple[str, ...], _Chains], question: Question, *, only_job: bool) -> dict[Part, MeteredDevice]:
    """Return the energy of each part of a node, or of a job's share of it, by the first metric that knows it; several packages add up."""
    by_metric: dict[Metric, list[MeteredDevice]] = {}
    for chains in found.values():
        for metric, series in chains.items():
            mine = [each for each in series if not only_job or question.job is None or each.labels.get(question.job[0]) == question.job[1]]
            device = _device(chain_of(mine), metric, [(question.from_s, question.to_s)], most_w=_most_w(metric))
            if device is not None:
                by_metric.setdefault(metric, []).append(device)
    parts: dict[Part, MeteredDevice] = {}
    for metric in METRICS:
        if metric in by_metric and metric.part not in parts:
            devices = by_metric[metric]
            energy_j, how = _sum(devices)
            parts[metric.part] = MeteredDevice(energy_j, how, max(each.gaps_s for each in devices), max(each.samples for each in devices), devices[0].job_s)
    return parts


def _gpus_within(found: Mapping[tuple[str, ...], _Chains], question: Question) -> int:
    """Return the number of GPUs that series of a node, or of a job's share of it, name."""
    series = [each for chains in found.values() for metric, mine in chains.items() if metric.part is Part.GPU for each in mine]
    mine = [each.labels for each in series if question.job is None or each.labels.get(question.job[0]) == question.job[1]]
    return len({labels.get("gpu_uuid") or labels.get("gpu") for labels in mine} - {None, ""})


def _device(chain: Chain, metric: Metric, windows: Sequence[Window], *, most_w: float) -> MeteredDevice | None:
    """Return the energy of a device in *windows*, None if it was not metered then."""
    job_s = sum(end_s - begin_s for begin_s, end_s in windows)
    known = metered(steps_of(chain.samples, kind=metric.kind, scale=metric.scale, most_w=most_w, registers_j=metric.registers_j), windows)
    if job_s <= 0.0 or known.metered_s <= 0.0:
        return None
    inside = sum(begin_s <= time_s <= end_s for time_s, _ in chain.samples for begin_s, end_s in windows)
    return MeteredDevice(known.energy_j, metric.how, max(job_s - known.metered_s, 0.0), inside, job_s)


def _most_w(metric: Metric) -> float:
    """Return the most that what a metric of a node shows can draw, for one package or for the whole node, in watts."""
    return processor_limits("").most_w if metric.part in (Part.CPU, Part.DRAM) else MOST_NODE_W


def _sum(devices: Sequence[MeteredDevice]) -> tuple[float, EnergySource]:
    return sum(device.energy_j for device in devices), least_sure(*(device.how for device in devices))


def together(hosts: Sequence[HostEnergy]) -> tuple[dict[Part, tuple[float, EnergySource]], dict[str, str]]:
    """Return the energy of each part over all hosts, and why other parts are missing.

    A part that only some hosts state is not known, but for GPUs, which a host may not have.
    """
    parts: dict[Part, tuple[float, EnergySource]] = {}
    missing: dict[str, str] = {"": "Prometheus has no series of it"}
    for part in ENERGY_PARTS:
        known = [host.parts[part] for host in hosts if part in host.parts]
        if not known:
            if part is not Part.GPU and any(host.is_shared for host in hosts):
                missing[part] = "other jobs may have used the nodes, whose energy is not the job's alone"
        elif len(known) < len(hosts) and part is not Part.GPU:  # a node may have no GPU
            missing[part] = f"Prometheus has it of {len(known):,} of {len(hosts):,} nodes"
        elif part is Part.OTHER and any(energy_j < 0.0 for energy_j, _ in known):
            missing[part] = "the meter of the whole node shows less than its parts"
        else:
            parts[part] = (sum(energy_j for energy_j, _ in known), least_sure(*(how for _, how in known)))
    return parts, missing
