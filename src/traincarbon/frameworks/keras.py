"""The callback of Keras 3, with any of its backends."""

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Unpack

from traincarbon.frameworks.absent import absent_base, refuse_absent
from traincarbon.frameworks.lengths import Lengths
from traincarbon.frameworks.model_facts import ModelFacts, facts_of_model
from traincarbon.frameworks.torch_facts import machine_of_torch
from traincarbon.frameworks.training import MeteredTraining, checked_options
from traincarbon.frameworks.training_plan import Machine, Work, described, plan_fields

if TYPE_CHECKING:
    from traincarbon.tracking.options import TrackOptions

    class Callback:
        """What a model calls while it is fitted."""

        params: Mapping[str, Any]
        model: Any

else:
    try:
        from keras.callbacks import Callback
    except ImportError:
        Callback = absent_base("Callback")

_PRECISIONS = {"float32": "fp32", "float16": "fp16", "bfloat16": "bf16"}
_MOST_FRAMES = 8


class Batches:
    """The batches of an epoch, as an adapter of Keras states them: so many of one size, the last one smaller.

    Args:
        size: Samples of a batch, None if they are not known.
        number: Batches of an epoch, None if they are not known.
        last: Samples of the last batch, None if it is as large as the others.
    """

    def __init__(self, size: int | None = None, number: int | None = None, last: int | None = None) -> None:
        self.size, self._number, self._last = size, number, last

    def samples(self, steps: int) -> int | None:
        """Return the samples of so many steps, None if they are not known.

        Example:
            >>> Batches(32, 4, 4).samples(9), Batches(32).samples(2), Batches().samples(2)
            (232, 64, None)
        """
        if self.size is None:
            return None
        if not self._number or not self._last:
            return steps * self.size
        epochs, rest = divmod(steps, self._number)
        return epochs * ((self._number - 1) * self.size + self._last) + rest * self.size


class CarbonCallback(Callback):
    """Meters a fit: plan and estimate before the first step, progress, budgets.

    A budget (``max_kwh=…``) ends the fit, unless ``on_budget="warn"`` is given; the model is as it was after its last step.

    Args:
        checkpoint: The file in which to save the model where a budget ends the fit, as ``budget.keras``; "" saves none.
        quiet: Whether to print nothing.
        options: Those of :func:`traincarbon.track`.

    Raises:
        CarbonError: an option is unknown or invalid.
    """

    def __init__(self, *, checkpoint: str = "", quiet: bool = False, **options: "Unpack[TrackOptions]") -> None:
        refuse_absent(Callback, package="keras")
        super().__init__()
        self._options = checked_options(options)
        self._quiet = quiet
        self._checkpoint = checkpoint
        self._training = MeteredTraining(self._options, quiet=quiet)
        self._batches = Batches()
        self._length: int | None = None
        self._before = self._steps = 0

    def on_train_begin(self, logs: object = None) -> None:
        """Begin to meter, and say what the fit is expected to take.

        Raises:
            CarbonError: a budget cannot be metered; no step was done.
        """
        self._training.end(exit_code=1)
        self._training = MeteredTraining(self._options, quiet=self._quiet)
        self._before = self._steps = 0
        with self._training.beginning():
            self._begin()

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
        """Take note of the steps of the epochs before."""
        self._before = self._steps

    def on_train_batch_end(self, batch: int, logs: object = None) -> None:
        """Report the step, and end where a budget is spent."""
        self._steps = self._before + batch + 1
        if self._training.is_due():
            self._report()
        if not self.model.stop_training and self._training.must_stop(steps=self._steps):
            self.model.stop_training = True
            if self._checkpoint:
                self.model.save(self._checkpoint)

    def on_train_end(self, logs: object = None) -> None:
        """End the metering."""
        self._report()
        self._training.end()

    def _begin(self) -> None:
        facts, self._batches, self._length = facts_of_keras(self.model), _batches_of_fit(), _length_of(self.model)
        per_epoch, epochs = self.params.get("steps"), self.params.get("epochs")
        total = int(per_epoch) * int(epochs) if per_epoch and epochs else None
        lengths = None if self._length is None else Lengths(*[float(self._length)] * 3)
        policy = str(getattr(getattr(self.model, "dtype_policy", None), "compute_dtype", ""))
        work, machine = Work(total, self._batches.size, lengths, _PRECISIONS.get(policy, "")), _machine()
        words = (described(facts, work, machine), *facts.notes)
        self._training.begin(plan_fields(facts, work, machine), words=words, total_steps=total, owner=self.params)

    def _report(self) -> None:
        samples = self._batches.samples(self._steps)
        tokens = None if samples is None or self._length is None else samples * self._length
        self._training.report(steps=self._steps, tokens=tokens or None, samples=samples)


