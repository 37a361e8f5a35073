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
    impact_tracker_json,
    joules_agent,
    joules_json,
    megatron_log,
    mlflow_csv,
    mlflow_db,
    mlflow_folder,
    nvidia_smi,
    perun_json,
    sacct,
    sacct_layout,
    tensorboard_events,
    trainer_state,
    wandb_csv,
    wandb_offline,
    zeus_csv,
)
from traincarbon.readers.alike import LikeRun
from traincarbon.readers.content import CUT_OFF, encoding_of, is_cut_off, unpacked
from traincarbon.readers.folder_files import files_in
from traincarbon.readers.imported import UNKNOWN_END, BinaryFormat, Format, Imported, ImportOptions
from traincarbon.readers.incomplete import without_hole
from traincarbon.readers.on_demand import Entry, entries_of, made, runs_of
from traincarbon.readers.ranks import united_ranks
from traincarbon.readers.table import first_line
from traincarbon.reading import open_input, open_regular

STDIN = "-"
"""Names standard input."""

_BEGINNING = 1 << 16
_LONGEST_MARK = 256
_HDF5 = b"\x89HDF"
_GIT_LFS = b"version https://git-lfs.github.com/"
_COMMAS = "save it with commas between cells and points in numbers, as its program wrote it"
_LONGEST_OF_OURS = 1 << 30


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
    joules_agent.FORMAT,
    carbontracker_log.FORMAT,
    mlflow_csv.FORMAT,
    mlflow_folder.FORMAT,
    wandb_csv.RUNS,
    wandb_csv.METRICS,
    sacct.FORMAT,
    nvidia_smi.FORMAT,
    eco2ai_csv.FORMAT,
    zeus_csv.FORMAT,
    impact_tracker_json.FORMAT,
    perun_json.FORMAT,
    trainer_state.FORMAT,
    megatron_log.FORMAT,
    handwritten_csv.FORMAT,
)
"""The formats of text that can be imported, the most specific first; the first one that recognises a file reads it."""
BINARY: tuple[BinaryFormat, ...] = (wandb_offline.FORMAT, mlflow_db.FORMAT, tensorboard_events.FORMAT)
"""The other formats that can be imported."""
EVERY: tuple[Format | BinaryFormat, ...] = (*FORMATS, *BINARY)
AUTO = "auto"
FOCUS = "focus"
"""The format of bills, which hold no runs and are joined to them, see :mod:`traincarbon.readers.bills`."""
FORMAT_NAMES = (AUTO, *(each.name for each in EVERY), FOCUS)
_BILLS = (
    "| `focus` | bills in FOCUS 1.0 to 1.2, as CSV or Parquet | what runs really cost | runs |"
    " joined to runs by tag, or by resource and time; see [Bills](#bills) |"
)
_SERVERS = (
    "| – | `prom+http://HOST:PORT`, a server: Prometheus, VictoriaMetrics, Mimir or Thanos | energy of GPUs, processors, memory and whole nodes, duration, nodes,"
    " GPUs, hardware | state, parameters, tokens | see [Prometheus](#prometheus) |"
)


def formats_table() -> str:
    """Return the table of formats in Markdown, as docs/readers.md has it."""
    rows = [f"| `{each.name}` | {each.title} | {each.carries} | {each.lacks} | {each.note} |" for each in EVERY]
    return "\n".join(["| `--format` | file | gives | lacks | note |", "|---|---|---|---|---|", *rows, _BILLS, _SERVERS])


def expanded(file: str) -> list[str]:
    """Return the file, or the files in a folder that have the names that programs give them and a format that can be imported.

    Raises:
        CarbonError: a folder cannot be read.
        NotFoundError: it holds no such file.
    """
    if file == STDIN or not path.isdir(file):
        return [file]
    patterns = list(dict.fromkeys(pattern for each in EVERY for pattern in each.files))
    found = [each for each in files_in(file, patterns) if _is_known(each)]
    if not found:
        raise NotFoundError(f"{file!r} holds no file that can be imported", hint=f"name files themselves; in folders these are found: {', '.join(patterns)}")
    return found


def _is_known(file: str) -> bool:
    """Return whether a file has a format that can be imported; one that cannot be read may have."""
    try:
        with open_regular(file) as stream:
            beginning = stream.read(_BEGINNING)
    except OSError:
        return True
    text = beginning.decode(encoding_of(beginning), "replace")
    return any(each.recognise(beginning) for each in BINARY) or any(each.recognise(text) for each in FORMATS)


def read_file(file: str, *, format: str = AUTO, options: ImportOptions | None = None) -> Imported:
    """Return the runs of a file, or of standard input for ``-``.

    Args:
        file: The file, in UTF-8, or in UTF-16 as PowerShell writes it; also packed by gzip.
        format: One of :data:`FORMAT_NAMES`; ``auto`` recognises the content.
        options: What the user states about the file.

    Raises:
        NotFoundError: no reader recognises the file.
        CarbonError: it cannot be read, or lacks a column that the user names.
    """
    options = replace(options or ImportOptions(), name="" if file == STDIN else path.basename(file), path="" if file == STDIN else file)
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


