"""Where the files of a sweep are: the output, its parts, and the units that are not joined yet."""

import os
import re
import shutil
from collections.abc import Mapping
from os import path
from typing import Any, NamedTuple

from traincarbon.errors import CarbonError
from traincarbon.explore.sweeps.parquet_file import stored_in
from traincarbon.explore.sweeps.shard import Shard
from traincarbon.explore.sweeps.unfinished import UNIT
from traincarbon.explore.sweeps.work import Unit

ENDING = ".parquet"
_PART = re.compile(r"\.part-(\d{3,})-of-(\d+)\.parquet")
_ROOM = 1.1
"""Bytes on the disk for a byte of numbers: headers, texts, and what is rounded up."""
_B_OF_NUMBER = 8
_B_OF_GB = 1e9


class Place(NamedTuple):
    """The files of one sweep, or of one shard of it.

    Attributes:
        output: The file that the whole sweep ends in.
        shard: The shard; None for the whole.
        sweep_sha256: What every file of the sweep says of itself.
    """

    output: str
    shard: Shard | None
    sweep_sha256: str

    @property
    def file(self) -> str:
        """The file to write: the output, or the part of the shard."""
        return self.output if self.shard is None else self.part(self.shard)

    def part(self, shard: Shard) -> str:
        """Return the file of a *shard*."""
        return f"{self.output.removesuffix(ENDING)}.part-{shard.number:03d}-of-{shard.total}{ENDING}"

    @property
    def units(self) -> str:
        """The folder of the units that :attr:`file` is joined from; it is there while the work goes on."""
        folder, name = path.split(self.file)
        return path.join(folder, f".{name}.{self.sweep_sha256[:12]}.units")

    def unit(self, unit: Unit) -> str:
        """Return the file of a *unit*."""
        return path.join(self.units, f"{unit.start}-{unit.stop}{UNIT}")

    def parts(self) -> dict[Shard, str]:
        """Return the parts beside the output that are there, of whatever number, in the order of their shards."""
        folder, name = path.split(self.output)
        stem = name.removesuffix(ENDING)
        found = {}
        for each in os.listdir(folder or "."):
            match = _PART.fullmatch(each[len(stem) :]) if each.startswith(stem) else None
            if match is not None and int(match[1]) < int(match[2]):
                found[Shard(int(match[1]), int(match[2]))] = path.join(folder, each)
        return dict(sorted(found.items()))

    def is_done(self, file: str, rows: tuple[int, int]) -> bool:
        """Say whether *file* holds these plans of this sweep already.

        Raises:
            CarbonError: it is something else.
        """
        if not path.lexists(file):
            return False
        if path.isdir(file):
            raise CarbonError(f"{file!r} is a folder", hint=f"name a file that ends in {ENDING}")
        stated: Mapping[str, Any] = stored_in(file).stated
        if stated.get("sweep_sha256") == self.sweep_sha256 and stated.get("rows") == list(rows):
            return True
        why = "of another grid, other facts, another version or other options" if "sweep_sha256" in stated else "and no sweep"
        raise CarbonError(f"{file!r} is there already, {why}", hint="name another file, or remove that one first")

    def check_parts(self) -> None:
        """Refuse a shard of another number than parts that are there.

        Raises:
            CarbonError: the parts are of another number.
        """
        if self.shard is None:
            return
        for shard, file in self.parts().items():
            if shard.total != self.shard.total and stored_in(file).stated.get("sweep_sha256") == self.sweep_sha256:
                message = f"{file!r} is one of {shard.total} shards, and this one is of {self.shard.total}"
                raise CarbonError(message, hint=f"give --shard i/{shard.total}, or name another file")

    def check_room(self, *, plans: int, columns: int, kept: int = 0) -> None:
        """Refuse a sweep that the disk has no room for.

        Args:
            plans: Plans of the file.
            columns: Columns that each has.
            kept: Plans that are computed into units first, which stay until the file is whole.

        Raises:
            CarbonError: it has none.
        """
        need_b = (plans + kept) * columns * _B_OF_NUMBER * _ROOM
        free_b = shutil.disk_usage(path.dirname(self.file) or ".").free
        if need_b > free_b:
            message = f"{plans:,} plans need about {need_b / _B_OF_GB:,.3g} GB on the disk, and {free_b / _B_OF_GB:,.3g} GB are free"
            raise CarbonError(message, hint="keep less (--keep pareto), sweep fewer plans, or name a file on another disk")
