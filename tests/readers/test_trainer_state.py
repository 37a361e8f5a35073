"""States of the Trainer of Hugging Face."""

import json

import pytest

from imports import read_text
from traincarbon.errors import CarbonError
from traincarbon.readers.trainer_state import is_trainer_state, read

END = {"epoch": 3.0, "step": 30, "total_flos": 2.4e15, "train_loss": 1.2, "train_runtime": 123.4, "train_samples_per_second": 8.0}


def state(*history, **changed):
    return json.dumps(
        {
            "best_metric": None,
            "epoch": 3.0,
            "global_step": 30,
            "is_world_process_zero": True,
            "log_history": list(history),
            "num_input_tokens_seen": 0,
            **changed,
        }
    )


def test_the_state_at_the_end_gives_time_and_tokens():
    text = state({"loss": 2.0, "step": 10}, END, {"eval_loss": 1.0, "step": 30}, num_input_tokens_seen=1_000_000)
    assert is_trainer_state(text)
    (record,), left_out, _ = read_text(read, text)
    assert (record.duration_s, record.tokens, record.state, record.metered_kwh, left_out) == (123.4, 1e6, "finished", None, [])
    assert set(record.missing.values()) == {"the Trainer states no energy"}
    assert record.run_id == read_text(read, text).records[0].run_id


def test_tokens_that_were_not_counted_are_unknown():
    assert read_text(read, state(END)).records[0].tokens is None


def test_the_state_of_a_checkpoint_is_left_out_with_the_reason():
    records, left_out, _ = read_text(read, state({"loss": 2.0, "step": 10}))
    assert (records, "train_runtime" in left_out[0]) == ([], True)


def test_what_is_cut_off_or_another_file_is_refused():
    with pytest.raises(CarbonError, match="not JSON"):
        read_text(read, state(END)[:-20])
    assert not is_trainer_state('{"schema": "joules/1"}')
