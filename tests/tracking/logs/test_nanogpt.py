"""What nanoGPT printed: commit 3adf61e1 with PyTorch 2.13, 23 iterations of 128 tokens on a processor, then 13 more from its checkpoint."""

import pytest


def test_iterations_tokens_and_loss_are_those_of_the_log(recorded):
    progress = recorded("nanogpt", "nanogpt")
    assert progress.counts == {"steps": 21.0, "tokens": 2688.0}
    assert progress.loss == 10.8240
    assert progress.done_here() == {"steps": 21.0, "tokens": 2688.0}


def test_a_resumed_training_counts_from_its_checkpoint(recorded):
    progress = recorded("nanogpt", "nanogpt-resumed")
    assert progress.counts["steps"] == 31.0
    assert progress.done_here() == {"steps": 11.0, "tokens": 1408.0}
    assert progress.loss == 10.8236


def test_the_speed_of_a_gpu_follows_from_its_share_of_the_peak_that_nanogpt_assumes(log_of):
    log = "iter 250: loss 3.1415, time 251.00ms, mfu 41.67%\niter 260: loss 3.1000, time 250.00ms, mfu 41.70%\n"
    progress = log_of("nanogpt", log)
    assert progress.accelerator_flop_per_s == pytest.approx(130.104e12)
