"""A disclosure adds up its statements, and a run counts once."""

import pytest

from traincarbon.disclosure.disclosure import once
from traincarbon.uncertain import Interval


def test_runs_of_one_model_add_up(disclosed, of_run):
    both = disclosed(of_run(), of_run(run_id="other"))
    assert both.total("facility_energy_kwh") == Interval(24.0, 32.0, 40.0)
    assert both.flop.median == pytest.approx(2 * 6e18)
    assert (both.tokens, both.params, both.is_estimate) == (2e9, 1e9, False)


def test_one_unknown_makes_the_total_unknown_and_is_named(disclosed, of_run):
    both = disclosed(of_run(), of_run(run_id="other", facility_energy_kwh=None))
    assert both.total("facility_energy_kwh") is None
    assert "other: facility_energy_kwh" in both.missing


def test_a_run_that_is_given_twice_counts_once(of_run, of_plan):
    assert len(once([of_run(), of_run(), of_run(run_id="other")])) == 2
    assert len(once([of_plan(), of_plan(tokens=2e12)])) == 2


def test_a_plan_makes_it_an_estimate(disclosed, of_run, of_plan):
    assert disclosed(of_run(), of_plan()).is_estimate


def test_json_has_statements_totals_and_files(disclosed):
    stated = disclosed().to_dict({"a.txt": "text"})
    assert stated["schema"] == "traincarbon/disclosure/1"
    assert stated["total"]["facility_energy_kwh"]["median"] == 16.0
    assert stated["total"]["compute_flop"]["median"] == pytest.approx(6e18)
    assert stated["files"] == {"a.txt": "text"}
