"""What surrounds a model in training: options, batches of text, progress, checkpoints, and signals to save and to stop."""

import argparse
import math
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from decoder import Decoder, Weights

BETAS = (0.9, 0.95)
EPSILON = 1e-8
WARM_UP_STEPS = 20

_SAVE, _STOP = getattr(signal, "SIGUSR1", None), signal.SIGTERM
"""What asks to save, where the system has it, and what asks to save and stop."""
_OWN_TEXT = ("README.md", "docs/**/*.md", "hardware_db/README.md")
"""What is learned where no text is given: the documentation of this repository."""


class State(NamedTuple):
    """All that training changes: the weights, and Adam's moments of their gradients."""

    weights: Weights
    first: Weights
    second: Weights


class Trainer(Protocol):
    """A model that can learn from one batch after another."""

    def step(self, number: int, tokens: NDArray[np.integer], learning_rate: float) -> float:
        """Learn from one batch as step *number*, counted from 1; return its loss before that."""
        ...

    def state(self) -> State:
        """Return weights and moments."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What is trained, on what, for how long."""

    model: Decoder
    batch: int
    steps: int
    text: bytes
    seed: int
    learning_rate: float
    log_every: int
    checkpoint: Path | None

    @classmethod
    def of(cls, said: argparse.Namespace) -> "Options":
        """Return the options that a command line *said*.

        Raises:
            ValueError: no training is like that.
            OSError: the text cannot be read.
        """
        if min(said.batch, said.log_every) < 1:
            raise ValueError("batch and log-every must be at least 1")
        model = Decoder(layers=said.layers, hidden=said.hidden, heads=said.heads, seq_len=said.seq_len)
        text = said.text.read_bytes() if said.text else own_text()
        if len(text) <= model.seq_len:
            raise ValueError(f"a text of {len(text):,} bytes is too short for contexts of {model.seq_len:,}")
        steps = said.steps if said.tokens is None else math.ceil(said.tokens / (said.batch * model.seq_len))
        rest = {"seed": said.seed, "learning_rate": said.learning_rate, "log_every": said.log_every, "checkpoint": said.checkpoint}
        return cls(model=model, batch=said.batch, steps=steps, text=text, **rest)

    @property
    def tokens_per_step(self) -> int:
        """Tokens predicted in each step."""
        return self.batch * self.model.seq_len


def command_line(about: str | None) -> argparse.ArgumentParser:
    """Return the parser of the options that all trainings here have."""
    parser = argparse.ArgumentParser(description=(about or "").partition("\n")[0])
    for name, default in (("layers", 4), ("hidden", 128), ("heads", 4), ("seq-len", 128), ("batch", 16), ("seed", 0), ("log-every", 10)):
        parser.add_argument(f"--{name}", type=int, default=default, metavar="N", help=f"default {default}")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--steps", type=int, default=200, metavar="N", help="default 200")
    length.add_argument("--tokens", type=float, metavar="N", help="train on so many tokens, up to a whole step")
    parser.add_argument("--text", type=Path, metavar="FILE", help="what to learn; default: the documentation of this repository")
    parser.add_argument("--learning-rate", type=float, default=1e-3, metavar="RATE", help="default 0.001")
    parser.add_argument("--checkpoint", type=Path, metavar="FILE", help="start from it where it exists; save to it at the end, on SIGUSR1 and SIGTERM")
    return parser


def options_of(parser: argparse.ArgumentParser, said: argparse.Namespace) -> Options:
    """Return the options that the command line *said*, or leave with exit code 2 and what is wrong with them."""
    try:
        return Options.of(said)
    except (ValueError, OverflowError, OSError) as error:
        parser.error(str(error))


def own_text() -> bytes:
    """Return the documentation of this repository; the code of this folder if it was copied out of it."""
    here = Path(__file__).resolve().parent
    found = [file for pattern in _OWN_TEXT for file in sorted(here.parent.glob(pattern))]
    return b"\n".join(file.read_bytes() for file in found or sorted(here.glob("*.py")))


