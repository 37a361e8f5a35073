"""Lines rebuilt from the format strings of ``maxtext/common/metric_logger.py`` and ``maxtext/configs/pyconfig.py`` at commit e591f30c of August 2026."""

CONFIG = "Config param global_batch_size_to_train_on: 32\nConfig param max_target_length: 2048\nConfig param steps: 100\n"


def step(at: int, loss: float, *, weights: int = 65536, head: str = "completed step: ") -> str:
    """Return a line as MaxText formats it."""
    return (
        f"{head}{at}, seconds: {1.234:.3f}, TFLOP/s/device: {187.654:.3f}, Tokens/s/device: {6638.123:.3f}, total_weights: {weights}, "
        f"loss: {loss:.3f}, lm_loss: {loss - 1:.3f}, perplexity: {12.5:.3f}, main_model_loss: {loss - 2:.3f}\n"
    )


def test_steps_tokens_loss_and_speed_are_those_of_the_log(log_of):
    progress = log_of("maxtext", CONFIG + "".join(step(at, 10.0 - at, weights=60_000) for at in range(5)))
    assert progress.counts == {"steps": 5.0, "samples": 160.0, "tokens": 5.0 * 32 * 2048}
    assert (progress.loss, progress.accelerator_flop_per_s, progress.totals) == (6.0, 187.654e12, {"steps": 100.0})


def test_without_the_configuration_tokens_are_those_that_count_in_the_loss_and_each_step_counts_once(log_of):
    lines = "".join(step(at, 9.5, weights=60_000 + at) * 2 for at in range(3))
    assert log_of("maxtext", lines).counts == {"steps": 3.0, "tokens": 180_003.0}


def test_a_growing_batch_is_counted_by_those_tokens(log_of):
    lines = "".join(step(at, 9.5, weights=1000, head="[Rampup Batch Size Phase], completed step: ") for at in range(3))
    assert log_of("maxtext", CONFIG + lines + step(3, 9.0)).counts["tokens"] == 3000.0 + 65536.0


def test_a_resumed_training_counts_from_its_checkpoint(log_of):
    progress = log_of("maxtext", CONFIG + step(50, 3.5) + step(51, 3.25))
    assert progress.done_here() == {"steps": 2.0, "samples": 64.0, "tokens": 2.0 * 65536.0}


def test_a_step_that_was_profiled_and_lines_of_older_versions_are_steps(log_of):
    profiled = "completed profiler activation/deactivation step: 1, total_weights: 65536, loss: 9.000, lm_loss: 8.900, perplexity: 1.000\n"
    older = "completed step: 0, seconds: 1.234, TFLOP/s/device: 187.654, Tokens/s/device: 6638.123, total_weights: 65536, loss: 9.500\n"
    assert log_of("maxtext", older + profiled).counts == {"steps": 2.0, "tokens": 131072.0}
