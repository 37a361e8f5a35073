"""``carbon doctor``: show what can be measured here, what cannot, why, and how to fix it."""

import os
import shutil
import sys
import time
from importlib.util import find_spec
from typing import NamedTuple

import click

from traincarbon.cli import output
from traincarbon.cli.options import FILE
from traincarbon.cli.screens.launch import launch_dict, launch_rows, region_rows, this_launch
from traincarbon.cli.screens.packs import journal_dict, journal_rows
from traincarbon.cli.screens.sinks import sink_dicts, sink_rows
from traincarbon.cli.screens.team import team_dict, team_rows
from traincarbon.errors import CarbonError
from traincarbon.extras import install_command
from traincarbon.meters.base import Reading, Unavailable
from traincarbon.meters.foreign import ALLOWED, entry_point_meters
from traincarbon.quantities import EnergySource

_SAMPLE_S = 0.5
"""Long enough for the mean power between two reads of a counter."""
_WAIT_S = 15.0
"""A library that has not answered by then is taken to hang."""
_MOST_DEVICES = 8
_LEAST_FREE_B = 100e6
_NARROW = 60
"""Columns below which names have no column of their own."""

_UDEV = "/etc/udev/rules.d/99-powercap.rules"
_FOR_THE_RECORDER = ("risen_since_s", "risen_j", "is_shared")


class Sampled(NamedTuple):
    """A meter that answers, with its readings and notes."""

    name: str
    in_use: bool
    readings: tuple[Reading, ...]
    names: dict[str, str]
    notes: list[str]


class Store(NamedTuple):
    """The folder of the ledger: whether it can be written, and its free space."""

    folder: str | None
    writable: bool
    free_b: float | None
    problem: str
    open_to_others: bool = False
    """Whether it is the default store and other users may read it."""
    unsaved: dict[str, int] = {}  # noqa: RUF012  nothing changes it
    """Folders with journals that a store could not take, and how many."""


class Limits(NamedTuple):
    """Threads and memory of the machine, and of this job where it is limited."""

    host_threads: int | None
    threads: float | None
    memory_b: float | None


class Clock(NamedTuple):
    """The monotonic clock."""

    source: str | None
    resolution_s: float


