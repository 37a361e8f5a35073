"""Lines rebuilt from the format strings of ``torchtitan/components/metrics.py`` and ``torchtitan/trainer.py`` at commit b5bcd76c of August 2026."""

import pytest

RED, GREEN, BLUE, RESET = "\x1b[31m", "\x1b[32m", "\x1b[34m", "\x1b[39m"
HEAD = "[rank0]:[titan] 2026-11-30 08:00:00,123 - root - INFO - "
SIZE = (
    "Trainer is initialized with 16384 tokens per DP rank, 131072 tokens per train step, gradient accumulation steps 1, "
    "maximum context length 8192, total steps 1000 (warmup 200)\n"
)
OLDER = (
    "Trainer is initialized with local batch size 2, global batch size 16, gradient accumulation steps 1, sequence length 8192, total steps 1000 (warmup 200)\n"
)


def step(at: int, loss: float, *, mfu: str = "40.07%") -> str:
    """Return a line as torchtitan formats it, in its colours."""
    return (
        f"{HEAD}{RED}step: {at:2}  {GREEN}loss: {loss:8.5f}  grad_norm: {1.25:7.4f}  memory: {47.35:5.2f}GiB({49.85:.2f}%)  "
        f"{BLUE}tps: {8123:,}  tflops: {1396.31:,.2f}  mfu: {mfu}{RESET}\n"
    )


@pytest.mark.parametrize("size", [SIZE, OLDER])
def test_steps_tokens_loss_and_speed_are_those_of_the_log(log_of, size):
    progress = log_of("torchtitan", f"{HEAD}{size}{HEAD}Training starts at step 1\n{step(1, 12.25)}{step(10, 10.5)}{step(100, 7.12345, mfu='N/A')}")
    assert progress.counts["steps"] == 100.0
    assert progress.counts["tokens"] == progress.done_here()["tokens"] == 13_107_200.0
    assert (progress.loss, progress.accelerator_flop_per_s, progress.totals) == (7.12345, 1396.31e12, {"steps": 1000.0})


def test_a_validation_is_no_step(log_of):
    validation = f"{HEAD}validate step: 20  {GREEN}loss:  1.0000  memory: 47.35GiB(49.85%)  tps: 8,123{RESET}\n"
    progress = log_of("torchtitan", step(10, 10.5) + validation)
    assert (progress.counts, progress.loss) == ({"steps": 10.0}, 10.5)


def test_a_resumed_training_counts_from_its_checkpoint(log_of):
    progress = log_of("torchtitan", f"{HEAD}{SIZE}{HEAD}Training starts at step 501\n{step(510, 3.5)}{step(520, 3.25)}")
    assert progress.done_here() == {"steps": 20.0, "tokens": 20.0 * 131072.0}
