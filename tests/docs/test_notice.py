"""NOTICE names every source whose licence attaches terms to its use."""

import runpy
from pathlib import Path

from traincarbon.database.load import Database, builtin_root

ROOT = Path(__file__).parents[2]
NOTICE = runpy.run_path(str(ROOT / "docs" / "notice.py"))


def test_the_notice_is_that_of_the_bibliography():
    assert (ROOT / "NOTICE").read_text("utf-8") == NOTICE["notice"](), "run make notice"


def test_every_source_in_use_is_named_unless_single_figures_are_cited_or_it_is_our_own():
    database = Database([builtin_root()])
    shown = " ".join((ROOT / "NOTICE").read_text("utf-8").split())
    used = NOTICE["uses"](database)
    named = [entry["title"] for key, entry in database.sources().items() if key in used and not entry["licence"].endswith((*NOTICE["CITED"], NOTICE["OWN"]))]
    assert len(named) > 50
    assert [title for title in named if title not in shown] == []


def test_each_licence_that_must_be_kept_with_a_copy_is_there_in_full():
    shown = " ".join((ROOT / "NOTICE").read_text("utf-8").split())
    assert "The above copyright notice and this permission notice shall be included" in shown
    assert "Redistributions in binary form must reproduce the above copyright notice" in shown
