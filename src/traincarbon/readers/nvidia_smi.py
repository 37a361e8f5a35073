"""Import logs of ``nvidia-smi``: ``--query-gpu=timestamp,…,power.draw --format=csv -l``, and ``dmon`` with its option ``-o T`` or ``-o DT``."""

import re
from collections.abc import Iterator
from itertools import pairwise
from statistics import median
from typing import NamedTuple, TextIO

from traincarbon.errors import CarbonError
from traincarbon.ledger.run import Run
from traincarbon.quantities import S_PER_DAY, EnergySource, Part
from traincarbon.readers.imported import NO_ZONE, UNKNOWN_END, Format, Imported, ImportOptions, instant, moment, names_a_zone, record_of
from traincarbon.readers.limits import accelerator_limits
from traincarbon.readers.nvidia_smi_header import columns_of, has_header, has_power, is_log, plain, power_columns
from traincarbon.readers.samples import Samples
from traincarbon.readers.table import PutBack, Row, first_line, rows, says_nothing

_IDS = ("uuid", "gpu_uuid", "index", "pci.bus_id", "gpu_bus_id", "serial", "gpu_serial")
_NAMES = ("name", "gpu_name")
_NUMBER = re.compile(r"(\d+(?:\.\d+)?)\s*(m?W)?")
_CLOCK = re.compile(r"(\d\d):(\d\d):(\d\d)")
_DATE = re.compile(r"(\d{4})(\d\d)(\d\d)")
_NO_ENERGY = "nvidia-smi meters GPUs alone"
_COMMAND = "nvidia-smi --query-gpu=timestamp,name,index,power.draw --format=csv -l 1"
_NO_TIME = "the log of dmon has no times; write it with: nvidia-smi dmon -o DT -s p"
_LONGEST_LINE = 1 << 20


class _Reading(NamedTuple):
    """The power of a GPU at one time."""

    device: str
    name: str
    time_s: float
    power_w: float


def is_nvidia_smi(beginning: str) -> bool:
    """Return whether a file with this beginning is such a log."""
    line = first_line(beginning)
    return is_log(line) or _is_dmon(line)


def read(stream: TextIO, options: ImportOptions) -> Imported:
    """Return the run of a log: the energy of its GPUs by the trapezoidal rule, without gaps.

    Raises:
        CarbonError: the log has no power, or that of ``dmon`` no times.
    """
    left_out: list[str] = []
    notes: list[str] = []
    seen: list[str] = []
    while (line := stream.readline(_LONGEST_LINE)) and says_nothing(line):
        seen.append(line)
    if is_log(line) and not has_power(line):
        raise CarbonError("the log has no column of power", hint=f"write it with: {_COMMAND}")
    unnamed = is_log(line) and not has_header(line)
    lines = PutBack([*seen, *([f"{','.join(columns_of(line))}\n"] if unnamed else []), line], stream)
    has_date = not _is_dmon(line) or bool(re.search(r"\bDate\b", line))
    found = _dmon(lines, options) if _is_dmon(line) else _query(lines, options, left_out, notes)
    readings = list(found)
    if not readings:
        return Imported([], left_out, [*notes, *([] if left_out else ["it holds no power"])])
    try:
        record = _record(_with_devices(readings), options, has_date=has_date)
    except (CarbonError, ValueError) as error:
        return Imported([], [*left_out, str(error)], notes)
    return Imported([record], left_out, list(dict.fromkeys(notes)))


def _record(readings: list[_Reading], options: ImportOptions, *, has_date: bool) -> Run:
    """Return the run of all readings.

    Raises:
        ValueError: there is no energy, as there are too few readings, or none that can be.
    """
    names = list(dict.fromkeys(reading.name for reading in readings if reading.name))
    hw = options.hw or " + ".join(names)
    samples = Samples(most_w=accelerator_limits(hw).most_w)
    for reading in readings:
        samples.add(reading.device, reading.time_s, reading.power_w)
    if fault := samples.fault():
        raise ValueError(fault)
    began = instant(samples.began_s) if has_date else None
    stem = options.name.rpartition(".")[0] or options.name or "log"
    return record_of(
        run_id=f"nvidia-smi-{stem}{f'-{began:%Y%m%dT%H%M%S}' if began else ''}",
        state=UNKNOWN_END,
        began=began,
        duration_s=samples.duration_s,
        gaps_s=samples.gaps_s(),
        samples=samples.count,
        accelerators=samples.devices,
        hw=hw,
        energy_j={Part.GPU: (samples.energy_j(), EnergySource.POWER)},
        missing={"": _NO_ENERGY},
        versions={},
        notes=[note] if (note := samples.note()) else [],
    )


