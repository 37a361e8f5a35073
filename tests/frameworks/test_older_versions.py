"""Test the callback of Hugging Face with Trainers that lack what newer ones have: nothing of it raises, and what is known is counted."""

from types import SimpleNamespace

import pytest

pytest.importorskip("transformers")

from traincarbon.frameworks.huggingface import CarbonCallback


def old(**more):
    """Arguments, state and control as an old version has them."""
    args = SimpleNamespace(train_batch_size=4, gradient_accumulation_steps=1, world_size=1, bf16=False, fp16=False, output_dir="missing", **more)
    state = SimpleNamespace(global_step=0, max_steps=3, is_world_process_zero=True)
    return args, state, SimpleNamespace(should_save=False, should_training_stop=False)


def test_a_trainer_without_state_of_callbacks_token_counts_or_a_step_to_count_at_is_metered_by_steps(the_run, capsys):
    callback, (args, state, control) = CarbonCallback(), old()
    callback.on_train_begin(args, state, control)
    for state.global_step in (1, 2, 3):
        callback.on_step_end(args, state, control)
    callback.on_train_end(args, state, control)
    assert (the_run().state, the_run().counts, the_run().tokens) == ("finished", {"steps": 3.0}, None)
    assert "does not show its batches" in capsys.readouterr().err


def test_tokens_that_such_a_trainer_counts_itself_are_taken(the_run):
    callback, (args, state, control) = CarbonCallback(quiet=True), old(include_num_input_tokens_seen=True)
    state.num_input_tokens_seen, state.global_step = 500, 5
    callback.on_train_begin(args, state, control)
    state.num_input_tokens_seen, state.global_step = 820, 7
    callback.on_train_end(args, state, control)
    assert (the_run().tokens, the_run().counts["steps"]) == (320.0, 2.0)


@pytest.mark.parametrize("kept", [None, {}, {"CarbonCallback": None}, {"CarbonCallback": {"attributes": 3}}, {"CarbonCallback": []}])
def test_a_checkpoint_that_does_not_name_its_run_begins_a_new_one(the_run, kept):
    callback, (args, state, control) = CarbonCallback(quiet=True), old()
    state.stateful_callbacks, state.global_step = kept, 2
    callback.on_train_begin(args, state, control)
    callback.on_train_end(args, state, control)
    assert the_run().state == "finished"


def test_arguments_that_nobody_expects_leave_the_training_alone(place, capsys):
    callback = CarbonCallback()
    callback.on_train_begin(SimpleNamespace(), SimpleNamespace(global_step=0, max_steps=-1, is_world_process_zero=True), SimpleNamespace())
    assert "the training is not metered: AttributeError" in capsys.readouterr().err
    control = SimpleNamespace(should_save=False, should_training_stop=False)
    callback.on_step_end(SimpleNamespace(), SimpleNamespace(global_step=1), control)
    assert not control.should_training_stop
    assert place.store
