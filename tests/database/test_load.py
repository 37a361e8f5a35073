"""Reading the database: strict with every fact, honest about where it came from, and only as much as is asked for."""

import pytest

from traincarbon.database.load import Database, builtin_root, calibrations_folder, open_database
from traincarbon.database.records import PRODUCTS, TABLES
from traincarbon.errors import CarbonError, DatabaseError, NotFoundError

GRID = "FR,2020,50,lifecycle,production,owid-2026,row FR,published,\n"
ID = "acme-one-40gb"


def test_a_valid_file_is_read_with_all_that_it_states(make_database):
    database = make_database()
    product = database.product("accelerators", ID)
    assert (product.id, product.folder, product.name, product.aliases) == (ID, "accelerators", "Acme One 40GB", ("one", "acme-one"))
    assert product.value("memory_b") == 40e9
    fact = product.facts["board_power_w"]
    assert (fact.value, fact.source, fact.locator, fact.kind, fact.origin) == (400.0, "acme-2020-datasheet", "table 1", "published", database.roots[0])
    assert isinstance(fact.value, float)


def test_what_is_not_there_is_none_and_no_error(make_database):
    assert make_database().product("accelerators", "acme-two") is None
    assert make_database().rows("grid", "FR") == ()
    assert make_database().sources() == {}


