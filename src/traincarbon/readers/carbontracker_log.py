"""Import the logs of carbontracker, ``…_carbontracker.log`` and ``…_carbontracker_output.log``.

The first states the mean power and the time of each epoch, the second the energy of the facility and its carbon. Together they are one run.
"""

import re
import zlib
from itertools import pairwise
from os import path
from typing import NamedTuple, TextIO

from traincarbon.errors import CarbonError
from traincarbon.quantities import EnergySource, Part
from traincarbon.readers.carbontracker_old import modern
from traincarbon.readers.imported import NO_ZONE, UNKNOWN_END, Format, Imported, ImportOptions, exactly, moment, record_of
from traincarbon.readers.plausible import Basis

_TIME = r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) - "
_FOUND = r"The following components were found:(.*)"
_NAME = re.compile(r"(.*\d+(?:\..*)?_\d{4}-\d\d-\d\dT\d{6}Z)_carbontracker(?:_output)?\.log")
_TIME_ALONE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:?\d\d(?:\d\d)?Z)_carbontracker(?:_output)?\.log")
_ENDING = re.compile(r"(.*\d.*)_carbontracker(?:_output)?\.log")
_BEGINNING = re.compile(_TIME + r"(?:carbontracker version|CarbonTracker: The following components)", re.MULTILINE)
_APPLE = {"GPU", "ANE"}
"""The devices that it finds on a chip of Apple: one chip, of which it logs the sum of both powers."""
_ACTUAL = re.compile(r"Actual consumption(?: for (\d+) epoch\(s\))?:\s*Time:\s*(\S+)\s*Energy:\s*(\S+) kWh\s*CO2eq:\s*(\S+) g")
_PREDICTED = re.compile(r"Predicted consumption for (\d+) epoch\(s\):")
_LONGEST = 64 << 20
_ASSUMED_INTENSITY = ("location: Unknown", "Defaulting to")
_ONE_MEAN = "carbontracker logs the mean power of its {count} devices, which counts {count} times"
_NOTHING = "carbontracker logged no power for it"
_SOME_ZERO = "carbontracker logged 0 W in some epochs, which it also does without permission to read"


class _Epochs(NamedTuple):
    """The epochs of a log: their durations, and for each part and epoch the mean power of its devices."""

    durations_s: list[float]
    powers_w: dict[str, list[list[float]]]


def is_carbontracker(beginning: str) -> bool:
    """Return whether a file with this beginning is a log of carbontracker."""
    return bool(re.match(rf"{_TIME}(?:carbontracker version|CarbonTracker: |{_FOUND})", modern(beginning.lstrip("\ufeff \r\n"))))


def read(stream: TextIO, options: ImportOptions) -> Imported:
    """Return the run of a log.

    The file name connects the two logs of a run; a file with another name is identified by its first lines. Processor power counts as
    modelled, as the log does not say whether there was a counter. A single value for several devices is their mean. Carbon is left out if the location was unknown and the world's intensity was used.

    Raises:
        CarbonError: the file is not a log of carbontracker.
    """
    text = stream.read(_LONGEST)
    if len(text) == _LONGEST:
        raise CarbonError(f"the log is longer than {_LONGEST >> 20} MB", hint="no training has so many epochs; does it hold several logs?")
    text = modern(text.replace("\r\n", "\n"))
    if not is_carbontracker(text):
        raise CarbonError("the file is not a log of carbontracker", hint="find them in its log_dir: …_carbontracker.log and …_carbontracker_output.log")
    begins = [found.start() for found in _BEGINNING.finditer(text)] or [0]
    logs = [text[begin:end] for begin, end in pairwise([0, *begins[1:], len(text)])]
    found = [_read_one(log, _run_id(text, options) + (f"-{number}" if number > 1 else ""), options) for number, log in enumerate(logs, 1)]
    notes = [f"the log holds {len(logs)} trackers, each of which is a run"] if len(logs) > 1 else []
    return Imported(
        [record for one in found for record in one.records],
        [fault for one in found for fault in one.left_out],
        list(dict.fromkeys([*(note for one in found for note in one.notes), *notes])),
    )


def _read_one(text: str, run_id: str, options: ImportOptions) -> Imported:
    """Return the run of one tracker, why there is none, and notes."""
    first = re.search(_TIME, text, re.MULTILINE)
    notes = [] if options.zone else [NO_ZONE]
    version = re.search(r"carbontracker version (\S+)", text)
    devices = _devices(text)
    actual = _ACTUAL.search(text)
    try:
        began = moment(first[1], options.zone) if first else None
        epochs = _epochs(text)
        durations_s = epochs.durations_s or ([_seconds(actual[2])] if actual else [])
        if not durations_s:
            return Imported([], [f"run {run_id!r}: no epoch was logged; it was too short or cut off"], [])
        energy_j, missing = _energy(epochs, devices)
        facility_kwh, co2e_kg = _results(actual, text, trusted=all(len(found) < 2 for found in devices.values()))
        gpus = devices.get("gpu", [])
        record = record_of(
            run_id=run_id,
            state=_state(text),
            began=began,
            duration_s=sum(durations_s),
            accelerators=len(gpus) or None,
            hw=" + ".join(dict.fromkeys(gpus)),
            energy_j=energy_j,
            missing={**missing, "": _NOTHING},
            basis=Basis(cpu=devices.get("cpu", [""])[0]),
            facility_energy_kwh=exactly(facility_kwh),
            operational_kgco2e=exactly(co2e_kg),
            versions={"carbontracker": version[1]} if version else {},
        )
    except (CarbonError, ValueError, OverflowError) as error:
        return Imported([], [f"run {run_id!r}: {error}"], [])
    predicted = _PREDICTED.search(text)
    monitored = int(actual[1]) if actual and actual[1] else 0
    if predicted and 0 < monitored < int(predicted[1]):
        notes.append(f"run {run_id!r}: {monitored} of its {predicted[1]} epochs were metered; time and energy are only of these")
    notes += [f"run {run_id!r}: no energy of {part}, as {reason}" for part, reason in missing.items()]
    means = {part: len(devices.get(part, ())) for part in energy_j if any(_is_mean(each_w, len(devices.get(part, ()))) for each_w in epochs.powers_w[part])}
    notes += [f"run {run_id!r}: {_ONE_MEAN.format(count=count)}" for count in means.values()]
    return Imported([record], [], notes)


