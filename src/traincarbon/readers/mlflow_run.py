"""A run of MLflow as its stores hold it, and the record made from it: the tables of its web page have only the last sample of power."""

import re
from dataclasses import dataclass, field

from traincarbon.ledger.run import Run
from traincarbon.quantities import EnergySource, Part
from traincarbon.readers.column_names import readable_energy_of, readable_size_of
from traincarbon.readers.imported import ENDINGS, Energies, ImportOptions, instant, record_of
from traincarbon.readers.limits import accelerator_limits
from traincarbon.readers.samples import Samples
from traincarbon.readers.table import Row

POWER = re.compile(r"system/(?:(?P<node>.+)/)?gpu_(?P<gpu>\d+)_power_usage_watts")
"""A GPU's power in MLflow's system metrics; runs of several nodes name the node before it."""
MS_PER_S = 1e3

_NO_ENERGY = "MLflow logs no energy of it"
_NO_POWER = "MLflow logged no power of GPUs; switch its system metrics on"


@dataclass(slots=True)
class StoredRun:
    """A run in a store of MLflow. Users are not read.

    Attributes:
        run_id: Its id.
        experiment: The id of its experiment.
        status: Its status in MLflow's words.
        began_s: When it began, in seconds since 1970.
        ended_s: When it ended, None if it has not.
        cells: Parameters as ``params.NAME`` and last values of metrics as ``metrics.NAME``.
        samples: The power of its GPUs.
    """

    run_id: str
    experiment: str
    status: str
    began_s: float
    ended_s: float | None
    samples: Samples
    cells: dict[str, str] = field(default_factory=dict)


def samples_of(options: ImportOptions) -> Samples:
    """Return samples that the user's hardware bounds."""
    return Samples(most_w=accelerator_limits(options.hw).most_w)


def add_power(run: StoredRun, name: str, time_s: float, power_w: float) -> None:
    """Add a value of a metric to the samples, if it is a GPU's power."""
    if known := POWER.fullmatch(name):
        run.samples.add((known["node"] or "", int(known["gpu"])), time_s, power_w)


def record_of_run(run: StoredRun, options: ImportOptions) -> Run:
    """Return the record of a run.

    Raises:
        CarbonError: a value is not of its type.
        ValueError: it has not ended, or its times cannot be.
    """
    if run.status.lower() not in ENDINGS or run.ended_s is None:
        raise ValueError(f"it is {run.status[:20]!r} and has not ended; import it when it has")
    if run.ended_s < run.began_s:
        raise ValueError("it ended before it began; was the clock changed?")
    row = Row(0, run.cells)
    size, unread = readable_size_of(row, options)
    energy_j, unread_energy = readable_energy_of(row)
    energy_j = _with_power(energy_j, run.samples)
    is_metered = Part.GPU in energy_j and run.samples.duration_s > 0.0
    nodes = len({device[0] for device in run.samples.names() if isinstance(device, tuple)})
    duration_s = run.ended_s - run.began_s
    return record_of(
        run_id=f"mlflow-{run.run_id}",
        project=f"experiment {run.experiment}",
        state=ENDINGS[run.status.lower()],
        began=instant(run.began_s),
        duration_s=duration_s,
        gaps_s=min(run.samples.gaps_s() + max(duration_s - run.samples.duration_s, 0.0), duration_s) if is_metered else 0.0,
        samples=run.samples.count,
        nodes=max(nodes, 1),
        accelerators=run.samples.devices or size.accelerators,
        hw=options.hw or size.hw,
        params=size.params,
        tokens=size.tokens,
        energy_j=energy_j,
        missing={"gpu": _NO_POWER, "": _NO_ENERGY},
        versions={},
        notes=[*unread, *unread_energy, *([note] if (note := run.samples.note()) else [])],
    )


def _with_power(energy_j: Energies, samples: Samples) -> Energies:
    """Return the energy that was logged, for the GPUs rather that of their sampled power."""
    return energy_j if samples.duration_s <= 0.0 else {**energy_j, Part.GPU: (samples.energy_j(), EnergySource.POWER)}
