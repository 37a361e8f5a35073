"""``carbon bench``: benchmark this machine and save the result as hardware for estimates."""

import sys
from typing import TYPE_CHECKING

import click

from traincarbon.cli import output
from traincarbon.cli.choice import Choice
from traincarbon.cli.options import common_options

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from traincarbon.benching.bench import Bench
    from traincarbon.benching.bench_facts import FactFiles
    from traincarbon.benching.machine import BenchResult
    from traincarbon.benching.mean_power import MeanPower
    from traincarbon.benching.timing import Rate

_PARTS = ("gpu", "cpu", "dram", "server", "other")
_LEAST_W = 0.1


@click.command("bench")
@click.option("--quick", is_flag=True, help="Take about six seconds instead of half a minute; less representative of long runs.")
@click.option("--name", default="this", metavar="NAME", help="Name of the machine, for --hw NAME. Default: this.")
@click.option("--library", type=Choice(("torch", "numpy")), help="Library to compute with; default PyTorch if installed, else NumPy.")
@click.option("--force", is_flag=True, help="Measure even if other programs keep the machine busy.")
@click.option("--dry-run", is_flag=True, help="Measure and show what would be saved, without saving it.")
@common_options
def command(*, quick: bool, name: str, library: str | None, force: bool, dry_run: bool, as_json: bool, quiet: bool, db: str | None) -> None:
    """Benchmark this machine so that you can plan on it with --hw this.

    Measures matrix products, memory bandwidth, and power idle and loaded: of the GPUs if
    PyTorch sees any, else of the processor. A known GPU keeps the facts of the database;
    any other chip gets its measured rates as peaks. All benchmarks are saved, and
    estimates use the newest.

    \b
    carbon bench
    carbon bench --quick --dry-run
    carbon estimate --params 1e6 --tokens 1e8 --hw this
    """  # noqa: D301  click reads the escape
    from traincarbon.benching.machine import bench

    progress = None if quiet else _progress()
    found = bench(quick=quick, name=name, library=library, force=force, dry_run=dry_run, db=db, progress=progress)
    if as_json:
        click.echo(output.as_json(found.to_dict()))
    else:
        click.echo("\n".join([*_screen(found.measured, found.written), "", *(_dry(found) if dry_run else _kept(found))]))


def _progress() -> "Callable[[str], None]":
    """Return what shows the current part: on one line of a terminal, else line by line."""
    if not sys.stderr.isatty():
        return lambda doing: click.echo(doing, err=True)
    return lambda doing: click.echo(f"\r\x1b[K{doing}" if doing else "\r\x1b[K", nl=False, err=True)


def _screen(measured: "Bench", written: "FactFiles") -> list[str]:
    gpus = measured.accelerators
    what = f"{len(gpus)} × {gpus[0]}" if gpus else f"{measured.threads} threads of {measured.processor}"
    head = output.filled(f"{output.clean(what)} · {measured.library} · {measured.duration_s:.0f} s")
    rows = [("", "median", "", "9 in 10 bursts")]
    each = ", each GPU" if len(gpus) > 1 else ""
    rows += [(f"Products, {precision}{each}", *_rate(found.rate, "FLOP/s")) for precision, found in measured.gemm.items()]
    rows.append((f"Memory{each}", *_rate(measured.bandwidth, "B/s")))
    table = output.table(rows, right=(1,)).split("\n")
    lines = [head, "", output.dim(table[0]), *table[1:]]
    if measured.loaded or measured.idle:
        lines += ["", *_powers(measured)]
    lines += [output.wrapped("Note", output.clean(note)) for note in (*measured.notes, *written.notes)]
    if not measured.loaded:
        lines.append(output.wrapped("Not metered", f"{output.clean('; '.join(measured.unmetered))}; see carbon doctor for what would help"))
    return lines


def _rate(rate: "Rate", unit: str) -> tuple[str, str, str]:
    """Return median, unit and spread of a rate on one scale."""
    size, prefix = next(step for step in ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1.0, "")) if rate.median >= step[0] or step[0] == 1.0)
    return output.significant(rate.median / size, 3), f"{prefix}{unit}", f"{output.significant(rate.low / size, 3)} – {output.significant(rate.high / size, 3)}"


def _powers(measured: "Bench") -> list[str]:
    """Return the table of power: a line for each part, idle and loaded, and how it is known."""
    rows: list[Sequence[str]] = [("Power", "idle", "loaded", "")]
    for part in _PARTS:
        idle, loaded = (next((power for power in powers if power.part == part), None) for powers in (measured.idle, measured.loaded))
        known = loaded or idle
        if known is not None:
            rows.append((f"  {part}", _watts(idle), _watts(loaded), f"{known.how.label}{_bounds(loaded)}"))
    lines = output.table(rows, right=(1, 2)).split("\n")
    return [output.dim(lines[0]), *lines[1:]]


def _watts(power: "MeanPower | None") -> str:
    if power is None:
        return "–"
    return f"{output.significant(power.power_w, 3)} W" if power.power_w >= _LEAST_W else f"< {_LEAST_W:g} W"


def _bounds(loaded: "MeanPower | None") -> str:
    """Return the 90 % interval of a modelled loaded power."""
    if loaded is None or not loaded.sigma_ln:
        return ""
    from traincarbon.uncertain import Uncertain

    low_w, high_w = Uncertain(loaded.power_w, {"model": loaded.sigma_ln}).interval(0.9)
    return f": {output.significant(low_w, 2)} – {output.significant(high_w, 2)} W loaded"


def _kept(found: "BenchResult") -> list[str]:
    return [
        output.wrapped("Saved", f"{output.clean(found.folder)}: {', '.join(found.written.files)}"),
        output.wrapped("Next", f"carbon estimate --params 1e6 --tokens 1e8 --hw {found.name}"),
    ]


def _dry(found: "BenchResult") -> list[str]:
    """Return the files that would be saved, without the record of the benchmark."""
    lines = [output.wrapped("Would save", f"in {output.clean(found.folder)}: {', '.join(found.written.files)}")]
    for file, text in found.written.files.items():
        if file.endswith(".toml"):
            lines += ["", output.bold(f"# {file}"), text.rstrip("\n")]
    return lines