def _run_id(text: str, options: ImportOptions) -> str:
    """Return the name of a run. Its logs share a stem; older releases name no process in it, so the folder tells runs of one minute apart."""
    if known := _NAME.fullmatch(options.name):
        return f"carbontracker-{known[1]}"
    if options.path and (known := _TIME_ALONE.fullmatch(options.name)):
        folder = path.dirname(path.abspath(options.path))
        return f"carbontracker-{known[1]}-{zlib.crc32(folder.encode('utf-8', 'replace')):08x}"
    ending = _ENDING.fullmatch(options.name)  # a part of the name tells processes apart that began in the same second
    found = re.search(_TIME + r"(?:CarbonTracker: )?" + _FOUND, text, re.MULTILINE)
    first = found[0].replace("CarbonTracker: ", "") if found else text[:1000]
    return f"carbontracker-{zlib.crc32(((ending[1] if ending else '') + first).encode('utf-8', 'replace')):08x}"


def _devices(text: str) -> dict[str, list[str]]:
    """Return the devices of each part that was found."""
    found = re.search(_FOUND, text)
    parts = re.findall(r" (GPU|CPU) with device\(s\) (.*?)\.(?= |$)", found[1]) if found else []
    named = {part.lower(): [device.strip() for device in names.split(",") if device.strip()] for part, names in parts}
    return {part: ["Apple"] if set(devices) == _APPLE else devices for part, devices in named.items()}


def _epochs(text: str) -> _Epochs:
    """Return the epochs of the log, without those whose powers are cut off.

    Raises:
        ValueError: a number cannot be read.
    """
    epochs = re.split(r"^.* - Epoch \d+:\s*$", text, flags=re.MULTILINE)[1:]
    durations_s: list[float] = []
    powers_w: dict[str, list[list[float]]] = {}
    for epoch in epochs:
        duration = re.search(r"Duration: (\S+)\n", epoch)
        powers = re.findall(r"Average power usage \(W\) for (\w+): (\[[^\]]*\]|None|[\d.]+)\s*\n", epoch)
        if not duration or not powers:
            continue
        durations_s.append(_seconds(duration[1]))
        for part, power in powers:
            numbers = [] if power == "None" else [float(number) for number in power.strip("[]").replace(",", " ").split()]
            powers_w.setdefault(part, []).append(numbers)
    return _Epochs(durations_s, powers_w)


def _energy(epochs: _Epochs, devices: dict[str, list[str]]) -> tuple[dict[Part, tuple[float, EnergySource]], dict[str, str]]:
    energy_j: dict[Part, tuple[float, EnergySource]] = {}
    missing: dict[str, str] = {}
    for part, powers_w in epochs.powers_w.items():
        count = len(devices.get(part, ()))
        if len(powers_w) != len(epochs.durations_s) or not all(powers_w):
            missing[part] = _NOTHING
        elif any(0.0 in each_w for each_w in powers_w):
            missing[part] = _SOME_ZERO
        else:
            found_j = sum(
                sum(each_w) * (count if _is_mean(each_w, count) else 1) * duration_s for each_w, duration_s in zip(powers_w, epochs.durations_s, strict=True)
            )
            energy_j[Part(part)] = (found_j, EnergySource.POWER if part == Part.GPU else EnergySource.MODELLED)
    return energy_j, missing


def _is_mean(powers_w: list[float], count: int) -> bool:
    """Return whether a power is the mean of several devices: since version 2 the samples of all devices are in one list."""
    return len(powers_w) == 1 and count > 1


def _results(actual: "re.Match[str] | None", text: str, *, trusted: bool) -> tuple[float | None, float | None]:
    """Return energy [kWh] and carbon [kg] of the facility, None if the log does not state them for this run."""
    if actual is None or not trusted:
        return None, None
    energy_kwh, carbon_g = float(actual[3]), float(actual[4])
    assumed = any(word in text for word in _ASSUMED_INTENSITY) or "carbon intensity during training was 445.00" in text
    return energy_kwh or None, None if assumed or not energy_kwh else carbon_g / 1e3


def _state(text: str) -> str:
    if "Training was interrupted" in text:
        return "killed"
    return "finished" if "Monitoring thread ended" in text or "Finished monitoring" in text else UNKNOWN_END


def _seconds(text: str) -> float:
    hours, minutes, seconds = text.split(":")
    return int(hours) * 3600.0 + int(minutes) * 60.0 + float(seconds)


FORMAT = Format(
    "carbontracker",
    "logs of carbontracker, all releases: `…_carbontracker.log`, `…_carbontracker_output.log`",
    "energy of GPU and CPU; energy and CO2e of the facility",
    "memory, parameters, tokens; energy and CO2e of the facility where only the mean of several GPUs is logged",
    "import both logs, they are one run; the mean power of several devices counts for each of them; CO2e of the world's mean is left out",
    is_carbontracker,
    read,
    files=("*_carbontracker*.log",),
)
