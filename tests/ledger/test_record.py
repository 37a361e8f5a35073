"""Merging is reading: one record from the lines of all processes, in any order and any number."""

import json
import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journals import WALL_S, device, line, lines_of, write_lines
from traincarbon.errors import CarbonError
from traincarbon.ledger.record import merge, read_run
from traincarbon.ledger.run import Run
from traincarbon.tracking.display.run_summary import page, summary

LATER_S = WALL_S + 1e6
FIGURE = {"low": 1.0, "median": 2.0, "high": 4.0}


@st.composite
def runs(draw):
    """Journals of a run on up to three nodes, each with up to three sessions one after the other."""
    journals = []
    for node in range(draw(st.integers(1, 3))):
        begin_s = draw(st.floats(0.0, 100.0))
        for process in range(draw(st.integers(1, 3))):
            intervals = draw(st.integers(0, 6))
            power_w = draw(st.floats(0.0, 1000.0))
            journals.append(
                lines_of(
                    node=f"n{node}", process=process, begin_s=begin_s, intervals=intervals, power_w=power_w, end=draw(st.booleans()),
                    devices=("gpu:0", "gpu:1")[: draw(st.integers(1, 2))], exit_code=draw(st.sampled_from([0, 1, 137])),
                )
            )  # fmt: skip
            begin_s += 5.0 * intervals + draw(st.floats(1.0, 1000.0))
    return journals


def merged(*journals):
    return merge([one for journal in journals for one in journal], now_s=LATER_S)


def total_j(record):
    return sum(energy for energy in record.energy_j.values() if energy is not None)


@given(runs(), st.randoms(use_true_random=False))
def test_the_order_of_lines_and_files_changes_nothing(journals, chance):
    lines = [one for journal in journals for one in journal]
    expected = merge(lines, now_s=LATER_S)
    chance.shuffle(lines)
    assert merge(lines, now_s=LATER_S) == expected


@given(runs(), st.data())
def test_lines_that_come_again_change_nothing(journals, data):
    lines = [one for journal in journals for one in journal]
    again = data.draw(st.lists(st.sampled_from(lines), max_size=20))
    assert merge([*lines, *again, *lines], now_s=LATER_S) == merge(lines, now_s=LATER_S)


@given(runs(), st.data())
def test_more_of_a_journal_never_gives_less_energy_time_or_samples(journals, data):
    place = data.draw(st.integers(0, len(journals) - 1))
    cut = data.draw(st.integers(0 if len(journals) > 1 else 1, len(journals[place])))
    part = merged(*journals[:place], journals[place][:cut], *journals[place + 1 :])
    whole = merged(*journals)
    assert total_j(part) <= total_j(whole)
    assert part.duration_s <= whole.duration_s
    assert part.samples <= whole.samples


@given(st.integers(1, 12), st.floats(1.0, 1000.0))
def test_the_beginning_of_a_journal_gives_the_energy_of_that_beginning(intervals, power_w):
    lines = lines_of(intervals=12, power_w=power_w)
    assert total_j(merged(lines[: intervals + 1])) == pytest.approx(power_w * 5.0 * intervals, rel=1e-12)


@given(runs())
def test_energy_is_the_sum_over_processes(journals):
    expected = sum(
        max(sum(use["energy_j"] for use in one["devices"].values()) for one in journal[1:] if "devices" in one)
        for journal in journals
        if any("devices" in one for one in journal)
    )
    assert total_j(merged(*journals)) == pytest.approx(expected, rel=1e-12)


@given(st.lists(st.floats(-1e7, 1e7), min_size=8, max_size=8))
def test_steps_of_the_wall_clock_change_neither_order_nor_energy_nor_time(steps_s):
    lines = lines_of(intervals=6)
    stepped = [{**one, "wall_s": one["wall_s"] + step_s} for one, step_s in zip(lines, steps_s, strict=True)]
    plain, moved = merged(lines), merged(stepped)
    assert (moved.energy_j, moved.duration_s, moved.gaps_s, moved.state) == (plain.energy_j, plain.duration_s, plain.gaps_s, plain.state)


