"""What PyTorch tells of the machine and of the number format, read only where it has been imported already."""

import os
import sys

from traincarbon.frameworks.training_plan import Machine

_FORMATS = {"torch.float32": "fp32", "torch.float16": "fp16", "torch.bfloat16": "bf16"}


def machine_of_torch(*, ranks: int) -> Machine:
    """Return the GPUs of a training of so many *ranks*, by the name that the driver reports; the processors of its machines where it trains without GPUs."""
    cuda = getattr(sys.modules.get("torch"), "cuda", None)
    try:
        if cuda is not None and cuda.is_available():
            return Machine(str(cuda.get_device_name()), ranks)
    except Exception:  # noqa: BLE001  a driver that fails is the meters' to report
        return Machine("", ranks)
    return machine_of_processors(ranks=ranks)


def machine_of_processors(*, ranks: int) -> Machine:
    """Return the processors of a training of so many *ranks*, one a machine."""
    here = os.environ.get("LOCAL_WORLD_SIZE", "")
    return Machine("cpu", max(ranks // int(here), 1) if here.isdecimal() and int(here) else 1)


def precision_of_torch(model: object, *, mixed: str = "") -> str:
    """Return the number format of the matrix products, "" if it is not known.

    Args:
        model: The model, whose parameters tell where no format is mixed in.
        mixed: The format of automatic mixed precision, as ``bf16``, ``16-mixed`` or ``bf16-true``.

    Example:
        >>> precision_of_torch(None, mixed="bf16-mixed"), precision_of_torch(None, mixed="16-mixed"), precision_of_torch(None)
        ('bf16', 'fp16', '')
    """
    for word, name in (("bf16", "bf16"), ("fp8", "fp8"), ("transformer-engine", "fp8"), ("16", "fp16")):
        if word in mixed:
            return name
    parameters = getattr(model, "parameters", None)
    try:
        first = next(iter(parameters()), None) if callable(parameters) else None
        name = _FORMATS.get(str(getattr(first, "dtype", "")), "")
        matmul = sys.modules["torch"].backends.cuda.matmul if name == "fp32" else None
        return "tf32" if matmul is not None and matmul.allow_tf32 and sys.modules["torch"].cuda.is_available() else name
    except (AttributeError, KeyError, RuntimeError, TypeError):  # no PyTorch, one without this switch, or one in which both of its switches are set
        return ""
