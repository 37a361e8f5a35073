"""Which GPUs belong to a training: those that its processes see by their environments, and those on which the driver lists them."""

from collections.abc import Iterable, Mapping

from traincarbon.meters.base import Meter
from traincarbon.meters.visible_devices import choosing, seen_with
from traincarbon.procfs import PROC, children_of, read_bytes

_AMD = "amd"
_RESERVING = ("CUDA_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES")


class SeenDevices:
    """The GPUs of one training.

    What its processes set themselves decides, as ``env CUDA_VISIBLE_DEVICES=2 python …`` does. Else those that the owner's environment
    reserves for it belong to it, whether or not it uses them. Without any variable they are those on which the driver lists one of its
    processes, and all of them as long as it lists none. A GPU on which one of its processes was listed always belongs to it.

    Args:
        environment: The owner's environment, or the variables of it that choose GPUs.
        owner: The owner's process, which may have changed its environment since it started.
        proc: The process file system.
    """

    def __init__(self, environment: Mapping[str, str], *, owner: int, proc: str = PROC) -> None:
        self._proc = proc
        self._owners = choosing(environment)
        self._inherited = [self._owners, _choice_of(owner, proc)]
        self._is_reserved = any(name in environment for name in _RESERVING)
        self._stated: set[str] = set()
        """GPUs that environments of its processes name."""
        self._used: set[str] = set()
        self._hides_all = False

    def look(self, meters: Iterable[Meter], pids: Iterable[int]) -> None:
        """Look at the environments of the processes *pids*, and at what the driver lists."""
        family, ordered = set(pids), [meter for meter in meters if meter.order]
        choices = [choice for pid in family if (choice := _choice_of(pid, self._proc)) is not None]
        if not choices:
            return
        own = [choice for choice in choices if choice not in self._inherited]
        self._hides_all = len(own) == len(choices)
        for meter in ordered:
            for choice in own:
                self._stated |= seen_with(choice, meter.order, is_amd=meter.name == _AMD)
            self._used |= {device for device, users in meter.users.items() if not family.isdisjoint(users)}

    def of(self, meter: Meter) -> frozenset[str]:
        """Return the GPUs of *meter* that belong to the training."""
        stated, used = self._stated.intersection(meter.order), self._used.intersection(meter.order)
        if stated:
            return frozenset(stated | used)
        given = frozenset() if self._hides_all else seen_with(self._owners, meter.order, is_amd=meter.name == _AMD)
        if self._is_reserved or self._hides_all or not used:
            return given | used
        return frozenset(used)


def family_of(pid: int, *, proc: str = PROC) -> set[int]:
    """Return a process and its descendants, as far as the system lists them."""
    found, waiting = {pid}, [pid]
    while waiting:
        new = {child for child in children_of(waiting.pop(), proc=proc) if child not in found}
        found |= new
        waiting += new
    return found


def _choice_of(pid: int, proc: str) -> dict[str, str] | None:
    """Return the variables of a process that choose GPUs, None if they cannot be read."""
    try:
        entries = read_bytes(f"{proc}/{pid}/environ").decode("utf-8", "replace").split("\0")
    except OSError:
        return None
    return choosing(dict(entry.partition("=")[::2] for entry in entries)) if entries != [""] else None
