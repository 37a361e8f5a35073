"""Jobs as SLURM's sacct tells of them; no SLURM made these files, they follow its manual."""

from datetime import timedelta, timezone
from pathlib import Path

import pytest

from imports import kept, read_kept, read_text
from traincarbon.errors import CarbonError
from traincarbon.readers.formats import merged
from traincarbon.readers.imported import NO_ZONE
from traincarbon.readers.sacct import is_sacct, read

HEADER = "JobID|State|Start|End|ElapsedRaw|NNodes|AllocTRES|ConsumedEnergyRaw"


def row(id="1", state="COMPLETED", start="2026-10-01T08:00:00", end="2026-10-01T09:00:00", elapsed="3600", nodes="1", tres="node=1", energy="3600000"):
    return f"{id}|{state}|{start}|{end}|{elapsed}|{nodes}|{tres}|{energy}"


def read_rows(*rows, header=HEADER, **options):
    return read_text(read, "\n".join([header, *rows, ""]), **options)


def energy_of(*rows):
    (record,), _, _ = read_rows(*rows)
    return record.energy_j["other"]


def test_a_job_and_its_steps_are_one_run_and_count_once():
    records, _, _ = read_kept("sacct.txt")
    first = records[0]
    assert (first.run_id, first.project, first.state, first.exit_code) == ("slurm-4711-20261001080000", "llama-7b", "finished", 0)
    assert first.energy_j == {"gpu": None, "cpu": None, "dram": None, "other": 604_800_000.0}
    assert (first.nodes, first.accelerators, first.hw, first.duration_s) == (2, 16, "a100", 43_200.0)
    assert (first.how, first.started_at) == ({"other": "power"}, "2026-10-01T08:00:00.000000Z")
    assert "may be that of the processors alone" in first.missing["gpu"]


def test_the_tasks_of_an_array_are_runs_of_their_own():
    records, left_out, notes = read_kept("sacct.txt")
    assert [(record.run_id, record.state, record.exit_code, record.metered_kwh, record.accelerators) for record in records[1:]] == [
        ("slurm-4712_1-20261002080000", "failed", 1, 0.7, 1),
        ("slurm-4712_2-20261002080000", "killed", None, None, 1),
        ("slurm-4713-20261003080000", "killed", None, None, 4),
    ]
    assert left_out == ["line 9, run '4712_[3-9%2]': it has not begun", "line 11, run '4714': it is RUNNING and has not ended; import it when it has"]
    assert notes[0] == NO_ZONE
    assert "each job on a shared node" in notes[1]


@pytest.mark.parametrize("energy", ["0", "", "18446744073709551614", "18446744073709551615", "4294967294", "4294967295"])
def test_what_slurm_writes_for_an_unknown_energy_is_missing(energy):
    (record,), _, _ = read_rows(row(energy=energy))
    assert record.metered_kwh is None
    assert set(record.missing.values()) == {"SLURM states no energy; the cluster does not meter or store it"}


def test_an_energy_that_no_server_draws_is_missing():
    (record,), _, _ = read_rows(row(energy="1e12"))
    assert (record.metered_kwh, record.missing["other"]) == (None, "1e+12 J in 1 h is 278 MW; 1 server draws at most 30 kW; is it in mJ?")


def test_steps_one_after_the_other_add_up():
    steps = [row(id="1.0", end="2026-10-01T08:20:00", energy="1000000"), row(id="1.1", start="2026-10-01T08:20:00", energy="2000000")]
    assert energy_of(row(energy="0"), *steps) == 3_000_000.0
    assert energy_of(row(energy="0"), *reversed(steps)) == 3_000_000.0


def test_steps_at_the_same_time_on_the_same_nodes_do_not():
    steps = [row(id="1.0", energy="1000000"), row(id="1.1", energy="2000000")]
    assert energy_of(row(energy=""), *steps) == 2_000_000.0


