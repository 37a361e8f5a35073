"""The energy of a run by hour and zone adds up to the run, whatever its journals went through."""

import itertools
import json
import math
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journals import WALL_S, device, line, lines_of
from traincarbon.ledger.checkpoint import advanced, checkpoint_fields
from traincarbon.ledger.folding import fold, fold_files
from traincarbon.ledger.hours import MOST, HourUse, from_rows, hours_of, parted, to_rows, with_energy
from traincarbon.ledger.journal import Journal
from traincarbon.ledger.record import combine, merge
from traincarbon.ledger.run import Run

LATER_S = WALL_S + 1e7
HOUR = int(WALL_S // 3600)
TO_NEXT_S = (HOUR + 1) * 3600 - WALL_S
SITE = {"region": "aws:eu-west-3", "zone": "FR", "name": "Paris", "basis": "lifecycle", "pue": 1.25, "carbon_intensity": 50.0}
FACILITY = {"facility_energy_kwh": {"low": 0.9, "median": 1.1, "high": 1.3}}


def long_lines(*, watts=1000.0, seconds=8000.0, step_s=50.0, start=None, **who):
    """A process that ran over three hours of the clock, at a constant power."""
    found = [line("start", hw="box", accelerators=1, **({"site": SITE} if start is None else start), **who)]
    for count in range(1, int(seconds / step_s) + 1):
        to_s = count * step_s
        used = {"gpu:0": device(watts * to_s, power_max_w=watts)}
        found.append(line("interval", seq=count, mono_s=to_s, from_s=to_s - step_s, to_s=to_s, samples=1, devices=used, **who))
    return [*found, line("end", seq=len(found), mono_s=seconds, exit_code=0, **FACILITY, **who)]


def merged(*journals):
    return merge([one for journal in journals for one in journal], now_s=LATER_S)


def test_a_constant_power_gives_each_hour_its_seconds():
    run = merged(long_lines())
    assert [use.hour for use in run.hours] == [HOUR, HOUR + 1, HOUR + 2]
    seconds = (TO_NEXT_S, 3600.0, 8000.0 - TO_NEXT_S - 3600.0)
    assert [use.metered_kwh for use in run.hours] == pytest.approx([1000.0 * each / 3.6e6 for each in seconds], rel=1e-9)
    assert {use.zone for use in run.hours} == {"FR"}


def test_the_table_adds_up_to_the_run_exactly_in_any_order():
    rows = merged(long_lines()).to_dict()["hours"]
    for order in itertools.permutations(rows):
        assert sum(row["metered_energy_kwh"] for row in order) == 8e6 / 3.6e6
        assert sum(row["it_energy_kwh"] for row in order) == 1.1 / 1.25


@given(whole=st.floats(1e-12, 1e12), weights=st.lists(st.floats(0.0, 1e9), min_size=1, max_size=60).filter(lambda found: sum(found) > 1e-6))
def test_parts_are_in_proportion_and_lose_nothing(whole, weights):
    parts = parted(whole, weights)
    assert sum(parts) == sum(reversed(parts)) == math.fsum(parts) == whole
    assert all(part >= 0.0 for part in parts)
    total = math.fsum(weights)
    assert all(math.isclose(part, whole * weight / total, rel_tol=1e-6, abs_tol=whole * 1e-9) for part, weight in zip(parts, weights, strict=True))


def test_nothing_is_parted_where_nothing_is_there():
    assert parted(0.0, [1.0, 2.0]) == [0.0, 0.0]
    assert parted(5.0, []) == []
    assert parted(5.0, [0.0]) == [0.0]


def test_two_nodes_in_two_zones_have_rows_of_their_own():
    here = long_lines()
    there = long_lines(node="b2", process=8, watts=3000.0, start={"site": {**SITE, "zone": "SE1"}})
    run = merged(here, there)
    assert [(use.hour - HOUR, use.zone) for use in run.hours] == [(0, "FR"), (0, "SE1"), (1, "FR"), (1, "SE1"), (2, "FR"), (2, "SE1")]
    assert sum(use.metered_kwh for use in run.hours) == run.metered_kwh
    ratio = run.hours[1].metered_kwh / run.hours[0].metered_kwh
    assert ratio == pytest.approx(3.0, rel=1e-9)


def test_two_trackers_of_one_device_count_once():
    run = merged(long_lines(), long_lines(process=8, writer="a1-8-1", life="boot/space/2"))
    assert sum(use.metered_kwh for use in run.hours) == run.metered_kwh == pytest.approx(8e6 / 3.6e6)


def test_what_a_counter_tells_of_the_time_between_two_meters_counts_in_that_time():
    before = [
        line("start", hw="box", accelerators=1, session="s"),
        line("interval", seq=1, mono_s=50.0, from_s=0.0, to_s=50.0, devices={"gpu:0": device(5e4, counter_j=5e4, power_max_w=1000.0)}, session="s"),
    ]
    begin_s = TO_NEXT_S + 3600.0 + 100.0
    who = {"process": 8, "writer": "a1-8-1", "session": "s"}
    after = [
        line("start", mono_s=begin_s, hw="box", accelerators=1, **who),
        line("interval", seq=1, mono_s=begin_s + 50.0, from_s=begin_s, to_s=begin_s + 50.0,
             devices={"gpu:0": device(5e4, counter_j=1000.0 * (begin_s + 50.0), power_max_w=1000.0)}, **who),
        line("end", seq=2, mono_s=begin_s + 50.0, exit_code=0, **who),
    ]  # fmt: skip
    run = merged(before, after)
    assert run.metered_kwh == pytest.approx(1000.0 * (begin_s + 50.0) / 3.6e6)
    assert [use.metered_kwh for use in run.hours] == pytest.approx([TO_NEXT_S / 3600.0, 1.0, 150.0 / 3600.0], rel=1e-6)


def test_setting_the_wall_clock_does_not_change_the_hours():
    lines = long_lines()
    jumped = [one if one["seq"] < 20 else {**one, "wall_s": one["wall_s"] + 86400.0} for one in lines]
    assert merged(jumped).hours == merged(lines).hours


def test_a_run_without_a_total_has_no_hours():
    unread = long_lines(start={"unread_gpu": True, "site": SITE})
    assert merged(unread).hours == ()
    nothing = [line("start", hw="box"), line("end", seq=1, mono_s=5.0, exit_code=0)]
    assert merged(nothing).hours == ()


def test_a_record_without_a_place_has_hours_of_what_was_metered():
    rows = merged(lines_of()).to_dict()["hours"]
    assert [(row["zone"], row["it_energy_kwh"]) for row in rows] == [("", None)]
    assert rows[0]["metered_energy_kwh"] == 1500.0 / 3.6e6


def test_a_record_reads_its_hours_back_to_the_last_digit():
    shown = merged(long_lines()).to_dict()
    again = Run.from_dict(json.loads(json.dumps(shown)))
    assert again.to_dict()["hours"] == shown["hours"]
    stored = Run.from_stored(json.loads(json.dumps(merged(long_lines()).to_stored())))
    assert stored.hours == merged(long_lines()).hours


@pytest.mark.parametrize(
    "rows",
    [
        [{"hour": "yesterday", "metered_energy_kwh": 1.0}],
        [{"hour": "2026-09-21T14:00:00Z"}],
        [{"hour": "2026-09-21T14:00:00Z", "metered_energy_kwh": -1.0}],
        [{"hour": "2026-09-21T14:00:00Z", "metered_energy_kwh": float("inf")}],
        [{"hour": "2026-09-21T14:00:00Z", "metered_energy_kwh": 10**400}],
        [{"hour": "2026-09-21T14:00:00Z", "metered_energy_kwh": True}],
        [{"hour": "2026-09-21T14:00:00Z", "metered_energy_kwh": 1.0}] * 2,
        [{"hour": "2026-09-21T14:00:00Z", "metered_energy_kwh": 1.0}] * (MOST + 1),
    ],
)
def test_rows_that_are_not_valid_give_no_hours(rows):
    assert from_rows(rows, metered_kwh=1.0) == ()


def test_rows_of_another_program_may_state_the_energy_of_servers_alone():
    rows = [{"hour": f"2026-09-21T1{at}:00:00+00:00", "zone": "FR", "it_energy_kwh": 1.0 + at} for at in range(2)]
    found = from_rows(rows, metered_kwh=6.0)
    assert [use.metered_kwh for use in found] == [2.0, 4.0]
    assert to_rows(found, it_energy_kwh=None)[0] == {"hour": "2026-09-21T10:00:00Z", "zone": "FR", "it_energy_kwh": None, "metered_energy_kwh": 2.0}


def test_too_many_hours_are_not_known():
    assert with_energy({}, from_s=0.0, to_s=3600.0 * (MOST + 2), energy_j=1.0) is None
    assert with_energy({str(hour): 1.0 for hour in range(MOST)}, from_s=1e9, to_s=1e9, energy_j=1.0) is None
    assert with_energy({}, from_s=1e14, to_s=1e14, energy_j=1.0) is None
    assert with_energy(None, from_s=0.0, to_s=1.0, energy_j=1.0) is None
    assert hours_of([], metered_kwh=1.0) == ()


def test_an_hour_says_when_it_began():
    assert HourUse(HOUR, "FR", 1.0).began == "2026-09-21T14:00:00Z"


def test_a_long_journal_keeps_its_hours_in_checkpoints(tmp_path):
    file = tmp_path / "a1-7-1.jsonl"
    journal = Journal(str(file), run_id="run", node="a1", process=7)
    journal.write("start", {"hw": "box", "accelerators": 1})
    for count in range(40):
        journal.write("interval", {"from_s": 100.0 * count, "to_s": 100.0 * (count + 1), "devices": {"gpu:0": device(1e5 * (count + 1))}})
    journal.close()
    fields = checkpoint_fields(file, at_b=file.stat().st_size)
    (process,) = fold_files([file], "run")
    assert fields["summary"]["hours"] == process.hours
    assert sum(process.hours.values()) == pytest.approx(4e6)
    assert sum(use.metered_kwh for use in combine([process], now_s=LATER_S).hours) == pytest.approx(4e6 / 3.6e6)


def test_a_summary_of_an_earlier_version_knows_no_hours():
    first, *rest = long_lines()
    (process,) = fold([first, *rest[:5]])
    summary = {**json.loads(json.dumps(process.to_stored()))}
    del summary["hours"], summary["offset_s"]
    summary = {name: value for name, value in summary.items() if value not in (math.inf, -math.inf)}
    summary = {**summary, "devices": {"gpu:0": {"part": "gpu", "how": "counter", "energy_j": 5.0}}, "facts": {}}
    text = json.dumps(summary, sort_keys=True, separators=(",", ":")).encode()
    stated = advanced(process, line("checkpoint", seq=90, mono_s=260.0, summary=summary, crc=zlib.crc32(text)))
    assert stated.hours is None
    assert combine([stated], now_s=LATER_S).hours == ()
