"""What the launchers of a process say of it."""

from collections.abc import Mapping
from typing import NamedTuple


class Launch(NamedTuple):
    """What the launchers of a process say. None and "" are what nobody says."""

    run_id: str = ""
    """The same for all processes of a run, and again when its job is started again."""
    run_id_from: tuple[str, ...] = ()
    """The variables that gave it."""
    launcher: str = ""
    """The outermost launcher."""
    starter: str = ""
    """The innermost launcher: the one that started this process."""
    attempt: int | None = None
    """How many times the job had been started before."""
    node_rank: int | None = None
    nodes: int | None = None
    """How many nodes the run is expected on."""
    local_rank: int | None = None
    local_size: int | None = None
    rank: int | None = None
    world_size: int | None = None
    rendezvous: str = ""
    """The address at which all ranks of the training meet."""
    comes_again: bool = False
    """Whether another run may have the same id: the same command of a job twice, or an id that people choose."""
    found: Mapping[str, tuple[str, ...]] = {}
    """Field to the variables that stated it."""

    @property
    def is_one_of_many(self) -> bool:
        """Whether other processes may belong to the same run."""
        return self.local_rank is not None or any(number is not None and number > 1 for number in (self.nodes, self.local_size, self.world_size))

    @property
    def has_other_nodes(self) -> bool:
        """Whether the run has nodes besides this one: by their number, by a rank of this one among them, or by ranks that are not here."""
        if self.nodes is not None:
            return self.nodes > 1
        return self.node_rank is not None or (self.world_size is not None and self.local_size is not None and self.world_size > self.local_size)

    @property
    def origin(self) -> dict[str, object] | None:
        """What the record of the run states of its launch; None where nothing launched it and nothing gave its id."""
        if not self.launcher and not self.run_id_from:
            return None
        return {"name": self.launcher, "starter": self.starter, "run_id_from": list(self.run_id_from), "attempt": self.attempt}
