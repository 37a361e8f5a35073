"""Quantities of a run add up over its processes, and what contradicts itself is said."""

import pytest

from journals import WALL_S, device, line, lines_of
from traincarbon.ledger.record import merge
from traincarbon.ledger.run import Run

LATER_S = WALL_S + 1e6
FIGURE = {"low": 1.0, "median": 2.0, "high": 4.0}


GOOD = merge(lines_of(), now_s=WALL_S).to_dict()


def merged(*journals):
    return merge([one for journal in journals for one in journal], now_s=LATER_S)


def test_figures_add_up_and_those_that_are_left_out_are_named():
    record = merged(
        lines_of(process=1, figures={"cost_usd": FIGURE}),
        lines_of(process=2, begin_s=100.0, figures={"cost_usd": FIGURE}),
        lines_of(process=3, begin_s=200.0, end=False),
    )
    assert record.cost_usd == {"low": 2.0, "median": 4.0, "high": 8.0}
    assert record.notes == ("cost_usd leaves out 1 of 3 processes, which ended before they could state it",)


def test_trackers_side_by_side_state_the_cost_of_the_same_devices_once():
    assert merged(*(lines_of(process=number, figures={"cost_usd": FIGURE}) for number in range(8))).cost_usd == FIGURE


def test_trackers_side_by_side_of_work_that_was_modelled_for_each_add_up_as_its_energy_does():
    modelled = {"devices": ("cpu:model",), "part": "cpu", "how": "modelled", "figures": {"facility_energy_kwh": FIGURE}}
    record = merged(*(lines_of(process=number, start={"accelerators": None}, **modelled) for number in range(3)))
    assert record.energy_j["cpu"] == 3 * 1500.0
    assert record.facility_energy_kwh == {name: 3.0 * value for name, value in FIGURE.items()}
    assert merged(*(lines_of(process=number, start={"accelerators": 8}, **modelled) for number in range(3))).facility_energy_kwh == FIGURE


def test_what_a_killed_process_last_stated_is_kept():
    lines = lines_of(end=False)
    lines[-1]["cost_usd"] = FIGURE
    assert merged(lines).cost_usd == FIGURE


def test_what_the_cost_counts_in_each_session_is_told_where_they_differ():
    one, other = (
        lines_of(process=number, begin_s=100.0 * number, figures={"cost_usd": FIGURE, "cost_basis": basis}) for number, basis in enumerate(["rent", "own"], 1)
    )
    assert merged(one, other).cost_basis == "rent; own"
    assert merged(lines_of(figures={"cost_basis": "rent"})).cost_basis == ""
    assert merged(lines_of(figures={"cost_usd": FIGURE})).cost_basis == ""


def stated(facility_kwh, *, gpu_j=3.6e6, how="counter"):
    interval = {"low": facility_kwh / 2.0, "median": facility_kwh, "high": facility_kwh * 2.0}
    return {**GOOD, "energy_j": {"gpu": gpu_j}, "how": {"gpu": how}, "facility_energy_kwh": interval}


def test_a_facility_that_used_less_than_was_measured_in_it_is_said():
    run = Run.from_dict(stated(0.5))
    assert run.notes[-1] == "the energy of the facility, 0.5 kWh, is less than the 1 kWh that were measured in it: do not rely on it"
    assert Run.from_dict(run.to_dict()).notes == run.notes


@pytest.mark.parametrize(("facility_kwh", "how"), [(1.0, "counter"), (1.2, "power"), (0.99995, "counter"), (0.5, "modelled")])
def test_a_facility_that_used_as_much_or_of_which_nothing_was_measured_is_believed(facility_kwh, how):
    assert Run.from_dict(stated(facility_kwh, how=how)).notes == ()


@pytest.mark.parametrize(("facility_kwh", "how", "low_kwh"), [(1.6, "counter", 1.0), (4.0, "power", 2.0), (1.6, "modelled", 0.8), (0.5, "counter", 0.5)])
def test_the_lower_end_of_a_facility_is_no_less_than_what_was_measured_in_it(facility_kwh, how, low_kwh):
    found = Run.from_dict(stated(facility_kwh, how=how)).facility_energy_kwh
    assert (found["low"], found["median"]) == (low_kwh, facility_kwh)


def test_a_meter_that_was_killed_before_it_stated_anything_is_in_the_total_of_its_training():
    killed = lines_of(process=1, end=False, session="s", writer="a1-1-1")
    after = lines_of(process=2, begin_s=15.0, intervals=6, figures={"facility_energy_kwh": FIGURE, "cost_usd": FIGURE}, session="s", writer="a1-2-1")
    record = merged(killed, after)
    assert record.energy_j["gpu"] == pytest.approx(4500.0)
    assert record.facility_energy_kwh == pytest.approx({name: bound * 4500.0 / 3000.0 for name, bound in FIGURE.items()})
    assert record.cost_usd == pytest.approx({name: bound * 45.0 / 30.0 for name, bound in FIGURE.items()})
    assert not any("leaves out" in note for note in record.notes)


def replaced(first_figures):
    """A session whose meter was killed after 15 s and replaced 5 s later, beside a GPU whose counter went on at 100 W."""
    figures = {"facility_energy_kwh": {"low": 0.0004, "median": 0.0005, "high": 0.0006}, "cost_usd": {"low": 1.0, "median": 2.0, "high": 3.0}}
    lines = []
    for number, (begin_s, stated) in enumerate(((0.0, first_figures), (20.0, figures))):
        who = {"writer": f"w{number}", "process": number + 1, "session": "s", "life": "boot/space/1"}
        lines.append(line("start", mono_s=begin_s, hw="box", accelerators=1, **who))
        for count in (1, 2, 3):
            to_s = begin_s + 5.0 * count
            used = {"gpu:0": device(500.0 * count, power_max_w=100.0, counter_j=7000.0 + 100.0 * to_s)}
            told = stated if count == 3 else {}
            lines.append(line("interval", seq=count, mono_s=to_s, from_s=to_s - 5.0, to_s=to_s, gap_s=0.0, samples=5, devices=used, **told, **who))
    return merge([*lines, line("end", seq=4, mono_s=35.0, from_s=20.0, to_s=35.0, exit_code=0, **who)], now_s=WALL_S + 1e6), figures


@pytest.mark.parametrize("first_states_it", [True, False])
def test_totals_have_the_time_between_a_killed_meter_and_the_next(first_states_it):
    figures = {"facility_energy_kwh": {"low": 0.0004, "median": 0.0005, "high": 0.0006}, "cost_usd": {"low": 1.0, "median": 2.0, "high": 3.0}}
    run, _ = replaced(figures if first_states_it else {})
    assert run.energy_j["gpu"] == pytest.approx(3500.0)
    assert run.facility_energy_kwh["median"] == pytest.approx(0.0005 * 3500.0 / 1500.0)
    assert run.cost_usd["median"] == pytest.approx(2.0 * 35.0 / 15.0)
    assert not [note for note in run.notes if "leaves out" in note]
