"""The table of how well the power of accelerators is predicted, on a screen and in Markdown."""

import click
import pytest

from traincarbon.cli.screens.power import _FEW, power_lines, power_table
from traincarbon.published import power_rows
from traincarbon.published.runs_file import read_measured_power, read_runs
from traincarbon.validation.accuracy import Backtest, SetSummary, errors_of
from traincarbon.validation.power import CAP, QUANTITY

CARDS = SetSummary("consumer", QUANTITY, True, errors_of([(0.1, 0.1), (-0.3, 0.1)]), {CAP: errors_of([(0.2, 0.0), (0.4, 0.0)])})
TRIED = Backtest((), (), "built-in", is_built_in=True, power=(CARDS,))


def test_markdown_has_a_row_for_each_segment_with_errors_coverage_and_the_simple_rule():
    lines = "\n".join(power_lines(TRIED)).splitlines()
    assert lines[0] == "## Power of an accelerator, by segment"
    assert [line for line in lines if line.startswith("| consumer")] == ["| consumer | 2 | 0.20 | 0.20 | 0.28 | -0.10 | 0 % | 50 % | 0.30 |"]


def test_a_screen_has_the_same_figures_without_signs_of_per_cent():
    head, row = click.unstyle(power_table(TRIED, width=28)[0]).splitlines()
    assert head.split()[:3] == ["Power", "by", "segment"]
    assert row.split() == ["consumer", "2", "0.20", "0.20", "0.28", "-0.10", "0", "50", "0.30"]


@pytest.mark.parametrize("shown", [power_lines, lambda tried: power_table(tried, width=28)])
def test_without_measured_power_there_is_no_table(shown):
    assert shown(Backtest((), (), "mine.csv")) == []


def test_the_machines_that_the_page_counts_are_those_of_the_rows(shipped):
    runs = {run.id: run for run in (*read_runs()[0], *read_measured_power())}
    machines = {"laptop": set(), power_rows.PROCESSORS: set()}
    for row in power_rows.of_runs(read_runs()[0], read_measured_power(), shipped):
        if row.segment in machines:
            machines[row.segment].add((runs[row.id].organisation, runs[row.id].hardware))
    assert (len(machines["laptop"]), "of one laptop" in _FEW[0]) == (1, True)
    assert (len(machines[power_rows.PROCESSORS]), "of two machines of one organisation" in _FEW[0]) == (2, True)
    assert len({organisation for organisation, _ in machines[power_rows.PROCESSORS]}) == 1
