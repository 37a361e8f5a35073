"""What the Trainer of transformers 5.24 printed: 20 steps of 8 sequences of 16 tokens on a processor, then 10 more from its checkpoint."""

import pytest


def test_steps_tokens_and_loss_are_those_of_the_log(recorded):
    progress = recorded("hf", "hf-bar")
    assert progress.counts == {"steps": 20.0, "samples": 160.0, "tokens": 2560.0}
    assert progress.loss == pytest.approx(5.2, abs=0.05)
    assert progress.totals["steps"] == 20.0


def test_the_loss_is_that_of_training_not_of_an_evaluation(log_of):
    log = "{'loss': '2.5', 'grad_norm': '1.7', 'epoch': '0.1'}\n{'eval_loss': '9.0', 'epoch': '0.1'}\n{'train_runtime': '1.9', 'train_loss': '7.0', 'epoch': '0.1'}\n"
    assert log_of("hf", log).loss == 2.5


def test_the_bars_of_evaluations_are_not_steps(log_of):
    log = "\r  0%|          | 0/60 [00:00<?, ?it/s]\r 50%|#####     | 30/60 [00:10<00:10, 3.00it/s]\n\r 80%|########  | 48/60 [00:03<00:01, 16.00it/s]\n\r 10%|#  | 4/40 [00:12<00:01, 16.00it/s]\n"
    assert log_of("hf", log).counts == {"steps": 30.0}


def test_a_resumed_training_counts_from_its_checkpoint(recorded):
    progress = recorded("hf", "hf-resumed")
    assert progress.counts["steps"] == 30.0
    assert progress.done_here(ended=True)["steps"] == 10.0


def test_without_a_bar_steps_follow_from_epochs(recorded):
    assert recorded("hf", "hf-plain").counts == {"steps": 20.0, "samples": 160.0}


def test_tokens_follow_from_the_length_of_a_sequence_in_the_plan(recorded):
    assert recorded("hf", "hf-plain", seq_len=16).counts["tokens"] == 2560.0


def test_the_speed_of_a_device_follows_from_the_flop_of_the_training(recorded):
    assert recorded("hf", "hf-bar").accelerator_flop_per_s == 1537474560.0 / 1.9595


def test_lines_of_older_versions_are_read(log_of):
    log = "***** Running training *****\n  Num examples = 1,000\n  Total train batch size (w. parallel, distributed & accumulation) = 16\n  Total optimization steps = 189\n{'loss': 2.3512, 'learning_rate': 5e-05, 'epoch': 1.0}\n"
    progress = log_of("hf", log)
    assert progress.counts == {"steps": 63.0, "samples": 1008.0}
    assert progress.loss == 2.3512
