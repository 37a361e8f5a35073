"""The edition of facts tells one set of files from another, and when the newest source was read."""

import os

import pytest

from traincarbon.database.edition import Edition, edition_of
from traincarbon.database.load import Database

SOURCES = '[one]\ntitle = "T"\npublisher = "P"\npublished = "2020"\nretrieved = "{}"\n'


@pytest.fixture
def folder(tmp_path):
    def made(name="facts", day="2026-11-03", prices="a"):
        root = tmp_path / name
        (root / "servers").mkdir(parents=True)
        (root / "sources.toml").write_text(SOURCES.format(day))
        (root / "prices.csv").write_text(prices)
        (root / "servers" / "dgx.toml").write_text('name = "DGX"\n')
        return root

    return made


def test_the_same_files_give_the_same_edition_wherever_they_are(folder):
    one, other = edition_of(Database([str(folder("one"))])), edition_of(Database([str(folder("other"))]))
    assert one == other
    assert one.newest == "2026-11-03"
    assert str(one) == f"facts 2026-11-03 ({one.fingerprint})"


def test_another_byte_in_any_file_that_is_read_gives_another_edition_and_other_files_do_not(folder):
    one = edition_of(Database([str(folder("one"))])).fingerprint
    assert edition_of(Database([str(folder("two", prices="b"))])).fingerprint != one
    changed = folder("three")
    (changed / "servers" / "dgx.toml").write_text('name = "DGX A"\n')
    assert edition_of(Database([str(changed)])).fingerprint != one
    more = folder("four")
    (more / "README.md").write_text("not a fact")
    assert edition_of(Database([str(more)])).fingerprint == one


def test_ones_own_facts_are_said(folder):
    own = edition_of(Database([str(folder("built-in")), str(folder("own", day="2026-12"))]))
    assert own.has_own
    assert own.newest == "2026-12"
    assert str(own).endswith(" with your own)")


def test_what_is_no_date_and_what_cannot_be_read_is_left_out(folder):
    root = folder(day="<b>soon</b>")
    assert edition_of(Database([str(root)])) == Edition("", edition_of(Database([str(root)])).fingerprint, False)
    (root / "sources.toml").write_text("no toml [")
    os.mkdir(root / "servers" / "folder.toml")
    assert edition_of(Database([str(root)])).newest == ""


def test_the_shipped_facts_state_a_day(shipped):
    edition = edition_of(shipped)
    assert edition.newest >= "2026-11-30"
    assert not edition.has_own
    assert len(edition.fingerprint) == 8
