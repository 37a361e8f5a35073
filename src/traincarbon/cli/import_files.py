"""Reading the files that ``carbon runs import`` is given, and what the user says of them."""

import os
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, tzinfo
from typing import NamedTuple

import click

from traincarbon.cli import output
from traincarbon.errors import CarbonError
from traincarbon.ledger.record import RunRecord
from traincarbon.readers.formats import AUTO, FORMAT_NAMES, STDIN, merged, read_file
from traincarbon.readers.imported import ImportOptions

_LARGE_B = 20_000_000
"""A file that takes longer than a second to read."""


class Found(NamedTuple):
    """The runs of all files, each once; what was left out and what is to know, each with its file."""

    records: list[RunRecord]
    left_out: list[str]
    notes: list[str]


def read_files(files: Iterable[str], *, format: str, options: ImportOptions, project: str, hw: str, quiet: bool) -> Found:
    """Return the runs of files, with what the user says of all of them.

    Raises:
        CarbonError: a file cannot be read, has no recognised format, or *format* is unknown.
    """
    format = format or AUTO
    if format not in FORMAT_NAMES:
        raise CarbonError(f"unknown --format {format[:40]!r}", hint=f"use one of {', '.join(FORMAT_NAMES)}")
    records: list[RunRecord] = []
    left_out: list[str] = []
    notes: list[str] = []
    for file in files:
        shown = "standard input" if file == STDIN else file
        size_b = os.path.getsize(file) if os.path.isfile(file) else 0
        if size_b > _LARGE_B and not quiet:
            click.echo(f"reading {output.clean(shown)}, {size_b / 1e6:,.0f} MB", err=True)
        try:
            reading = read_file(file, format=format, options=options)
        except CarbonError as error:
            if os.path.basename(file) in str(error):
                raise
            raise type(error)(f"{shown}: {error}", hint=error.hint) from error
        records += reading.records
        left_out += [f"{shown}, {fault}" for fault in reading.left_out]
        notes += [f"{shown}: {note}" for note in reading.notes]
    said = [replace(record, project=project or record.project, hw=hw or record.hw) for record in merged(records)]
    return Found(said, left_out, notes)


def zone_of(text: str) -> tzinfo | None:
    """Return the zone that ``--timezone`` names, None where it names none.

    Raises:
        CarbonError: no zone of that name is known.
    """
    if not text:
        return None
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        if text[0] in "+-":
            return datetime.fromisoformat(f"2000-01-01T00:00{text}").tzinfo
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise CarbonError(f"--timezone {text[:40]!r} is no zone that is known here", hint="write Europe/Paris, America/New_York or +02:00") from error
