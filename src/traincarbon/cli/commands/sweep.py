"""``carbon sweep``: a grid or a Latin hypercube of plans into a file of Parquet."""

import os
import sys
import time
from collections import deque
from typing import TYPE_CHECKING

import click

from traincarbon.cli import output
from traincarbon.cli.choice import Choice
from traincarbon.cli.lazy import PlainHelp
from traincarbon.cli.options import FILE, common_options, database, level_option, money_option
from traincarbon.formatting import amount, clean
from traincarbon.terminal_text import width

if TYPE_CHECKING:
    from traincarbon.explore.sweeps.outcome import Sweep


@click.command("sweep", cls=PlainHelp)
@click.argument("grid_file", metavar="GRID.toml", type=FILE)
@click.option("-o", "--output", "file", metavar="FILE.parquet", required=True, type=FILE, help="File to write; that of a shard is named after it.")
@click.option("--layouts", is_flag=True, help="Search the fastest layout of each plan.")
@click.option("--intervals", is_flag=True, help="Keep the bounds of each result beside its median.")
@click.option("--keep", type=Choice(["all", "pareto"]), default="all", show_default=True, help="All plans, or the front in cost, time and CO2e of each work.")
@click.option("--shard", metavar="I/N", help="Part I of N, counted from 0.  [default: from the array of Slurm, Kubernetes or AWS Batch]")
@click.option("--workers", type=click.IntRange(1, 1024), metavar="N", default=1, show_default=True, help="Processes of this machine.")
@click.option("--scheduler", metavar="ADDRESS", help="Scheduler of Dask whose workers compute, as tcp://HOST:8786.")
@money_option
@level_option
@common_options
def command(
    *,
    grid_file: str,
    file: str,
    layouts: bool,
    intervals: bool,
    keep: str,
    shard: str | None,
    workers: int,
    scheduler: str | None,
    money: str | None,
    level: float,
    as_json: bool,
    quiet: bool,
    db: str | None,
) -> None:
    """Estimate every plan of a grid, or of a Latin hypercube, into a file of Parquet.

    A grid is a plan in which a field may be a list, as servers = [16, 32, 64], or a range, as
    params = { from = "1B", to = "1T", n = 100, scale = "log" }. With method = "latin" and samples = N
    it is a hypercube. A sweep that was stopped goes on where it was, when started again.

    These numbers are for choosing. Report those of the plan that you choose: carbon disclose PLAN.

    \b
    carbon sweep grid.toml -o plans.parquet
    carbon sweep grid.toml -o front.parquet --keep pareto --layouts --workers 8
    carbon sweep grid.toml -o plans.parquet --shard 7/100
    """  # noqa: D301  click reads the escape
    from traincarbon.explore.sweeps.shard import Shard, scheduled
    from traincarbon.explore.sweeps.sweep import sweep

    found = sweep(
        grid_file,
        file,
        layouts=layouts,
        intervals=intervals,
        keep=keep,
        money=money or "rent",
        shard=Shard.parse(shard) if shard is not None else scheduled(os.environ),
        workers=workers,
        scheduler=scheduler,
        level=level,
        database=database(db),
        on_progress=None if quiet else _Progress(),
    )
    click.echo(output.as_json(found.to_dict()) if as_json else screen(found))


class _Progress:
    """Tells on stderr how many plans are done and when the others will be: in place on a terminal, in lines elsewhere."""

    def __init__(self) -> None:
        self._told_s = time.monotonic()
        self._lately: deque[tuple[float, int]] = deque()
        self._is_terminal = sys.stderr.isatty()
        self._is_line_open = False

    def __call__(self, done: int, plans: int) -> None:
        """Tell it, now and then."""
        now_s = time.monotonic()
        if done >= plans:
            if self._is_line_open:
                click.echo("\r\x1b[K", nl=False, err=True)
            return
        if len(self._lately) == 1 and self._lately[0][1] == done:
            self._lately.clear()  # only plans that were there already were joined since
        self._lately.append((now_s, done))
        while len(self._lately) > 1 and now_s - self._lately[1][0] >= _LATELY_S:
            self._lately.popleft()
        if now_s - self._told_s < (_TERMINAL_S if self._is_terminal else _LINES_S):
            return
        self._told_s = now_s
        since_s, before = self._lately[0]
        rate = (done - before) / (now_s - since_s) if done > before else 0.0
        lines = _lines(done, plans, rate=rate)
        line = next((each for each in lines if len(each) < width(_STDERR)), lines[-1]) if self._is_terminal else lines[0]
        click.echo(f"\r\x1b[K{line}" if self._is_terminal else line, nl=not self._is_terminal, err=True)
        self._is_line_open = self._is_terminal


def _lines(done: int, plans: int, *, rate: float) -> tuple[str, ...]:
    """Return how far the sweep is in a line, the longest first: one that a terminal breaks cannot be replaced."""
    counts, left = f"{done:,} of {plans:,} plans", f"{amount((plans - done) / rate, 's')} left" if rate else "none lately"
    pace = f"{rate:,.0f} a second, {left}" if rate else left
    return f"{counts}, {pace}", f"{counts}, {left}", f"{100.0 * done / plans:.0f} % of all plans, {left}"


_STDERR = 2
_TERMINAL_S = 0.2
_LINES_S = 10.0
_LATELY_S = 30.0
"""The time that the pace is of. It begins after the plans that were there already, which say nothing of those to come."""


def screen(found: "Sweep") -> str:
    """Return what was made, in a few lines."""
    lines = [output.bold(f"{found.plans:,} plans in {clean(found.file)}")]
    if found.kept != found.plans:
        lines.append(output.wrapped("Kept", f"{found.kept:,} plans that no plan of the same work beats in {', '.join(found.stated['objectives'])}"))
    result = found.to_dict()
    if result["computed"]:
        took = amount(found.duration_s, "s")
        lines.append(output.wrapped("Computed", f"{result['computed']:,} plans in {took}, {result['plans_per_s']:,.0f} a second"))
    if found.reused:
        lines.append(output.wrapped("Reused", f"{found.reused:,} plans were there already"))
    if found.joined is not None:
        lines.append(output.wrapped("Joined", f"all shards are there: {clean(found.joined)} holds their {found.stated['plans']:,} plans"))
    lines += [output.wrapped("Set aside", f"{count:,} plans: {clean(reason)}") for reason, count in found.set_aside.items()]
    return "\n".join(lines)
