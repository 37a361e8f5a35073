"""One file of the database: a product, a table or the bibliography. What the whole database makes of faults stands in ``test_load.py``."""

import pytest

from acme import line
from conftest import ACCELERATOR
from traincarbon.database.read_files import ProductFile, checked_rows, lines_of, parse_rows, read_sources, read_text
from traincarbon.errors import DatabaseError

GRID = line("grid", "FR", 2020, 50, "lifecycle", "production")


def test_only_the_lines_of_a_key_are_taken_and_no_longer_key_is_mistaken_for_it():
    text = "zone,x\nFR,1\nFR-1,2\nDE,3\nFR,4"
    assert list(lines_of(text, "FR")) == ["FR,1", "FR,4"]
    assert list(lines_of(text, "F")) == []
    assert list(lines_of("zone,x\n", "FR")) == []


def test_a_row_has_a_cell_for_each_column_and_its_origin():
    (row,) = parse_rows("grid", "/mine", [GRID.rstrip("\n"), ""])
    assert (row["zone"], row["intensity_gco2e_per_kwh"], row["origin"]) == ("FR", "50", "/mine")
    with pytest.raises(DatabaseError, match=r"^grid\.csv in /mine: 2 cells instead of 9 in the row of 'FR'$"):
        parse_rows("grid", "/mine", ["FR,2020"])


def test_cells_are_checked_only_where_that_is_asked_for():
    wrong = GRID.replace("lifecycle", "lunar").rstrip("\n")
    assert len(parse_rows("grid", "/mine", [wrong])) == 1
    with pytest.raises(DatabaseError, match=r"^grid\.csv in /mine, FR: basis 'lunar' is none of lifecycle, direct$"):
        checked_rows("grid", "/mine", [wrong])


def test_a_later_file_of_a_product_overrides_facts_and_adds_aliases(make_root):
    stated = ProductFile("accelerators", "one")
    first = make_root({"accelerators/one.toml": ACCELERATOR})
    own = 'aliases = ["uno"]\n[board_power_w]\nvalue = 350\nsource = "mine"\nlocator = "l"\nkind = "measured"\n'
    second = make_root({"accelerators/one.toml": own}, folder="own")
    for root in (first, second, make_root({}, folder="empty")):
        stated.add(root)
    assert (stated.facts["board_power_w"].value, stated.facts["board_power_w"].origin) == (350.0, second)
    assert stated.facts["memory_b"].origin == first
    assert stated.aliases[-1] == "uno"


def test_sources_are_text_and_a_file_that_is_not_there_has_none(tmp_path):
    file = tmp_path / "sources.toml"
    assert read_sources(str(file)) == {}
    file.write_text('[a]\ntitle = "A"\npublished = 2020\n', encoding="utf-8")
    assert read_sources(str(file)) == {"a": {"title": "A", "published": "2020"}}
    file.write_text("a = 1\n", encoding="utf-8")
    with pytest.raises(DatabaseError, match="no entry of printable texts"):
        read_sources(str(file))


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(DatabaseError, match=r"^cannot read .*none\.toml: No such file"):
        read_text(str(tmp_path / "none.toml"))
