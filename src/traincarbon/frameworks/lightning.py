"""The callback of Lightning."""

import math
import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Unpack

from traincarbon.frameworks.absent import absent_base, refuse_absent
from traincarbon.frameworks.batch_counts import BatchCounts
from traincarbon.frameworks.lengths import lengths_of
from traincarbon.frameworks.model_facts import facts_of_torch_model
from traincarbon.frameworks.torch_facts import machine_of_torch, precision_of_torch
from traincarbon.frameworks.training import MeteredTraining, checked_options
from traincarbon.frameworks.training_plan import Work, described, plan_fields

if TYPE_CHECKING:
    from traincarbon.tracking.options import TrackOptions

    class Callback:
        """What a Trainer calls."""

else:
    try:
        if "pytorch_lightning" in sys.modules and "lightning.pytorch" not in sys.modules:  # the older name of the package
            from pytorch_lightning import Callback
        else:
            from lightning.pytorch import Callback
    except ImportError:
        Callback = absent_base("Callback")

_KEY = "traincarbon"
"""What a checkpoint calls the state of the callback; not a state of Lightning's own, of which two callbacks would be refused."""


class CarbonCallback(Callback):
    """Meters a fit: plan and estimate before the first step, progress, budgets; a fit that resumes from a checkpoint continues the run.

    A budget (``max_kwh=…``) saves a checkpoint and ends the fit, unless ``on_budget="warn"`` is given. All ranks are one run.

    Args:
        quiet: Whether to print nothing.
        options: Those of :func:`traincarbon.track`.

    Raises:
        CarbonError: an option is unknown or invalid.
    """

    def __init__(self, *, quiet: bool = False, **options: "Unpack[TrackOptions]") -> None:
        refuse_absent(Callback, package="lightning")
        self._quiet = quiet
        self._options = checked_options(options)
        self._training = MeteredTraining(self._options, quiet=quiet)
        self._resumed = ""
        self._counts = BatchCounts(say=self._training.say)

    def on_save_checkpoint(self, trainer: Any, pl_module: Any, checkpoint: dict[str, Any]) -> None:
        """Keep the run in the checkpoint, which a fit that resumes continues."""
        if self._training.run_id:
            checkpoint[_KEY] = {"run_id": self._training.run_id}

    def on_load_checkpoint(self, trainer: Any, pl_module: Any, checkpoint: dict[str, Any]) -> None:
        """Take the run of the checkpoint."""
        kept = checkpoint.get(_KEY)
        run_id = kept.get("run_id") if isinstance(kept, Mapping) else None
        self._resumed = run_id if isinstance(run_id, str) else ""

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Begin to meter, and say what the fit is expected to take.

        Raises:
            CarbonError: a budget cannot be metered; no step was done.
        """
        self._training.end(exit_code=1)
        self._training = MeteredTraining(self._options, quiet=self._quiet)
        self._counts = BatchCounts(say=self._training.say)
        with self._training.beginning():
            self._begin(trainer, pl_module)

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: object, batch: object, batch_idx: int) -> None:
        """Count the batch, report, and save a checkpoint and end where a budget is spent."""
        self._counts.add(batch)
        if self._training.is_due():
            self._report(trainer)
        if self._training.must_stop(steps=trainer.global_step) and not trainer.should_stop:
            trainer.should_stop = True
            trainer.save_checkpoint(_checkpoint(trainer))

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """Report the last step."""
        self._report(trainer)

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        """End the metering of a fit that failed."""
        self._report(trainer)
        self._training.end(exit_code=1)

    def on_fit_end(self, trainer: Any, pl_module: Any) -> None:
        """End the metering."""
        self._training.end()

    def _begin(self, trainer: Any, module: Any) -> None:
        facts, is_main = facts_of_torch_model(module), bool(trainer.is_global_zero)
        loader = getattr(trainer, "train_dataloader", None)
        batch = getattr(loader, "batch_size", None)
        step_samples = batch * int(trainer.accumulate_grad_batches) * int(trainer.world_size) if isinstance(batch, int) else None
        steps = trainer.estimated_stepping_batches
        work = Work(
            int(steps) if 0 < steps < math.inf else None,
            step_samples,
            lengths_of(getattr(loader, "dataset", None)),
            precision_of_torch(module, mixed=str(trainer.precision)),
        )
        machine = machine_of_torch(ranks=int(trainer.world_size))
        self._training.begin(
            plan_fields(facts, work, machine),
            words=(described(facts, work, machine), *facts.notes),
            run_id=self._resumed,
            start_steps=int(trainer.global_step),
            total_steps=work.total_steps,
            is_main=is_main,
            owner=trainer,
        )

    def _report(self, trainer: Any) -> None:
        self._training.report(steps=int(trainer.global_step), tokens=self._counts.tokens or None, samples=self._counts.samples, per_rank=True)


def _checkpoint(trainer: Any) -> str:
    """Return where to save the checkpoint of a fit that a budget ends: beside those that it saves itself."""
    folder = getattr(getattr(trainer, "checkpoint_callback", None), "dirpath", None) or os.path.join(str(trainer.default_root_dir), "checkpoints")
    return os.path.join(str(folder), f"budget-step={trainer.global_step}.ckpt")
