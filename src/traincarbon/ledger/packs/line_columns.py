"""What the lines of a journal state, as columns: parsed in bulk by Arrow, or one by one where a line is not as the writers of this package write it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from traincarbon.decode import number, table, text
from traincarbon.ledger.journal_lines import Line, parse_line
from traincarbon.ledger.packs.arrow_arrays import to_flags, to_floats, to_integers, to_texts
from traincarbon.ledger.packs.packages import pyarrow
from traincarbon.ledger.packs.raw_lines import Piece

if TYPE_CHECKING:
    import pyarrow as pa

Floats = npt.NDArray[np.float64]
_MOST_CELLS = 2_000_000
"""Lines times devices that are parsed at a time."""
_NUMBERS = ("wall_s", "from_s", "to_s", "tokens")
DEVICE_NUMBERS = ("energy_j", "power_max_w", "utilisation")


class Stated(NamedTuple):
    """What lines state. A number that a line does not state is NaN.

    Attributes:
        places: Their places among all lines of the piece.
        seq: Their numbers.
        kind: Their kinds.
        ended: Whether each is the last interval of the job.
        numbers: Name to the number of each line.
        devices: Device to what each line states of it by name.
        how: Device to how each line says that its energy is known, as an array of Arrow.
    """

    places: npt.NDArray[np.int64]
    seq: npt.NDArray[np.int64]
    kind: npt.NDArray[np.object_]
    ended: npt.NDArray[np.bool_]
    numbers: dict[str, Floats]
    devices: dict[str, dict[str, Floats]]
    how: dict[str, Any]


def stated_in(piece: Piece, devices: Sequence[str]) -> list[Stated]:
    """Return what the lines of a piece state of some *devices*, in tables that fit into memory."""
    schema = _schema(devices)
    if piece.others:
        usable = sorted([*piece.sealed, *piece.others])
        return [_columns(_one_by_one((_line(piece, at) for at in group), schema), group, devices) for group in _groups(usable, len(devices))]
    found = []
    for group in _groups(piece.sealed, len(devices)):
        is_all = len(group) == piece.n_lines
        content = piece.content if is_all else b"".join(piece.line(at) for at in group)
        parsed = _in_bulk(content, len(group), schema)
        found.append(_columns(parsed if parsed is not None else _one_by_one((_line(piece, at) for at in group), schema), group, devices))
    return found


def _groups(places: Sequence[int], n_devices: int) -> Iterable[Sequence[int]]:
    size = max(_MOST_CELLS // max(n_devices, 1), 1)
    return (places[first : first + size] for first in range(0, len(places), size))


def _line(piece: Piece, place: int) -> Mapping[str, object]:
    line: Line | None = piece.others.get(place) or parse_line(piece.line(place))[0]
    return line if line is not None else {}


def _schema(devices: Sequence[str]) -> "pa.Schema":
    pa = pyarrow()
    numbers = [(name, pa.float64()) for name in _NUMBERS]
    device = pa.struct([("how", pa.string()), *((name, pa.float64()) for name in DEVICE_NUMBERS)])
    fields = [("seq", pa.int64()), ("kind", pa.string()), *numbers, ("ended", pa.bool_())]
    return pa.schema([*fields, ("devices", pa.struct([(name, device) for name in devices]))] if devices else fields)


def _in_bulk(content: bytes, n_lines: int, schema: "pa.Schema") -> "pa.Table | None":
    """Return lines as a table, None where Arrow does not read them as JSON is read line by line."""
    pa = pyarrow()
    reads = pa.json.ReadOptions(use_threads=False, block_size=len(content) + 1)
    parses = pa.json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore")
    try:
        found = pa.json.read_json(pa.BufferReader(content), read_options=reads, parse_options=parses)
    except pa.ArrowException:
        return None
    is_whole = found.num_rows == n_lines and not any(found[name].null_count for name in ("seq", "kind", "wall_s"))
    return found if is_whole else None


def _one_by_one(lines: Iterable[Mapping[str, object]], schema: "pa.Schema") -> "pa.Table":
    """Return lines as a table, of each what it states validly."""
    devices = [field.name for field in schema.field("devices").type] if "devices" in schema.names else []
    return pyarrow().Table.from_pylist([_row(line, devices) for line in lines], schema=schema)


def _row(line: Mapping[str, object], devices: Iterable[str]) -> dict[str, object]:
    stated = table(line.get("devices"))
    return {
        **{name: number(line.get(name)) for name in _NUMBERS},
        "seq": line.get("seq"),
        "kind": line.get("kind"),
        "ended": line.get("ended") is True,
        "devices": {name: _device(table(stated[name])) for name in devices if name in stated},
    }


def _device(stated: Mapping[str, object]) -> dict[str, object]:
    return {"how": text(stated.get("how")), **{name: number(stated.get(name)) for name in DEVICE_NUMBERS}}


def _columns(found: "pa.Table", places: Sequence[int], devices: Sequence[str]) -> Stated:
    compute = pyarrow().compute
    stated, how = dict[str, dict[str, Floats]](), dict[str, Any]()
    for at, name in enumerate(devices):
        column = compute.struct_field(found["devices"], [at])
        stated[name] = {each: _floats(compute.struct_field(column, [place])) for place, each in enumerate(DEVICE_NUMBERS, 1)}
        how[name] = compute.struct_field(column, [0]).combine_chunks()
    return Stated(
        np.asarray(places, np.int64),
        to_integers(found["seq"]),
        to_texts(found["kind"]),
        to_flags(found["ended"]),
        {name: _floats(found[name]) for name in _NUMBERS},
        stated,
        how,
    )


def _floats(column: Any) -> Floats:
    """Return a column of numbers, NaN for what is not known."""
    values = to_floats(column)
    values[~np.isfinite(values)] = np.nan
    return values