def test_steps_at_the_same_time_on_nodes_of_their_own_add_up():
    steps = [row(id="1.0", energy="1000000"), row(id="1.1", energy="2000000")]
    assert energy_of(row(energy="", nodes="2"), *steps) == 3_000_000.0


def test_the_steps_that_span_the_job_hold_the_others():
    steps = [row(id="1.batch", energy="900000"), row(id="1.extern", energy="5000000"), row(id="1.0", energy="1000000"), row(id="1.1", energy="")]
    assert energy_of(row(energy=""), *steps) == 5_000_000.0


def test_energy_with_an_ending_is_read_where_there_is_none_in_full():
    (record,), _, _ = read_rows(row(energy="12.5K"), header=HEADER.replace("EnergyRaw", "Energy"))
    assert record.energy_j["other"] == 12_500.0


@pytest.mark.parametrize(("elapsed", "seconds"), [("1-02:03:04", 93_784.0), ("02:03:04", 7384.0), ("03:04", 184.0), ("03:04.500", 184.5)])
def test_elapsed_time_is_days_hours_minutes_seconds(elapsed, seconds):
    (record,), _, _ = read_rows(row(elapsed=elapsed), header=HEADER.replace("ElapsedRaw", "Elapsed"))
    assert record.duration_s == seconds


@pytest.mark.parametrize(
    ("state", "kept_as"),
    [
        ("COMPLETED", "finished"),
        ("FAILED", "failed"),
        ("OUT_OF_MEMORY", "failed"),
        ("NODE_FAIL", "failed"),
        ("CANCELLED by 1000", "killed"),
        ("TIMEOUT", "killed"),
        ("PREEMPTED", "killed"),
    ],
)
def test_states_are_in_our_words(state, kept_as):
    assert read_rows(row(state=state)).records[0].state == kept_as


@pytest.mark.parametrize(
    ("tres", "accelerators", "hw"),
    [
        ("cpu=64,gres/gpu:a100=8,gres/gpu=8", 8, "a100"),
        ("gres/gpu=4", 4, ""),
        ("gres/gpu:a100=2,gres/gpu:h100=4,gres/gpu=6", 6, "a100 + h100"),
        ("cpu=64,mem=500G", None, ""),
        ("", None, ""),
        ("gres/gpu:nvidia_h100_80gb_hbm3=4,gres/gpu=4", 4, "nvidia_h100_80gb_hbm3"),
    ],
)
def test_accelerators_are_what_was_allotted(tres, accelerators, hw):
    (record,), _, _ = read_rows(row(tres=tres))
    assert (record.accelerators, record.hw) == (accelerators, hw)


def test_times_are_in_the_zone_of_the_user_and_ids_stay():
    reading = read_rows(row(), zone=timezone(timedelta(hours=-7)))
    assert (reading.records[0].started_at, reading.records[0].run_id) == ("2026-10-01T15:00:00.000000Z", "slurm-1-20261001080000")
    assert NO_ZONE not in reading.notes


def test_users_accounts_and_nodes_are_not_taken_and_a_cluster_parts_jobs():
    header = f"{HEADER}|User|Account|NodeList|Cluster"
    (record,), _, _ = read_rows(f"{row()}|jane|phys-jane|gpu[01-02]|alps", header=header)
    assert record.run_id == "slurm-alps-1-20261001080000"
    assert "jane" not in repr(record)
    assert "gpu[" not in repr(record)


