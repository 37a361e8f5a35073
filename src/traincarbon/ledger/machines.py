"""Machines of a run, known by boot and boards: a pod that is started again has another host name on the same machine."""

import re
from collections.abc import Sequence
from dataclasses import replace

from traincarbon.ledger.process_summary import Process
from traincarbon.quantities import Part

_OF_ONE_BOARD = re.compile(r"gpu:(GPU|MIG)-[0-9a-f-]{16,}", re.IGNORECASE)
"""Ids that no two boards have. Numbers, as of ``cpu:0``, come on every machine again."""


def is_of_one_board(device: str) -> bool:
    """Return whether no other board has this id.

    Example:
        >>> is_of_one_board("gpu:GPU-2cbc1b01-5f5c-9f0c-7f0b-8b1d1f1c0f00"), is_of_one_board("gpu:0")
        (True, False)
    """
    return _OF_ONE_BOARD.fullmatch(device) is not None


def on_machines(processes: Sequence[Process]) -> list[Process]:
    """Return *processes* with one node for each machine, whatever names it had.

    Two names are those of one machine if their processes ran in the same boot of a system and metered the same GPU.
    """
    ordered = sorted(processes, key=lambda process: (process.first_wall_s, process.writer))
    ranks = {node: rank for rank, node in enumerate(dict.fromkeys(process.node for process in ordered))}
    names: dict[str, str] = {}
    first_with: dict[tuple[str, str], str] = {}
    for process in ordered:
        node = _canonical(process.node, names)
        boot = process.life.partition("/")[0]
        for device in sorted(process.devices) if boot else ():
            if process.devices[device].part is Part.GPU and is_of_one_board(device):
                other = _canonical(first_with.setdefault((boot, device), node), names)
                first, later = sorted((node, other), key=ranks.__getitem__)
                if first != later:
                    names[later] = first
                node = first
    return [process if (node := _canonical(process.node, names)) == process.node else replace(process, node=node) for process in processes]


def _canonical(node: str, names: dict[str, str]) -> str:
    while node in names:
        node = names[node]
    return node
