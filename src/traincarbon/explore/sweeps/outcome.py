"""What a sweep made: its file, and how many plans it holds."""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Sweep(NamedTuple):
    """What a sweep made.

    Attributes:
        file: The file of Parquet: the whole, or the part of a shard.
        plans: The plans of the grid, or of the shard.
        rows: The first of these plans in the grid, and the one after the last.
        kept: The plans in the file.
        reused: Plans that were there from an earlier start.
        set_aside: Why plans cannot be estimated, with how many each.
        duration_s: How long it took. [s]
        joined: The file that all shards were joined in; None where some are missing.
        stated: What the file says of itself.
    """

    file: str
    plans: int
    rows: tuple[int, int]
    kept: int
    reused: int
    set_aside: Mapping[str, int]
    duration_s: float
    joined: str | None
    stated: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Return it fit for JSON, in the schema ``traincarbon/sweep/1``."""
        computed = self.plans - self.reused
        return {
            "schema": self.stated["schema"],
            "file": self.file,
            "joined": self.joined,
            "plans": self.plans,
            "rows": list(self.rows),
            "kept": self.kept,
            "computed": computed,
            "reused": self.reused,
            "set_aside": dict(self.set_aside),
            "duration_s": self.duration_s,
            "plans_per_s": computed / self.duration_s if computed and self.duration_s > 0.0 else None,
            "provenance": dict(self.stated),
        }
