"""Where runs come from: the files of other programs and our own, told apart by their content."""

import csv
import io
import sys
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from os import path
from typing import BinaryIO, NamedTuple, TextIO

from traincarbon.errors import CarbonError, NotFoundError
from traincarbon.ledger import exchange
from traincarbon.ledger.record import RunRecord
from traincarbon.readers import carbontracker_log, codecarbon_csv, handwritten_csv, joules_json, mlflow_csv, sacct, wandb_csv
from traincarbon.readers.reading import UNKNOWN_END, Reader, Reading, Told

STDIN = "-"
"""Stands for standard input."""

_BEGINNING = 1 << 16
_COMMAS = "save it with commas between the cells and points in the numbers, as its program wrote it"
_LONGEST_OF_OURS = 1 << 30
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


class Source(NamedTuple):
    """One kind of file: what it is called, how it is known by its beginning, and what reads it."""

    name: str
    title: str
    recognise: Callable[[str], bool]
    read: Reader
    has_free_columns: bool = False
    """Whether its users name the columns, so that one may have to say which holds parameters and tokens."""


def _is_ours(beginning: str) -> bool:
    return '"traincarbon/run/' in beginning[:2000] or exchange.is_ours(beginning.partition("\n")[0])


def _read_ours(stream: TextIO, told: Told) -> Reading:  # noqa: ARG001  every reader has this shape
    return Reading(exchange.load(stream.read(_LONGEST_OF_OURS).encode("utf-8")), [], [])


SOURCES: tuple[Source, ...] = (
    Source("traincarbon", "what carbon runs export wrote", _is_ours, _read_ours),
    Source("codecarbon", "emissions.csv of CodeCarbon", codecarbon_csv.is_codecarbon, codecarbon_csv.read),
    Source("joules", "JSON of landauer-gap (joules run --json --out)", joules_json.is_joules, joules_json.read),
    Source("carbontracker", "logs of carbontracker", carbontracker_log.is_carbontracker, carbontracker_log.read),
    Source("mlflow", "CSV of mlflow experiments csv", mlflow_csv.is_mlflow, mlflow_csv.read, has_free_columns=True),
    Source("wandb", "CSV of Weights & Biases' runs", wandb_csv.is_runs, wandb_csv.read_runs, has_free_columns=True),
    Source("wandb-metrics", "CSV of Weights & Biases' system metrics", wandb_csv.is_metrics, wandb_csv.read_metrics),
    Source("sacct", "output of sacct --parsable2", sacct.is_sacct, sacct.read),
    Source(
        "csv", "a table by hand: name, hours, params, tokens, hw, energy_kwh, …", handwritten_csv.is_handwritten, handwritten_csv.read, has_free_columns=True
    ),
)
"""The most particular first; the first that knows a file reads it."""
AUTO = "auto"
FORMATS = (AUTO, *(source.name for source in SOURCES))


def read_file(file: str, *, format: str = AUTO, told: Told | None = None) -> Reading:
    """Return the runs of a file, or of standard input for ``-``.

    Args:
        file: The file, in UTF-8, or in UTF-16 with a mark, as PowerShell writes it.
        format: One of :data:`FORMATS`; ``auto`` tells by the content.
        told: What the user says of the file.

    Raises:
        NotFoundError: no reader knows the file.
        CarbonError: it cannot be read, or a column is named that it does not have.
    """
    told = replace(told or Told(), name="" if file == STDIN else path.basename(file))
    try:
        if file == STDIN:
            return _read(io.BytesIO(sys.stdin.buffer.read(_LONGEST_OF_OURS)), format, told)
        with open(file, "rb") as stream:
            return _read(stream, format, told)
    except OSError as error:
        raise CarbonError(f"cannot read {file!r}: {error.strerror or error}", hint="name a file that you may read, or - for standard input") from error
    except ValueError as error:
        raise CarbonError(f"cannot read {file[:200]!r}: {error}", hint="name a file") from error
    except csv.Error as error:
        raise CarbonError(f"cannot read {file!r}: {error}", hint="is it the text of a table?") from error


def together(records: Sequence[RunRecord]) -> list[RunRecord]:
    """Return the records with those of the same run made one: what the longest does not know comes from the others.

    So one run that several files speak of, such as the two logs of carbontracker, or a table of runs and the system metrics of one of them, is one run.
    """
    by_run: dict[str, RunRecord] = {}
    for record in records:
        known = by_run.get(record.run_id)
        by_run[record.run_id] = record if known is None else _completed(*sorted((known, record), key=_span, reverse=True))
    return list(by_run.values())


def _read(content: BinaryIO, format: str, told: Told) -> Reading:
    mark = content.read(len(exchange.PARQUET))
    content.seek(0)
    if mark == exchange.PARQUET and format in (AUTO, SOURCES[0].name):
        return Reading(exchange.load(content.read(_LONGEST_OF_OURS)), [], [])
    encoding = "utf-16" if mark[:2] in _UTF_16 else "utf-8-sig"
    with io.TextIOWrapper(content, encoding=encoding, errors="replace", newline="") as stream:
        source = _source(stream, format, told)
        if not source.has_free_columns and (told.params_column or told.tokens_column):
            raise CarbonError(
                f"{told.name or 'standard input'} is {source.title}, in which no column holds parameters or tokens",
                hint="leave out --params-column and --tokens-column",
            )
        reading = source.read(stream, told)
        return reading if reading.records or reading.left_out else reading._replace(notes=[*reading.notes, "it holds no run"])


def _source(stream: TextIO, format: str, told: Told) -> Source:
    if format != AUTO:
        return next(source for source in SOURCES if source.name == format)
    beginning = stream.read(_BEGINNING)
    stream.seek(0)
    for source in SOURCES:
        if source.recognise(beginning):
            return source
    if (parted := next((source for source in SOURCES if source.recognise(beginning.replace(";", ","))), None)) is not None:
        raise CarbonError(f"{told.name or 'standard input'} looks like {parted.title}, parted by semicolons", hint=_COMMAS)
    seen = "it is empty" if not beginning.strip() else f"it begins {beginning.lstrip()[:40].splitlines()[0]!r}"
    raise NotFoundError(f"{told.name or 'standard input'} is of no kind that is known: {seen}", hint=f"--format says which: {', '.join(FORMATS[1:])}")


def _span(record: RunRecord) -> tuple[float, float]:
    return record.duration_s, record.metered_kwh or 0.0


def _completed(record: RunRecord, other: RunRecord) -> RunRecord:
    """Return *record* with what it does not know from *other*."""
    stated = {item.name: getattr(other if getattr(record, item.name) in (None, "", (), {}) else record, item.name) for item in fields(record)}
    parts = [part for part, energy_j in record.energy_j.items() if energy_j is None and other.energy_j[part] is not None]
    stated |= {
        "state": other.state if record.state == UNKNOWN_END else record.state,
        "energy_j": {**record.energy_j, **{part: other.energy_j[part] for part in parts}},
        "how": {**record.how, **{part: other.how[part] for part in parts if part in other.how}},
        "missing": {part: reason for part, reason in record.missing.items() if part not in parts},
        "gaps_s": max(record.gaps_s, other.gaps_s),
        "samples": max(record.samples, other.samples),
    }
    return RunRecord(**stated)