def batch_of(options: Options, number: int) -> NDArray[np.integer]:
    """Return the tokens of step *number*, of shape (batch, seq_len + 1): the same for the same seed, whatever came before."""
    text = np.frombuffer(options.text, np.uint8)
    random = np.random.default_rng((options.seed, number))
    starts = random.integers(len(text) - options.model.seq_len, size=options.batch)
    windows: NDArray[np.uint8] = text[starts[:, None] + np.arange(options.model.seq_len + 1)]
    return windows.astype(np.int64)


def train(make: Callable[[Decoder, State], Trainer], options: Options) -> None:
    """Train from the start, or from the checkpoint, to the last step; leave with exit code 143 where SIGTERM asked to stop."""
    done, state = _start(options)
    trainer = make(options.model, state)
    signals = _Signals()
    model, each = options.model, options.tokens_per_step
    print(f"parameters {model.n_params():,} layers {model.layers} hidden {model.hidden} heads {model.heads} seq_len {model.seq_len} batch {options.batch}")
    began_s, first, tell = time.perf_counter(), done, _told()
    for number in range(done + 1, options.steps + 1):
        rate = options.learning_rate * min(1.0, number / WARM_UP_STEPS)
        loss = trainer.step(number, batch_of(options, number), rate)
        done = number
        tell(tokens=(done - first) * each, steps=done - first, loss=loss, total_tokens=(options.steps - first) * each)
        if number % options.log_every == 0 or number == options.steps:
            print(f"step {number} loss {loss:.4f} tokens {number * each}", flush=True)
        if signals.take(_SAVE):
            _save(options, done, trainer)
        if signals.take(_STOP):
            _save(options, done, trainer)
            sys.exit(128 + _STOP)
    _save(options, done, trainer)
    took_s, tokens = time.perf_counter() - began_s, (done - first) * each
    print(f"trained {tokens:,} tokens in {took_s:.1f} s: {tokens / took_s:,.0f} tokens/s")


class _Signals:
    """Signals that came since one last asked; a step is never torn."""

    def __init__(self) -> None:
        self._came: set[int | None] = set()
        for number in (_SAVE, _STOP):
            if number is not None:
                signal.signal(number, self._note)

    def _note(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002  the signature of a handler
        self._came.add(number)

    def take(self, number: int | None) -> bool:
        came = number in self._came
        self._came.discard(number)
        return came


def _told() -> Callable[..., None]:
    """Return what tells ``carbon track`` how far we are; it does nothing where nobody listens."""
    try:
        from traincarbon import progress
    except ImportError:
        return lambda **_: None
    return progress


def _start(options: Options) -> tuple[int, State]:
    """Return the steps done and the state after them: those of the checkpoint where there is one."""
    file = options.checkpoint
    if file is None or not file.exists():
        weights = options.model.initial_weights(options.seed)
        zeros = [{name: np.zeros_like(weight) for name, weight in weights.items()} for _ in range(2)]
        return 0, State(weights, *zeros)
    shapes = options.model.shapes()
    with np.load(file, allow_pickle=False) as saved:
        arrays = {name: saved[name] for name in saved.files}
    if {name: array.shape for name, array in arrays.items() if name.startswith("weights/")} != {f"weights/{name}": shape for name, shape in shapes.items()}:
        sys.exit(f"{file} is of another model: give its sizes, or another file")
    print(f"continues {file} after step {arrays['step']}")
    return int(arrays["step"]), State(*({name: arrays[f"{part}/{name}"] for name in shapes} for part in State._fields))


def _save(options: Options, done: int, trainer: Trainer) -> None:
    """Write the checkpoint beside its place and move it there, so that it is always whole."""
    if options.checkpoint is None:
        return
    named = {f"{part}/{name}": array for part, arrays in trainer.state()._asdict().items() for name, array in arrays.items()}
    unfinished = options.checkpoint.with_name(f"{options.checkpoint.name}.part")
    with unfinished.open("wb") as stream:
        np.savez(stream, step=done, **named)
    os.replace(unfinished, options.checkpoint)
    print(f"saved {options.checkpoint} after step {done}", flush=True)
