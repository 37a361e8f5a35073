"""Sweeps end to end: one process, shards, workers, stops in between, and what is in the way."""

import json
import os
import shutil
import sys
from types import SimpleNamespace

import pyarrow as pa
import pytest
from pyarrow import parquet

from traincarbon.errors import CarbonError, NotFoundError
from traincarbon.estimation.chain import estimate
from traincarbon.explore.sweeps import engines, parquet_file, unfinished, work
from traincarbon.explore.sweeps.front import front_of
from traincarbon.explore.sweeps.place import Place
from traincarbon.explore.sweeps.sweep import sweep

STATED = {"hw": ["dgx-a100", "dgx-h100"], "params": {"from": 1e9, "to": 1e11, "n": 13, "scale": "log"}, "tokens": ["100B", "1T"], "servers": [4, 16, 64]}
PLANS = 156


@pytest.fixture
def small(monkeypatch):
    """Make row groups and units so small that few plans need many."""
    for module in (parquet_file, work):
        monkeypatch.setattr(module, "ROWS_TOGETHER", 16)
    monkeypatch.setattr(work, "_PLANS_OF_UNIT", 32)


class StoppedError(Exception):
    """What stops a sweep in its work."""


def stop_after(plans, folder, database, **options):
    """Stop a sweep once so many plans are done."""

    def stop(done, _):
        if done > plans:
            raise StoppedError

    with pytest.raises(StoppedError):
        sweep(STATED, folder / "x.parquet", database=database, on_progress=stop, **options)


def units_there(folder):
    """Return how many plans each unit holds that a stopped sweep left."""
    edges = [unit.stem.split("-") for unit in folder.glob(".x.parquet.*.units/*.arrow")]
    return [int(stop) - int(start) for start, stop in edges]


def content(file):
    return file.read_bytes()


def test_the_file_has_a_row_for_each_plan_and_says_what_it_is(tmp_path, shipped):
    found = sweep(STATED, tmp_path / "x.parquet", database=shipped)
    table = parquet.read_table(tmp_path / "x.parquet")
    assert (len(table), found.plans, found.kept, found.reused) == (PLANS, PLANS, PLANS, 0)
    row = table.slice(77, 1).to_pylist()[0]
    alone = estimate(database=shipped, **{name: row[name] for name in ("hw", "params", "tokens", "servers")})
    known = {name: interval.median for name, interval in alone.results.items() if interval is not None}
    assert {name: row[name] for name in known} == pytest.approx(known, rel=1e-12)
    assert all(row[name] is None for name in alone.results.keys() - known)
    stated = json.loads(table.schema.metadata[b"traincarbon"])
    assert stated["schema"] == "traincarbon/sweep/1"
    assert stated["grid"]["tokens"] == [1e11, 1e12]
    assert stated["rows"] == [0, PLANS]
    assert len(stated["facts_sha256"]) == 64


@pytest.mark.usefixtures("small")
def test_shards_are_joined_to_the_bytes_of_one_process(tmp_path, shipped):
    sweep(STATED, tmp_path / "one.parquet", database=shipped)
    for number in (3, 0, 7, 1, 2, 6, 5, 4):
        found = sweep(STATED, tmp_path / "x.parquet", shard=f"{number}/8", database=shipped)
        assert found.file == str(tmp_path / f"x.part-00{number}-of-8.parquet")
        assert (found.joined is None) == (number != 4)
    assert content(tmp_path / "x.parquet") == content(tmp_path / "one.parquet")
    assert sum(parquet.read_metadata(file).num_rows for file in tmp_path.glob("x.part-*")) == PLANS
    assert not [name for name in os.listdir(tmp_path) if name.startswith(".")]


