"""A record is written and read as it is."""

import json

from journals import WALL_S, device, line, lines_of
from traincarbon.ledger.record import merge
from traincarbon.ledger.run import Run

LATER_S = WALL_S + 1e6
CONTRACT = [
    "schema", "run_id", "project", "argv", "exit_code", "state", "started_at", "duration_s", "nodes", "nodes_expected", "hosts", "accelerators", "hw", "energy_j", "how", "missing", "gaps_s",
    "samples", "facility_energy_kwh", "operational_kgco2e", "embodied_kgco2e", "cost_usd", "tokens", "params", "mfu", "progress", "forecast", "plan", "versions",
    "launcher", "site", "phases", "attempts", "hours", "waste", "warm_up", "shared_with", "source", "counted_in", "second_opinions", "notes", "energy_covers", "billed",
    "devices",
]  # fmt: skip
FIGURE = {"low": 1.0, "median": 2.0, "high": 4.0}


def merged(*journals):
    return merge([one for journal in journals for one in journal], now_s=LATER_S)


def test_the_record_has_the_layout_of_the_contract():
    record = merged(
        lines_of(start={"project": "p", "versions": {"traincarbon": "0.1.0"}, "plan": {"params": 7e9}, "params": 7e9}, figures={"cost_usd": FIGURE, "mfu": 0.4})
    )
    shown = record.to_dict()
    assert list(shown) == CONTRACT
    assert shown["schema"] == "traincarbon/run/1"
    assert json.loads(json.dumps(shown, allow_nan=False)) == shown
    assert (shown["argv"], shown["exit_code"], shown["state"], shown["nodes"], shown["accelerators"], shown["hw"]) == (["train.py"], 0, "finished", 1, 1, "box")
    assert (shown["cost_usd"], shown["embodied_kgco2e"], shown["mfu"], shown["params"], shown["plan"]) == (FIGURE, None, 0.4, 7e9, {"params": 7e9})
    assert shown["started_at"] == "2026-09-21T14:13:20.000000Z"
    assert shown["duration_s"] == 15.0


def test_a_record_comes_back_from_its_json_as_it_was():
    record = merged(lines_of(figures={"cost_usd": FIGURE, "tokens": 5e9, "forecast": {"a": 1}}))
    assert Run.from_dict(json.loads(json.dumps(record.to_dict()))).to_dict() == record.to_dict()


def test_a_brief_record_states_only_what_is_not_as_by_default_and_reads_as_the_whole_one():
    devices = {f"gpu:{number}": device(500.0 + number) for number in range(3)}
    many = merged([*lines_of(end=False), line("interval", seq=9, mono_s=20.0, from_s=15.0, to_s=20.0, devices=devices)], lines_of(begin_s=500.0, process=9))
    for record in (many, merged(lines_of(figures={"cost_usd": FIGURE, "tokens": 5e9, "forecast": {"a": 1}})), merged(lines_of()), merged([line("note")])):
        brief, whole = record.to_brief(), record.to_dict()
        assert {name: whole[name] for name in brief} == brief
        assert Run.from_dict(json.loads(json.dumps(brief))) == Run.from_dict(whole)
    assert not {"site", "billed", "tokens", "shared_with", "counts", "restarts"} & many.to_brief().keys()


def test_a_record_comes_back_from_the_index_with_all_that_it_holds():
    record = merged([*lines_of(end=False), line("note", seq=9, mono_s=15.0, text="hello")], lines_of(begin_s=500.0, process=9))
    assert Run.from_stored(json.loads(json.dumps(record.to_stored()))) == record
    assert (record.restarts, record.notes, len(record.by_device)) == (1, ("hello",), 1)


def test_a_clock_beyond_all_dates_gives_no_date():
    assert merge([line("note", wall_s=1e30)], now_s=0.0).started_at == ""


def test_the_energy_of_all_parts_is_known_or_none():
    assert merged(lines_of()).metered_kwh == 1500.0 / 3.6e6
    assert merged([line("note")]).metered_kwh is None
    assert merged([line("interval", devices={"g": device(0.0)})]).metered_kwh == 0.0


def test_what_the_cost_counts_is_kept_beyond_the_contract():
    renting = lines_of(figures={"cost_usd": FIGURE, "cost_basis": "rent"})
    record = merged(renting)
    assert record.cost_basis == "rent"
    assert list(record.to_dict()) == CONTRACT
    assert Run.from_stored(json.loads(json.dumps(record.to_stored()))).cost_basis == "rent"


def test_an_index_keeps_the_fields_that_are_not_as_by_default():
    assert "cost_basis" not in merged(lines_of()).to_stored()
    assert Run.from_stored(merged(lines_of()).to_stored()) == merged(lines_of())
