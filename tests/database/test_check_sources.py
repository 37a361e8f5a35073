"""Check the bibliography, and where the published runs are from."""

import pytest

from acme import SOURCES
from traincarbon.database.check_sources import Fault, check_runs, check_sources

KEY = "acme-2020-datasheet"
RUNS = f"id,evidence,source,locator\none,published,{KEY},table 1\ntwo,unverified,{KEY};other,table 2\n"


@pytest.mark.parametrize("name", ["title", "publisher", "published", "licence"])
def test_a_source_without_a_part_of_its_entry_is_a_fault(make_root, name):
    text = "\n".join(each for each in SOURCES.splitlines() if not each.startswith(f"{name} ="))
    faults = []
    assert check_sources((make_root({"sources.toml": text}),), faults) == {KEY}
    assert faults == [Fault("sources.toml", f"[{KEY}] lacks {name}")]


def test_a_folder_without_a_bibliography_has_no_sources(make_root):
    faults = []
    assert check_sources((make_root({"towns.csv": ""}),), faults) == set()
    assert faults == []


def test_a_run_may_be_from_several_sources_and_each_must_be_known(make_root):
    root = make_root({"published_runs.csv": RUNS})
    assert check_runs((root,), {KEY, "other"}) == (["published", "unverified"], [])
    assert check_runs((root,), {KEY}).faults == [Fault("published_runs.csv, two", "source 'other' is not in sources.toml")]


def test_the_runs_of_every_folder_are_checked(make_root):
    ours, own = make_root({"published_runs.csv": RUNS}), make_root({"published_runs.csv": RUNS.replace("two,unverified", "two,guessed")}, folder="own")
    found = check_runs((ours, own, make_root({"towns.csv": ""}, folder="none")), {KEY, "other"})
    assert found.kinds == ["published", "unverified", "published", "guessed"]
    assert [fault.what.partition(" is none of ")[0] for fault in found.faults] == ["evidence 'guessed'"]


def test_a_row_that_is_cut_off_is_a_fault_and_not_a_crash(make_root):
    root = make_root({"published_runs.csv": f"id,evidence,source,locator\none,published,{KEY}\ntwo\n"})
    found = [fault.what.partition(" is none of ")[0] for fault in check_runs((root,), {KEY}).faults]
    assert found == ["has no locator", "has no source", "has no locator", "evidence None"]


@pytest.mark.parametrize(
    ("content", "what"), [("id,source\nx,y\n", "lacks the columns evidence, locator"), ("id,source\n", "has no rows"), ("", "has no rows")]
)
def test_published_runs_without_rows_or_columns_are_a_fault(make_root, content, what):
    root = make_root({"published_runs.csv": content})
    assert check_runs((root,), {KEY}).faults == [Fault("published_runs.csv", f"in {root} {what}")]


def test_published_runs_in_another_encoding_are_a_fault(make_root):
    (fault,) = check_runs((make_root({"published_runs.csv": b"id\xff"}),), {KEY}).faults
    assert fault.what.startswith("cannot read ")