def test_a_shard_that_is_there_is_not_computed_again(tmp_path, shipped):
    sweep(STATED, tmp_path / "x.parquet", shard="0/2", database=shipped)
    before = os.stat(tmp_path / "x.part-000-of-2.parquet").st_mtime_ns
    again = sweep(STATED, tmp_path / "x.parquet", shard="0/2", database=shipped)
    assert (again.reused, again.to_dict()["computed"], again.to_dict()["plans_per_s"]) == (78, 0, None)
    assert os.stat(tmp_path / "x.part-000-of-2.parquet").st_mtime_ns == before


@pytest.mark.usefixtures("small")
def test_the_whole_uses_the_shards_that_are_there(tmp_path, shipped):
    sweep(STATED, tmp_path / "one.parquet", database=shipped)
    for number in (1, 3):
        sweep(STATED, tmp_path / "x.parquet", shard=f"{number}/4", database=shipped)
    found = sweep(STATED, tmp_path / "x.parquet", database=shipped)
    assert found.reused == 78
    assert content(tmp_path / "x.parquet") == content(tmp_path / "one.parquet")


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("workers", [1, 2])
def test_a_sweep_that_was_stopped_goes_on(tmp_path, shipped, workers, monkeypatch):
    sweep(STATED, tmp_path / "one.parquet", database=shipped)

    stop_after(64, tmp_path, shipped, workers=workers)
    assert not (tmp_path / "x.parquet").exists()
    kept = next(tmp_path.glob(".x.parquet.*.units"))
    assert len(list(kept.glob("*.arrow"))) >= 2
    there = sum(units_there(tmp_path))
    computed, told = [], []
    real = work.compute_into
    monkeypatch.setattr("traincarbon.explore.sweeps.engines.compute_into", lambda *arguments: (computed.append(arguments[1]), real(*arguments)))
    sweep(STATED, tmp_path / "x.parquet", database=shipped, on_progress=lambda done, _: told.append(done))
    assert len(computed) <= 3
    assert [*dict.fromkeys(told)] == [there, *(min(there + 16 * tables, PLANS) for tables in range(1, (PLANS - there + 15) // 16 + 1))]
    assert content(tmp_path / "x.parquet") == content(tmp_path / "one.parquet")


@pytest.mark.usefixtures("small")
def test_plans_of_units_that_are_there_count_as_reused(tmp_path, shipped):
    stop_after(64, tmp_path, shipped)
    there = units_there(tmp_path)
    assert sum(there) >= 64
    assert sweep(STATED, tmp_path / "x.parquet", database=shipped).reused == sum(there)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("keep", ["all", "pareto"])
@pytest.mark.parametrize("at", [0, 16, 64, 150, PLANS])
def test_another_process_that_makes_the_same_file_meanwhile_disturbs_nothing(tmp_path, shipped, keep, at):
    made = []

    def make(done, _):
        if done >= at and not made:
            made.append(None)
            sweep(STATED, tmp_path / "x.parquet", keep=keep, database=shipped)

    sweep(STATED, tmp_path / "one.parquet", keep=keep, database=shipped)
    found = sweep(STATED, tmp_path / "x.parquet", keep=keep, database=shipped, on_progress=make)
    assert found.plans == PLANS
    assert made
    assert content(tmp_path / "x.parquet") == content(tmp_path / "one.parquet")
    assert sorted(os.listdir(tmp_path)) == ["one.parquet", "x.parquet"]


@pytest.mark.usefixtures("small")
def test_units_that_another_process_removes_when_it_is_done_are_not_missed(tmp_path, shipped):
    def take_away(done, _):
        if done == 64:
            sweep(STATED, tmp_path / "x.parquet", database=shipped)
            shutil.rmtree(next(tmp_path.glob(".x.parquet.*.units")), ignore_errors=True)

    sweep(STATED, tmp_path / "one.parquet", database=shipped)
    sweep(STATED, tmp_path / "x.parquet", database=shipped, on_progress=take_away)
    assert content(tmp_path / "x.parquet") == content(tmp_path / "one.parquet")
    assert sorted(os.listdir(tmp_path)) == ["one.parquet", "x.parquet"]


@pytest.mark.usefixtures("small")
def test_the_file_that_another_sweep_makes_meanwhile_is_not_replaced(tmp_path, shipped):
    other = {**STATED, "servers": [8]}

    def make(done, _):
        if done == 64:
            sweep(other, tmp_path / "x.parquet", database=shipped)

    with pytest.raises(CarbonError, match="another grid"):
        sweep(STATED, tmp_path / "x.parquet", database=shipped, on_progress=make)
    assert parquet.read_table(tmp_path / "x.parquet")["servers"].unique().to_pylist() == [8.0]


@pytest.mark.usefixtures("small")
def test_what_killed_sweeps_left_is_removed_by_the_next_one(tmp_path, shipped):
    stop_after(64, tmp_path, shipped)
    units = next(tmp_path.glob(".x.parquet.*.units"))
    abandoned = units / f"{unfinished._node()}-0.unfinished"
    abandoned.touch()
    gone = []
    sweep(STATED, tmp_path / "x.parquet", database=shipped, on_progress=lambda *_: gone.append(not abandoned.exists()))
    assert all(gone)
    units.mkdir()
    (units / "0-32.arrow").touch()  # killed when its file was there
    sweep(STATED, tmp_path / "x.parquet", database=shipped)
    assert os.listdir(tmp_path) == ["x.parquet"]


@pytest.mark.usefixtures("small")
def test_where_there_are_no_locks_what_was_killed_keeps_no_unit(tmp_path, shipped, monkeypatch):
    monkeypatch.setitem(sys.modules, "fcntl", None)
    stop_after(64, tmp_path, shipped)
    units = next(tmp_path.glob(".x.parquet.*.units"))
    (units / "0.unfinished").touch()
    assert units_there(tmp_path)
    sweep(STATED, tmp_path / "x.parquet", database=shipped)
    assert os.listdir(units) == ["0.unfinished"]


@pytest.mark.usefixtures("small")
def test_the_first_error_is_said_where_something_else_has_taken_the_name_of_the_file(tmp_path, shipped):
    def spoil(done, _):
        if done == 64:
            (tmp_path / "x.parquet").write_text("no sweep")
            raise CarbonError("the first error")

    with pytest.raises(CarbonError, match="the first error"):
        sweep(STATED, tmp_path / "x.parquet", database=shipped, on_progress=spoil)
    assert (tmp_path / "x.parquet").read_text() == "no sweep"


@pytest.mark.usefixtures("small")
def test_a_file_that_gets_a_front_in_the_end_is_seen_as_one_that_is_written(tmp_path, shipped):
    old = []

    def age(*_):
        for file in tmp_path.glob(".x.parquet.*.units/*.unfinished"):
            old.append(os.stat(file).st_mtime)
            os.utime(file, (1e9, 1e9))

    sweep(STATED, tmp_path / "x.parquet", keep="pareto", database=shipped, on_progress=age)
    assert len([mtime_s for mtime_s in old if mtime_s > 1e9]) > 2


@pytest.mark.usefixtures("small")
def test_a_sweep_that_goes_on_needs_no_room_for_what_is_there(tmp_path, shipped, monkeypatch):
    asked = []
    monkeypatch.setattr(Place, "check_room", lambda _, **need: asked.append((need["plans"], need["kept"])))
    stop_after(64, tmp_path, shipped)
    there = sum(units_there(tmp_path))
    sweep(STATED, tmp_path / "x.parquet", database=shipped)
    assert asked == [(PLANS, PLANS), (PLANS, PLANS - there)]


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(("plans", "workers"), [(32, 0), (96, 0), (128, 2), (192, 3), (320, 4)])
def test_no_process_is_started_for_less_than_two_units(tmp_path, shipped, monkeypatch, plans, workers):
    asked = []

    def pool(work, files, *, workers):
        asked.append(workers)
        return engines.in_this_process(work, files)

    monkeypatch.setattr("traincarbon.explore.sweeps.sweep.in_processes", pool)
    stated = {"hw": "dgx-a100", "params": {"from": 1e9, "to": 1e11, "n": plans}, "tokens": 1e12}
    assert sweep(stated, tmp_path / "x.parquet", workers=4, database=shipped).plans == plans
    assert asked == [workers] * bool(workers)


@pytest.mark.usefixtures("small")
def test_the_progress_of_a_front_is_in_plans_and_comes_to_all(tmp_path, shipped):
    told = []
    found = sweep(STATED, tmp_path / "x.parquet", keep="pareto", database=shipped, on_progress=lambda done, plans: told.append((done, plans)))
    assert found.kept < found.plans
    assert told[-1] == (found.plans, found.plans)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


@pytest.mark.usefixtures("small")
def test_the_front_of_shards_is_the_front_of_one_process(tmp_path, shipped):
    options = {"keep": "pareto", "money": "own", "database": shipped}
    whole = sweep(STATED, tmp_path / "all.parquet", database=shipped)
    found = sweep(STATED, tmp_path / "one.parquet", **options)
    for number in range(3):
        sweep(STATED, tmp_path / "x.parquet", shard=f"{number}/3", **options)
    assert content(tmp_path / "x.parquet") == content(tmp_path / "one.parquet")
    table = front_of(parquet.read_table(tmp_path / "all.parquet"), by=("tco_usd", "duration_s", "total_kgco2e"))
    assert parquet.read_table(tmp_path / "one.parquet").replace_schema_metadata(None).equals(table.replace_schema_metadata(None))
    assert found.kept == len(table) < whole.kept


def test_more_shards_than_plans_leave_some_empty(tmp_path, shipped):
    stated = {"hw": "dgx-a100", "params": 7e9, "tokens": 1e12, "servers": [1, 2]}
    for number in range(5):
        sweep(stated, tmp_path / "x.parquet", shard=f"{number}/5", database=shipped)
    assert parquet.read_table(tmp_path / "x.parquet")["servers"].to_pylist() == [1.0, 2.0]


def test_a_file_of_another_grid_or_of_something_else_is_kept(tmp_path, shipped):
    sweep(STATED, tmp_path / "x.parquet", database=shipped)
    parquet.write_table(pa.table({"a": [1]}), tmp_path / "other.parquet")
    (tmp_path / "cut.parquet").write_bytes(b"PAR1")
    (tmp_path / "folder.parquet").mkdir()
    for name, says in (("x", "another grid"), ("other", "no sweep"), ("cut", "cannot read"), ("folder", "folder")):
        with pytest.raises(CarbonError, match=says):
            sweep({**STATED, "servers": [4, 8]}, tmp_path / f"{name}.parquet", database=shipped)
    assert len(parquet.read_table(tmp_path / "x.parquet")) == PLANS


def test_shards_of_another_number_are_not_mixed(tmp_path, shipped):
    sweep(STATED, tmp_path / "x.parquet", shard="0/8", database=shipped)
    with pytest.raises(CarbonError, match="one of 8 shards") as caught:
        sweep(STATED, tmp_path / "x.parquet", shard="0/2", database=shipped)
    assert "i/8" in caught.value.hint


@pytest.mark.parametrize(
    ("stated", "options", "says"),
    [
        ({**STATED, "hw": ["dgx-a100", "dgx-a1000"]}, {}, "no hardware"),
        ({**STATED, "region": ["sweden", "atlantis"]}, {}, "atlantis"),
        ({name: value for name, value in STATED.items() if name != "hw"}, {}, "no hardware"),
        (STATED, {"keep": "some"}, "keep"),
        (STATED, {"money": "gold"}, "money"),
        (STATED, {"workers": 0}, "workers"),
        (STATED, {"level": 2.0}, "level"),
        (STATED, {"shard": "2/2"}, "shard"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_written(tmp_path, shipped, stated, options, says):
    with pytest.raises(CarbonError, match=says) as caught:
        sweep(stated, tmp_path / "x.parquet", database=shipped, **options)
    assert caught.value.hint
    assert os.listdir(tmp_path) == []


def test_the_output_must_be_a_file_of_parquet_in_a_folder(tmp_path, shipped):
    for name in ("x.csv", ".parquet", "none/x.parquet"):
        with pytest.raises(CarbonError):
            sweep(STATED, tmp_path / name, database=shipped)


def test_a_disk_without_room_is_said_before_the_work(tmp_path, shipped, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=10_000))
    with pytest.raises(CarbonError, match="1e-05 GB are free"):
        sweep(STATED, tmp_path / "x.parquet", database=shipped)
    sweep(STATED, tmp_path / "x.parquet", keep="pareto", database=shipped)


@pytest.mark.usefixtures("small")
def test_a_disk_that_fills_up_loses_nothing(tmp_path, shipped, monkeypatch):
    sweep(STATED, tmp_path / "one.parquet", database=shipped)

    def full(_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", full)
        with pytest.raises(CarbonError, match="No space left"):
            sweep(STATED, tmp_path / "x.parquet", shard="0/1", database=shipped)
    assert not list(tmp_path.glob("x*.parquet"))
    sweep(STATED, tmp_path / "x.parquet", database=shipped)
    assert content(tmp_path / "x.parquet") == content(tmp_path / "one.parquet")


@pytest.mark.parametrize("options", [{}, {"shard": "0/1"}])
def test_an_error_of_computing_is_not_one_of_the_file(tmp_path, shipped, monkeypatch, options):
    def broken(*_, **__):
        raise ValueError("axes do not match")

    monkeypatch.setattr(work, "evaluated", broken)
    with pytest.raises(ValueError, match="axes do not match"):
        sweep(STATED, tmp_path / "x.parquet", database=shipped, **options)
    assert not list(tmp_path.glob("**/*.parquet")) + list(tmp_path.glob("**/*.unfinished")) + list(tmp_path.glob("**/*.part"))


def test_plans_that_cannot_be_estimated_are_counted_by_reason(tmp_path, shipped):
    stated = {"hw": "dgx-a100", "params": 7e9, "tokens": 1e12, "accelerator_hours": [1.0, 2.0, 1e5]}
    found = sweep(stated, tmp_path / "x.parquet", database=shipped)
    assert list(found.set_aside.values()) == [2]
    assert parquet.read_table(tmp_path / "x.parquet")["problem"].to_pylist()[2] is None


def test_hostile_names_are_text_like_any_other(tmp_path, shipped):
    names = ["=cmd()", "'; DROP TABLE runs; --", "\x1b[31mred", 'a,b\n"c"', "名前"]
    sweep({"hw": "dgx-a100", "params": 7e9, "tokens": 1e12, "name": names}, tmp_path / "x'; *.parquet", database=shipped)
    assert parquet.read_table(tmp_path / "x'; *.parquet")["name"].to_pylist() == names


def test_an_unknown_name_is_no_traceback_of_a_worker(tmp_path, shipped):
    with pytest.raises(NotFoundError):
        sweep({**STATED, "hw": ["nothing", "h100"]}, tmp_path / "x.parquet", workers=2, database=shipped)


def test_plans_whose_fields_contradict_each_other_are_marked_and_the_others_go_on(tmp_path, shipped):
    stated = {"hw": "dgx-a100", "params": [1e9, 7e9, 70e9], "active_params": 5e9, "tokens": 1e11}
    found = sweep(stated, tmp_path / "x.parquet", database=shipped)
    problems = parquet.read_table(tmp_path / "x.parquet")["problem"].to_pylist()
    assert (list(found.set_aside.values()), problems[1:]) == ([1], [None, None])
    assert "active_params" in problems[0]
    with pytest.raises(CarbonError, match="active_params"):
        sweep({**stated, "params": [1e9, 2e9]}, tmp_path / "y.parquet", database=shipped)
