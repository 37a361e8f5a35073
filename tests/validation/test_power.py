"""The power of an accelerator, predicted by laws that never saw its organisation."""

import math
from dataclasses import replace

import pytest

from traincarbon.published.runs_file import read_measured_power, read_runs
from traincarbon.validation.accuracy import POOLED
from traincarbon.validation.power import CAP, power_by_segment

RUNS, METERED = read_runs()[0], read_measured_power()


@pytest.fixture(scope="module")
def errors(shipped):
    return {entry.set: entry for entry in power_by_segment(RUNS, METERED, shipped)}


def test_every_row_counts_in_its_segment_and_in_all(errors):
    assert [*errors] == ["datacentre", "workstation", "consumer", "laptop", "processor", POOLED]
    assert sum(entry.errors.n for name, entry in errors.items() if name != POOLED) == errors[POOLED].errors.n


def test_the_rule_of_the_power_cap_is_the_cap_over_the_measured_power(shipped):
    a100 = [
        replace(run, id=f"{run.id}-{n}", hardware="a100-sxm4-80gb", organisation=f"lab {n}", mean_power_w_per_accelerator=200.0)
        for n, run in enumerate(METERED[:3])
    ]
    datacentre, _ = power_by_segment([], a100, shipped)
    assert datacentre.baselines[CAP].median_abs_ln == pytest.approx(math.log(2.0))


def test_a_row_that_no_other_organisation_stands_beside_is_not_predicted(shipped):
    assert power_by_segment([], [run for run in METERED if run.organisation == "Ye"], shipped) == []
