"""The table of a pack: a row a line of a journal, with what the line adds, and the line itself."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from traincarbon.ledger.packs.added_energy import Energies
from traincarbon.ledger.packs.arrow_arrays import from_numbers, from_texts, repeated
from traincarbon.ledger.packs.line_columns import Stated, stated_in
from traincarbon.ledger.packs.packages import pyarrow
from traincarbon.ledger.packs.raw_lines import NotPackableError, Piece, pieces
from traincarbon.ledger.process_summary import Process
from traincarbon.quantities import ENERGY_PARTS

if TYPE_CHECKING:
    import pyarrow as pa

_LATEST_S = 253_402_300_800.0
"""The year 10000, at which calendars end."""
_KIND = re.compile(r"[a-z]{1,20}")


def schema() -> "pa.Schema":
    """Return the columns of a pack. Energies are in joules, times in seconds and UTC; ``energy_j`` counts each part once."""
    pa = pyarrow()
    device = pa.struct(
        [
            *(("device", pa.string()), ("part", pa.string()), ("how", pa.string())),
            *((name, pa.float64()) for name in ("energy_j", "total_j", "power_max_w", "utilisation")),
        ]
    )
    return pa.schema(
        [
            *((name, pa.string()) for name in ("journal", "run_id", "project", "node", "writer")),
            *(("seq", pa.int64()), ("kind", pa.string()), ("time", pa.timestamp("us", "UTC")), ("duration_s", pa.float64())),
            *((f"{name}_j", pa.float64()) for name in ("energy", *(part.value for part in ENERGY_PARTS))),
            *(("tokens", pa.float64()), ("devices", pa.list_(device)), ("line", pa.binary())),
        ]
    )


class IntervalTables:
    """The tables of one journal, made piece by piece.

    Args:
        journal: Folder and name of the journal.
        process: What its lines say together.

    Attributes:
        n_lines: Lines so far.
        size_b: Bytes so far.
    """

    def __init__(self, journal: str, process: Process) -> None:
        self.n_lines = self.size_b = 0
        self._process = process
        self._energies = Energies(process.devices)
        self._constant = {"journal": journal, "run_id": process.run_id, "project": process.facts.project, "node": process.node, "writer": process.writer}
        self._seq = -1

    def tables(self, stream: BinaryIO) -> "Iterator[tuple[bytes, pa.Table]]":
        """Yield the bytes of the journal in pieces, each with its table.

        Raises:
            NotPackableError: what the columns say is not what the journal says, or it has lines of other processes.
        """
        for piece in pieces(stream, self._process):
            self.n_lines += piece.n_lines
            self.size_b += len(piece.content)
            yield piece.content, self._table(piece)
        for name, device in self._process.devices.items():
            if self._energies.device_j[name] != device.energy_j:
                raise NotPackableError(f"the energy of {name[:60]} is not that of its last lines")

    @property
    def energy_j(self) -> float:
        """What the lines so far add, each part counted once. [J]."""
        return self._energies.total_j

    def _table(self, piece: Piece) -> "pa.Table":
        pa = pyarrow()
        rows = _Rows(piece.n_lines, list(self._process.devices))
        for stated in stated_in(piece, rows.devices):
            if len(stated.seq) and (stated.seq[0] <= self._seq or (np.diff(stated.seq) <= 0).any()):
                raise NotPackableError("its lines are not in order")
            self._seq = int(stated.seq[-1]) if len(stated.seq) else self._seq
            rows.take(stated, self._energies)
        constant = {name: repeated(text, piece.n_lines) for name, text in self._constant.items()}
        parts = {name: device.part.value for name, device in self._process.devices.items()}
        lines = pa.Array.from_buffers(pa.binary(), piece.n_lines, [None, pa.py_buffer(piece.offsets.tobytes()), pa.py_buffer(piece.content)])
        return pa.table({**constant, **rows.columns(pa), "devices": rows.device_lists(pa, parts), "line": lines}).select(schema().names).cast(schema())


class _Rows:
    """Columns as long as a piece has lines; where a line states nothing, they hold nothing."""

    def __init__(self, n_lines: int, devices: list[str]) -> None:
        self.devices = devices
        self._n_lines = n_lines
        self._seq = np.full(n_lines, -1, np.int64)
        self._kind = np.full(n_lines, None, object)
        self._numbers = {name: np.full(n_lines, np.nan) for name in ("wall_s", "from_s", "to_s", "tokens")}
        self._added = {part: np.zeros(n_lines) for part in ENERGY_PARTS}
        self._devices: list[tuple[Any, ...]] = []

    def take(self, stated: Stated, energies: Energies) -> None:
        """Put what some of the lines state into their places."""
        at = stated.places
        self._seq[at] = stated.seq
        self._kind[at] = stated.kind
        for name, column in self._numbers.items():
            column[at] = stated.numbers[name]
        counts = stated.kind != "start"  # the counters before a run are no energy of the run
        energy = {name: np.where(counts & (of["energy_j"] >= 0.0), of["energy_j"], np.nan) for name, of in stated.devices.items()}
        before = dict(energies.device_j)
        reached, added = energies.take(energy, ended=stated.ended)
        for part, column in self._added.items():
            column[at] = added[part]
        for name, of in stated.devices.items():
            known = np.flatnonzero(~np.isnan(energy[name]))
            gained = np.diff(reached[name], prepend=before[name])
            self._devices.append(
                (name, at[known], stated.how[name].take(from_numbers(known)), gained[known], reached[name][known], *(of[each][known] for each in _READINGS))
            )

    def columns(self, pa: Any) -> dict[str, Any]:
        """Return all columns but the texts that all lines have, the devices and the lines."""
        wall_s, seconds = self._numbers["wall_s"], self._numbers["to_s"] - self._numbers["from_s"]
        is_time = (wall_s >= 0.0) & (wall_s < _LATEST_S)
        times_us = np.where(is_time, wall_s, 0.0) * 1e6
        plain = {kind: kind if isinstance(kind, str) and _KIND.fullmatch(kind) else None for kind in set(self._kind.tolist())}
        added = {f"{part.value}_j": from_numbers(energy) for part, energy in self._added.items()}
        return {
            "seq": from_numbers(self._seq, known=self._seq >= 0),
            "kind": from_texts([plain[kind] for kind in self._kind.tolist()]),
            "time": from_numbers(times_us.astype(np.int64), known=is_time).cast(pa.timestamp("us", "UTC")),
            "duration_s": _known_numbers(seconds),
            "energy_j": from_numbers(sum(self._added.values(), np.zeros(self._n_lines))),
            **added,
            "tokens": _known_numbers(self._numbers["tokens"]),
        }

    def device_lists(self, pa: Any, parts: dict[str, str]) -> Any:
        """Return what each line states of each device that it states the energy of."""
        places = np.concatenate([each[1] for each in self._devices]) if self._devices else np.zeros(0, np.int64)
        order = np.argsort(places, kind="stable")
        names = np.concatenate([np.full(len(each[1]), number) for number, each in enumerate(self._devices)])[order] if self._devices else places
        hows = pa.concat_arrays([each[2] for each in self._devices]).take(from_numbers(order)) if self._devices else from_texts([])
        numbers = [np.concatenate([each[at] for each in self._devices])[order] if self._devices else np.zeros(0) for at in range(3, 7)]
        codes = from_numbers(names.astype(np.int32))
        fields = [
            pa.DictionaryArray.from_arrays(codes, from_texts([each[0] for each in self._devices])).cast(pa.string()),
            pa.DictionaryArray.from_arrays(codes, from_texts([parts[each[0]] for each in self._devices])).cast(pa.string()),
            hows,
            *map(_known_numbers, numbers),
        ]
        offsets = np.concatenate(([0], np.cumsum(np.bincount(places, minlength=self._n_lines)))).astype(np.int32)
        names_of_fields = ["device", "part", "how", "energy_j", "total_j", *_READINGS]
        return pa.ListArray.from_arrays(from_numbers(offsets), pa.StructArray.from_arrays(fields, names=names_of_fields))


_READINGS = ("power_max_w", "utilisation")


def _known_numbers(values: Any) -> Any:
    """Return numbers as an array of Arrow, null where they are NaN."""
    return from_numbers(values, known=~np.isnan(values))
