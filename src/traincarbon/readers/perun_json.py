"""Import the results of perun as JSON: ``perun export perun_results/APP.hdf5 json``, or ``perun monitor --format json``.

A file is a tree of nodes: the application, its series of runs, their runs (rounds), hosts, devices and sensors (``perun/data_model/data.py``).
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TextIO

from traincarbon.decode import amount, items, table, text
from traincarbon.errors import CarbonError
from traincarbon.ledger.run import Run
from traincarbon.quantities import J_PER_KWH, EnergySource, Part
from traincarbon.readers.imported import NO_ZONE, UNKNOWN_END, Format, Imported, ImportOptions, exactly, moment, record_of
from traincarbon.readers.plausible import Basis

_SERIES, _RUN = 2, 3
"""Types of nodes: a series of runs of an application, and one of them."""
_ENERGIES = {Part.GPU: "gpu_energy", Part.CPU: "cpu_energy", Part.DRAM: "dram_energy", Part.OTHER: "other_energy"}
_LONGEST = 256 << 20
_NO_ENERGY = "perun had no sensor for it"
_FAILED = "failed"

Node = Mapping[str, object]


def is_perun(beginning: str) -> bool:
    """Return whether a file with this beginning is a result of perun."""
    return beginning.lstrip()[:1] == "{" and '"metadata"' in beginning and '"last_execution_dt"' in beginning and '"metrics"' in beginning


def read(stream: TextIO, options: ImportOptions) -> Imported:
    """Return the runs of an application, one for each round. CO2e and cost follow from defaults of perun and are not read.

    Raises:
        CarbonError: the file is not JSON, for example cut off.
    """
    try:
        application = table(json.loads(stream.read(_LONGEST)))
    except (ValueError, RecursionError) as error:
        raise CarbonError(f"the file is not JSON: {error}", hint="is it cut off?") from error
    name = text(application.get("id")) or "application"
    records: list[Run] = []
    left_out: list[str] = []
    for series in _nodes(application, _SERIES):
        began = text(table(series.get("metadata")).get("execution_dt")) or ""
        for place, run in enumerate(_nodes(series, _RUN)):
            where = f"{name}, {str(series.get('id'))[:60]}, round {str(run.get('id'))[:20]}"
            try:
                records.append(_record(name, series, run, moment(began, options.zone) if began and not place else None, options))
            except (CarbonError, ValueError) as error:
                left_out.append(f"{where}: {error}")
    return Imported(records, left_out, [NO_ZONE] if records and not options.zone else [])


def _nodes(parent: Node, kind: int) -> Iterator[Node]:
    """Yield the nodes within a node that are of a kind; they stand in a table, which some versions put into a list."""
    stated = parent.get("nodes")
    for each in items(stated) or [stated]:
        yield from (node for inner in table(each).values() if (node := table(inner)).get("type") == kind)


def _record(name: str, series: Node, run: Node, began: datetime | None, options: ImportOptions) -> Run:
    """Return the record of a round.

    Raises:
        CarbonError: a value is not of its type.
        ValueError: it states no time.
    """
    metrics, settings = table(run.get("metrics")), table(series.get("metadata"))
    duration_s = _value(metrics, "runtime")
    if not duration_s:
        raise ValueError("it states no runtime")
    energy_j = {part: (found_j, EnergySource.POWER) for part, metric in _ENERGIES.items() if (found_j := _value(metrics, metric)) is not None}
    pue = amount(_as_number(settings.get("post-processing.pue"))) or 1.0
    facility_j = _value(metrics, "energy") if pue > 1.0 else None
    hosts = [node for each in items(run.get("nodes")) or [run.get("nodes")] for node in table(each).values()]
    gpus = sum(_gpus(table(host)) for host in hosts)
    round_id = str(run.get("id"))
    return record_of(
        run_id=f"perun-{name}-{series.get('id')}-{round_id}",
        project=name,
        state="failed" if round_id == _FAILED else UNKNOWN_END,
        began=began,
        duration_s=duration_s,
        nodes=max(len(hosts), 1),
        accelerators=gpus or None,
        hw=options.hw,
        energy_j=energy_j,
        missing={"": _NO_ENERGY},
        basis=Basis(unit="J"),
        facility_energy_kwh=exactly(None if facility_j is None else facility_j / J_PER_KWH),
        versions={"perun": version} if (version := text(settings.get("perun_version"))) else {},
    )


def _gpus(node: Node) -> int:
    """Return the number of sensors of power of GPUs in a node and in the nodes within."""
    inside = [inner for each in items(node.get("nodes")) or [node.get("nodes")] for inner in table(each).values()]
    own = not inside and "gpu_energy" in table(node.get("metrics"))
    return int(own) + sum(_gpus(table(inner)) for inner in inside)


def _value(metrics: Node, name: str) -> float | None:
    return amount(table(metrics.get(name)).get("value"))


def _as_number(value: object) -> object:
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return None


FORMAT = Format(
    "perun",
    "JSON of perun: `perun export perun_results/APP.hdf5 json`",
    "energy by part, GPUs, nodes, duration, time; energy of the facility if a PUE was set",
    "state, hardware, parameters, tokens, CO2e and cost, which follow from defaults",
    "each round is a run; HDF5 is exported first",
    is_perun,
    read,
)
