"""Fold the journals of a run into one summary a process, in memory that does not grow with their length."""

import json
import os
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from traincarbon.ledger.checkpoint import advanced, latest_checkpoint
from traincarbon.ledger.journal_lines import Line, read_lines
from traincarbon.ledger.process_summary import Process

_Key = tuple[str, str, str]
"""Run, node and writer."""


class Folder:
    """Folds lines as they come, and knows which writers have lines that do not come in order.

    Such lines are the exception: a journal that was copied, or a clock that went back. They need a second reading, see :func:`fold_files`.
    """

    def __init__(self) -> None:
        self.processes: dict[_Key, Process] = {}
        self.tangled: set[_Key] = set()

    def add(self, line: Line) -> None:
        """Take the next line."""
        key = key_of(line)
        process = self.processes.get(key)
        if process is None:
            process = self.processes[key] = Process(line["run_id"], line["writer"], line["node"], line["process"])
        elif line["seq"] <= process.seq:
            self.tangled.add(key)
        if key not in self.tangled:
            self.processes[key] = advanced(process, line)


def key_of(line: Line) -> _Key:
    """Return which run, node and writer a line is of."""
    return line["run_id"], line["node"], line["writer"]


def fold(lines: Iterable[Line]) -> list[Process]:
    """Return a summary for each writer from lines in any order, each counted once even if it comes several times."""
    by_writer: dict[_Key, list[Line]] = {}
    for line in lines:
        by_writer.setdefault(key_of(line), []).append(line)
    return [_in_order(sorted(found, key=lambda line: line["seq"])) for _, found in sorted(by_writer.items())]


def fold_files(files: Sequence[str | os.PathLike[str]], run_id: str, *, unwritten: Iterable[Line] = ()) -> list[Process]:
    """Return what :func:`fold` returns of all lines of a run in *files*, with one line at a time in memory.

    A file that its writer alone has written is read from its latest checkpoint on, see :mod:`traincarbon.ledger.checkpoint`.

    Args:
        files: The journals.
        run_id: Lines of other runs are left out.
        unwritten: Lines that no file holds yet.
    """
    folder = Folder()
    for file in files:
        _fold_file(file, run_id, folder)
    later = [line for line in unwritten if line["run_id"] == run_id]
    for line in later:
        folder.add(line)
    found = {key: process for key, process in folder.processes.items() if key not in folder.tangled}
    for key in folder.tangled:
        found[key] = _in_order(_sorted_lines(files, key, later))
    return [found[key] for key in sorted(found)]


def _fold_file(file: str | os.PathLike[str], run_id: str, folder: Folder) -> None:
    begin_b = 0
    checkpoint = latest_checkpoint(file)
    if checkpoint is not None and checkpoint.process.run_id == run_id:
        key = (run_id, checkpoint.process.node, checkpoint.process.writer)
        if key in folder.processes:
            folder.tangled.add(key)
        folder.processes[key], begin_b = checkpoint.process, checkpoint.end_b
    for line, _, _ in read_lines(file, begin_b=begin_b):
        if line is not None and line["run_id"] == run_id:
            folder.add(line)


def _in_order(lines: Iterable[Line]) -> Process:
    """Return the summary of the lines of one writer in the order of their numbers. Of two that share a number and differ, the same one always counts."""
    process = None
    for _, same in groupby(lines, key=lambda line: line["seq"]):
        line = max(same, key=_canonical)
        if process is None:
            process = Process(line["run_id"], line["writer"], line["node"], line["process"])
        process = advanced(process, line)
    if process is None:
        raise ValueError("there are no lines")
    return process


def _sorted_lines(files: Sequence[str | os.PathLike[str]], key: _Key, unwritten: Sequence[Line]) -> Iterator[Line]:
    """Yield the lines of one writer in all files by their numbers. Only numbers and places are kept in memory."""
    seqs, sources, places = array("q"), array("q"), array("q")
    for source, file in enumerate(files):
        place_b = 0
        for line, _, next_b in read_lines(file):
            if line is not None and key_of(line) == key:
                seqs.append(line["seq"])
                sources.append(source)
                places.append(place_b)
            place_b = next_b
    for place, line in enumerate(unwritten):
        if key_of(line) == key:
            seqs.append(line["seq"])
            sources.append(len(files))
            places.append(place)
    for at in sorted(range(len(seqs)), key=seqs.__getitem__):
        if sources[at] == len(files):
            yield unwritten[places[at]]
            continue
        line, _, _ = next(read_lines(files[sources[at]], begin_b=places[at]), (None, "", 0))
        if line is not None and key_of(line) == key:
            yield line


def _canonical(line: Line) -> str:
    return json.dumps(line, sort_keys=True)
