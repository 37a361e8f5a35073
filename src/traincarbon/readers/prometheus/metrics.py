"""The metrics of energy and power that exporters publish: one row a metric, the better one of a part first.

Names, units and labels are those of the exporters: NVIDIA's dcgm-exporter (``etc/default-counters.csv``), node_exporter (collector ``rapl``),
Kepler (0.7 and, with other names, from 0.10), CEEMS (``ceems_exporter``), ipmi_exporter, and AMD's device-metrics-exporter
(``docs/configuration/metricslist.md``), which counts energy in microjoules and may put ``amd_`` before its names.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from traincarbon.quantities import EnergySource, Part


class Kind(StrEnum):
    """What the numbers of a metric are."""

    COUNTER = "counter"
    """Energy that only grows, and begins at 0 after a reset."""
    REGISTER = "register"
    """Energy of a register of the processor, which also begins at 0 when it is full."""
    POWER = "power"


class Scope(StrEnum):
    """What has the energy of a series."""

    DEVICE = "device"
    """One accelerator."""
    NODE = "node"
    """A part of a node, or all of it."""
    JOB = "job"
    """The share of a node that its exporter assigns to one pod or job."""


class Metric(NamedTuple):
    """A metric of energy or power.

    Attributes:
        name: Its name.
        part: What has that energy; ``other`` is the whole node.
        kind: What its numbers are.
        scale: Joules or watts of one unit of it.
        ids: Labels that tell apart what adds up on one node, of which each series has some.
        scope: What has the energy of a series.
        where: The value that a label must have, as of the zones of RAPL.
        how: How the energy is known.
    """

    name: str
    part: Part
    kind: Kind
    scale: float = 1.0
    ids: tuple[str, ...] = ()
    scope: Scope = Scope.NODE
    where: tuple[str, str] | None = None
    how: EnergySource = EnergySource.COUNTER

    @property
    def registers_j(self) -> tuple[float, ...]:
        """The energies at which a register of this part may begin at 0 again. [J]."""
        return _REGISTERS_J.get(self.part, ()) if self.kind is Kind.REGISTER else ()


_REGISTERS_J = {Part.CPU: (65_532.610987, 262_143.328850), Part.DRAM: (65_712.999613, 262_143.328850)}
"""``max_energy_range_uj`` of Linux for RAPL, as machines show it below ``/sys/class/powercap``: of AMD's processors, of memory, and of Intel's processors."""
_GPU = ("UUID", "gpu_uuid", "uuid", "gpu")
_AMD = ("serial_number", "gpu_uuid", "gpu_id")
_ZONE = ("index", "package", "path", "mode")
_KEPLER_GPU = ("gpu_uuid", "gpu", *_ZONE)
_OF_AMD = tuple(
    metric
    for prefix in ("", "amd_")
    for metric in (
        Metric(f"{prefix}gpu_energy_consumed", Part.GPU, Kind.COUNTER, 1e-6, _AMD, Scope.DEVICE),
        *(
            Metric(f"{prefix}{name}", Part.GPU, Kind.POWER, 1.0, _AMD, Scope.DEVICE, how=EnergySource.POWER)
            for name in ("gpu_package_power", "gpu_average_package_power", "gpu_power_usage")
        ),
    )
)
METRICS = (
    Metric("DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", Part.GPU, Kind.COUNTER, 1e-3, _GPU, Scope.DEVICE),
    Metric("DCGM_FI_DEV_POWER_USAGE", Part.GPU, Kind.POWER, 1.0, _GPU, Scope.DEVICE, how=EnergySource.POWER),
    Metric("DCGM_FI_DEV_POWER_USAGE_INSTANT", Part.GPU, Kind.POWER, 1.0, _GPU, Scope.DEVICE, how=EnergySource.POWER),
    *_OF_AMD,
    Metric("node_rapl_package_joules_total", Part.CPU, Kind.REGISTER, 1.0, _ZONE),
    Metric("ceems_rapl_package_joules_total", Part.CPU, Kind.REGISTER, 1.0, _ZONE),
    Metric("kepler_node_cpu_joules_total", Part.CPU, Kind.COUNTER, 1.0, _ZONE, where=("zone", "package")),
    Metric("kepler_node_package_joules_total", Part.CPU, Kind.COUNTER, 1.0, _ZONE),
    Metric("node_rapl_dram_joules_total", Part.DRAM, Kind.REGISTER, 1.0, _ZONE),
    Metric("ceems_rapl_dram_joules_total", Part.DRAM, Kind.REGISTER, 1.0, _ZONE),
    Metric("kepler_node_cpu_joules_total", Part.DRAM, Kind.COUNTER, 1.0, _ZONE, where=("zone", "dram")),
    Metric("kepler_node_dram_joules_total", Part.DRAM, Kind.COUNTER, 1.0, _ZONE),
    Metric("kepler_node_gpu_joules_total", Part.GPU, Kind.COUNTER, 1.0, _KEPLER_GPU),
    Metric("kepler_node_platform_joules_total", Part.OTHER, Kind.COUNTER, 1.0, ("source", "mode"), how=EnergySource.POWER),
    Metric("kepler_platform_watts", Part.OTHER, Kind.POWER, ids=("chassis_id",), how=EnergySource.POWER),
    Metric("ceems_cray_pm_counters_power_watts", Part.OTHER, Kind.POWER, how=EnergySource.POWER),
    Metric("ceems_redfish_current_watts", Part.OTHER, Kind.POWER, ids=("chassis",), how=EnergySource.POWER),
    Metric("ceems_ipmi_dcmi_current_watts", Part.OTHER, Kind.POWER, how=EnergySource.POWER),
    Metric("ipmi_dcmi_power_consumption_watts", Part.OTHER, Kind.POWER, how=EnergySource.POWER),
    Metric("kepler_pod_cpu_joules_total", Part.CPU, Kind.COUNTER, 1.0, ("pod_id", "pod_name"), Scope.JOB, ("zone", "package"), EnergySource.MODELLED),
    Metric("kepler_pod_cpu_joules_total", Part.DRAM, Kind.COUNTER, 1.0, ("pod_id", "pod_name"), Scope.JOB, ("zone", "dram"), EnergySource.MODELLED),
    Metric("kepler_pod_gpu_joules_total", Part.GPU, Kind.COUNTER, 1.0, ("pod_id", "pod_name", "gpu"), Scope.JOB, how=EnergySource.MODELLED),
    Metric("kepler_vm_cpu_joules_total", Part.CPU, Kind.COUNTER, 1.0, ("vm_id", "vm_name"), Scope.JOB, ("zone", "package"), EnergySource.MODELLED),
    Metric("kepler_vm_cpu_joules_total", Part.DRAM, Kind.COUNTER, 1.0, ("vm_id", "vm_name"), Scope.JOB, ("zone", "dram"), EnergySource.MODELLED),
    *(
        Metric("kepler_container_cpu_joules_total", part, Kind.COUNTER, 1.0, ("container_id",), Scope.JOB, ("zone", zone), EnergySource.MODELLED)
        for part, zone in ((Part.CPU, "package"), (Part.DRAM, "dram"))
    ),
    Metric("kepler_container_gpu_joules_total", Part.GPU, Kind.COUNTER, 1.0, ("container_id", "gpu", "mode"), Scope.JOB, how=EnergySource.MODELLED),
    Metric("kepler_container_package_joules_total", Part.CPU, Kind.COUNTER, 1.0, ("container_id", "mode"), Scope.JOB, how=EnergySource.MODELLED),
    Metric("kepler_container_dram_joules_total", Part.DRAM, Kind.COUNTER, 1.0, ("container_id", "mode"), Scope.JOB, how=EnergySource.MODELLED),
)
"""Every metric that is read; of those of one part and scope on a node, the first one that has samples counts."""
FLAGS = ("ceems_compute_unit_gpu_index_flag", "ceems_compute_unit_cpus")
"""Metrics of CEEMS that state on which nodes and GPUs a job runs, and no energy."""
FLAG_GPU = "gpuuuid"
"""The label of a flag that names a GPU."""
NAMES = tuple(dict.fromkeys(metric.name for metric in METRICS))

HOST_LABELS = ("node", "kubernetes_node", "node_name", "nodename", "Hostname", "hostname", "host", "exported_instance", "instance")
"""Labels that name a node, the surest first: in Kubernetes, ``Hostname`` and ``instance`` may be those of the exporter's pod."""
JOB_LABELS = ("hpc_job", "slurm_job_id", "slurm_jobid", "slurmjobid", "job_id", "jobid", "exported_pod", "pod", "pod_name", "vm_name", "uuid")
"""Labels that name a job or a pod: the job mappings of dcgm-exporter and of AMD's exporter, those of Kubernetes, Kepler's, and CEEMS's unit."""
ATTRIBUTION = frozenset(
    {
        *JOB_LABELS,
        *("exported_container", "container", "container_name", "exported_namespace", "namespace", "container_namespace", "pod_namespace", "pod_id", "state"),
        *("gpu_id", "gpu_partition_id", "partition_id", "gpu_compute_partition_type", "gpu_memory_partition_type", "kfd_process_id", "deployment_mode"),
        *("job_user", "job_partition", "pod_uuid", "driver_version", "vbios_version", "power_control_id", "power_control_name"),
        *("DCGM_FI_DRIVER_VERSION", "GPU_I_PROFILE", "GPU_I_ID", "err_code", "err_msg", "user", "project", "account", "service", "endpoint"),
    }
)
"""Labels that say who uses a device, which share of it, or what version runs it. A series whose other labels are the same is that of the same device,
of which the greatest value at a time counts: partitions of AMD's GPUs but the first state 0, and of several power controls of a node one is that of all."""
MODEL_LABELS = ("modelName", "model_name", "gpu_model", "card_model", "card_series")
COUNTERS = frozenset(metric.name for metric in METRICS if metric.scope is Scope.DEVICE and metric.kind is Kind.COUNTER)
"""Metrics that count the energy of a GPU."""

