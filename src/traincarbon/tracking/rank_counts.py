"""Counts that each rank of a training reports of its own work, added up to those of the whole training."""

from collections.abc import Mapping

SUMMED = ("tokens", "samples")
"""What ranks share out among them. They all do the same steps."""


class RankCounts:
    """The highest counts of each rank, and the counts of the checkpoints from which they resumed."""

    def __init__(self) -> None:
        self._counts: dict[str, dict[str, float]] = {name: {} for name in SUMMED}
        self._starts: dict[str, dict[str, float]] = {name: {} for name in SUMMED}

    def add(self, rank: str, *, counts: Mapping[str, float | None], starts: Mapping[str, float | None]) -> dict[str, float]:
        """Take the counts of a rank, which never fall, and return the sums over all ranks so far.

        Example:
            >>> ranks = RankCounts()
            >>> ranks.add("0", counts={"tokens": 100.0}, starts={}), ranks.add("1", counts={"tokens": 90.0}, starts={})
            ({'tokens': 100.0}, {'tokens': 190.0})
        """
        for name in SUMMED:
            count, start = counts.get(name), starts.get(name)
            if count is not None:
                self._counts[name][rank] = max(count, self._counts[name].get(rank, 0.0))
            if start is not None:
                self._starts[name].setdefault(rank, start)
        return {name: sum(by_rank.values()) for name, by_rank in self._counts.items() if by_rank}

    @property
    def starts(self) -> dict[str, float]:
        """The counts of the checkpoints over all ranks; a rank that states none began anew."""
        return {name: sum(self._starts[name].values()) for name in SUMMED if self._counts[name]}
