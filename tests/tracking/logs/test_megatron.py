"""Lines rebuilt from the format strings of ``megatron/training/training.py``, ``arguments.py`` and ``checkpointing.py`` at commit d98e8a64 of August 2026."""

import pytest

ARGUMENTS = """------------------------ arguments ------------------------
  decoder_seq_length .............................. None
  seq_length ...................................... 4096
  world_size ...................................... 8
"""


def line(iteration: int, samples: int, loss: float, *, rank: str = "") -> str:
    """Return a line as Megatron formats it."""
    return (
        f"{rank} [2026-11-30 08:00:00.123456] iteration {iteration:8d}/{500:8d} | consumed samples: {samples:12d} | elapsed time per iteration (ms): {1234.5:.1f} |"
        f" throughput per GPU (TFLOP/s/GPU): {412.3:.1f} | energy per GPU (J/iter/GPU): {801.2:.1f} | power per GPU (W/GPU): {649.0:.1f} |"
        f" learning rate: {1.5e-4:.6E} | global batch size: {256:5d} | lm loss: {loss:.6E} | mtp_1 loss: {9.0:.6E} | loss scale: {1.0:.1f} |"
        f" grad norm: {0.512:.3f} | number of skipped iterations: {0:3d} | number of nan iterations: {0:3d} |\n"
    )


def test_iterations_samples_tokens_loss_and_speed_are_those_of_the_log(log_of):
    progress = log_of("megatron", ARGUMENTS + line(10, 2560, 10.5) + "validation loss at iteration 10 | lm loss value: 9.9E+00 |\n" + line(20, 5120, 9.25))
    assert progress.counts == {"steps": 20.0, "samples": 5120.0, "tokens": 5120.0 * 4096.0}
    assert (progress.loss, progress.accelerator_flop_per_s, progress.totals) == (9.25, 412.3e12, {"steps": 500.0})


def test_a_growing_batch_is_counted_by_its_samples(log_of):
    assert log_of("megatron", ARGUMENTS + line(10, 320, 10.5) + line(20, 1280, 9.25)).counts["tokens"] == 1280.0 * 4096.0


@pytest.mark.parametrize("shape", ["dist", "t 1/1, p 1/1", "t 1/2, gtp_remat 1/1, p 1/4"])
def test_a_resumed_training_counts_from_its_checkpoint(log_of, shape):
    loaded = f"  successfully loaded checkpoint from /data/ckpt [ {shape} ] at iteration 100\n"
    progress = log_of("megatron", ARGUMENTS + loaded + line(101, 101 * 256, 3.5) + line(110, 110 * 256, 3.25))
    assert progress.done_here() == {"steps": 10.0, "samples": 2560.0, "tokens": 2560.0 * 4096.0}


def test_without_the_arguments_the_length_of_a_sequence_is_that_of_the_plan(log_of):
    assert "tokens" not in log_of("megatron", line(10, 2560, 10.5)).counts
    assert log_of("megatron", line(10, 2560, 10.5), seq_len=2048).counts["tokens"] == 2560.0 * 2048.0


def test_the_prefix_of_a_launcher_changes_nothing(log_of):
    arguments = "".join(f"[default7]:{each}\n" for each in ARGUMENTS.splitlines())
    assert log_of("megatron", arguments + line(10, 2560, 10.5, rank="[default7]:")).counts["tokens"] == 2560.0 * 4096.0


def test_a_fork_that_states_tokens_is_read(log_of):
    log = (
        " iteration       11/   50000 | consumed samples:         5632 | consumed tokens:     11534336 | elapsed time per iteration (ms): 52728.1 |"
        " learning rate: 1.499E-05 | global batch size:   512 | loss: 1.376514E+01 | loss scale: 65536.0 | TFLOPs: 167.52 |\n"
    )
    progress = log_of("megatron", log)
    assert progress.counts == {"steps": 11.0, "samples": 5632.0, "tokens": 11534336.0}
    assert (progress.loss, progress.accelerator_flop_per_s) == (13.76514, 167.52e12)
