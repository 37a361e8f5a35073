"""The id of a run: the one that the user gives, else that of its launcher, else one on which its processes agree, else a new one."""

import os

from traincarbon.errors import CarbonError
from traincarbon.procfs import stat_of
from traincarbon.tracking.launchers.launch import Launch
from traincarbon.tracking.launchers.run_ids import digest

_ID_B = 6
_LONGEST_S = 10.0
"""Longest wait for the store. [s]"""
_PARENT = ("the launcher's process",)
"""Where an id comes from that all ranks of this node share and no other node knows."""


def identified(launch: Launch, *, store: str, given: str = "") -> Launch:
    """Return *launch* with the id of its run, and what gave it.

    Args:
        launch: Who launched this process.
        store: The folder of the runs.
        given: The id that the user gave, "" if none.

    Example:
        >>> identified(Launch(run_id="slurm-8121-0"), store="").run_id, identified(Launch(), store="", given="mine").run_id
        ('slurm-8121-0', 'mine')
    """
    if given:
        return _with_id(launch, given, ("--run-id",))
    if launch.run_id and not launch.comes_again:
        return launch
    if launch.run_id or (launch.rendezvous and launch.is_one_of_many):
        launch = _agreed(launch, store)
    if launch.run_id:
        return launch
    shared = _of_parent() if launch.local_rank is not None else ""
    return _with_id(launch, shared, _PARENT) if shared else launch._replace(run_id=os.urandom(_ID_B).hex())


def how_to_unite(launch: Launch) -> str:
    """Return what tells the other nodes of a run its id, "" where they know it."""
    if launch.run_id_from not in ((), _PARENT) or not launch.has_other_nodes:
        return ""
    return f"the nodes of this run have no id in common; to record them as one, start it on each with: export CARBON_RUN_ID={launch.run_id}"


def _agreed(launch: Launch, store: str) -> Launch:
    """Return *launch* with the run on which its processes agree in the store; as it is where that cannot be written, or does not answer."""
    from traincarbon.ledger.patience import Asked

    try:
        return Asked(lambda: _met(launch, store)).answer(within_s=_LONGEST_S)  # a training must not wait for a file server that is down
    except OSError:  # that is said where the run is recorded
        return launch


def _met(launch: Launch, store: str) -> Launch:
    """Return *launch* with the run on which its processes agree.

    Raises:
        OSError: the store cannot be written.
    """
    from traincarbon.tracking.rendezvous import Place, run_at_address, run_of_job

    place = Place(launch.rank if launch.local_rank is None else launch.local_rank, launch.attempt, launch.world_size or launch.nodes)
    if launch.run_id:
        return launch._replace(run_id=run_of_job(store, launch.run_id, place, is_finished=lambda run_id: _is_finished(store, run_id)))
    return _with_id(launch, run_at_address(store, launch.rendezvous, place), launch.found.get("rendezvous", ()))


def _with_id(launch: Launch, run_id: str, origin: tuple[str, ...]) -> Launch:
    return launch._replace(run_id=run_id, run_id_from=origin)


def _is_finished(store: str, run_id: str) -> bool:
    from traincarbon.ledger.record import read_run

    try:
        record = read_run(store, run_id)
    except (CarbonError, OSError):
        return False
    return record is not None and record.state == "finished"


def _of_parent() -> str:
    """Return an id that all ranks share which one launcher, as torchrun, started on this node; "" where the system does not show it."""
    parent = stat_of(os.getppid())
    return "" if parent is None else digest(_boot(), str(os.getppid()), str(parent.born), size_b=_ID_B)


def _boot() -> str:
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as stream:
            return stream.read().strip()
    except OSError:
        from platform import node

        return node()
