"""``carbon bench``: measure this machine and keep what was found as hardware to estimate on."""

import sys
from typing import TYPE_CHECKING

import click

from traincarbon.cli import output
from traincarbon.cli.options import common_options
from traincarbon.quantities import EnergySource

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from traincarbon.benching.bench import Bench
    from traincarbon.benching.bench_facts import Written
    from traincarbon.benching.machine import BenchResult
    from traincarbon.benching.mean_power import Draw
    from traincarbon.benching.timing import Rate

_PARTS = ("gpu", "cpu", "dram", "server", "other")
_LEAST_W = 0.1


@click.command("bench")
@click.option("--quick", is_flag=True, help="About six seconds instead of half a minute; less sure of what lasts.")
@click.option("--name", default="this", metavar="NAME", help="What to call the machine: --hw NAME. Default: this.")
@click.option("--library", type=click.Choice(("torch", "numpy")), help="What computes; default PyTorch where it is installed, else NumPy.")
@click.option("--force", is_flag=True, help="Measure although other programs keep the machine busy, and say so.")
@click.option("--dry-run", is_flag=True, help="Measure and show what would be written, but write nothing.")
@common_options
def command(*, quick: bool, name: str, library: str | None, force: bool, dry_run: bool, as_json: bool, quiet: bool, db: str | None) -> None:
    """Measure this machine: matrix products, memory bandwidth, power idle and loaded.

    What is found becomes hardware of your own, so that --hw this means this machine.
    The GPUs are measured where PyTorch sees any, else the processor. A known GPU keeps
    the facts of the database; any other chip has what was reached as its peak. Each
    bench is kept; the newest counts.

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
    """Return what shows what is done now: on one line of a terminal, else on lines of their own."""
    if not sys.stderr.isatty():
        return lambda doing: click.echo(doing, err=True)
    return lambda doing: click.echo(f"\r\x1b[K{doing}" if doing else "\r\x1b[K", nl=False, err=True)


def _screen(measured: "Bench", written: "Written") -> list[str]:
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
        lines += ["", *_draws(measured)]
    lines += [output.wrapped("Note", output.clean(note)) for note in (*measured.notes, *written.notes)]
    if not measured.loaded:
        lines.append(output.wrapped("Not metered", f"{output.clean('; '.join(measured.unmetered))}; carbon doctor says what would help"))
    return lines


def _rate(rate: "Rate", unit: str) -> tuple[str, str, str]:
    """Return median, unit and spread of a rate on one scale."""
    size, prefix = next(step for step in ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1.0, "")) if rate.median >= step[0] or step[0] == 1.0)
    return output.significant(rate.median / size, 3), f"{prefix}{unit}", f"{output.significant(rate.low / size, 3)} – {output.significant(rate.high / size, 3)}"


def _draws(measured: "Bench") -> list[str]:
    """Return the table of power: a line for each part, idle and loaded, and how it is known."""
    by_part: dict[str, list[Draw | None]] = {part: [None, None] for part in _PARTS}
    for place, draws in enumerate((measured.idle, measured.loaded)):
        for draw in draws:
            by_part[draw.part][place] = draw
    rows: list[Sequence[str]] = [("Power", "idle", "loaded", "")]
    for part, found in by_part.items():
        if found == [None, None]:
            continue
        known = next(draw for draw in reversed(found) if draw is not None)
        rows.append((f"  {part}", *(_watts(draw) for draw in found), f"{EnergySource(known.how).label}{_bounds(found)}"))
    lines = output.table(rows, right=(1, 2)).split("\n")
    return [output.dim(lines[0]), *lines[1:]]


def _watts(draw: "Draw | None") -> str:
    if draw is None:
        return "–"
    return f"{output.significant(draw.power_w, 3)} W" if draw.power_w >= _LEAST_W else f"< {_LEAST_W:g} W"


def _bounds(found: "Sequence[Draw | None]") -> str:
    """Return the interval of 90 % of a modelled loaded power."""
    draw = found[1]
    if draw is None or not draw.sigma_ln:
        return ""
    from traincarbon.uncertain import Uncertain

    low_w, high_w = Uncertain(draw.power_w, {"model": draw.sigma_ln}).interval(0.9)
    return f": {output.significant(low_w, 2)} – {output.significant(high_w, 2)} W loaded"


def _kept(found: "BenchResult") -> list[str]:
    return [
        output.wrapped("Kept", f"{output.clean(found.folder)}: {', '.join(found.written.files)}"),
        output.wrapped("Next", f"carbon estimate --params 1e6 --tokens 1e8 --hw {found.name}"),
    ]


def _dry(found: "BenchResult") -> list[str]:
    """Return the files that would be written, but the record of all that was measured."""
    lines = [output.wrapped("Would write", f"in {output.clean(found.folder)}: {', '.join(found.written.files)}")]
    for file, text in found.written.files.items():
        if file.endswith(".toml"):
            lines += ["", output.bold(f"# {file}"), text.rstrip("\n")]
    return lines
