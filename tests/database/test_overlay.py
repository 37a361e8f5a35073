import os
import threading
import tomllib

import pytest

from traincarbon.database.load import Database, forget_databases, open_database
from traincarbon.database.overlay import alone, check_writable, overlay_root, product_toml, with_source
from traincarbon.database.records import Fact
from traincarbon.errors import CarbonError, DatabaseError


def test_a_named_folder_wins_over_the_environment_and_that_over_ones_own(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    assert overlay_root() == str(tmp_path / "config" / "traincarbon" / "hardware_db")
    monkeypatch.setenv("CARBON_DB", str(tmp_path / "env"))
    assert overlay_root() == str(tmp_path / "env")
    assert overlay_root(str(tmp_path / "named")) == str(tmp_path / "named")


def test_facts_go_where_the_database_looks_for_them_last(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    os.makedirs(overlay_root())
    forget_databases()
    assert open_database().roots[-1] == overlay_root()


def test_without_a_home_folder_one_must_be_named(monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", "")
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    with pytest.raises(CarbonError, match="no home folder") as refused:
        overlay_root()
    assert "CARBON_DB" in refused.value.hint


def test_a_folder_made_after_the_first_look_is_seen_after_forgetting(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert overlay_root() not in open_database().roots
    os.makedirs(overlay_root())
    forget_databases()
    assert overlay_root() in open_database().roots


def test_whether_a_folder_can_be_written_is_found_out_without_a_trace(tmp_path):
    check_writable(str(tmp_path / "not" / "yet"))
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CarbonError, match="cannot write") as refused:
        check_writable(str(tmp_path / "file" / "folder"))
    assert "--db DIR" in refused.value.hint
    with pytest.raises(CarbonError, match="cannot write"):
        check_writable("/proc/nowhere")


MINE = '# my sources\n[mine]\ntitle = "T"\npublisher = "P"\npublished = 2024\n\n\n'


def test_a_source_is_added_at_the_end_and_nothing_else_is_touched():
    text = with_source(MINE, "bench-1", {"title": 'A "bench"', "publisher": "carbon bench", "published": "2026-03-04"})
    assert text.startswith(MINE.rstrip("\n"))
    assert list(tomllib.loads(text)) == ["mine", "bench-1"]
    assert tomllib.loads(text)["bench-1"]["title"] == 'A "bench"'


def test_a_key_with_dots_is_one_key():
    assert list(tomllib.loads(with_source("", "bench-dgx.2-1", {"title": "T"}))) == ["bench-dgx.2-1"]


def test_the_first_source_makes_the_file():
    assert with_source("", "bench-1", {"title": "T"}) == '[bench-1]\ntitle = "T"\n'


@pytest.mark.parametrize(("text", "what"), [("[half", "not TOML"), (MINE, "already")], ids=["half a file", "the same key"])
def test_a_file_that_cannot_be_added_to_is_refused(text, what):
    with pytest.raises(DatabaseError, match=what):
        with_source(text, "mine", {"title": "T"})


def test_a_product_is_read_as_it_was_written(make_root):
    facts = {
        "accelerator_count": Fact(8.0, "bench-1", "benches/1.json, accelerators", "measured", ""),
        "idle_power_w": Fact(11.67, "bench-1", "benches/1.json, idle", "derived", "", note='as "modelled"', low=5.0, high=24.0),
        "price_usd": Fact(4000.0, "invoice-1", "line 1", "measured", "", dated="2026-03"),
    }
    root = make_root({"servers/this.toml": product_toml({"name": "This \\ machine", "operator": "on-prem", "cpu": ""}, ["mine"], facts)})
    read = Database([root]).product("servers", "this")
    assert read.name == "This \\ machine"
    assert read.aliases == ("mine",)
    assert "cpu" not in read.keys
    assert {name: fact._replace(origin="") for name, fact in read.facts.items()} == {
        name: fact if fact.low is not None else fact._replace(low=None, high=None) for name, fact in facts.items()
    }


def test_a_hostile_name_cannot_break_out_of_its_text(make_root):
    name = 'x"\n[max_power_w]\nvalue = 1\x00\x1b[31m \u202e'
    read = Database([make_root({"servers/this.toml": product_toml({"name": name}, [], {})})]).product("servers", "this")
    assert read.name == 'x"�[max_power_w]�value = 1��[31m �'
    assert read.facts == {}


def test_who_adds_to_a_folder_waits_until_it_is_let_go_of(tmp_path):
    entered = threading.Event()

    def other():
        with alone(str(tmp_path / "own")):
            entered.set()

    with alone(str(tmp_path / "own")):
        waiting = threading.Thread(target=other)
        waiting.start()
        assert not entered.wait(0.2)
    assert entered.wait(10.0)
    waiting.join()
    assert os.listdir(tmp_path / "own") == []


def test_a_folder_that_cannot_be_made_is_not_held(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CarbonError, match="cannot write"), alone(str(tmp_path / "file" / "own")):
        pass
