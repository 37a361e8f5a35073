"""``carbon doctor``: what can be metered here, what cannot, why, and how to allow it."""

import os
import shutil
import sys
import time
from typing import Any, NamedTuple

import click

from traincarbon.cli import output
from traincarbon.errors import CarbonError
from traincarbon.meters.base import Reading, Unavailable

_SAMPLE_S = 0.5
"""Long enough for the mean power between two reads of a counter."""
_WAIT_S = 15.0
"""A library that has not answered by then hangs as far as somebody who waits for the answer is concerned."""
_MOST_DEVICES = 8
_LEAST_FREE_B = 100e6
_PACKAGES = ("nvidia-ml-py", "psutil", "rich", "amdsmi", "codecarbon")
_HOW = {"counter": "counted by the hardware", "power": "power sampled", "modelled": "modelled, not measured (90 % interval)"}
_UDEV = "/etc/udev/rules.d/99-powercap.rules"


class Sampled(NamedTuple):
    """A meter that answers: what it read, and what it had to say."""

    name: str
    in_use: bool
    readings: tuple[Reading, ...]
    names: dict[str, str]
    notes: list[str]


@click.command("doctor")
@click.option("--store", metavar="DIR", type=click.Path(), help="Where runs are kept; default $CARBON_STORE, else your data folder.")
@click.option("--quiet", is_flag=True, help="Only what can be read, without remedies.")
@click.option("--json", "as_json", is_flag=True, help="Print the library's result as JSON.")
def command(*, store: str | None, quiet: bool, as_json: bool) -> None:
    """Show what can be metered here with a sample of each, what cannot, why, and how to allow it.

    \b
    carbon doctor
    """  # noqa: D301  click reads the escape
    sampled, missing = _meters()
    place = _place(store)
    if as_json:
        click.echo(output.as_json(_as_dict(sampled, missing, place)))
        return
    lines = [output.bold("What can be read, and what it draws now"), *_readable(sampled)]
    if missing and not quiet:
        lines += ["", output.bold("What cannot be read here, and what would help"), *_unreadable(missing)]
    click.echo("\n".join([*lines, "", output.bold("This machine"), *_machine(place)]))


def _meters() -> tuple[list[Sampled], list[Unavailable]]:
    """Open every meter there is, sample those that answer, see which would be used, and close them again."""
    from traincarbon.meters.registry import MODEL, meter_names, open_meters, probed

    found = {name: probed(name, wait_s=_WAIT_S) for name in meter_names()}
    opened = [each for each in found.values() if not isinstance(each, Unavailable)]
    time.sleep(_SAMPLE_S)
    sampled = [Sampled(meter.name, False, meter.read(), dict(meter.names), list(meter.notes)) for meter in opened]
    used, _ = open_meters(opened={name: each for name, each in found.items() if name != MODEL})
    in_use = {meter.name for meter in used}
    for meter in (*opened, *used):
        meter.close()
    sampled = [each._replace(in_use=each.name in in_use) for each in sampled]
    sampled.sort(key=lambda each: each.name == MODEL)
    return sampled, [each for each in found.values() if isinstance(each, Unavailable)]


def _readable(sampled: list[Sampled]) -> list[str]:
    lines: list[str] = []
    for each in sampled:
        how = ", ".join(_HOW[how] for how in dict.fromkeys(reading.how for reading in each.readings))
        lines.append(f"  {output.bold(each.name)}: {how}" + ("" if each.in_use else output.dim(" · not in use")))
        rows = [_row(reading, each.names) for reading in each.readings[:_MOST_DEVICES]]
        lines += [_cut(f"    {line}") for line in output.table(rows, right=(1,)).split("\n") if rows]
        if len(each.readings) > _MOST_DEVICES:
            lines.append(f"    and {len(each.readings) - _MOST_DEVICES} more")
        lines += [_indented(f"note: {output.clean(note)}", 4) for note in each.notes]
    return lines or ["  nothing"]


def _row(reading: Reading, names: dict[str, str]) -> tuple[str, str, str]:
    power = "" if reading.power_w is None else f"{output.significant(reading.power_w, 3)} W"
    if reading.sigma_ln and reading.power_w is not None:
        from traincarbon.uncertain import Uncertain

        low_w, high_w = Uncertain(reading.power_w, {"model": reading.sigma_ln}).interval(0.9)
        power += f" ({output.significant(low_w, 2)} – {output.significant(high_w, 2)})"
    what = names.get(reading.device, "")
    told = [
        *([] if reading.utilisation is None else [f"{reading.utilisation:.0%} busy"]),
        *([] if reading.temperature_c is None else [f"{reading.temperature_c:.0f} °C"]),
        *([] if reading.memory_used_b is None else [f"{reading.memory_used_b / 1e9:.3g} GB"]),
    ]
    device = reading.device if len(reading.device) <= 17 else f"{reading.device[:16]}…"
    return device, power, output.clean(", ".join([*([what] if what else []), *told]))


