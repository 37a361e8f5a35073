"""The claim of docs/calibration.md, on the sources that the issue names and that we hold."""

import pytest

from traincarbon.calibration.proof import Case, as_observed, prove, summary
from traincarbon.published.runs_file import read_runs


@pytest.fixture(scope="module")
def llamas(shipped):
    return [case for case in prove(read_runs()[0], shipped, organisations=("meta",)) if case.id.startswith(("llama1", "llama2"))]


def test_the_small_llamas_predict_the_large_ones(llamas):
    assert [case.id for case in llamas] == ["llama1-33b", "llama1-65b", "llama2-34b", "llama2-70b"]
    before, after, _, inside = summary(llamas)
    assert after < 0.12
    assert after < before
    assert inside == 1.0


def test_no_larger_run_is_seen_by_the_calibration_that_predicts_it(llamas):
    assert all(case.largest_seen < case.params for case in llamas)
    assert {case.smaller for case in llamas} == {2}


def test_calibrated_intervals_are_narrower(llamas):
    # 0.69 to 0.79 of the width: the spread between kinds of hardware, fitted to all published runs in steps of a fifth, is 0.206
    assert all(case.after_sigma < 0.8 * case.before_sigma for case in llamas)


def test_hours_of_published_rows_are_those_that_were_published(shipped):
    runs = [run for run in read_runs()[0] if run.id in ("llama1-7b", "llama1-65b")]
    observed = as_observed(runs, shipped)
    for run, hours_h in zip(runs, observed.hours_h.tolist(), strict=True):
        assert hours_h == pytest.approx(run.hours_h)
    assert not (observed.accelerators > 0.0).any()  # one of them does not say how many it had


def test_a_summary_counts_what_lies_inside():
    cases = [Case("a", "s", "run", 1.0, 1, 0.5, 0.5, 0.2, 0.1, 0.1), Case("b", "s", "run", 1.0, 1, 0.5, 0.1, 0.2, -0.3, 0.1)]
    assert summary(cases) == (pytest.approx(0.3), pytest.approx(0.2), 0.5, 0.5)
