"""Lines rebuilt from the format strings of Megatron Bridge (067f987d), Automodel (36044ad3), both of August 2026, and ``nemo.lightning`` (8cfedd72)."""

import pytest

BRIDGE = (
    "Step Time : 1.23s GPU utilization: 512.4MODEL_TFLOP/s/GPU\n"
    " [2026-11-30 08:00:00] iteration       20/     100 | consumed samples:         2560 | elapsed time per iteration (ms): 1234.5 |"
    " learning rate: 1.500000E-04 | global batch size:   128 | lm loss: 7.250000E+00 | loss scale: 1.0 | grad norm: 0.512 |"
    " number of skipped iterations:   0 | number of nan iterations:   0 |\n"
)


def automodel(step: int, loss: float) -> str:
    """Return a line as Automodel formats it; it counts steps from 0."""
    return (
        f"2026-11-30 08:00:00 | INFO | root | step {step} | epoch 0 | loss {loss:.4f} | grad_norm {1.5:.4f} | lr {1e-5:.2e} | mem {12.34:.2f} GiB |"
        f" tps {1234.5:.2f}({617.25:.2f}/gpu) | num_label_tokens 1234\n"
    )


def printed(iteration: int, step: int, samples: int, loss: float) -> str:
    """Return a line as the ``ProgressPrinter`` formats it."""
    return (
        f"Training epoch 0, iteration {iteration}/99 | lr: 1.499e-07 | global_batch_size: 32 | global_step: {step} | peak_memory(GiB): 33.4 |"
        f" reduced_train_loss: {loss:.4} | train_step_timing in s: 2.1 | consumed_samples: {samples} | TFLOPS_per_GPU: 401.5\n"
    )


def test_the_log_of_megatron_bridge_is_read(log_of):
    progress = log_of("nemo", BRIDGE, seq_len=4096)
    assert progress.counts == {"steps": 20.0, "samples": 2560.0, "tokens": 2560.0 * 4096.0}
    assert (progress.loss, progress.accelerator_flop_per_s, progress.totals) == (7.25, 512.4e12, {"steps": 100.0})


def test_the_log_of_automodel_is_read(log_of):
    progress = log_of("nemo", "max_steps not provided; will run for up to 40 steps\n" + automodel(0, 2.5) + automodel(1, 2.25), batch_tokens=8192)
    assert progress.counts == {"steps": 2.0, "tokens": 16384.0}
    assert (progress.loss, progress.totals) == (2.25, {"steps": 40.0})
    validation = '[val] name "default" | step 9 | epoch 0 | loss 1.0000 | lr 1.00e-05 | num_label_tokens 12\n'
    assert log_of("nemo", validation).counts == {}


@pytest.mark.parametrize("first", [0, 1])
def test_the_printer_of_nemo_lightning_is_read_whether_it_counts_from_0_or_from_1(log_of, first):
    lines = "".join(printed(at - 1 + first, at - 1 + first, 32 * at, 11.0 - at) for at in range(1, 11))
    progress = log_of("nemo", lines, seq_len=2048)
    assert progress.counts == {"steps": 10.0, "samples": 320.0, "tokens": 320.0 * 2048.0}
    assert (progress.loss, progress.accelerator_flop_per_s, progress.totals) == (1.0, 401.5e12, {"steps": 99.0})


def test_the_bar_of_nemo_lightning_is_read(log_of):
    bar = "\rEpoch 0: :  10%|█         | 10/100 [00:21<03:09, v_num=, reduced_train_loss=10.80, global_step=10.00, consumed_samples=320.0, train_step_timing in s=2.1]"
    progress = log_of("nemo", bar + "\n")
    assert (progress.counts, progress.loss) == ({"steps": 10.0}, 10.8)