DAMAGES = {
    "an unknown fact": ("[memory_b]", "[memory_gb]"),
    "an unknown key of the file": ('vendor = "Acme"', 'maker = "Acme"'),
    "an unknown key of a fact": ("value = 400", "value = 400\nunit = 'W'"),
    "no value": ("value = 400\n", ""),
    "no source": ('value = 400\nsource = "acme-2020-datasheet"\n', "value = 400\n"),
    "an empty source": ('value = 400\nsource = "acme-2020-datasheet"\n', 'value = 400\nsource = ""\n'),
    "no locator": ('locator = "table 2"\n', ""),
    "a locator that is no text": ('locator = "table 2"\n', "locator = 2\n"),
    "no kind": ('locator = "table 2"\nkind = "published"\n', 'locator = "table 2"\n'),
    "an unknown kind": ('locator = "table 2"\nkind = "published"\n', 'locator = "table 2"\nkind = "guessed"\n'),
    "a truth value": ("value = 400", "value = true"),
    "not a number": ("value = 400", "value = nan"),
    "an infinite value": ("value = 400", "value = inf"),
    "a negative value": ("value = 400", "value = -400"),
    "a zero": ("value = 400", "value = 0"),
    "a text": ("value = 400", 'value = "400"'),
    "a date": ("value = 400", "value = 2020-01-01"),
    "a list": ("value = 400", "value = [400]"),
    "an absurd value": ("value = 400", f"value = 1{'0' * 400}"),
    "too many digits": ("value = 400", f"value = {'9' * 5000}"),
    "low above the value": ("value = 400", "value = 400\nlow = 500\nhigh = 600"),
    "high below the value": ("value = 400", "value = 400\nlow = 300\nhigh = 350"),
    "low that is a text": ("value = 400", 'value = 400\nlow = "a"'),
    "a note that is no text": ("value = 400", "value = 400\nnote = 5"),
    "derived without its arithmetic": ('locator = "table 2"\nkind = "published"\n', 'locator = "table 2"\nkind = "derived"\n'),
    "assumed without its width": ('locator = "table 2"\nkind = "published"\n', 'locator = "table 2"\nkind = "assumed"\n'),
    "no name": ('name = "Acme One 40GB"\n', ""),
    "a name that is no text": ('name = "Acme One 40GB"', "name = 40"),
    "an alias that is no text": ('"acme-one"', "1"),
    "a fact stated twice": ("[memory_b]", "[board_power_w]"),
    "a fact without its table": ("[board_power_w]\nvalue = 400", "board_power_w = 400"),
    "a list of facts": ("[board_power_w]", "[[board_power_w]]"),
    "a name that is a table": ('name = "Acme One 40GB"', 'name = {text = "Acme"}'),
    "an unclosed bracket": ("[memory_b]", "[memory_b"),
    "a nest without end": ("value = 400", f"value = {'[' * 20_000}"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_file_with_a_fault_is_refused_with_its_name(damage, make_database, accelerator_toml):
    old, new = DAMAGES[damage]
    assert old in accelerator_toml
    database = make_database({f"accelerators/{ID}.toml": accelerator_toml.replace(old, new, 1)})
    with pytest.raises(DatabaseError, match=ID) as caught:
        database.product("accelerators", ID)
    assert caught.value.hint
    assert "\n" not in str(caught.value).removesuffix("\n")


def test_a_file_cut_off_anywhere_gives_fewer_facts_or_an_error_of_ours(make_root, accelerator_toml):
    for end in range(0, len(accelerator_toml), 7):
        database = Database([make_root({f"accelerators/{ID}.toml": accelerator_toml[:end]})])
        try:
            product = database.product("accelerators", ID)
        except DatabaseError:
            continue
        assert product is None or product.facts.keys() <= {"board_power_w", "memory_b", "peak_bf16_flop_per_s"}


@pytest.mark.parametrize("mangle", [lambda t: b"\xef\xbb\xbf" + t.encode(), lambda t: t.replace("\n", "\r\n").encode()], ids=["byte-order mark", "CRLF"])
def test_marks_of_other_systems_are_read_over(mangle, make_database, accelerator_toml):
    plain = make_database().product("accelerators", ID)
    mangled = make_database({f"accelerators/{ID}.toml": mangle(accelerator_toml)}).product("accelerators", ID)
    assert mangled == plain


@pytest.mark.parametrize("content", [b'name = "\xe9"\n', b"\xff\xfe\x00", b'name = "\x00"\n', b"PK\x03\x04"], ids=["latin-1", "UTF-16", "NUL", "zip"])
def test_bytes_that_are_no_text_of_utf_8_are_refused(content, make_database):
    with pytest.raises(DatabaseError, match=ID):
        make_database({f"accelerators/{ID}.toml": content}).product("accelerators", ID)


def test_a_folder_in_the_place_of_a_file_is_refused(make_database):
    database = make_database({"accelerators/two.toml/inner": "x"})
    with pytest.raises(DatabaseError, match="two"):
        database.product("accelerators", "two")


def test_a_row_is_read_with_its_origin(make_database):
    database = make_database({"grid.csv": GRID})
    (row,) = database.rows("grid", "FR")
    assert row["intensity_gco2e_per_kwh"] == "50"
    assert row["origin"] == database.roots[0]
    assert list(row) == [*TABLES["grid"], "origin"]


@pytest.mark.parametrize(
    "content",
    [
        f"zone,year,intensity,basis,boundary,source,locator,kind,note\n{GRID}",
        GRID,
        "",
        f"{','.join(TABLES['grid'][:-1])}\n{GRID}",
        f"{','.join(TABLES['grid'])},extra\n{GRID}",
        f"{';'.join(TABLES['grid'])}\n{GRID}",
    ],
    ids=["another name", "no header", "empty", "a column less", "a column more", "semicolons"],
)
def test_a_table_with_other_columns_is_refused_and_told_the_right_ones(content, make_database):
    database = make_database({"grid.csv": content.encode()})
    with pytest.raises(DatabaseError, match=r"grid\.csv") as caught:
        database.rows("grid", "FR")
    assert ",".join(TABLES["grid"]) in caught.value.hint


@pytest.mark.parametrize(
    "row",
    [
        "FR,2020,50,lifecycle",
        "FR,2020,50,lifecycle,production,owid-2026,row FR,published,,",
        "FR,2020,50,lifecycle,production,,row FR,published,",
        "FR,2020,50,lifecycle,production,owid-2026,,published,",
        "FR,2020,50,lifecycle,production,owid-2026,row FR,,",
        "FR,2020,50,lifecycle,production,owid-2026,row FR,guess,",
        "FR,2020,fifty,lifecycle,production,owid-2026,row FR,published,",
        "FR,2020,,lifecycle,production,owid-2026,row FR,published,",
        "FR,2020,nan,lifecycle,production,owid-2026,row FR,published,",
        "FR,2020,inf,lifecycle,production,owid-2026,row FR,published,",
        "FR,2020,-5,lifecycle,production,owid-2026,row FR,published,",
        "FR,,50,lifecycle,production,owid-2026,row FR,published,",
        "FR,abc,50,lifecycle,production,owid-2026,row FR,published,",
        'FR,2020,50,lifecycle,production,owid-2026,"row FR,published,',
    ],
)
def test_a_row_with_a_fault_is_refused_by_both_ways_of_reading(row, make_database):
    for read in (lambda database: database.rows("grid", "FR"), lambda database: database.all_rows("grid")):
        with pytest.raises(DatabaseError, match=r"grid\.csv"):
            read(make_database({"grid.csv": f"{row}\n"}))


def test_a_quote_that_is_never_closed_is_an_error_of_ours_however_long(make_database):
    database = make_database({"grid.csv": f'FR,2020,50,lifecycle,production,s,"l,published,\n{"x," * 100_000}'})
    with pytest.raises(DatabaseError):
        database.all_rows("grid")


@pytest.mark.parametrize("odd", ["\u2028", "\x85", "\x0b", "\x0c", "\x1c"])
def test_a_hidden_line_break_is_refused_by_both_ways_of_reading(odd, make_database):
    for read in (lambda database: database.rows("grid", "FR"), lambda database: database.all_rows("grid")):
        with pytest.raises(DatabaseError, match="locator holds control characters"):
            read(make_database({"grid.csv": GRID.replace("row FR", f"row{odd}FR")}))


def test_a_table_of_another_system_is_read(make_database):
    text = f"{','.join(TABLES['grid'])}\n{GRID}".replace("\n", "\r\n")
    database = make_database({"grid.csv": b"\xef\xbb\xbf" + text.encode()})
    assert database.rows("grid", "FR")[0]["note"] == ""
    assert database.rows("grid", "FR") == database.all_rows("grid")


@pytest.mark.parametrize("key", ["", " ", ",", "FR,2020", "\n", "F", "fr", "x\nFR", '"FR"', "zone"])
def test_a_key_that_is_none_finds_nothing_and_spoils_nothing(key, make_database):
    database = make_database({"grid.csv": GRID})
    assert database.rows("grid", key) == ()
    assert len(database.all_rows("grid")) == 1
    assert database.rows("grid", key) == ()


@pytest.mark.parametrize("table", TABLES)
def test_looking_up_a_key_gives_what_reading_it_all_gives(table, shipped):
    column = TABLES[table][0]
    by_key = {}
    for row in shipped.all_rows(table):
        by_key.setdefault(row[column], []).append(row)
    assert all(shipped.rows(table, key) == tuple(rows) for key, rows in by_key.items())


def test_an_overlay_wins_for_the_facts_it_states_and_leaves_the_others(make_root, make_database):
    base = make_database().roots[0]
    own = make_root({f"accelerators/{ID}.toml": '[board_power_w]\nvalue = 350\nsource = "mine"\nlocator = "l"\nkind = "measured"\n'}, folder="own")
    product = Database([base, own]).product("accelerators", ID)
    assert (product.value("board_power_w"), product.facts["board_power_w"].origin) == (350.0, own)
    assert (product.value("memory_b"), product.facts["memory_b"].origin) == (40e9, base)
    assert product.name == "Acme One 40GB"


def test_an_overlay_adds_products_and_aliases(make_root, make_database, accelerator_toml):
    base = make_database().roots[0]
    own = make_root({"accelerators/mine.toml": accelerator_toml, f"accelerators/{ID}.toml": 'aliases = ["uno"]\n'}, folder="own")
    database = Database([base, own])
    assert database.ids("accelerators") == [ID, "mine"]
    assert database.product("accelerators", ID).aliases == ("one", "acme-one", "uno")
    assert [product.id for product in database.products("accelerators")] == [ID, "mine"]


def test_an_overlay_s_rows_come_first(make_root, make_database):
    base = make_database({"grid.csv": GRID}).roots[0]
    own = make_root({"grid.csv": GRID.replace(",50,", ",40,")}, folder="own")
    for rows in (Database([base, own]).rows("grid", "FR"), Database([base, own]).all_rows("grid")):
        assert [(row["intensity_gco2e_per_kwh"], row["origin"]) for row in rows] == [("40", own), ("50", base)]


def test_rows_are_found_by_several_columns(make_database):
    database = make_database({"grid.csv": GRID})
    [row] = database.rows("grid", "FR")
    for facts in (database, database.replace("grid", [row])):
        assert [found["intensity_gco2e_per_kwh"] for found in facts.rows("grid", "FR", row["year"])] == [row["intensity_gco2e_per_kwh"]]
        assert facts.rows("grid", "FR", row["year"][:3]) == facts.rows("grid", "FR", "1066") == facts.rows("grid", "FR", "") == ()


def test_a_bibliography_is_joined_and_a_broken_one_refused(make_root, make_database):
    base = make_database({"sources.toml": '[a]\ntitle = "A"\n'}).roots[0]
    own = make_root({"sources.toml": '[b]\ntitle = "B"\n'}, folder="own")
    assert Database([base, own]).sources().keys() == {"a", "b"}
    with pytest.raises(DatabaseError, match=r"sources\.toml"):
        make_database({"sources.toml": "[a"}).sources()


def test_a_table_may_be_replaced_without_touching_the_rest(make_database):
    database = make_database({"grid.csv": GRID})
    other = database.replace("grid", [{**database.rows("grid", "FR")[0], "zone": "DE"}])
    assert [row["zone"] for row in other.all_rows("grid")] == ["DE"]
    assert (len(other.rows("grid", "DE")), other.rows("grid", "FR")) == (1, ())
    assert other.product("accelerators", ID) == database.product("accelerators", ID)
    assert database.rows("grid", "DE") == ()


def test_ours_is_opened_and_shared():
    assert open_database().roots[0] == builtin_root()
    assert open_database() is open_database()
    assert {"a100-sxm4-80gb"} <= set(open_database().ids("accelerators"))


def test_the_folder_given_wins_over_that_of_the_environment(make_root, monkeypatch, tmp_path):
    first, second = (make_root({f"accelerators/{name}.toml": ""}, folder=name) for name in ("first", "second"))
    monkeypatch.setenv("CARBON_DB", first)
    assert open_database().roots == (builtin_root(), first)
    assert open_database(tmp_path / "second").roots == (builtin_root(), first, second)


def test_the_folder_in_the_user_s_configuration_is_opened(make_root, monkeypatch, tmp_path):
    own = make_root({"carbon/hardware_db/accelerators/mine.toml": ""}, folder="config")
    monkeypatch.setenv("XDG_CONFIG_HOME", own)
    assert open_database().roots == (builtin_root(), str(tmp_path / "config" / "carbon" / "hardware_db"))


@pytest.mark.parametrize("folder", ["nowhere", "a\0b", "\ud800", "x" * 10_000])
def test_a_folder_that_is_not_there_is_named_with_who_named_it(folder, tmp_path):
    with pytest.raises(NotFoundError, match="named by --db"):
        open_database(f"{tmp_path}/{folder}")


def test_an_environment_that_names_no_folder_is_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("CARBON_DB", str(tmp_path / "nowhere"))
    with pytest.raises(CarbonError, match=r"\$CARBON_DB"):
        open_database()


@pytest.mark.parametrize("folder", PRODUCTS)
def test_an_empty_folder_of_facts_has_no_products(folder, tmp_path):
    assert Database([str(tmp_path)]).ids(folder) == []
    assert list(Database([str(tmp_path)]).products(folder)) == []


def test_calibrations_are_kept_beside_the_user_s_own_facts_or_where_the_environment_says(monkeypatch, tmp_path):
    monkeypatch.delenv("CARBON_CALIBRATIONS", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert calibrations_folder() == str(tmp_path / "traincarbon" / "calibrations")
    monkeypatch.setenv("CARBON_CALIBRATIONS", "/elsewhere")
    assert calibrations_folder() == "/elsewhere"


@pytest.mark.parametrize("named", ["option", "environment"])
def test_a_folder_that_holds_other_things_than_facts_is_refused(tmp_path, monkeypatch, named):
    (tmp_path / "notes.doc").write_text("x")
    monkeypatch.setenv("CARBON_DB", str(tmp_path) if named == "environment" else "")
    with pytest.raises(NotFoundError, match="no facts in") as caught:
        open_database(None if named == "environment" else tmp_path)
    assert "accelerators/" in caught.value.hint


@pytest.mark.parametrize("held", [None, "accelerators", "benches"])
def test_a_folder_that_is_empty_or_holds_facts_among_other_things_is_taken(tmp_path, held):
    if held is not None:
        (tmp_path / held).mkdir()
        (tmp_path / "notes.doc").write_text("x")
    assert str(tmp_path) in open_database(tmp_path).roots


def test_what_cannot_be_read_is_named_once(make_root):
    root = make_root({"prices.csv/inside.txt": "a folder where a table should be"})
    with pytest.raises(DatabaseError) as caught:
        Database([root]).all_rows("prices")
    assert str(caught.value) == f"cannot read {root}/prices.csv: Is a directory"


def test_what_was_made_once_is_kept_by_owner_and_key(shipped):
    asked = []

    def make():
        asked.append(1)
        return len(asked)

    assert [shipped.kept("test", key, make) for key in ("a", "a", "b")] == [1, 1, 2]
