"""The callback of Hugging Face's Trainer, and of all that trains with it: TRL, Unsloth, Axolotl, LLaMA-Factory."""

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Unpack

from traincarbon.frameworks.absent import absent_base, refuse_absent
from traincarbon.frameworks.batch_counter import BatchCounter, trainer_of
from traincarbon.frameworks.card import keep_emissions, write_emissions
from traincarbon.frameworks.lengths import TOKENS, Lengths, lengths_of, size_of
from traincarbon.frameworks.model_facts import NO_FACTS, facts_of_torch_model
from traincarbon.frameworks.override import Around, Override
from traincarbon.frameworks.torch_facts import machine_of_torch, precision_of_torch
from traincarbon.frameworks.training import MeteredTraining, checked_options
from traincarbon.frameworks.training_plan import Machine, Work, described, later, plan_fields
from traincarbon.tracking.phases import phase

if TYPE_CHECKING:
    from transformers import TrainerControl, TrainerState, TrainingArguments

    from traincarbon.ledger.run import Run
    from traincarbon.tracking.options import TrackOptions

    class TrainerCallback:
        """What a Trainer calls."""

    class ExportableState:
        """What a Trainer keeps in its checkpoints."""

else:
    try:
        from transformers import TrainerCallback
    except ImportError:
        TrainerCallback = absent_base("TrainerCallback")
    try:
        from transformers.trainer_callback import ExportableState
    except ImportError:  # an older version, which keeps no state of callbacks
        ExportableState = absent_base("ExportableState")


_NAME = "CarbonCallback"
_PHASES = {"evaluate": "eval", "_save_checkpoint": "checkpoint"}
"""Methods of a Trainer to the phase of the run that they are."""


