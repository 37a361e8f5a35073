"""One of the equal parts of a sweep, as a user or the array of a scheduler numbers it."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from traincarbon.errors import CarbonError, PlanError
from traincarbon.formatting import counted

_MOST = 1_000_000
_BY_HAND = "or give the shard as --shard i/n, counted from 0"


class Shard(NamedTuple):
    """Part *number* of *total*, counted from 0."""

    number: int
    total: int

    def bounds(self, plans: int) -> tuple[int, int]:
        """Return the first of its plans and the one after its last.

        Example:
            >>> [Shard(number, 3).bounds(10) for number in range(3)]
            [(0, 3), (3, 6), (6, 10)]
        """
        return plans * self.number // self.total, plans * (self.number + 1) // self.total

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """Return the shard that *text* names: ``i/n``, counted from 0.

        Raises:
            PlanError: it names none.

        Example:
            >>> Shard.parse("3/8")
            Shard(number=3, total=8)
        """
        found = re.fullmatch(r"\s*(\d{1,9})\s*/\s*(\d{1,9})\s*", text, re.ASCII)
        if found is None:
            raise PlanError(f"shard is {text[:40]!r}", hint="write i/n, as 0/8 for the first of eight")
        return _checked(int(found[1]), int(found[2]), "shard")


def scheduled(environment: Mapping[str, str]) -> Shard | None:
    """Return the shard that the array of a scheduler gives this process, None outside of an array.

    Slurm and AWS Batch say how many there are; an indexed job of Kubernetes says its number alone.

    Raises:
        CarbonError: a scheduler states a number, but not of how many.

    Example:
        >>> scheduled({"SLURM_ARRAY_TASK_ID": "5", "SLURM_ARRAY_TASK_MIN": "1", "SLURM_ARRAY_TASK_MAX": "8", "SLURM_ARRAY_TASK_COUNT": "8"})
        Shard(number=4, total=8)
    """
    if "SLURM_ARRAY_TASK_ID" in environment:
        return _of_slurm(environment)
    if "JOB_COMPLETION_INDEX" in environment:
        index, count = _number(environment, "JOB_COMPLETION_INDEX"), environment.get("JOB_COMPLETIONS", "")
        if not count:
            raise CarbonError(f"JOB_COMPLETION_INDEX is {index}, but not of how many", hint=f"set JOB_COMPLETIONS to the completions of the job, {_BY_HAND}")
        return _checked(index, _number(environment, "JOB_COMPLETIONS"), "JOB_COMPLETION_INDEX")
    if "AWS_BATCH_JOB_ARRAY_INDEX" in environment:
        if "AWS_BATCH_JOB_ARRAY_SIZE" not in environment:
            index = _number(environment, "AWS_BATCH_JOB_ARRAY_INDEX")
            raise CarbonError(
                f"AWS_BATCH_JOB_ARRAY_INDEX is {index}, but not of how many", hint=f"set AWS_BATCH_JOB_ARRAY_SIZE to the size of the array, {_BY_HAND}"
            )
        return _checked(_number(environment, "AWS_BATCH_JOB_ARRAY_INDEX"), _number(environment, "AWS_BATCH_JOB_ARRAY_SIZE"), "AWS_BATCH_JOB_ARRAY_INDEX")
    return None


def _of_slurm(environment: Mapping[str, str]) -> Shard:
    task = _number(environment, "SLURM_ARRAY_TASK_ID")
    if "SLURM_ARRAY_TASK_COUNT" not in environment:
        raise CarbonError(f"SLURM_ARRAY_TASK_ID is {task}, but not of how many", hint=f"set SLURM_ARRAY_TASK_COUNT, {_BY_HAND}")
    count = _number(environment, "SLURM_ARRAY_TASK_COUNT")
    first = _number(environment, "SLURM_ARRAY_TASK_MIN") if "SLURM_ARRAY_TASK_MIN" in environment else 0
    last = _number(environment, "SLURM_ARRAY_TASK_MAX") if "SLURM_ARRAY_TASK_MAX" in environment else first + count - 1
    if first not in (0, 1) or last - first + 1 != count or not first <= task <= last:
        hint = "use an array as --array=0-7; to repeat some of its tasks, give --shard $SLURM_ARRAY_TASK_ID/8"
        raise CarbonError(f"the array has {counted(count, 'task')} from {first} to {last}: that does not say which part of how many task {task} is", hint=hint)
    return _checked(task - first, count, "SLURM_ARRAY_TASK_ID")


def _number(environment: Mapping[str, str], name: str) -> int:
    text = environment[name]
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII):
        raise CarbonError(f"{name} is {text[:40]!r}", hint=f"it must be a whole number, {_BY_HAND}")
    return int(text)


def _checked(index: int, count: int, name: str) -> Shard:
    if not 1 <= count <= _MOST:
        raise PlanError(f"{name} is {index} of {count}", hint=f"there may be 1 to {_MOST:,} shards")
    if index >= count:
        raise PlanError(f"{name} is {index} of {count}", hint=f"shards are counted from 0: the last is {count - 1}")
    return Shard(index, count)