def test_a_requeued_job_is_several_runs():
    assert len({record.run_id for record in read_rows(row(), row(start="2026-10-02T08:00:00")).records}) == 2


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (row(state="RUNNING"), "has not ended"),
        (row(state="CANCELLED", start="Unknown", elapsed="0"), "it never began"),
        (row(state="CANCELLED", elapsed="0"), "it never began"),
        (row(id="JOB"), "not the number of a job"),
        (row(energy="lots"), "column ConsumedEnergyRaw: 'lots' is not a number of joules"),
        (row(energy="-5"), "not a number of joules"),
        (row(energy="1e400"), "not a number of joules"),
        (row(elapsed="-1"), "column ElapsedRaw: -1 is negative"),
        (row(start="morning"), "'morning' is no date and time"),
        (row() + "|", "more or fewer cells"),
        (row(id="1.0"), "the file has only its steps"),
    ],
)
def test_a_row_that_cannot_be_is_named_and_the_others_are_read(bad, reason):
    reading = read_rows(bad, row(id="2"))
    assert [record.run_id for record in reading.records] == ["slurm-2-20261001080000"]
    assert any(reason in fault for fault in reading.left_out)


def test_an_output_that_is_cut_off_loses_its_last_line():
    reading = read_text(read, Path(kept("sacct.txt")).read_text("utf-8")[:-20])
    assert len(reading.records) == 4
    assert reading.left_out[-1] == "line 11: it is cut off, as the last line of the file"


def test_the_form_with_a_bar_at_the_end_is_read_too():
    assert len(read_rows(row() + "|", header=HEADER + "|").records) == 1


def test_a_column_that_is_needed_is_asked_for():
    with pytest.raises(CarbonError, match="lacks Start, ElapsedRaw") as caught:
        read_text(read, "JobID|State\n1|COMPLETED\n")
    assert caught.value.hint.startswith("sacct --parsable2 --format=")
    assert is_sacct("JobID|State\n")


@pytest.mark.parametrize(
    ("gres", "nodes", "accelerators", "hw"),
    [
        ("gpu:v100:4", "1", 4, "v100"),
        ("gpu:2", "1", 2, ""),
        ("gres:gpu:2", "4", 8, ""),
        ("gpu:tesla:2(S:0-1)", "1", 2, "tesla"),
        ("gpu:v100:2,gpu:p100:2", "1", 4, "v100 + p100"),
        ("gpu", "1", 1, ""),
        ("mps:200", "1", None, ""),
    ],
)
def test_accelerators_of_old_clusters_stand_in_another_column(gres, nodes, accelerators, hw):
    row = f"4711|t|COMPLETED|2019-10-01T08:00:00|12:00:00|{nodes}|{gres}|29.48M|"
    (record,), left_out, _ = read_text(read, f"JobID|JobName|State|Start|Elapsed|NNodes|AllocGRES|ConsumedEnergy|\n{row}\n")
    assert (record.accelerators, record.hw, left_out, record.energy_j["other"]) == (accelerators, hw, [], 29.48e6)


@pytest.mark.parametrize(
    ("covers", "part", "reason"),
    [
        ("", "other", "may be that of the processors alone"),
        ("node", "other", "the energy of whole nodes"),
        ("cpu", "cpu", "processors and memory alone"),
        ("gpu", "gpu", "the GPUs alone"),
    ],
)
def test_the_user_says_what_the_energy_covers(covers, part, reason):
    job = row(tres="gres/gpu:a100=8,node=1", energy="8136000", elapsed="12416")
    (record,), _, notes = read_rows(job, energy_covers=covers)
    assert (record.energy_j[part], reason in record.missing["dram"]) == (8_136_000.0, True)
    assert any("--energy-covers" in note for note in notes) is (covers == "")


def test_energy_of_processors_alone_leaves_the_gpus_open():
    (record,) = merged(read_rows(row(tres="gres/gpu:a100=8,node=1", energy="8136000", elapsed="12416"), energy_covers="cpu").records)
    assert (record.unread_gpu, record.metered_kwh, record.energy_j["cpu"]) == (True, None, 8_136_000.0)


def test_less_than_the_gpus_draw_idle_is_the_energy_of_the_processors_alone():
    (record,), _, _ = read_rows(row(tres="gres/gpu:a100=8,node=1", elapsed="43200", energy="5000000"))
    assert (record.energy_j["cpu"], record.energy_j["other"]) == (5e6, None)
    assert "less than the GPUs draw idle" in record.missing["gpu"]