def test_nodes_run_side_by_side_and_restarts_one_after_the_other():
    record = merged(
        lines_of(node="a", begin_s=0.0, intervals=4, process=1),
        lines_of(node="a", begin_s=100.0, intervals=2, process=2),
        lines_of(node="b", begin_s=3.0, intervals=5),
    )
    assert (record.nodes, record.restarts, record.accelerators, record.duration_s, record.samples) == (2, 1, 2, 30.0, 55)


@pytest.mark.parametrize(
    ("states", "state"),
    [
        (["finished", "finished"], "finished"),
        (["finished", "failed"], "failed"),
        (["killed", "finished"], "killed"),
        (["killed", "failed"], "failed"),
        (["running", "failed"], "running"),
        (["lost", "finished"], "lost"),
    ],
)
def test_a_run_on_several_nodes_is_in_its_worst_state(states, state):
    journals = [
        [*lines_of(end=False, node=f"n{number}"), line("end", seq=99, mono_s=15.0, node=f"n{number}", exit_code=7, state=one)]
        for number, one in enumerate(states)
    ]
    record = merged(*journals)
    assert (record.state, record.exit_code) == (state, 7)


def test_only_how_it_ended_at_last_counts():
    record = merged(lines_of(exit_code=1, process=1), lines_of(end=False, process=2, begin_s=100.0), lines_of(exit_code=0, process=3, begin_s=200.0))
    assert (record.state, record.exit_code, record.restarts) == ("finished", 0, 2)


def test_a_meter_that_was_killed_and_replaced_leaves_the_run_as_the_next_one_saw_it():
    record = merged(lines_of(end=False, process=1, start={"session": "s"}), lines_of(process=2, begin_s=40.0, start={"session": "s"}))
    assert (record.state, record.restarts, record.gaps_s, record.duration_s) == ("finished", 0, 25.0, 55.0)


def test_progress_is_the_highest_of_a_session_and_adds_up_over_sessions():
    first = [
        *lines_of(end=False, process=1),
        *(line("progress", seq=10 + count, mono_s=15.0, process=1, tokens=1e6 * count, steps=count) for count in range(4)),
    ]
    second = [*lines_of(begin_s=100.0, process=2), line("progress", seq=10, mono_s=115.0, process=2, tokens=5e6, samples=3)]
    record = merged(first, second)
    assert (record.tokens, record.counts) == (8e6, {"tokens": 8e6, "steps": 3.0, "samples": 3.0})


def test_no_lines_and_lines_of_two_runs_are_refused():
    with pytest.raises(CarbonError, match="0 runs"):
        merge([])
    with pytest.raises(CarbonError, match="2 runs"):
        merge([line("note"), line("note", run_id="other")])


def test_an_imported_record_is_the_record_and_a_metered_one_wins_over_it():
    record = merged(lines_of(figures={"cost_usd": FIGURE}))
    imported = [line("record", node="import", writer="import-1", record={**record.to_dict(), "hw": "elsewhere"})]
    assert merged(imported).hw == "elsewhere"
    assert merged(imported, lines_of()).hw == "box"


def test_hostile_names_pass_through_bounded():
    record = merged(lines_of(start={"project": "x" * 10_000, "hw": "<script>", "argv": ["'; DROP TABLE runs; --", "\u202e", "a\0b"]}))
    assert (len(record.project), record.hw, record.argv) == (2000, "<script>", ("'; DROP TABLE runs; --", "\u202e", "a\0b"))


