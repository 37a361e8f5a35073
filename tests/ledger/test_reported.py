"""What a script reported stands in the record."""

from traincarbon.ledger.reported import checked_progress, latest_in, progress_of


def test_counts_come_first_and_the_last_values_win():
    assert progress_of({"tokens": 5.0, "steps": 2.0}, [{"loss": 3.0}, {"loss": 2.0, "accelerator_flop_per_s": 1e12}]) == {
        "steps": 2.0,
        "tokens": 5.0,
        "loss": 2.0,
        "accelerator_flop_per_s": 1e12,
    }


def test_a_script_that_reported_nothing_has_no_progress():
    assert progress_of({}, [{}]) is None


def test_what_is_no_number_is_left_out():
    assert latest_in({"loss": float("nan"), "accelerator_flop_per_s": "fast", "other": 1.0}) == {}
    assert latest_in(None) == {}
    assert checked_progress({"steps": -1.0, "tokens": 5.0, "loss": -2.5}) == {"tokens": 5.0, "loss": -2.5}
    assert checked_progress("many") is None