class CarbonCallback(TrainerCallback, ExportableState):
    """Meters a training of a Trainer: plan and estimate before the first step, progress with exact tokens, budgets, record and model card.

    A budget (``max_kwh=…``) saves a checkpoint and ends the training, unless ``on_budget="warn"`` is given.
    A training that resumes from a checkpoint continues the run. All ranks are one run. Within ``carbon track`` it reports to that tracker.

    Args:
        quiet: Whether to print nothing.
        options: Those of :func:`traincarbon.track`.

    Raises:
        CarbonError: an option is unknown or invalid.
    """

    def __init__(self, *, quiet: bool = False, **options: "Unpack[TrackOptions]") -> None:
        refuse_absent(TrainerCallback, package="transformers")
        self._quiet = quiet
        self._options = checked_options(options)
        self._training = MeteredTraining(self._options, quiet=quiet)
        self._counter: BatchCounter | None = None
        self._described = (NO_FACTS, Work(), Machine())
        self._tokens_name = TOKENS
        self._share = 1.0
        self._seen_before = 0.0
        self._phases: list[Override] = []
        self.run_id = ""

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint keeps: the options, and the run that a resumed training continues."""
        plain = {name: value for name, value in self._options.items() if isinstance(value, (str, int, float, bool))}
        return {"args": {**plain, "quiet": self._quiet}, "attributes": {"run_id": self._training.run_id}}

    def on_train_begin(self, args: "TrainingArguments", state: "TrainerState", control: "TrainerControl", **kwargs: Any) -> None:
        """Begin to meter, and say what the training is expected to take.

        Raises:
            CarbonError: a budget cannot be metered; no step was done.
        """
        self._end(exit_code=1)  # a training that failed does not say so
        with self._training.beginning():
            self._begin(args, state, trainer_of(self), **kwargs)

    def on_step_end(self, args: "TrainingArguments", state: "TrainerState", control: "TrainerControl", **kwargs: Any) -> None:
        """Report the step, and save a checkpoint and end where a budget is spent."""
        if self._training.is_due():
            self._report(args, state)
        if self._training.must_stop(steps=state.global_step):
            control.should_save = True
            control.should_training_stop = True

    def on_train_end(self, args: "TrainingArguments", state: "TrainerState", control: "TrainerControl", **kwargs: Any) -> None:
        """End the metering, and write the emissions into the model card."""
        self._report(args, state)
        record = self._end()
        if state.is_world_process_zero and (trainer := trainer_of(self)) is not None:
            keep_emissions(trainer, self._training.record, folder=str(args.output_dir), name=self._described[0].name)
        if record is None or not self._training.is_over or not os.path.isdir(str(args.output_dir)):
            return
        try:
            write_emissions(record, folder=str(args.output_dir), name=self._described[0].name)
        except Exception as error:  # noqa: BLE001  a training that has ended well must not fail with its card
            self._training.say(f"the model card has no emissions: {error}")

    def _begin(self, args: "TrainingArguments", state: "TrainerState", trainer: object, *, model: object = None, **kwargs: Any) -> None:
        self._training = MeteredTraining(self._options, quiet=self._quiet)
        facts, is_main = facts_of_torch_model(model), state.is_world_process_zero
        self._share = _data_share(trainer)
        step_samples = max(round(args.train_batch_size * args.gradient_accumulation_steps * args.world_size * self._share), 1)
        self._tokens_name = name = str(getattr(model, "main_input_name", TOKENS))
        lengths = lengths_of(getattr(kwargs.get("train_dataloader"), "dataset", None), name=name)
        work = Work(max(state.max_steps, 0) or None, step_samples, lengths, _precision(args, model))
        machine = machine_of_torch(ranks=args.world_size)
        self._described = facts, work, machine
        self._counter = BatchCounter(name=name, first=self._take_first, failed=lambda: self._end(exit_code=1), say=self._training.say)
        if trainer is None or not self._counter.attach(trainer):
            self._counter = None
            self._training.say("this Trainer does not show its batches: tokens are those that it counts itself", is_main=is_main)
        self._phases = [Override(trainer, name, _within(phase)) for name, phase in _PHASES.items()]
        self._seen_before = float(getattr(state, "num_input_tokens_seen", 0) or 0)
        plan = plan_fields(facts, work, machine)
        self._training.begin(
            plan,
            words=(described(facts, work, machine), *facts.notes, *(later(plan) if self._counter is not None else ())),
            run_id=self.run_id or _run_of_checkpoint(state),
            start_steps=state.global_step,
            total_steps=work.total_steps,
            is_main=is_main,
            owner=trainer,
        )

    def _report(self, args: "TrainingArguments", state: "TrainerState") -> None:
        """Report what was done: tokens as the Trainer counts them where it is asked to, else those of the batches of each rank."""
        counter, seen = self._counter, float(getattr(state, "num_input_tokens_seen", 0) or 0) - self._seen_before
        is_counting = getattr(args, "include_num_input_tokens_seen", "no") not in ("no", False, None)
        if counter is None or is_counting or not counter.tokens:
            self._training.report(steps=state.global_step, tokens=seen or None)
            return
        samples = None if counter.samples is None else counter.samples * self._share
        self._training.report(steps=state.global_step, tokens=counter.tokens * self._share, samples=samples, per_rank=True)

    def _take_first(self, inputs: object) -> None:
        """Estimate a training whose data set has no length, from its first batch and before the step on it."""
        facts, work, machine = self._described
        tokens, samples = size_of(inputs, name=self._tokens_name)
        if work.lengths is not None or not tokens or not samples:
            return
        length = tokens / samples
        self._training.announce(plan_fields(facts, work._replace(lengths=Lengths(length, length, length)), machine))

    def _end(self, *, exit_code: int = 0) -> "Run | None":
        counter, self._counter = self._counter, None
        if counter is not None:
            counter.detach()
        for override in self._phases:
            override.undo()
        return self._training.end(exit_code=exit_code)


def _within(name: str) -> Around:
    """Return what calls a method within a phase of the run."""

    def called(method: Callable[..., Any], *args: Any, **options: Any) -> Any:
        with phase(name):
            return method(*args, **options)

    return called


def _data_share(trainer: object) -> float:
    """Return which share of the ranks has batches of its own: those that split a tensor or a sequence are handed the same one."""
    config = getattr(getattr(trainer, "accelerator", None), "parallelism_config", None)
    return 1.0 / max(int(getattr(config, "non_data_parallel_size", 1) or 1), 1)


def _precision(args: "TrainingArguments", model: object) -> str:
    return precision_of_torch(model, mixed="bf16" if args.bf16 else "fp16" if args.fp16 else "")


def _run_of_checkpoint(state: "TrainerState") -> str:
    """Return the run to which the checkpoint belongs from which the Trainer resumes, "" if there is none or it does not say."""
    kept = (getattr(state, "stateful_callbacks", None) or {}).get(_NAME) if state.global_step else None
    stated = kept[0] if isinstance(kept, list) and kept else kept
    attributes = stated.get("attributes") if isinstance(stated, Mapping) else None
    run_id = attributes.get("run_id") if isinstance(attributes, Mapping) else None
    return run_id if isinstance(run_id, str) else ""


def register() -> None:
    """Make ``report_to="carbon"`` known to the Trainer, where transformers is installed and takes integrations by name."""
    try:
        from transformers.integrations import integration_utils
    except ImportError:
        return
    known = getattr(integration_utils, "INTEGRATION_TO_CALLBACK", None)
    if isinstance(known, dict):
        known.setdefault("carbon", CarbonCallback)


register()
