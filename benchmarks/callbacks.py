"""What the callback of Hugging Face's Trainer costs a training, beside CodeCarbon's: processor time of the training's own process by step of 100 ms.

`make test-frameworks` makes the environment; CodeCarbon is measured where it is installed there too:
    .venv-frameworks/bin/python benchmarks/callbacks.py [ROUNDS]
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping

STEP_S = 0.1
STEPS, WARM = 120, 20
ARMS = ("none", "traincarbon", "codecarbon")


class Hooks:
    """The processor time that the hooks of callbacks take in each step, in the thread that trains."""

    def __init__(self, callbacks):
        self.steps_s = [0.0]
        for callback in callbacks:
            for name in ("on_step_begin", "on_substep_end", "on_pre_optimizer_step", "on_optimizer_step", "on_step_end"):
                setattr(callback, name, self._timed(getattr(callback, name), ends=name == "on_step_end"))

    def _timed(self, hook, *, ends):
        def called(*args, **options):
            began_s = time.thread_time()
            try:
                return hook(*args, **options)
            finally:
                self.steps_s[-1] += time.thread_time() - began_s
                self.steps_s += [0.0] if ends else []

        return called

    @property
    def mean_s(self):
        """The mean over the steps after the first ones."""
        counted = self.steps_s[WARM:STEPS]
        return sum(counted) / len(counted) if counted else 0.0


def train(arm: str, folder: str) -> dict[str, float]:
    """Train with steps that wait, and return the processor time that one takes in this process, with the time spent in the hook itself."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel, Trainer, TrainerCallback, TrainingArguments

    class Clock(TrainerCallback):
        """Takes the time after the first steps, and at the end."""

        began = ended = (0.0, 0.0)

        def on_step_end(self, _, state, *__, **___):
            if state.global_step == WARM:
                self.began = time.process_time(), time.perf_counter()
            if state.global_step == STEPS:
                self.ended = time.process_time(), time.perf_counter()

    class Waiting(Trainer):
        """Waits in each step, as for a GPU, and computes nothing, so that little else takes processor time."""

        def training_step(self, *_):
            time.sleep(STEP_S)
            return torch.tensor(0.0)

    torch.set_num_threads(1)
    clock, callbacks = Clock(), []
    if arm == "traincarbon":
        from traincarbon.frameworks.huggingface import CarbonCallback

        callbacks = [CarbonCallback(quiet=True, store=os.path.join(folder, "runs"))]
    elif arm == "codecarbon":
        from transformers.integrations import CodeCarbonCallback

        os.chdir(folder)
        callbacks = [CodeCarbonCallback()]
    hooks = Hooks(callbacks)
    model = GPT2LMHeadModel(GPT2Config(n_layer=2, n_embd=64, n_head=2, vocab_size=256, n_positions=64, bos_token_id=0, eos_token_id=0))
    row = torch.randint(0, 256, (16,))
    arguments = TrainingArguments(folder, max_steps=STEPS, report_to="none", use_cpu=True, save_strategy="no", disable_tqdm=True, logging_strategy="no")
    Waiting(model, arguments, train_dataset=[{"input_ids": row, "labels": row}] * 64, callbacks=[*callbacks, clock]).train()
    done = STEPS - WARM
    cpu_s, wall_s = (after - before for before, after in zip(clock.began, clock.ended, strict=True))
    return {"cpu_s": cpu_s / done, "wall_s": wall_s / done, "hooks_s": hooks.mean_s}


def measured(arm: str, environment: Mapping[str, str]) -> dict[str, float] | None:
    """Train in a process of its own; None if the callback is not installed."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([sys.executable, __file__, "--arm", arm, folder], capture_output=True, text=True, env=dict(environment), check=False)
    if done.returncode:
        return None
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Run the arms one after the other, again and again, and print the differences to no callback by round."""
    if sys.argv[1:2] == ["--arm"]:
        print(json.dumps(train(*sys.argv[2:4])))
        return
    rounds = int(sys.argv[1]) if sys.argv[1:] else 5
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "", "CODECARBON_LOG_LEVEL": "critical"}
    found: dict[str, list[float]] = {arm: [] for arm in ARMS}
    hooks: dict[str, list[float]] = {arm: [] for arm in ARMS}
    for _ in range(rounds):
        for arm in ARMS:
            if (one := measured(arm, environment)) is not None:
                found[arm].append(one["cpu_s"])
                hooks[arm].append(one["hooks_s"])
    print(f"{'callback':<14}{'in its hooks, a step':>22}{'of 100 ms':>12}{'whole process, more than without':>36}{'of 100 ms':>12}")
    for arm in ARMS:
        if len(found[arm]) < rounds:
            print(f"{arm:<14}{'not installed':>22}")
            continue
        more = [one - other for one, other in zip(found[arm], found["none"], strict=True)]
        inside, middle = statistics.median(hooks[arm]), statistics.median(more)
        spread = f"({min(more) * 1e6:.0f} to {max(more) * 1e6:.0f})"
        print(f"{arm:<14}{inside * 1e6:>19.0f} µs{inside / STEP_S:>12.3%}{middle * 1e6:>14.0f} µs {spread:>18}{middle / STEP_S:>12.3%}")


if __name__ == "__main__":
    main()
