"""Whether a training starts from a model that is there already, and from which."""

from collections.abc import Mapping

from traincarbon.estimation.families import KINDS

_HUB = "hub:"


def is_fine_tuning(kind: object) -> bool:
    """Return whether a *kind* of training, as a plan states it, starts from trained weights.

    Example:
        >>> is_fine_tuning("qlora"), is_fine_tuning(None), is_fine_tuning("no such kind")
        (True, False, False)
    """
    return str(kind) in KINDS and KINDS[str(kind)].prior != "pretrain"


def base_model_of(plan: Mapping[str, object]) -> str:
    """Return the model of the Hub that the fine-tuning of a *plan* starts from; empty where it is no fine-tuning, or none is named.

    Example:
        >>> base_model_of({"kind": "lora", "model": "hub:acme/base-7b"}), base_model_of({"model": "hub:acme/base-7b"})
        ('acme/base-7b', '')
    """
    model = str(plan.get("model") or "")
    return model.removeprefix(_HUB) if model.startswith(_HUB) and is_fine_tuning(plan.get("kind")) else ""
