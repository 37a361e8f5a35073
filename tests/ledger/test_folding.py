"""Folding the journals of a run: the same summaries as from all lines at once, in memory that does not grow with them."""

import json
import random
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journals import line, lines_of, write_lines
from traincarbon.ledger.folding import fold, fold_files
from traincarbon.ledger.process_summary import Process


def folded_at_once(lines):
    """The summaries by the rule itself, with all lines in memory: each number of a writer once, in their order."""
    by_writer = {}
    for one in lines:
        known = by_writer.setdefault((one["run_id"], one["node"], one["writer"]), {})
        known[one["seq"]] = max(one, known.get(one["seq"], one), key=lambda line: json.dumps(line, sort_keys=True))
    processes = []
    for (run_id, node, writer), numbered in sorted(by_writer.items()):
        process = Process(run_id, writer, node, numbered[min(numbered)]["process"])
        for seq in sorted(numbered):
            process.add(numbered[seq])
        processes.append(process)
    return processes


@st.composite
def files_of_lines(draw):
    """Journals of a run with lines out of order, several times, in several files, of other runs, and of one number with other content."""
    every = [
        one for process in (1, 2) for one in [*lines_of(process=process, intervals=draw(st.integers(0, 6))), line("note", seq=2, process=process, text="else")]
    ]
    every += [line("note", run_id="other", text="no"), line("note", node="b2", writer="a1-1-1", process=1, text="yes")]
    files = draw(st.lists(st.lists(st.sampled_from(every), max_size=12), min_size=1, max_size=3))
    return [sorted(lines, key=lambda one: one["seq"]) if draw(st.booleans()) else lines for lines in files]


@settings(max_examples=60)
@given(files_of_lines(), st.integers(0, 3))
def test_files_are_folded_as_all_their_lines_at_once_are(tmp_path_factory, contents, n_unwritten):
    folder = tmp_path_factory.mktemp("files")
    files = [write_lines(str(folder / f"{number}.jsonl"), lines) for number, lines in enumerate(contents)]
    unwritten = lines_of(process=1)[:n_unwritten]
    everything = [one for lines in contents for one in lines if one["run_id"] == "run"] + unwritten
    expected = folded_at_once(json.loads(json.dumps(everything)))
    assert fold(everything) == expected
    assert fold_files(files, "run", unwritten=unwritten) == expected


def test_no_lines_are_no_processes(tmp_path):
    assert (fold([]), fold_files([], "run"), fold_files([str(tmp_path / "none.jsonl")], "run")) == ([], [], [])


@pytest.mark.parametrize("order", ["in order", "twice", "shuffled"])
def test_a_long_journal_is_folded_in_little_memory(tmp_path, order):
    text = json.dumps({"devices": {f"gpu:{number}": {"part": "gpu", "how": "counter", "energy_j": 1.0, "pad": "x" * 200} for number in range(8)}})[1:-1]
    rows = [f"{json.dumps(line('interval', seq=seq))[:-1]},{text}}}\n" for seq in range(5_000)]
    if order == "shuffled":
        random.Random(1).shuffle(rows)
    for name in ("a.jsonl", "b.jsonl")[: 2 if order == "twice" else 1]:
        (tmp_path / name).write_text("".join(rows))
    code = """
import os, resource, sys
from traincarbon.ledger.folding import fold_files
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
(process,) = fold_files(sys.argv[1:], "run")
print(process.seq, len(process.devices), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    files = sorted(str(file) for file in tmp_path.iterdir())
    seq, devices, more_kib = map(int, subprocess.run([sys.executable, "-c", code, *files], capture_output=True, check=True, text=True).stdout.split())
    assert (seq, devices) == (4_999, 8)
    assert more_kib < 8_000
