"""Rows of priors.csv name their source and page, and nothing is fitted to rows that mean something else."""

from dataclasses import replace

import pytest

from traincarbon.published.prior_rows import prior_of, prior_row, usable_mfu
from traincarbon.published.reported_runs import chip_of
from traincarbon.published.run_kinds import Unusable
from traincarbon.published.runs_file import read_runs


def test_a_row_says_where_it_is_explained_and_has_no_spread_of_zero():
    row = prior_row("calibration_spread", "mfu:run", "1", 0.1434, 12, source="fit-calibration", manual="calibration", note="a note")
    assert (row["sigma_ln"], row["n"], row["source"], row["kind"]) == ("0.143", "12", "fit-calibration", "derived")
    assert row["locator"] == "published_runs.csv; docs/calibration.md"
    assert prior_of("mfu", "generation=ampere", 0.29988, 0.0, 3, "")["sigma_ln"] == ""
    assert prior_of("mfu", "generation=ampere", 0.29988, 0.0, 3, "")["median"] == "0.2999"


def test_power_and_utilisation_name_their_own_fits():
    assert [prior_of(name, "*", 0.5, 0.1, 3, "")["source"] for name in ("mfu", "step_mfu", "power_share")] == ["fit-mfu", "fit-mfu", "fit-power"]


@pytest.mark.parametrize(("factor", "usable"), [(1.0, True), (0.015, False), (3.0, False)])
def test_a_utilisation_out_of_range_is_not_fitted_to(shipped, factor, usable):
    run = next(run for run in read_runs()[0] if run.id == "llama1-65b")
    scaled = replace(run, tokens=run.tokens * factor)
    assert (usable_mfu(scaled, chip_of(scaled, shipped)) is not None) == usable
    assert usable_mfu(replace(run, unusable=Unusable.UNRELIABLE), chip_of(run, shipped)) is None