@click.command("doctor")
@click.option("--store", metavar="DIR", type=FILE, help="Folder of the ledger.  [default: $CARBON_STORE, else your data folder]")
@click.option("--quiet", is_flag=True, help="Show only what can be measured.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(*, store: str | None, quiet: bool, as_json: bool) -> None:
    """Show what can be measured here, with a sample, and what cannot, why, and how to fix it.

    \b
    carbon doctor
    """  # noqa: D301  click reads the escape
    sampled, missing = _meters()
    found = _store(store)
    if as_json:
        click.echo(output.as_json(_as_dict(sampled, missing, found)))
        return
    lines = [output.bold(output.filled("Meters that can be read, with their power now")), *_readable(sampled)]
    if missing and not quiet:
        lines += ["", output.bold(output.filled("Meters that cannot be read, and how to fix it")), *_unreadable(missing)]
    lines += ["", output.bold("This process"), *_aligned([*launch_rows(this_launch()), *region_rows(os.environ)])]
    lines += ["", output.bold("Where a run can be logged"), *_aligned(sink_rows(quiet=quiet))]
    click.echo("\n".join([*lines, "", output.bold("This machine"), *_machine(found)]))


def _meters() -> tuple[list[Sampled], list[Unavailable]]:
    """Open every meter, sample those that answer, find out which ones would be used, and close them all."""
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
        how = ", ".join(EnergySource(how).label for how in dict.fromkeys(reading.how for reading in each.readings))
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
    details = [
        *([] if reading.utilisation is None else [f"{reading.utilisation:.0%} busy"]),
        *([] if reading.temperature_c is None else [f"{reading.temperature_c:.0f} °C"]),
        *([] if reading.memory_used_b is None else [f"{reading.memory_used_b / 1e9:.3g} GB"]),
    ]
    device = reading.device if len(reading.device) <= 17 else f"{reading.device[:16]}…"
    return device, power, output.clean(", ".join([*([what] if what else []), *details]))


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


def _store(stated: str | None) -> Store:
    """Return the folder of the ledger, whether it can be written, its free space, and runs that other stores did not take."""
    from traincarbon.ledger.patience import check_answers
    from traincarbon.ledger.store_access import is_open_to_others
    from traincarbon.ledger.store_folder import store_folder

    try:
        folder = store_folder(stated)
    except CarbonError as error:
        return Store(None, False, None, f"{error}; {error.hint}")
    try:
        check_answers(folder)
    except CarbonError:
        return Store(folder, False, None, "it does not answer; is its file server down?", unsaved=_unsaved())
    existing = folder
    while not os.path.lexists(existing):
        existing = os.path.dirname(existing)
    if not os.path.isdir(existing):
        return Store(folder, False, None, f"{existing} is not a folder")
    writable = os.access(existing, os.W_OK | os.X_OK)
    free_b = float(shutil.disk_usage(existing).free)
    problem = f"no permission to write in {existing}" if not writable else "the disk is nearly full" if free_b < _LEAST_FREE_B else ""
    return Store(folder, writable, free_b, problem, is_open_to_others(folder), _unsaved(folder))


def _plugins() -> list[str]:
    """Return the meters of other packages that are loaded, with the package of each."""
    packages = ((point.name, point.dist) for point in entry_point_meters())
    return [name if package is None else f"{name} of {package.name} {package.version}" for name, package in packages]


def _unsaved(folder: str = "") -> dict[str, int]:
    """Return each spare store with the number of its journals that the store does not have, or of all of them if it cannot be asked."""
    from traincarbon.ledger.spare_store import spare_stores, unsaved_journals
    from traincarbon.ledger.store import has_journal

    found = {spare: sum(not (folder and has_journal(folder, file)) for file in unsaved_journals(spare)) for spare in spare_stores()}
    return {spare: count for spare, count in found.items() if count}


def _machine(store: Store) -> list[str]:
    limits, clock = _limits(), _clock()
    stored = store.problem or f"writable, {output.significant((store.free_b or 0.0) / 1e9, 3)} GB free"
    threads = f"{limits.host_threads} threads" + (f", {limits.threads:g} for this job" if limits.threads else "")
    memory = f", {limits.memory_b / 1e9:.3g} GB of memory for this job" if limits.memory_b else ", no limit on memory"
    resolution = f"{clock.resolution_s * 1e9:.0f} ns"
    rows = [
        ("store", f"{store.folder or ''}: {stored}".removeprefix(": ")),
        *([("", f"other users can read it; close it with: chmod -R go= {store.folder}")] if store.open_to_others else []),
        *(
            ("unsaved", f"{count} journal{'s' if count > 1 else ''} in {spare}; take them with: carbon runs merge {spare}")
            for spare, count in store.unsaved.items()
        ),
        *journal_rows(None if store.problem else store.folder),
        *team_rows(None if store.problem else store.folder),
        *(("plug-in", f"{each}; refuse with {ALLOWED}=none") for each in _plugins()),
        ("processor", threads + memory),
        ("clock", f"{clock.source}, {resolution}" if clock.source else resolution),
        ("web pages", _web_pages()),
        ("facts", _facts()),
        ("versions", ", ".join(f"{name} {version}" for name, version in _versions().items())),
    ]
    return _aligned(rows)


def _web_pages() -> str:
    if all(find_spec(package) for package in ("jinja2", "starlette", "uvicorn")):
        return "carbon serve can show them"
    return f"carbon serve needs its extra: {install_command(extra='serve')}"


def _facts() -> str:
    """Return which facts estimates rest on, as a report states them."""
    from traincarbon.database.edition import edition_of
    from traincarbon.database.load import open_database

    try:
        return str(edition_of(open_database())).removeprefix("facts ")
    except CarbonError as error:
        return f"{error}; {error.hint}"


def _aligned(rows: list[tuple[str, str]]) -> list[str]:
    if output.width() < _NARROW:
        return [_indented(f"{name}: {output.clean(text)}".removeprefix(": "), 2) for name, text in rows]
    column = max(11, *(len(name) + 1 for name, _ in rows))
    return [_indented(f"{name:{column}}{output.clean(text)}", 2, deeper=column) for name, text in rows]


def _limits() -> Limits:
    from traincarbon.meters.cgroup import allotment

    allotted = allotment()
    return Limits(os.cpu_count(), allotted.threads, allotted.memory_b)


def _clock() -> Clock:
    try:
        with open("/sys/devices/system/clocksource/clocksource0/current_clocksource", encoding="ascii") as stream:
            source = stream.read().strip()
    except OSError:
        source = ""
    return Clock(source or None, time.get_clock_info("monotonic").resolution)


def _versions() -> dict[str, str]:
    from importlib.metadata import PackageNotFoundError, version

    from traincarbon._version import __version__
    from traincarbon.meters.registry import METERS

    found = {"carbon": __version__, "Python": ".".join(map(str, sys.version_info[:3]))}
    for package in (*(kind.package for kind in METERS.values() if kind.package), "rich"):
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
    return line if len(line) <= output.width() else f"{line[: output.width() - 1]}…"


def _indented(text: str, by: int, *, deeper: int = 2) -> str:
    """Return *text* wrapped to the screen, indented *by* columns and further lines *deeper*."""
    lines, width = [""], output.width() - by
    for word in text.split(" "):
        plain = click.unstyle(lines[-1])
        if plain.strip() and len(plain) + len(click.unstyle(word)) + 1 > width:
            lines.append(" " * (deeper - 1))
        lines[-1] += (" " if lines[-1] else "") + word
    return "\n".join(" " * by + line for line in lines)


def _shown_of(reading: Reading) -> dict[str, object]:
    """Return what a reading states of the device, without what it tells the recorder of a run."""
    return {name: value for name, value in reading._asdict().items() if name not in _FOR_THE_RECORDER}


def _as_dict(sampled: list[Sampled], missing: list[Unavailable], store: Store) -> dict[str, object]:
    return {
        "schema": "traincarbon/doctor/1",
        "meters": [
            {
                "name": each.name,
                "in_use": each.in_use,
                "devices": [{"name": each.names.get(reading.device), **_shown_of(reading)} for reading in each.readings],
                "notes": each.notes,
            }
            for each in sampled
        ],
        "missing": [each._asdict() for each in missing],
        "sinks": sink_dicts(),
        "launch": launch_dict(this_launch()),
        "store": store._asdict(),
        "journals": journal_dict(None if store.problem else store.folder),
        "ledger": team_dict(None if store.problem else store.folder),
        "limits": _limits()._asdict(),
        "clock": _clock()._asdict(),
        "plugins": _plugins(),
        "facts": _facts(),
        "versions": _versions(),
    }
