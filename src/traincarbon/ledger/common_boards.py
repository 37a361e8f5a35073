"""Whether two records of different programs are of the same GPUs, by the names that these have: programs name one GPU by its UUID, serial number, place on the bus or number."""

import re

from traincarbon.ledger.run import Run
from traincarbon.ledger.run_energy import DeviceUse
from traincarbon.quantities import Part

_OWN = {
    "uuid": re.compile(r"(?:gpu-)?([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"),
    "instance": re.compile(r"(mig-[0-9a-f-]{16,}|mig-gpu-.+)"),
    "serial": re.compile(r"(?:0x)?([0-9a-f]{8,})"),
}
"""Forms of names that no two GPUs have."""
_OF_A_MACHINE = {
    "bus": re.compile(r"(?:0{4,8}:|0{4}(?=[0-9a-f]{4}:))?((?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-9a-f])"),
    "number": re.compile(r"(?:[a-z]+[-_:]?)?(\d{1,3})"),
}
"""Forms of names that come again on every machine."""


def share_boards(one: Run, other: Run) -> bool | None:
    """Return whether two records are of a common GPU; None if their names cannot tell.

    Two names tell only if they have the same form, and those that come again on every machine only if the machines are known and common.
    """
    mine, theirs = _names(one), _names(other)
    have_common = any(mine[form] & theirs[form] for form in mine.keys() & theirs.keys())
    if have_common:
        return True
    if not mine or mine.keys() != theirs.keys() or len(mine) > 1:
        return None
    (form,) = mine
    return False if form in _OWN or _hosts(mine[form]) & _hosts(theirs[form]) else None


def _names(record: Run) -> dict[str, set[tuple[str, str]]]:
    """Return the machine, empty if it does not matter, and the name of each GPU of a record, by the form of the name; nothing if one has none."""
    found: dict[str, set[tuple[str, str]]] = {}
    for use in record.by_device:
        if use.part == Part.GPU:
            form, host, name = _name(use)
            if not form:
                return {}
            found.setdefault(form, set()).add((host, name))
    return found


def _name(use: DeviceUse) -> tuple[str, str, str]:
    """Return the form of a name, the machine where it matters, and the name without what programs put before it; no form if the machine is not known."""
    stated = use.device.removeprefix("gpu:").lower()
    for form, pattern in _OWN.items():
        if known := pattern.fullmatch(stated):
            return form, "", known[1]
    if use.host:
        for form, pattern in _OF_A_MACHINE.items():
            if known := pattern.fullmatch(stated):
                return form, use.host, known[1]
        return "other", use.host, stated
    return "", "", ""


def _hosts(names: set[tuple[str, str]]) -> set[str]:
    return {host for host, _ in names}
