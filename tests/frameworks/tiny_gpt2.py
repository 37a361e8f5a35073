"""A Trainer of Hugging Face on a tiny GPT-2, as a program: OUTPUT, then options of the training and of the callback as JSON."""

import json
import os
import signal
import sys

import torch
from transformers import GPT2Config, GPT2LMHeadModel, Trainer, TrainerCallback, TrainingArguments

from tracked import VALUED
from traincarbon.frameworks.huggingface import CarbonCallback

VOCAB, LENGTH, BATCH, STEPS = 256, 16, 4, 60


def tiny(vocab: int = VOCAB) -> GPT2LMHeadModel:
    """Return a GPT-2 of two layers of width 64."""
    return GPT2LMHeadModel(GPT2Config(n_layer=2, n_embd=64, n_head=2, vocab_size=vocab, n_positions=64, bos_token_id=0, eos_token_id=0))


def samples(size: int = 640, length: int = LENGTH) -> list[dict[str, torch.Tensor]]:
    """Return a data set of random tokens."""
    torch.manual_seed(1)
    return [{"input_ids": (row := torch.randint(0, VOCAB, (length,))), "labels": row} for _ in range(size)]


def arguments(output: str, **options: object) -> TrainingArguments:
    """Return the arguments of a training of 60 steps on processors."""
    usual = {"max_steps": STEPS, "per_device_train_batch_size": BATCH, "report_to": "none", "use_cpu": True, "save_strategy": "no", "disable_tqdm": True}
    return TrainingArguments(output_dir=output, **{**usual, **options})


class SpentAt(TrainerCallback):
    """Asks the training to stop after a step, as the meter does where a budget is spent."""

    def __init__(self, step: int) -> None:
        self.step = step

    def on_step_end(self, args: TrainingArguments, state: object, control: object, **kwargs: object) -> None:
        """Send the signal of a budget."""
        if getattr(state, "global_step", 0) == self.step:
            os.kill(os.getpid(), signal.SIGUSR1)


class UntilValued(TrainerCallback):
    """Goes on once the database has said what the plan of the run expects."""

    def on_step_end(self, args: TrainingArguments, state: object, control: object, **kwargs: object) -> None:
        """Wait in the first step."""
        if getattr(state, "global_step", 0) == 1:
            exec(VALUED, {})


def main() -> None:
    """Train, from a checkpoint if the options name one, to a step at which the budget is spent if they name one; *valued* waits for the database."""
    output, training, callback = sys.argv[1], json.loads(sys.argv[2]), json.loads(sys.argv[3])
    checkpoint = training.pop("checkpoint", None)
    callbacks = [SpentAt(training.pop("spent_at", 0)), CarbonCallback(**callback), *([UntilValued()] if training.pop("valued", False) else [])]
    trainer = Trainer(tiny(), arguments(output, **training), train_dataset=samples(), callbacks=callbacks)
    trainer.train(resume_from_checkpoint=checkpoint)


if __name__ == "__main__":
    main()