def _unreadable(missing: list[Unavailable]) -> list[str]:
    from traincarbon.meters.rapl import ALLOW, UDEV_RULE

    lines: list[str] = []
    for each in missing:
        lines.append(_indented(f"{output.bold(each.name)}: {output.clean(each.reason)}", 2))
        if each.hint == ALLOW:
            lines += [f"    now:     {ALLOW.split(' /')[0]} /sys/class/powercap/*/energy_uj", f"    lasting: in {_UDEV}", f"      {UDEV_RULE}"]
        elif each.hint:
            lines.append(output.dim(_indented(f"→ {each.hint}", 4)))
    return lines


def _place(store: str | None) -> dict[str, Any]:
    """Return where runs are kept, whether it can be written, and how much fits."""
    from traincarbon.ledger.store_folder import store_folder

    try:
        folder = store_folder(store)
    except CarbonError as error:
        return {"folder": None, "writable": False, "free_b": None, "problem": f"{error}; {error.hint}"}
    above = folder
    while not os.path.lexists(above):
        above = os.path.dirname(above)
    if not os.path.isdir(above):
        return {"folder": folder, "writable": False, "free_b": None, "problem": f"{above} is no folder"}
    writable = os.access(above, os.W_OK | os.X_OK)
    free_b = float(shutil.disk_usage(above).free)
    problem = f"no permission to write in {above}" if not writable else "the disk is nearly full" if free_b < _LEAST_FREE_B else ""
    return {"folder": folder, "writable": writable, "free_b": free_b, "problem": problem}


def _machine(place: dict[str, Any]) -> list[str]:
    limits, clock = _limits(), _clock()
    stored = place["problem"] or f"writable, {output.significant(place['free_b'] / 1e9, 3)} GB free"
    threads = f"{limits['host_threads']} threads" + (f", {limits['threads']:g} for this job" if limits["threads"] else "")
    memory = f", {limits['memory_b'] / 1e9:.3g} GB of memory for this job" if limits["memory_b"] else ", no limit on memory"
    versions = ", ".join(f"{name} {version}" for name, version in _versions().items())
    rows = [
        ("store", f"{place['folder'] or ''}: {stored}".removeprefix(": ")),
        ("processor", threads + memory),
        ("clock", f"{clock['source']}, {clock['resolution_s'] * 1e9:.0f} ns" if clock["source"] else f"{clock['resolution_s'] * 1e9:.0f} ns"),
        ("versions", versions),
    ]
    return [_indented(f"{name:11}{output.clean(text)}", 2, deeper=11) for name, text in rows]


def _limits() -> dict[str, Any]:
    from traincarbon.meters.cgroup import allotment

    allotted = allotment()
    return {"host_threads": os.cpu_count(), "threads": allotted.threads, "memory_b": allotted.memory_b}


def _clock() -> dict[str, Any]:
    try:
        with open("/sys/devices/system/clocksource/clocksource0/current_clocksource", encoding="ascii") as stream:
            source = stream.read().strip()
    except OSError:
        source = ""
    return {"source": source or None, "resolution_s": time.get_clock_info("monotonic").resolution}


def _versions() -> dict[str, str]:
    from importlib.metadata import PackageNotFoundError, version

    from traincarbon._version import __version__

    found = {"carbon": __version__, "Python": ".".join(map(str, sys.version_info[:3]))}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    try:
        with open("/proc/driver/nvidia/version", encoding="ascii", errors="replace") as stream:
            found["NVIDIA driver"] = next((word for word in stream.readline().split() if word[:1].isdigit()), "unknown")
    except OSError:
        pass
    system = os.uname() if hasattr(os, "uname") else None
    return {**found, system.sysname: system.release} if system else found


def _cut(line: str) -> str:
    return line if len(line) <= output.WIDTH else f"{line[: output.WIDTH - 1]}…"


def _indented(text: str, by: int, *, deeper: int = 2) -> str:
    """Return *text* broken to the screen's width, *by* columns in and further lines *deeper*."""
    lines, width = [""], output.WIDTH - by
    for word in text.split(" "):
        plain = click.unstyle(lines[-1])
        if plain.strip() and len(plain) + len(click.unstyle(word)) + 1 > width:
            lines.append(" " * (deeper - 1))
        lines[-1] += (" " if lines[-1] else "") + word
    return "\n".join(" " * by + line for line in lines)


def _as_dict(sampled: list[Sampled], missing: list[Unavailable], place: dict[str, Any]) -> dict[str, Any]:
    return {
        "schema": "traincarbon/doctor/1",
        "meters": [
            {
                "name": each.name,
                "in_use": each.in_use,
                "devices": [{"name": each.names.get(reading.device), **reading._asdict()} for reading in each.readings],
                "notes": each.notes,
            }
            for each in sampled
        ],
        "missing": [each._asdict() for each in missing],
        "store": place,
        "limits": _limits(),
        "clock": _clock(),
        "versions": _versions(),
    }