def _query(lines: PutBack, options: ImportOptions, left_out: list[str], notes: list[str]) -> Iterator[_Reading]:
    """Yield the readings of a table. Cells such as ``[N/A]`` are no readings."""
    for row in rows(lines, always_ended=False):
        if isinstance(row, str):
            left_out.append(row)
            continue
        named = Row(row.line, {plain(column): cell.strip() for column, cell in row.cells.items()})
        powers: dict[str, float] = {}
        for column, number in power_columns(named.cells):
            if (power_w := _power_w(named.text(column))) is not None:
                powers.setdefault(number, power_w)
        if not powers:
            continue
        stamp = named.text("timestamp")
        try:
            time_s = moment(stamp, options.zone).timestamp()
            if not options.zone and not names_a_zone(stamp):
                notes.append(NO_ZONE)
        except ValueError as error:
            left_out.append(f"line {row.line}: {error}")
            continue
        for number, power_w in powers.items():
            yield _Reading(number or named.text(*_IDS), named.text(*_NAMES), time_s, power_w)


def _dmon(lines: PutBack, options: ImportOptions) -> Iterator[_Reading]:
    """Yield the readings of ``dmon``, whose header comes again after each screen.

    Raises:
        CarbonError: it has no times.
    """
    columns: list[str] = []
    day_s, before_s = 0.0, -1.0
    while line := lines.readline(_LONGEST_LINE):
        words = line.split()
        if _is_dmon(line):
            columns = [word.lower() for word in line.replace("#", " ").split()]
            if "time" not in columns:
                raise CarbonError(_NO_TIME, hint="for a log in hand, nothing states how long it took")
            continue
        if not columns or line.lstrip().startswith("#") or len(words) != len(columns):
            continue
        cells = dict(zip(columns, words, strict=True))
        power_w, clock, date = _power_w(cells.get("pwr", "")), _CLOCK.fullmatch(cells["time"]), _DATE.fullmatch(cells.get("date", ""))
        if power_w is None or clock is None:
            continue
        hours, minutes, seconds = map(int, clock.groups())
        time_s = (hours * 60.0 + minutes) * 60.0 + seconds
        if date:
            time_s = moment(f"{date[1]}-{date[2]}-{date[3]}T{cells['time']}", options.zone).timestamp()
        else:
            day_s += S_PER_DAY if time_s + S_PER_DAY / 2.0 < before_s else 0.0
            before_s = time_s
            time_s += day_s
        yield _Reading(cells.get("gpu", ""), "", time_s, power_w)


def _with_devices(readings: list[_Reading]) -> list[_Reading]:
    """Return the readings, each with a device. Without ids, the GPUs of one query come one right after the other, always in the same order."""
    if all(reading.device for reading in readings):
        return readings
    apart_s = [there.time_s - here.time_s for here, there in pairwise(readings)]
    mean_s = sum(apart_s) / max(len(apart_s), 1)
    long_s = [each for each in apart_s if each > mean_s]
    threshold_s = median(long_s) / 2.0 if long_s else 0.0
    found, place = [readings[0]._replace(device="0")], 0
    for reading, since_s in zip(readings[1:], apart_s, strict=True):
        place = place + 1 if since_s < threshold_s else 0
        found.append(reading._replace(device=str(place)))
    return found


def _power_w(text: str) -> float | None:
    """Return a power in watts, None if the cell states none."""
    known = _NUMBER.fullmatch(text.strip())
    return None if known is None else float(known[1]) * (1e-3 if known[2] == "mW" else 1.0)


def _is_dmon(line: str) -> bool:
    words = line.replace("#", " ").lower().split()
    return line.lstrip("\ufeff ").startswith("#") and "gpu" in words and "pwr" in words


FORMAT = Format(
    "nvidia-smi",
    f"log of `{_COMMAND}`, or of `nvidia-smi dmon -o DT`",
    "energy of the GPUs from sampled power, GPUs, hardware",
    "the rest of the machine, state, parameters, tokens; the beginning in logs of `dmon -o T`",
    "GPUs without index or UUID are told apart by their order; `[N/A]` is no sample; `noheader` is read if the cells have units; a script's own log is read if its columns are `timestamp` and a power with its unit, as `power_draw_W`",
    is_nvidia_smi,
    read,
)