def facts_of_keras(model: Any) -> ModelFacts:
    """Return what a plan states of a model of Keras: its parameters, and the shape of its layers of attention; never raises."""
    name = str(getattr(model, "name", "") or type(model).__name__)
    try:
        trainable = float(
            sum(weight.shape.num_elements() if hasattr(weight.shape, "num_elements") else _product(weight.shape) for weight in model.trainable_weights)
        )
        facts = facts_of_model(name, params=float(model.count_params()), trainable=trainable, config=None)
        layers = list(model._flatten_layers(include_self=False))  # noqa: SLF001  layers within layers have no public list
        fields = _shape(layers)
    except Exception:  # noqa: BLE001  a model that is not built yet, or the user's own layers
        return facts_of_model(name, params=None, trainable=None, config=None)
    return facts._replace(fields={**facts.fields, **fields}, notes=() if fields else facts.notes)


def _shape(layers: list[Any]) -> dict[str, float | str]:
    """Return the shape of a transformer in fields of a plan: its layers of attention, and its widest table of embeddings."""
    attention = [layer for layer in layers if "Attention" in type(layer).__name__ and hasattr(layer, "num_heads")]
    tables = [layer for layer in layers if type(layer).__name__.endswith("Embedding") and hasattr(layer, "output_dim")]
    if not attention or not tables:
        return {}
    widest = max(tables, key=lambda table: int(table.input_dim))
    return {
        "layers": float(len(attention)),
        "heads": float(attention[0].num_heads),
        "hidden": float(widest.output_dim),
        "vocab": float(widest.input_dim),
    }


def _product(shape: tuple[int, ...]) -> int:
    found = 1
    for size in shape:
        found *= int(size)
    return found


def _length_of(model: Any) -> int | None:
    """Return the tokens of a sample of a model that takes whole numbers of a fixed length, None of another one."""
    try:
        taken = model.inputs[0]
        return int(taken.shape[1]) if "int" in str(taken.dtype) and len(taken.shape) == 2 and taken.shape[1] else None
    except (AttributeError, LookupError, TypeError, ValueError):  # a subclass of Model has no inputs, another model has them by name
        return None


def _batches_of_fit() -> Batches:
    """Return the batches of the fit that is calling, which Keras does not pass to callbacks; unknown ones where it cannot be found."""
    frame = sys._getframe(1)  # noqa: SLF001  there is no other way to them
    for _ in range(_MOST_FRAMES):
        adapter = getattr(frame.f_locals.get("epoch_iterator"), "data_adapter", None)
        size = getattr(adapter, "batch_size", None)
        if isinstance(size, int):
            last = getattr(adapter, "partial_batch_size", None) if getattr(adapter, "has_partial_batch", False) else None
            return Batches(size, getattr(adapter, "num_batches", None), last or None)
        if frame.f_back is None:
            break
        frame = frame.f_back
    return Batches()


def _machine() -> Machine:
    """Return the accelerators of the backend."""
    jax = sys.modules.get("jax")
    try:
        if jax is not None and jax.default_backend() != "cpu":
            return Machine(str(jax.devices()[0].device_kind), int(jax.device_count()))
    except Exception:  # noqa: BLE001  a driver that fails is the meters' to report
        return Machine()
    return machine_of_torch(ranks=1)
