"""The page about the facts is that of the database, and says of it what is true."""

import runpy
from datetime import date
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from acme import WORLD, line
from traincarbon.database.check import check
from traincarbon.database.load import Database, builtin_root

DOCS = Path(__file__).parents[2] / "docs"
MADE = runpy.run_path(str(DOCS / "facts.py"))


@pytest.fixture(scope="module")
def shown():
    return (DOCS / "facts.md").read_text("utf-8")


def test_the_page_is_that_of_the_database_on_its_day(shown):
    today = date.fromisoformat(MADE["DATED"].search(shown)[1])
    assert shown == MADE["page"](today), "run make facts"


def test_the_picture_is_that_of_the_database():
    drawn = (DOCS / "images" / "facts-regions.svg").read_text("utf-8")
    assert drawn == MADE["picture"](), "run make facts"
    root = ET.fromstring(drawn)
    assert len(root.findall("{http://www.w3.org/2000/svg}circle")) == len(MADE["compared"](Database([builtin_root()]))) > 40


def test_as_many_facts_of_each_kind_are_counted_as_the_check_counts(shown):
    database = Database([builtin_root()])
    total = sum(MADE["kinds_of"](database).values(), type(next(iter(MADE["kinds_of"](database).values())))())
    assert dict(total) == {kind: count for kind, count in check(database).kinds.items() if count}
    assert f"| **all** | {total.total():,} |" in shown


def test_a_provider_s_rent_is_the_least_on_its_newest_date(make_database):
    cells = [("on_demand", "2026-01", 8, 8), ("on_demand", "2026-06", 8, 24), ("on_demand", "2026-06", 1, 5), ("spot", "2026-07", 1, 1)]
    rows = "".join(line("prices", "acme-one-40gb", "", "acme", "", *each) for each in cells)
    database = make_database({**WORLD, "prices.csv": rows})
    assert MADE["rents_of"](database, ("acme-one-40gb",)) == {"acme": (3.0, "2026-06")}


def test_two_figures_of_a_region_are_compared_on_one_basis():
    for each in MADE["compared"](Database([builtin_root()])):
        assert each.own > 0.0
        assert each.others > 0.0
        assert each.ratio == each.others / each.own
    assert [max(each.ratio, 1 / each.ratio) for each in MADE["compared"](Database([builtin_root()]))] == sorted(
        (max(each.ratio, 1 / each.ratio) for each in MADE["compared"](Database([builtin_root()]))), reverse=True
    )
