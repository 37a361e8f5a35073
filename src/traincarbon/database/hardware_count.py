"""Counts that people write with the name of hardware: ``8xH100``, ``A100 80GB x 64``, ``v5litepod-256``."""

import re
from typing import NamedTuple

_CORES_OF_A_CHIP = {"2": 2.0, "3": 2.0, "4": 2.0, "5p": 2.0}
"""TPUs of which a slice is named by its TensorCores, two a chip; the others count chips (Google Cloud's documentation of each version)."""
_SLICE = re.compile(r"(?:google )?(?:cloud )?(?:tpu[ -]?)?v(2|3|4|5p|5e|5lite|5litepod|6e)(?: ?pod| ?slice)?[ -](\d+)", re.IGNORECASE)
_SHAPE = re.compile(r"(?:bm|vm)\.gpu\.([a-z]+\d+[a-z]*)(-v2)?\.(\d+)", re.IGNORECASE)
"""Shapes of Oracle's cloud; the second version of its A100 has the larger memory (Oracle, Compute shapes)."""
_INSTANCE = re.compile(r"gpu_(\d+)x_([a-z0-9_]+)", re.IGNORECASE)
"""Instance types of Lambda's cloud."""
_LITE = {"5lite": "5e", "5litepod": "5e"}
_NUMBER = r"(\d{1,3}(?:,\d{3})+|\d{1,7})"
_BEFORE = (
    re.compile(rf"{_NUMBER} ?[x×*] ?(\S.*)", re.IGNORECASE),
    re.compile(rf"{_NUMBER} (?!GB\b|GiB\b|x\b)([a-z].*)", re.IGNORECASE),
)
_AFTER = (
    re.compile(rf"(.*(?:[\s\d)]|gb))[x×*] ?{_NUMBER}", re.IGNORECASE),
    re.compile(rf"(.+?) ?\((?:x ?)?{_NUMBER}(?: gpus?| chips?)?\)", re.IGNORECASE),
    re.compile(rf"(?:gpu:)?([^:]*[^:\s]) ?: ?{_NUMBER}", re.IGNORECASE),
)
_GPUS = re.compile(r"(.+?) (?:gpus?|tpus?|accelerators?|chips?|cards?|devices?)", re.IGNORECASE)
_SERVERS = re.compile(r"(.+?) (?:nodes?|servers?|machines?|instances?|hosts?|systems?)", re.IGNORECASE)
_PLURAL = re.compile(r"(.*(?:\d|gb))s", re.IGNORECASE)


class Counted(NamedTuple):
    """The name of hardware and the count that was written with it.

    Attributes:
        name: The name without the count.
        number: How many; None if no count was written.
        counts_accelerators: Whether it counts accelerators even if the name is that of a server.
    """

    name: str
    number: float | None = None
    counts_accelerators: bool = False


def split_count(text: str) -> Counted:
    """Return the name and the count in *text*.

    Example:
        >>> split_count("8xH100"), split_count("A100 80GB x 64")
        (Counted(name='H100', number=8.0, counts_accelerators=False), Counted(name='A100 80GB', number=64.0, counts_accelerators=False))
        >>> split_count("TPU v3-256"), split_count("v5litepod-256").number, split_count("ml.p4d.24xlarge").name
        (Counted(name='tpu v3', number=128.0, counts_accelerators=True), 256.0, 'p4d.24xlarge')
    """
    written = " ".join(text.split()).removeprefix("ml.")
    if (found := _SLICE.fullmatch(written)) is not None:
        version = _LITE.get(found[1].lower(), found[1].lower())
        return Counted(f"tpu v{version}", float(found[2]) / _CORES_OF_A_CHIP.get(version, 1.0), counts_accelerators=True)
    if (found := _SHAPE.fullmatch(written)) is not None:
        return Counted(f"{found[1]} 80gb" if found[2] else found[1], float(found[3]), counts_accelerators=True)
    if (found := _INSTANCE.fullmatch(written)) is not None:
        return Counted(found[2].replace("_", " "), float(found[1]), counts_accelerators=True)
    for pattern in _BEFORE:
        if (found := pattern.fullmatch(written)) is not None:
            return _times(found[1], found[2])
    for pattern in _AFTER:
        if (found := pattern.fullmatch(written)) is not None:
            return _times(found[2], found[1])
    return Counted(written)


def _times(number: str, rest: str) -> Counted:
    """Return what *rest* names, *number* times; the rest may hold a count too: 16 x 8 A100."""
    inner = split_count(rest.strip())
    name, counts_accelerators = inner.name, inner.counts_accelerators
    if (found := _GPUS.fullmatch(name)) is not None:
        name, counts_accelerators = found[1], True
    elif (found := _SERVERS.fullmatch(name)) is not None:
        name = found[1]
    if (found := _PLURAL.fullmatch(name)) is not None:
        name = found[1]
    count = float(number.replace(",", ""))
    return Counted(name, count if inner.number is None else count * inner.number, counts_accelerators)
