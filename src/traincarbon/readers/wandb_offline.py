"""Import the file of a run of Weights & Biases, ``run-ID.wandb``, as it lies in the folder of every run, offline or not.

Its records are those of ``wandb/proto/wandb_internal.proto``.
"""

import json
from dataclasses import dataclass, field
from os import path
from typing import BinaryIO

from traincarbon.decode import items, number, table, text
from traincarbon.errors import CarbonError
from traincarbon.ledger.run import Run
from traincarbon.quantities import EnergySource, Part
from traincarbon.readers.column_names import readable_energy_of, readable_size_of
from traincarbon.readers.imported import UNKNOWN_END, BinaryFormat, Imported, ImportOptions, instant, record_of
from traincarbon.readers.limits import accelerator_limits
from traincarbon.readers.protobuf import Field, message
from traincarbon.readers.samples import Samples
from traincarbon.readers.table import Row
from traincarbon.readers.wandb_csv import NO_ENERGY, POWER
from traincarbon.readers.wandb_log import MARK, records
from traincarbon.reading import read_limited

_HISTORY, _SUMMARY, _CONFIG, _STATS, _RUN, _EXIT, _ENVIRONMENT = 2, 3, 5, 7, 17, 18, 26
"""Fields of ``Record``."""
_ITEM, _KEY, _NESTED, _VALUE = 1, 1, 2, 16
"""The items of history, summary and configuration, and the fields of an item: its value is JSON."""
_INTEGER, _NUMBER = 5, 6
"""The value of an item of history, as some versions write it."""
_RUN_ID, _PROJECT, _RUN_CONFIG, _STARTED, _RESUMED = 1, 3, 4, 17, 18
_STATS_TIME, _STATS_ITEM = 2, 3
_CODE, _RUNTIME, _NOT_COMPLETE = 1, 2, 3
_GPU_TYPE, _GPU_COUNT, _NVIDIA, _NVIDIA_NAME, _AMD, _AMD_SERIES = 18, 19, 24, 1, 26, 8
_METADATA = path.join("files", "wandb-metadata.json")
_DEEPEST = 3
_NO_POWER = "W&B logged no power of GPUs"


@dataclass(slots=True)
class _Read:
    """What the records of a file state."""

    run_id: str = ""
    project: str = ""
    began_s: float | None = None
    times_s: list[float] = field(default_factory=list)
    runtime_s: float = 0.0
    exit_code: int | None = None
    is_resumed: bool = False
    cells: dict[str, str] = field(default_factory=dict)
    powers: list[tuple[tuple[str, int], float, float]] = field(default_factory=list)
    """GPUs with their node, times in seconds since 1970, and powers in watts."""
    gpus: list[str] = field(default_factory=list)
    gpu_count: int = 0

    def saw(self, time_s: float) -> None:
        """Take note that the run was there at a time."""
        self.times_s = [min([time_s, *self.times_s]), max([time_s, *self.times_s])]


def is_wandb(beginning: bytes) -> bool:
    """Return whether a file with this beginning is that of a run of W&B."""
    return beginning.startswith(MARK)


def read(stream: BinaryIO, options: ImportOptions) -> Imported:
    """Return the run of a file: its time, its end, what it logged, and the energy of its GPUs by their sampled power. Users and hosts are not read.

    Raises:
        CarbonError: it is no such file.
    """
    found = _Read()
    _take_metadata(options, found)
    left_out: list[str] = []
    for place, record in enumerate(records(stream), 1):
        if record is None:
            left_out.append(f"record {place}: it is cut off")
            continue
        try:
            for part in message(record):
                _take(part, found)
        except ValueError as error:
            left_out.append(f"record {place}: {error}")
    if not found.run_id:
        return Imported([], [*left_out, "it does not name its run; it was cut off before the run began"], [])
    try:
        return Imported([_record(found, options)], left_out, [])
    except (CarbonError, ValueError) as error:
        return Imported([], [*left_out, f"run {found.run_id[:60]!r}: {error}"], [])


