"""The table of formats that can be imported, recognised by their content."""

import csv
import io
import sys
from collections.abc import Sequence
from dataclasses import fields, replace
from os import path
from typing import BinaryIO, TextIO

from traincarbon.errors import CarbonError, NotFoundError
from traincarbon.ledger import exchange
from traincarbon.ledger.run import Run
from traincarbon.readers import (
    carbontracker_log,
    codecarbon_csv,
    eco2ai_csv,
    handwritten_csv,
    joules_json,
    mlflow_csv,
    nvidia_smi,
    sacct,
    trainer_state,
    wandb_csv,
    zeus_csv,
)
from traincarbon.readers.imported import UNKNOWN_END, Format, Imported, ImportOptions
from traincarbon.readers.incomplete import without_hole
from traincarbon.readers.ranks import united_ranks
from traincarbon.readers.table import first_line
from traincarbon.reading import open_input

STDIN = "-"
"""Names standard input."""

_BEGINNING = 1 << 16
_COMMAS = "save it with commas between cells and points in numbers, as its program wrote it"
_LONGEST_OF_OURS = 1 << 30
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def _is_ours(beginning: str) -> bool:
    return '"traincarbon/run/' in beginning[:2000] or exchange.is_ours(first_line(beginning))


def _read_ours(stream: TextIO, options: ImportOptions) -> Imported:  # noqa: ARG001  every reader has this shape
    beginning = stream.read(_BEGINNING)
    can_be_ours = beginning.lstrip()[:1] in ("{", "[") or exchange.is_ours(first_line(beginning))
    rest = stream.read(_LONGEST_OF_OURS) if can_be_ours else ""  # what is not, such as a device, may have no end
    text = beginning + rest
    return Imported(exchange.load(text[max(text.find(first_line(beginning)), 0) :].encode("utf-8")), [], [])


OURS = Format(
    "traincarbon",
    "`carbon runs export`, as JSON, CSV or Parquet",
    "all that `carbon runs show --json` prints",
    "journals: intervals of a run",
    "notes and single devices stay in the journals: copy these with `carbon runs merge`",
    _is_ours,
    _read_ours,
)
FORMATS: tuple[Format, ...] = (
    OURS,
    codecarbon_csv.FORMAT,
    joules_json.FORMAT,
    carbontracker_log.FORMAT,
    mlflow_csv.FORMAT,
    wandb_csv.RUNS,
    wandb_csv.METRICS,
    sacct.FORMAT,
    nvidia_smi.FORMAT,
    eco2ai_csv.FORMAT,
    zeus_csv.FORMAT,
    trainer_state.FORMAT,
    handwritten_csv.FORMAT,
)
"""The formats that can be imported, the most specific first; the first one that recognises a file reads it."""
AUTO = "auto"
FORMAT_NAMES = (AUTO, *(each.name for each in FORMATS))
_SERVERS = (
    "| – | `prom+http://HOST:PORT`, a server: Prometheus, VictoriaMetrics, Mimir or Thanos | energy of GPUs, processors, memory and whole nodes, duration, nodes,"
    " GPUs, hardware | state, parameters, tokens | see [Prometheus](#prometheus) |"
)


def formats_table() -> str:
    """Return the table of formats in Markdown, as docs/readers.md has it."""
    rows = [f"| `{each.name}` | {each.title} | {each.carries} | {each.lacks} | {each.note} |" for each in FORMATS]
    return "\n".join(["| `--format` | file | gives | lacks | note |", "|---|---|---|---|---|", *rows, _SERVERS])


def read_file(file: str, *, format: str = AUTO, options: ImportOptions | None = None) -> Imported:
    """Return the runs of a file, or of standard input for ``-``.

    Args:
        file: The file, in UTF-8, or in UTF-16 with a byte-order mark, as PowerShell writes it.
        format: One of :data:`FORMAT_NAMES`; ``auto`` recognises the content.
        options: What the user states about the file.

    Raises:
        NotFoundError: no reader recognises the file.
        CarbonError: it cannot be read, or lacks a column that the user names.
    """
    options = replace(options or ImportOptions(), name="" if file == STDIN else path.basename(file))
    try:
        if file == STDIN:
            return _read(io.BytesIO(sys.stdin.buffer.read(_LONGEST_OF_OURS)), format, options)
        with open_input(file) as stream:
            content = stream if stream.seekable() else io.BytesIO(stream.read(_LONGEST_OF_OURS))
            return _read(content, format, options)
    except OSError as error:
        raise CarbonError(f"cannot read {file!r}: {error.strerror or error}", hint="name a file that you may read, or - for standard input") from error
    except ValueError as error:
        raise CarbonError(f"cannot read {file[:200]!r}: {error}", hint="name a file") from error
    except csv.Error as error:
        raise CarbonError(f"cannot read {file!r}: {error}", hint="is it a text table?") from error