_NO_IDS = ("", "n/a", "none", "unknown")
"""What an exporter writes for the number of a board that it cannot read."""


def device_of(metric: Metric, labels: Mapping[str, str]) -> str:
    """Return what names the accelerator of a series, empty if nothing does.

    Example:
        >>> amd = metric_of({"__name__": "gpu_energy_consumed"})
        >>> device_of(amd, {"serial_number": "692", "gpu_id": "3"}), device_of(amd, {"serial_number": "N/A", "gpu_id": "3"})
        ('692', '3')
    """
    *surer, last = metric.ids
    known = (labels.get(label, "") for label in surer)
    return next((text for text in known if text.lower() not in _NO_IDS and text != "0"), labels.get(last, ""))


def metric_of(labels: Mapping[str, str], scope: Scope | None = None) -> Metric | None:
    """Return the metric of a series, None if no row has it.

    Example:
        >>> metric_of({"__name__": "kepler_node_cpu_joules_total", "zone": "dram"}).part.value
        'dram'
        >>> metric_of({"__name__": "kepler_node_cpu_joules_total", "zone": "core"}) is None
        True
    """
    name = labels.get("__name__", "")
    return next(
        (
            metric
            for metric in METRICS
            if metric.name == name and (scope is None or metric.scope is scope) and (metric.where is None or labels.get(metric.where[0]) == metric.where[1])
        ),
        None,
    )
