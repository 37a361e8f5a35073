"""Which GPUs a process may use: ``CUDA_VISIBLE_DEVICES`` and similar variables, read as CUDA reads them."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

_INDEX = re.compile(r"[+-]?[0-9]{1,9}")
"""CUDA reads the digits at the beginning, so ``1gpu`` is 1."""
_OLD_MIG = re.compile(r"MIG-(GPU-[0-9a-f-]+)/(\d+)/(\d+)")


_NVIDIA = ("CUDA_VISIBLE_DEVICES",)
_AMD = ("ROCR_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "CUDA_VISIBLE_DEVICES")
"""The first narrows the GPUs for the next two, of which the first that is set counts."""


def seen_with(environ: Mapping[str, str], order: Sequence[str], *, is_amd: bool = False) -> frozenset[str]:
    """Return the devices that a process with *environ* sees.

    Args:
        environ: Its environment, or the variables of it that choose GPUs.
        order: The ids of all GPUs, as ``gpu:GPU-…``, in the order in which variables number them.
        is_amd: Whether they are those of AMD, which two variables narrow one after the other.

    Example:
        >>> sorted(seen_with({"CUDA_VISIBLE_DEVICES": "1"}, ["gpu:GPU-a", "gpu:GPU-b"]))
        ['gpu:GPU-b']
    """
    left = list(order)
    for names in (_AMD[:1], _AMD[1:]) if is_amd else (_NVIDIA,):
        stated = next((environ[name] for name in names if name in environ), None)
        listed = [Listed(f"GPU-{device.removeprefix('gpu:').removeprefix('GPU-')}") for device in left]
        choices, _ = visible(stated, listed, twice=is_amd)
        left = [left[choice.gpu] for choice in choices]
    return frozenset(left)


def choosing(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of *environ* that choose GPUs."""
    return {name: environ[name] for name in _AMD if name in environ}


class Instance(NamedTuple):
    """A MIG instance: a part of a GPU."""

    uuid: str
    gpu_instance: int
    compute_instance: int


class Listed(NamedTuple):
    """A GPU as the driver lists it."""

    uuid: str
    instances: tuple[Instance, ...] = ()


class Choice(NamedTuple):
    """A visible GPU or one of its instances, as positions in the lists."""

    gpu: int
    instance: int | None = None


def visible(text: str | None, gpus: Sequence[Listed], *, twice: bool = False) -> tuple[list[Choice], str]:
    """Return what *text* makes visible of *gpus*, and why the rest of *text* was ignored, or "" if nothing was.

    None stands for a variable that is not set: everything is visible. An entry is an index, a UUID or a beginning of one that
    fits a single device; the first entry that is none of these, as -1, ends the list. For CUDA a device that is named
    twice makes nothing visible; *twice* says that it does no harm.

    Example:
        >>> visible("1,GPU-a", [Listed("GPU-a1"), Listed("GPU-b2")])
        ([Choice(gpu=1, instance=None), Choice(gpu=0, instance=None)], '')
        >>> visible("0,7,1", [Listed("GPU-a1"), Listed("GPU-b2")])
        ([Choice(gpu=0, instance=None)], 'no device 7, so the list ends there')
    """
    if text is None:
        return [Choice(number) for number in range(len(gpus))], ""
    chosen: list[Choice] = []
    for entry in (part.strip() for part in text.split(",")):
        found = _find(entry, gpus)
        if found is None:
            return chosen, "" if entry == "NoDevFiles" or entry[:1] in ("", "-") else f"no device {entry[:60]}, so the list ends there"
        if found in chosen and not twice:
            return [], f"{entry[:60]} is there twice, which hides all"
        chosen += [found] if found not in chosen else []
    return chosen, ""


def _find(entry: str, gpus: Sequence[Listed]) -> Choice | None:
    index = _INDEX.match(entry)
    if index is not None:
        return Choice(int(index[0])) if 0 <= int(index[0]) < len(gpus) else None
    old = _OLD_MIG.fullmatch(entry)
    found: list[Choice] = []
    for number, gpu in enumerate(gpus):
        if entry.startswith("GPU-") and gpu.uuid.startswith(entry):
            found.append(Choice(number))
        for place, instance in enumerate(gpu.instances):
            named = old is not None and (gpu.uuid, str(instance.gpu_instance), str(instance.compute_instance)) == old.groups()
            if named or (entry.startswith("MIG-") and len(entry) > len("MIG-") and instance.uuid.startswith(entry)):
                found.append(Choice(number, place))
    return found[0] if len(found) == 1 else None
