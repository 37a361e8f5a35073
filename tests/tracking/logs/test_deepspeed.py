"""What DeepSpeed 0.19.8 printed at the level INFO: 20 steps of 16 samples on a processor, with its profiler at step 3."""

PIPELINE = "  train_batch_size ............. 32\nsteps: 10 loss: 0.1234 iter time (s): 0.512 samples/sec: 62.500\nsteps: 20 loss: 0.1021 iter time (s): 0.5 samples/sec: 64.0\n"
"""Rebuilt from the format strings of ``deepspeed/runtime/pipe/engine.py`` at commit edaa7221."""
RESUMED = """[Rank 0] step=0, skipped=0, lr=[0.01], mom=[0]
[Rank 0] step=1005, skipped=0, lr=[0.01], mom=[0]
epoch=0/micro_step=10/global_step=5, RunningAvgSamplesPerSec=8681.2, CurrSamplesPerSec=9752.5, MemAllocated=0.44GB, MaxMemAllocated=0.44GB
[Rank 0] step=1010, skipped=0, lr=[0.01], mom=[0]
"""


def test_steps_and_samples_are_those_of_the_log(recorded):
    progress = recorded("deepspeed", "deepspeed")
    assert progress.counts == {"steps": 20.0, "samples": 320.0}
    assert progress.accelerator_flop_per_s == 707.43e6


def test_tokens_follow_from_the_length_of_a_sequence_in_the_plan(recorded):
    assert recorded("deepspeed", "deepspeed", seq_len=512).counts["tokens"] == 320.0 * 512.0


def test_a_pipeline_states_its_loss(log_of):
    progress = log_of("deepspeed", PIPELINE)
    assert progress.counts == {"steps": 20.0, "samples": 640.0}
    assert progress.loss == 0.1021


def test_a_resumed_training_counts_from_its_checkpoint_and_not_by_its_timer(log_of):
    progress = log_of("deepspeed", RESUMED)
    assert progress.done_here() == {"steps": 10.0}
    assert not progress.notes


def test_the_timer_counts_where_the_steps_are_not_printed(log_of):
    line = "epoch=0/micro_step={}/global_step={}, RunningAvgSamplesPerSec=8681.2, CurrSamplesPerSec=9752.5, MemAllocated=0.4GB, MaxMemAllocated=0.4GB\n"
    assert log_of("deepspeed", line.format(10, 5) + line.format(20, 10)).counts == {"steps": 10.0}