@pytest.mark.parametrize(("energy", "covers"), [("5000", ""), ("5000", "node"), ("3000000", "node"), ("3000000", "gpu")])
def test_less_than_idle_power_is_set_aside(energy, covers):
    (record,), _, _ = read_rows(row(tres="gres/gpu:a100=16,node=2", nodes="2", elapsed="43200", energy=energy), energy_covers=covers)
    assert (record.metered_kwh, record.accelerators) == (None, 16)
    assert "idle" in " ".join(record.missing.values())


def test_bars_in_what_the_user_submitted_belong_to_it():
    header = f"{HEADER}|SubmitLine"
    records, left_out, _ = read_rows(f"{row()}|sbatch --wrap=python t.py | tee log || true", header=header)
    assert (len(records), left_out) == (1, [])
    records, left_out, _ = read_rows("a|b|5|COMPLETED|2026-10-01T08:00:00|3600", header="JobName|JobID|State|Start|ElapsedRaw")
    assert [record.project for record in records] == ["a|b"]
    assert left_out == []


def test_an_attempt_that_was_requeued_was_killed():
    (record,), left_out, _ = read_rows(row(state="REQUEUED"))
    assert (record.state, left_out) == ("killed", [])


def test_an_empty_first_line_is_no_header():
    assert is_sacct(f"\n\n{HEADER}\n")
    assert len(read_text(read, f"\n{HEADER}\n{row()}\n").records) == 1


PLAIN = """
       JobID    JobName      State               Start    Elapsed   NNodes  AllocGRES  AllocTRES ConsumedEnergy
------------ ---------- ---------- ------------------- ---------- -------- ---------- ---------- --------------
4711           train-g+  COMPLETED 2019-10-01T08:00:00   12:00:00        2 gpu:v100:4 billing=6+         29.48M
4711.batch        batch  COMPLETED 2019-10-01T08:00:00   12:00:00        1            cpu=4              29.48M
4712              short CANCELLED+ 2019-10-02T08:00:00   00:10:00        1                             4000000+
"""


def test_plain_output_is_read_by_the_widths_of_its_dashes():
    assert is_sacct(PLAIN)
    first, second = read_text(read, PLAIN).records
    assert (first.project, first.state, first.duration_s, first.nodes, first.accelerators, first.hw) == ("train-g+", "finished", 43_200.0, 2, 4, "v100")
    assert (first.energy_j["other"], second.state, second.metered_kwh) == (29.48e6, "killed", None)


def test_steps_after_a_job_that_states_its_energy_do_not_matter_and_leave_no_orphan():
    job, steps = row(energy="7200000"), [row(id="1.batch", energy="lots"), row(id="1.0", energy="9000000")]
    records, left_out, _ = read_rows(job, *steps)
    assert ([record.energy_j["other"] for record in records], left_out) == ([7.2e6], [])
    records, left_out, _ = read_rows(row(state="RUNNING", energy="7200000"), row(id="1.0", energy="9000000"))
    assert (records, len(left_out)) == ([], 1)


def test_the_steps_of_a_job_without_an_energy_that_is_refused_are_no_orphans():
    records, left_out, _ = read_rows(row(energy="", elapsed="1e12"), row(id="1.0"))
    assert (records, len(left_out)) == ([], 1)
    assert left_out[0].startswith("line 2, run '1': it took")


def test_an_output_without_the_numbers_of_jobs_asks_for_them():
    text = "ConsumedEnergyRaw|CPUTimeRAW|ReqCPUS|ReqMem|Submit|Timelimit|State\n0|158517504|1|100Mc|2024-06-24T12:33:26|7-04:00:00|TIMEOUT\n"
    assert is_sacct(text)
    with pytest.raises(CarbonError, match="lacks JobID, Start, ElapsedRaw"):
        read_text(read, text)
    assert not is_sacct("State|City|Zip\n")