def merged(entries: Sequence[Entry]) -> Sequence[Run]:
    """Return one record per run. What its longest record does not state comes from the others.

    A record that names GPUs and states no energy of them has no totals.

    Ranks that each metered the whole machine are one run, the better measured one. So the two logs of carbontracker, or a table of runs and the system metrics of one of them, make one run.
    """
    by_run: dict[str, Entry] = {}
    for entry in entries:
        known = by_run.setdefault(entry.run_id, entry)
        if known is not entry:
            by_run[entry.run_id] = _completed(*sorted((made(known), made(entry)), key=_span, reverse=True))
    return runs_of([entry if isinstance(entry, LikeRun) else without_hole(entry) for entry in united_ranks(list(by_run.values()))])


def _read(stated: BinaryIO, format: str, options: ImportOptions) -> Imported:
    content = unpacked(stated, options.name or "standard input")
    found = _read_unpacked(content, format, options)
    return found._replace(notes=[*found.notes, CUT_OFF]) if is_cut_off(content) else found


def _read_unpacked(content: BinaryIO, format: str, options: ImportOptions) -> Imported:
    mark = content.read(_LONGEST_MARK)
    content.seek(0)
    if mark.startswith(exchange.PARQUET) and format in (AUTO, OURS.name):
        return Imported(exchange.load(content.read(_LONGEST_OF_OURS)), [], [])
    if mark.startswith(_HDF5):
        raise NotFoundError(f"{options.name or 'standard input'} is HDF5, which is not read", hint="export it as JSON: perun export FILE json")
    if mark.startswith(_GIT_LFS):
        raise NotFoundError(f"{options.name or 'standard input'} is a pointer of Git LFS, not the file", hint="fetch it with: git lfs pull")
    if binary := next((each for each in BINARY if format == each.name or (format == AUTO and each.recognise(mark))), None):
        _check_options(binary, options)
        return _noted(binary.read(content, options), binary.name)
    with io.TextIOWrapper(content, encoding=encoding_of(mark), errors="replace", newline="") as stream:
        chosen = _format_of(stream, format, options)
        _check_options(chosen, options)
        found = chosen.read(stream, options)
        return found._replace(notes=_if_empty(found, found.notes)) if chosen is OURS else _noted(found, chosen.name)


def _check_options(chosen: Format | BinaryFormat, options: ImportOptions) -> None:
    """Refuse options that say nothing about this format.

    Raises:
        CarbonError: one does.
    """
    place = f"{options.name or 'standard input'} is in the format {chosen.name}"
    if not (isinstance(chosen, Format) and chosen.has_free_columns) and (options.params_column or options.tokens_column):
        raise CarbonError(f"{place}, which has no columns for parameters or tokens", hint="leave out --params-column and --tokens-column")
    if options.energy_covers and chosen is not sacct.FORMAT:
        raise CarbonError(f"{place}, which states what its energy covers", hint="leave out --energy-covers")


def _noted(found: Imported, name: str) -> Imported:
    """Return what a reader found, with the format as its source and with all notes."""
    entries = entries_of(found.records)
    if any(entry.source != name for entry in entries):
        entries = [replace(made(entry), source=name) for entry in entries]
    said = [f"run {entry.run_id[:60]!r}: {note}" for entry in entries for note in entry.notes]
    return found._replace(records=runs_of(entries), notes=_if_empty(found, [*found.notes, *said]))


def _if_empty(found: Imported, notes: list[str]) -> list[str]:
    """Return the notes, each once, with one on a file that holds no run."""
    return list(dict.fromkeys([*notes, *([] if found.records or found.left_out else ["it holds no run"])]))


def _format_of(stream: TextIO, format: str, options: ImportOptions) -> Format:
    if format == FOCUS:
        raise NotFoundError(
            f"{options.name or 'standard input'} is no bill in FOCUS", hint="name a file with the columns BilledCost, ChargePeriodStart and ChargePeriodEnd"
        )
    if format != AUTO:
        return next(each for each in FORMATS if each.name == format)
    beginning = stream.read(_BEGINNING)
    stream.seek(0)
    for each in FORMATS:
        if each.recognise(beginning):
            return each
    if (likely := next((each for each in FORMATS if each.recognise(beginning.replace(";", ","))), None)) is not None:
        raise CarbonError(f"{options.name or 'standard input'} looks like the format {likely.name}, but with semicolons between cells", hint=_COMMAS)
    name = options.name or "standard input"
    if not beginning.strip():
        raise NotFoundError(f"{name} has no recognised format: it is empty", hint="did the program that writes it end with an error?")
    if sacct_layout.lacks_header(first_line(beginning)):
        raise NotFoundError(f"{name} is output of sacct without its header", hint="print it anew without -n or --noheader")
    seen = f"it begins {first_line(beginning)[:40]!r}"
    raise NotFoundError(f"{name} has no recognised format: {seen}", hint=f"state it with --format: {', '.join(FORMAT_NAMES[1:])}")


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