def merged(records: Sequence[Run]) -> list[Run]:
    """Return one record per run. What its longest record does not state comes from the others.

    A record that names GPUs and states no energy of them has no totals.

    Ranks that each metered the whole machine are one run, the better measured one. So the two logs of carbontracker, or a table of runs and the system metrics of one of them, make one run.
    """
    by_run: dict[str, Run] = {}
    for record in records:
        known = by_run.get(record.run_id)
        by_run[record.run_id] = record if known is None else _completed(*sorted((known, record), key=_span, reverse=True))
    return [without_hole(record) for record in united_ranks(list(by_run.values()))]


def _read(content: BinaryIO, format: str, options: ImportOptions) -> Imported:
    mark = content.read(len(exchange.PARQUET))
    content.seek(0)
    if mark == exchange.PARQUET and format in (AUTO, OURS.name):
        return Imported(exchange.load(content.read(_LONGEST_OF_OURS)), [], [])
    encoding = "utf-16" if mark[:2] in _UTF_16 else "utf-8-sig"
    with io.TextIOWrapper(content, encoding=encoding, errors="replace", newline="") as stream:
        chosen = _format_of(stream, format, options)
        if not chosen.has_free_columns and (options.params_column or options.tokens_column):
            raise CarbonError(
                f"{options.name or 'standard input'} is in the format {chosen.name}, which has no columns for parameters or tokens",
                hint="leave out --params-column and --tokens-column",
            )
        if options.energy_covers and chosen is not sacct.FORMAT:
            raise CarbonError(
                f"{options.name or 'standard input'} is in the format {chosen.name}, which states what its energy covers", hint="leave out --energy-covers"
            )
        found = chosen.read(stream, options)
        found = found if chosen is OURS else found._replace(records=[replace(record, source=chosen.name) for record in found.records])
        said = [] if chosen is OURS else [f"run {record.run_id[:60]!r}: {note}" for record in found.records for note in record.notes]
        notes = list(dict.fromkeys([*found.notes, *said, *([] if found.records or found.left_out else ["it holds no run"])]))
        return found._replace(notes=notes)


def _format_of(stream: TextIO, format: str, options: ImportOptions) -> Format:
    if format != AUTO:
        return next(each for each in FORMATS if each.name == format)
    beginning = stream.read(_BEGINNING)
    stream.seek(0)
    for each in FORMATS:
        if each.recognise(beginning):
            return each
    if (likely := next((each for each in FORMATS if each.recognise(beginning.replace(";", ","))), None)) is not None:
        raise CarbonError(f"{options.name or 'standard input'} looks like the format {likely.name}, but with semicolons between cells", hint=_COMMAS)
    seen = "it is empty" if not beginning.strip() else f"it begins {first_line(beginning)[:40]!r}"
    raise NotFoundError(f"{options.name or 'standard input'} has no recognised format: {seen}", hint=f"state it with --format: {', '.join(FORMAT_NAMES[1:])}")


def _span(record: Run) -> tuple[float, float]:
    return record.duration_s, record.metered_kwh or 0.0


def _completed(record: Run, other: Run) -> Run:
    """Return *record*, with what it does not state from *other*."""
    stated = {item.name: getattr(other if getattr(record, item.name) in (None, "", (), {}) else record, item.name) for item in fields(record)}
    parts = [part for part, energy_j in record.energy_j.items() if energy_j is None and other.energy_j[part] is not None]
    stated |= {
        "state": other.state if record.state == UNKNOWN_END else record.state,
        "energy_j": {**record.energy_j, **{part: other.energy_j[part] for part in parts}},
        "how": {**record.how, **{part: other.how[part] for part in parts if part in other.how}},
        "missing": {part: reason for part, reason in record.missing.items() if part not in parts},
        "gaps_s": max(record.gaps_s, other.gaps_s),
        "samples": max(record.samples, other.samples),
        "notes": tuple(dict.fromkeys([*record.notes, *other.notes])),
    }
    return Run(**stated)
