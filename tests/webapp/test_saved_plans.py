"""Saved plans are files in the store, under names that are safe as names of files."""

import os

import pytest

from traincarbon import Plan
from traincarbon.errors import CarbonError, NotFoundError
from traincarbon.webapp.saved_plans import load_plan, save_plan, saved_plans, slug

PLAN = Plan(params=7e9, tokens=1e12, hw="dgx-h100", name="<b>")


def test_a_saved_plan_is_listed_and_read_back(store):
    saved = save_plan(str(store), "My Plan 1", PLAN)
    assert saved.name == "my-plan-1"
    assert saved_plans(str(store)) == [saved]
    assert load_plan(str(store), "my-plan-1") == PLAN


@pytest.mark.parametrize("name", ["../../x", "/etc/passwd", "a/b", "..", "con\x00", "<script>", "x" * 10_000])
def test_no_name_leads_out_of_the_folder(store, name):
    if slug(name):
        saved = save_plan(str(store), name, PLAN)
        assert os.path.dirname(saved.file) == str(store / "plans")
        assert len(os.path.basename(saved.file)) < 100
    with pytest.raises(NotFoundError):
        load_plan(str(store), name if "/" in name else f"../{name}")


def test_a_name_without_letters_is_refused(store):
    with pytest.raises(CarbonError, match="the name of the plan"):
        save_plan(str(store), "…", PLAN)


def test_a_plan_is_never_overwritten(store):
    save_plan(str(store), "a", PLAN)
    with pytest.raises(CarbonError, match="already exists"):
        save_plan(str(store), "A", Plan(params=1e9))
    assert load_plan(str(store), "a") == PLAN


def test_files_that_are_not_ours_are_not_listed_and_a_broken_one_is_said(store):
    folder = store / "plans"
    folder.mkdir()
    (folder / "notes.txt").write_text("x")
    (folder / "Not A Slug.toml").write_text("x")
    (folder / "broken.toml").write_text("params = [")
    assert [each.name for each in saved_plans(str(store))] == ["broken"]
    with pytest.raises(CarbonError, match="not TOML"):
        load_plan(str(store), "broken")
    assert saved_plans(str(store / "nothing")) == []


def test_a_store_that_cannot_be_written_is_said(store):
    (store / "plans").write_text("a file in its place")
    with pytest.raises(CarbonError, match="cannot write"):
        save_plan(str(store), "a", PLAN)