def test_one_run_is_read_without_an_index(tmp_path):
    write_lines(tmp_path / "journals" / "one" / "a.jsonl", lines_of(run_id="one", intervals=2))
    write_lines(tmp_path / "journals" / "one" / "b.jsonl", lines_of(run_id="one", process=8, begin_s=100.0))
    run = read_run(str(tmp_path), "one")
    assert (run.energy_j["gpu"], run.restarts) == (2500.0, 1)
    assert read_run(str(tmp_path), "two") is None
    assert sorted(os.listdir(tmp_path)) == ["journals"]


def test_reading_one_run_loads_no_database(tmp_path):
    code = "import sys; from traincarbon.ledger.record import read_run; read_run(sys.argv[1], 'x'); print(sorted({'sqlite3', 'shutil', 'hashlib', 'pandas', 'click'} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path.insert(0, 'src'); {code}", str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_a_gpu_that_was_not_metered_on_one_node_leaves_no_totals():
    whole = lines_of(node="n0", figures={"facility_energy_kwh": FIGURE, "cost_usd": FIGURE})
    blind = lines_of(node="n1", devices=("cpu:0",), part="cpu", start={"unread_gpu": True, "missing": {"gpu": "no bindings"}})
    assert merged(whole).facility_energy_kwh == FIGURE
    run = merged(whole, blind)
    assert (run.unread_gpu, run.facility_energy_kwh, run.cost_usd, run.metered_kwh) == (True, None, None, None)
    assert run.missing["gpu"] == "on 1 of 2 nodes: no bindings"
    assert not any("leaves out" in note for note in run.notes)
    assert Run.from_stored(json.loads(json.dumps(run.to_stored()))) == run


@pytest.mark.parametrize(("gap_s", "is_unread"), [(14.99, True), (14.0, False), (0.0, False)])
def test_a_gpu_that_was_metered_for_next_to_nothing_leaves_no_total(gap_s, is_unread):
    figure = {"low": 1.0, "median": 2.0, "high": 3.0}
    stated = {"devices": {"gpu:0": device(3.0, gap_s=gap_s)}, "facility_energy_kwh": figure}
    lines = [
        line("start", hw="box", accelerators=1),
        line("interval", seq=1, mono_s=15.0, from_s=0.0, to_s=15.0, samples=1, **stated),
        line("end", seq=2, mono_s=15.0, exit_code=0),
    ]
    run = merge(lines)
    assert (run.unread_gpu, run.facility_energy_kwh is None, run.metered_kwh is None) == (is_unread, is_unread, is_unread)


@pytest.mark.parametrize("parts", [("gpu",), ("gpu", "cpu"), ("server",)])
def test_a_device_that_was_not_metered_at_all_has_unknown_energy_and_not_none_of_it(parts):
    silent = {f"{part}:0": device(0.0, part=part, gap_s=15.0) for part in parts}
    lines = [
        line("start", hw="box", accelerators=1),
        line("interval", seq=1, mono_s=15.0, from_s=0.0, to_s=15.0, samples=1, devices={**silent, "dram:0": device(30.0, part="dram", gap_s=0.0)}),
        line("end", seq=2, mono_s=15.0, exit_code=0),
    ]
    stated = merge(lines).to_dict()
    for part in [each.replace("server", "other") for each in parts]:
        assert (stated["energy_j"][part], part in stated["how"]) == (None, False)
        assert stated["missing"][part]
    assert {use["id"]: use["energy_j"] for use in stated["devices"]} == {**dict.fromkeys(silent), "dram:0": 30.0}
    assert " 0 kWh" not in summary(merge(lines), columns=100) + "\n".join(page(merge(lines)))
    assert Run.from_dict(stated).to_dict()["devices"] == stated["devices"]


def test_a_device_that_was_metered_and_used_nothing_has_zero():
    lines = [
        line("start"),
        line("interval", seq=1, mono_s=15.0, from_s=0.0, to_s=15.0, samples=1, devices={"gpu:0": device(0.0, gap_s=0.0)}),
        line("end", seq=2, mono_s=15.0, exit_code=0),
    ]
    assert merge(lines).energy_j["gpu"] == 0.0
