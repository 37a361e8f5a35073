"""What a row of published runs describes, and why no constant may be fitted to it."""

from enum import StrEnum


class RunKind(StrEnum):
    """What a row describes."""

    RUN = "run"
    """A whole training."""
    SEGMENT = "segment"
    """A timed part of a training, without its interruptions."""
    FINETUNE = "finetune"
    LORA = "lora"
    """A fine-tuning of low-rank adapters."""
    BENCH = "bench"
    """A throughput benchmark: steps, not a training."""
    PROJECT = "project"
    """Several trainings together."""
    ESTIMATE = "estimate"
    """What somebody computed. Nothing was measured."""

    @property
    def is_training(self) -> bool:
        """Whether the row describes one training or its steps."""
        return self not in (RunKind.PROJECT, RunKind.ESTIMATE)

    @property
    def is_finetuning(self) -> bool:
        """Whether the row describes a fine-tuning, of the whole model or of adapters."""
        return self in (RunKind.FINETUNE, RunKind.LORA)


class Unusable(StrEnum):
    """Why no constant may be fitted to a row. The values are those of the column ``unusable``."""

    FROZEN = "frozen"
    """Part of the model is frozen, so 6 N D overstates the compute."""
    SHARED_PARAMETERS = "shared-parameters"
    """Layers share their parameters, so 6 N D understates the compute."""
    EPOCHS_UNKNOWN = "epochs-unknown"
    """The size of the corpus is known, but not how often it was seen."""
    ACTIVE_PARAMS_UNKNOWN = "active-params-unknown"
    """A mixture of experts whose active parameters are not published."""
    CIRCULAR = "circular"
    """The compute was derived from the time."""
    OTHER_OPERATIONS = "other-operations"
    """Most of the compute is outside 6 N D: long convolutions, or the forward passes of teachers of unknown size."""
    SAME_TRAINING = "same-training"
    """Another row has the same training, of another size. What was metered of it is used; its hours count once, in the other."""
    UNRELIABLE = "unreliable"
    """The published numbers contradict each other or what the hardware can do."""
