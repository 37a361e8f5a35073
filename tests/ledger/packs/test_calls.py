"""The calls of packs are those of the public module, and import what they need when they are called."""

import subprocess
import sys

from traincarbon import runs
from traincarbon.ledger.packs import calls


def test_the_public_module_offers_them():
    assert (runs.compact, runs.compact_some, runs.query) == (calls.compact, calls.compact_some, calls.query)


def test_a_store_that_cannot_be_found_is_left_alone_by_what_runs_without_being_asked():
    assert calls.compact_some(store="https://example.org") is None


def test_to_name_them_imports_neither_arrow_nor_numpy():
    code = "import sys, traincarbon.ledger.packs.calls; print({'pyarrow', 'numpy', 'duckdb'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"