def _record(found: _Read, options: ImportOptions) -> Run:
    """Return the record of a run. A resumed one keeps its id, so its beginning tells its parts apart.

    Raises:
        CarbonError: a value is not of its type.
        ValueError: its duration is unknown.
    """
    first_s, last_s = found.times_s or (0.0, 0.0)
    began_s = first_s if found.is_resumed or found.began_s is None else found.began_s
    duration_s = last_s - began_s if found.is_resumed else max(last_s - began_s, found.runtime_s)
    if duration_s <= 0.0:
        raise ValueError("it logged nothing, so its duration is unknown")
    hw = options.hw or " + ".join(dict.fromkeys(found.gpus))
    row, samples = Row(0, found.cells), Samples(most_w=accelerator_limits(hw).most_w)
    for device, time_s, power_w in found.powers:
        samples.add(device, time_s, power_w)
    size, unread = readable_size_of(row, options)
    energy_j, unread_energy = readable_energy_of(row)
    is_metered = samples.duration_s > 0.0
    if is_metered:
        energy_j = {**energy_j, Part.GPU: (samples.energy_j(), EnergySource.POWER)}
    nodes = len({device[0] for device in samples.names() if isinstance(device, tuple)})
    return record_of(
        run_id=f"wandb-{found.run_id}{f'-{instant(began_s):%Y%m%dT%H%M%S}' if found.is_resumed else ''}",
        project=found.project,
        state=UNKNOWN_END if found.exit_code is None else "failed" if found.exit_code else "finished",
        exit_code=found.exit_code,
        began=instant(began_s) if began_s else None,
        duration_s=duration_s,
        gaps_s=min(samples.gaps_s() + max(duration_s - samples.duration_s, 0.0), duration_s) if is_metered else 0.0,
        samples=samples.count,
        nodes=max(nodes, 1),
        accelerators=samples.devices or found.gpu_count or size.accelerators,
        hw=hw or size.hw,
        params=size.params,
        tokens=size.tokens,
        energy_j=energy_j,
        missing={"gpu": _NO_POWER, "": NO_ENERGY},
        versions={},
        notes=[*unread, *unread_energy, *([note] if (note := samples.note()) else [])],
    )


def _take(part: Field, found: _Read) -> None:
    """Add what a part of a record states.

    Raises:
        ValueError: it is no message.
    """
    if part.number == _STATS:
        _take_stats(part.content, found)
    elif part.number in (_HISTORY, _SUMMARY):
        for name, value in _values(part.content):
            found.cells[f"summary.{name}"] = value
            if name == "_timestamp" and (time_s := _number(value)):
                found.saw(time_s)
    elif part.number == _CONFIG:
        found.cells |= {f"config.{name}": value for name, value in _values(part.content)}
    elif part.number == _RUN:
        _take_run(part.content, found)
    elif part.number == _EXIT:
        stated = {each.number: each for each in message(part.content)}
        found.exit_code = None if _NOT_COMPLETE in stated and stated[_NOT_COMPLETE].integer else stated[_CODE].integer if _CODE in stated else 0
        found.runtime_s = float(stated[_RUNTIME].integer) if _RUNTIME in stated else 0.0

    elif part.number == _ENVIRONMENT:
        _take_environment(part.content, found)


def _take_environment(environment: bytes, found: _Read) -> None:
    """Take the names and the number of the GPUs."""
    kinds: list[str] = []
    listed: list[str] = []
    for each in message(environment):
        if each.number == _GPU_TYPE:
            kinds = [each.text]
        elif each.number == _GPU_COUNT:
            found.gpu_count = each.integer
        elif each.number in (_NVIDIA, _AMD):
            wanted = _NVIDIA_NAME if each.number == _NVIDIA else _AMD_SERIES
            listed += [part.text for part in message(each.content) if part.number == wanted]
    found.gpus = listed or kinds or found.gpus
    found.gpu_count = found.gpu_count or len(listed)


