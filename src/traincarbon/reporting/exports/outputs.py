"""The files of a report: the one that is named, and those of other formats that are asked for beside it."""

import os
from collections.abc import Mapping
from typing import NamedTuple

from traincarbon.errors import CarbonError
from traincarbon.reporting.exports.formats import Format, format_of

Asked = bool | str | os.PathLike[str]
"""A file of a format: its name, or whether there is one beside the report with the same name and another ending."""


class Output(NamedTuple):
    """A file to write: its format and its name."""

    format: Format
    file: str


def outputs_of(output: str | os.PathLike[str] | None, asked: Mapping[Format, Asked]) -> list[Output]:
    """Return the files to write, each once, that of *output* first.

    Raises:
        CarbonError: a name has the ending of another format, a format has no name, or it needs a browser and there is none.

    Example:
        >>> [each.file for each in outputs_of("plan.html", {Format.CSV: True, Format.WORKBOOK: "tables.xlsx", Format.PDF: False})]
        ['plan.html', 'plan.csv', 'tables.xlsx']
    """
    named = None if output is None else os.fspath(output)
    found = {} if named is None else {named: format_of(named)}
    for format, wanted in asked.items():
        if wanted is False:
            continue
        file = _beside(named, format) if wanted is True else os.fspath(wanted)
        if format_of(file) is not format:
            raise CarbonError(f"cannot write {format} to {file!r}", hint=f"name a file that ends in .{format}")
        found[file] = format
    return [Output(format, file) for file, format in found.items()]


def _beside(named: str | None, format: Format) -> str:
    if named is None:
        raise CarbonError(f"the {format} file has no name", hint=f"name it, or the report that it is written beside: output = 'report.{format}'")
    return named if format_of(named) is format else f"{os.path.splitext(named)[0]}.{format}"