def _take_run(run: bytes, found: _Read) -> None:
    for each in message(run):
        if each.number == _RUN_ID:
            found.run_id = each.text
        elif each.number == _PROJECT:
            found.project = each.text
        elif each.number == _STARTED:
            found.began_s = _time_s(each.content)
        elif each.number == _RESUMED:
            found.is_resumed = bool(each.integer)
        elif each.number == _RUN_CONFIG:
            found.cells |= {f"config.{name}": value for name, value in _values(each.content)}


def _take_stats(stats: bytes, found: _Read) -> None:
    """Add the powers of a sample of the system's metrics."""
    time_s = 0.0
    for each in message(stats):
        if each.number == _STATS_TIME:
            time_s = _time_s(each.content)
            found.saw(time_s)
        elif each.number == _STATS_ITEM:
            item = {part.number: part for part in message(each.content)}
            name = item[_KEY].text if _KEY in item else ""
            power_w = _number(item[_VALUE].text) if _VALUE in item else None
            if (known := POWER.fullmatch(f"system.{name.removeprefix('system.')}")) and power_w is not None and time_s:
                found.powers.append(((known["node"] or "", int(known["gpu"])), time_s, power_w))


def _values(record: bytes) -> list[tuple[str, str]]:
    """Return the names and the values of the items of a record, and of the tables in them."""
    found: list[tuple[str, str]] = []
    for each in message(record):
        if each.number != _ITEM:
            continue
        parts = list(message(each.content))
        name = ".".join(part.text for part in parts if part.number in (_KEY, _NESTED))
        for part in parts:
            found += _flat(name, _value_of(part))
    return found


def _value_of(part: Field) -> object:
    """Return the value that a field of an item states, None if it states none."""
    if part.number != _VALUE:
        return part.double if part.number == _NUMBER else part.integer if part.number == _INTEGER else None
    try:
        return json.loads(part.text)
    except (ValueError, RecursionError):
        return None


def _flat(name: str, value: object, depth: int = 0) -> list[tuple[str, str]]:
    """Return a value under its name, those of a table under theirs."""
    if isinstance(value, dict):
        inside = [(f"{name}.{key}" if key != "value" else name, each) for key, each in value.items() if not str(key).startswith("_")]
        return [flat for key, each in inside for flat in _flat(key, each, depth + 1)] if depth < _DEEPEST else []
    return [] if value is None else [(name, str(value))]


def _number(text: str) -> float | None:
    try:
        return number(float(text))
    except ValueError:
        return None


def _time_s(stamp: bytes) -> float:
    """Return the seconds since 1970 of a ``Timestamp``."""
    parts = {each.number: each.integer for each in message(stamp)}
    return parts.get(1, 0) + parts.get(2, 0) / 1e9


def _take_metadata(options: ImportOptions, found: _Read) -> None:
    """Take the names and the number of the GPUs from the file of metadata beside the run, as older versions write it."""
    if not options.path:
        return
    try:
        stated = table(json.loads(read_limited(path.join(path.dirname(options.path), _METADATA))))
    except (OSError, ValueError, RecursionError):
        return
    listed = [name for vendor in ("gpu_nvidia", "gpu_amd") for each in items(stated.get(vendor)) if (name := text(table(each).get("name")))]
    kind = text(stated.get("gpu"))
    found.gpus = listed or ([kind] if kind else [])
    found.gpu_count = int(number(stated.get("gpu_count")) or len(listed))


FORMAT = BinaryFormat(
    "wandb-run",
    "folder `wandb`, or the file `run-ID.wandb` of a run in it, offline or not",
    "energy of the GPUs from sampled power, duration, state, parameters, tokens, GPUs, hardware",
    "the rest of the machine",
    "older versions state the hardware in `files/wandb-metadata.json` beside the file; a run that was resumed is several, as each part states its own time",
    is_wandb,
    read,
    ("run-*.wandb",),
)
