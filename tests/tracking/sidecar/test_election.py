"""All processes of a run on a node share one metering process, which counts every GPU once; another takes over if it is killed."""

import os
import signal
import sys
import time
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen

import pytest

from fates import kill_processes
from native import replay
from tracked import Place, until
from traincarbon.ledger.shared_boards import WHOLE, counted_once
from traincarbon.tracking.messages import REPLACED

WATTS = 300.0
BOARDS = 8
INTERVAL_S = 0.2


@pytest.fixture
def node(tmp_path):
    """A node with eight boards; what is left of its ranks is killed at the end."""
    place = Place(tmp_path)
    trace = tmp_path / "trace"
    trace.write_text(f"devices {BOARDS}\nwave 1:{WATTS}\n")
    place.env = replay.environment(replay.build(tmp_path), trace, **{name: value for name, value in place.env.items() if name != "CARBON_REPLAY"})
    place.env.pop("CARBON_REPLAY", None)
    yield place
    kill_processes(f"CARBON_STORE={place.store}")


def wrapped(node, *words, run_id="r", env=None):
    command = node.command("--quiet", "--run-id", run_id, "--interval", str(INTERVAL_S), "--", *words)
    return Popen(command, env=node.env | (env or {}), stdout=DEVNULL, stderr=PIPE, text=True)


def in_python(node, seconds, *, run_id="r", env=None, body=""):
    code = (
        f"import sys, time; sys.path[:0] = {sys.path!r}\nimport traincarbon\n"
        f"with traincarbon.track(run_id={run_id!r}, interval_s={INTERVAL_S}, quiet=True) as run:\n    {body or 'pass'}\n    time.sleep({seconds})"
    )
    return Popen([sys.executable, "-S", "-c", code], env=node.env | (env or {}), stdout=DEVNULL, stderr=PIPE, text=True)


def journals(node, run_id="r"):
    return sorted(Path(node.store, "journals", run_id).glob("*.jsonl"))


def meters(node, run_id="r"):
    """Return the living processes that write a journal of the run."""
    pids = [int(file.name.split("-")[1]) for file in journals(node, run_id)]
    return [pid for pid in pids if b"sidecar.main" in _read(f"/proc/{pid}/cmdline")]


def has_metered(node, pid):
    """Return whether a metering process has written what it measured."""
    return any(line["kind"] == "interval" and line["process"] == pid for line in node.lines("r"))


def _read(file):
    try:
        return Path(file).read_bytes()
    except OSError:
        return b""


def ended(ranks):
    said = [rank.communicate(timeout=60)[1] for rank in ranks]
    return [rank.returncode for rank in ranks], "".join(said)


@pytest.mark.parametrize("kinds", [(wrapped,), (in_python,), (wrapped, in_python)])
def test_ranks_that_see_all_gpus_share_one_meter_and_count_each_gpu_once(node, kinds):
    began_s = time.monotonic()
    ranks = [kind(node, "sleep", "3") if kind is wrapped else in_python(node, 3) for kind in kinds for _ in range(4)]
    assert until(lambda: meters(node))
    time.sleep(1.5)
    assert len(meters(node)) == 1
    assert ended(ranks) == ([0] * len(ranks), "")
    ended_s = time.monotonic()
    assert len(journals(node)) == 1
    record = node.record("r")
    assert (record.state, record.nodes, record.accelerators, record.restarts) == ("finished", 1, BOARDS, 0)
    assert record.energy_j["gpu"] == pytest.approx(BOARDS * WATTS * record.duration_s, rel=0.005)
    assert 3.0 <= record.duration_s <= ended_s - began_s


def test_each_rank_keeps_its_exit_code_and_the_run_fails_with_one(node):
    ranks = [wrapped(node, "sh", "-c", f"sleep {1 + 0.3 * place}; exit {code}") for place, code in enumerate((0, 3, 0))]
    assert ended(ranks) == ([0, 3, 0], "")
    record = node.record("r")
    assert (record.state, record.exit_code) == ("failed", 3)


def test_the_meter_lives_until_the_last_rank_has_ended(node, tmp_path):
    gates = [tmp_path / name for name in ("short", "long")]
    short, long = (wrapped(node, "sh", "-c", f"touch {gate}.open; until [ -e {gate} ]; do sleep 0.05; done") for gate in gates)
    assert until(lambda: all(os.path.exists(f"{gate}.open") for gate in gates) and meters(node), seconds=60.0)
    time.sleep(1.0)
    gates[0].touch()
    assert ended([short]) == ([0], "")
    assert node.record("r").state == "running"
    assert len(meters(node)) == 1
    gates[1].touch()
    assert ended([long]) == ([0], "")
    record = node.record("r")
    assert record.state == "finished"
    assert record.energy_j["gpu"] == pytest.approx(BOARDS * WATTS * record.duration_s, rel=0.005)


@pytest.mark.parametrize("kind", [wrapped, in_python])
def test_another_rank_takes_over_from_a_meter_that_was_killed(node, kind, tmp_path):
    over, words = tmp_path / "over", ("sh", "-c", f"until [ -e {tmp_path / 'over'} ]; do sleep 0.1; done")
    ranks = [wrapped(node, *words) if kind is wrapped else in_python(node, 0, body=f"import subprocess; subprocess.run({words!r})") for _ in range(3)]
    assert until(lambda: journals(node))
    time.sleep(1.0)
    waited_s = 0.0
    for _ in range(3):
        (meter,) = meters(node)
        killed_s = time.monotonic()
        os.kill(meter, signal.SIGKILL)
        assert until(lambda meter=meter: [pid for pid in meters(node) if pid != meter and has_metered(node, pid)])
        waited_s += time.monotonic() - killed_s
        time.sleep(1.0)
    over.touch()
    assert ended(ranks)[0] == [0, 0, 0]
    record = node.record("r")
    assert (record.state, record.nodes, record.accelerators) == ("finished", 1, BOARDS)
    assert REPLACED in record.notes
    assert len(journals(node)) == 4
    assert record.gaps_s <= 3 * INTERVAL_S + waited_s
    metered_s = record.duration_s - record.gaps_s
    assert BOARDS * WATTS * metered_s * 0.98 <= record.energy_j["gpu"] <= BOARDS * WATTS * record.duration_s * 1.005


def test_a_rank_whose_supervisor_is_killed_ends_alone(node):
    ranks = [wrapped(node, "sleep", "4") for _ in range(3)]
    assert until(lambda: meters(node))
    time.sleep(1.0)
    ranks[1].kill()
    assert ended(ranks)[0] == [0, -signal.SIGKILL, 0]
    record = node.record("r")
    assert record.state == "killed"
    assert record.duration_s >= 4.0


def test_a_tracker_within_a_tracker_joins_the_outer_run(node):
    inner = [*node.command("--quiet", "--", "sleep", "1")]
    assert ended([wrapped(node, *inner, run_id="outer")]) == ([0], "")
    assert os.listdir(f"{node.store}/journals") == ["outer"]
    record = node.record("outer")
    assert record.energy_j["gpu"] == pytest.approx(BOARDS * WATTS * record.duration_s, rel=0.005)


def test_a_tracker_within_a_tracker_with_an_id_of_its_own_is_a_run_of_its_own(node):
    inner = [*node.command("--quiet", "--run-id", "inner", "--", "sleep", "1")]
    assert ended([wrapped(node, *inner, run_id="outer")]) == ([0], "")
    assert sorted(os.listdir(f"{node.store}/journals")) == ["inner", "outer"]


def test_without_a_folder_of_their_own_each_meters_and_each_gpu_still_counts_once(node):
    ranks = [wrapped(node, "sleep", "2", env={"TMPDIR": "/nowhere", "XDG_RUNTIME_DIR": ""}) for _ in range(3)]
    assert ended(ranks) == ([0] * 3, "")
    assert len(journals(node)) == 3
    record = node.record("r")
    assert (record.accelerators, record.nodes) == (BOARDS, 1)
    assert record.energy_j["gpu"] == pytest.approx(BOARDS * WATTS * record.duration_s, rel=0.02)


def test_a_command_that_cannot_be_started_leaves_the_others_their_meter(node):
    wrong, right = wrapped(node, "/nowhere/command"), wrapped(node, "sleep", "2")
    assert ended([wrong])[0] == [127]
    assert ended([right]) == ([0], "")
    assert node.record("r").state == "finished"


def gpus(record):
    return sorted(use.device for use in record.by_device if use.part == "gpu")


@pytest.mark.parametrize("kind", [wrapped, in_python])
def test_ranks_with_one_gpu_each_add_up_under_one_meter(node, kind):
    envs = [{"CUDA_VISIBLE_DEVICES": str(place)} for place in range(4)]
    ranks = [kind(node, "sleep", "3", env=env) if kind is wrapped else in_python(node, 3, env=env) for env in envs]
    assert ended(ranks) == ([0] * 4, "")
    assert len(journals(node)) == 1
    record = node.record("r")
    assert (record.accelerators, len(gpus(record)), record.nodes) == (4, 4, 1)
    assert record.energy_j["gpu"] == pytest.approx(4 * WATTS * record.duration_s, rel=0.005)
    assert record.facility_energy_kwh["low"] * 3.6e6 >= record.energy_j["gpu"]


def test_masks_that_overlap_are_united(node):
    ranks = [wrapped(node, "sleep", "2", env={"CUDA_VISIBLE_DEVICES": mask}) for mask in ("0,1", "1,2", "2,0")]
    assert ended(ranks) == ([0] * 3, "")
    record = node.record("r")
    assert (record.accelerators, len(gpus(record))) == (3, 3)
    assert record.energy_j["gpu"] == pytest.approx(3 * WATTS * record.duration_s, rel=0.005)


@pytest.mark.parametrize("command", [["env", "CUDA_VISIBLE_DEVICES=2", "sleep", "2"], ["sh", "-c", "CUDA_VISIBLE_DEVICES=2 sleep 2; true"]])
def test_a_gpu_that_is_chosen_inside_the_command_is_the_only_one_that_counts(node, command):
    assert ended([wrapped(node, *command)]) == ([0], "")
    record = node.record("r")
    assert (record.accelerators, gpus(record)) == (1, ["gpu:GPU-5f3c0222-0000-4000-8000-000000000002"])
    assert record.energy_j["gpu"] == pytest.approx(WATTS * record.duration_s, rel=0.005)


def test_a_gpu_that_is_chosen_in_python_is_known_by_the_drivers_list(node, tmp_path):
    listed = tmp_path / "processes"
    Path(node.env["NVML_REPLAY_TRACE"]).write_text(f"devices {BOARDS}\nwave 1:{WATTS}\nprocesses {listed}\n")
    code = f"import os, time; open({str(listed)!r}, 'w').write(f'5 {{os.getpid()}}'); time.sleep(8)"
    assert ended([wrapped(node, sys.executable, "-S", "-c", code)]) == ([0], "")
    record = node.record("r")
    assert (record.accelerators, gpus(record)) == (1, ["gpu:GPU-5f3c0555-0000-4000-8000-000000000005"])
    assert record.energy_j["gpu"] == pytest.approx(WATTS * record.duration_s, rel=0.005)


def test_tokens_that_each_rank_counts_itself_add_up_also_after_a_meter_was_killed(node):
    body = "for _ in range(40): time.sleep(0.1); traincarbon.progress(tokens=1000 * (_ + 1), steps=_ + 1, per_rank=True)"
    ranks = [in_python(node, 0.2, body=body) for _ in range(3)]
    assert until(lambda: meters(node))
    time.sleep(1.5)
    os.kill(meters(node)[0], signal.SIGKILL)
    assert ended(ranks)[0] == [0, 0, 0]
    record = node.record("r")
    assert (record.tokens, record.counts["steps"]) == (120_000.0, 40.0)
    assert [one for one in node.lines("r") if one.get("per_rank")]


def test_runs_that_share_gpus_at_the_same_time_say_so(node):
    ranks = [wrapped(node, "sleep", "3", run_id=run_id, env={"CUDA_VISIBLE_DEVICES": mask}) for run_id, mask in (("a", "0,1"), ("b", "1"), ("c", "2"))]
    assert ended(ranks) == ([0] * 3, "")
    assert [node.record(run_id).shared_with for run_id in "abc"] == [("b",), ("a",), ()]
    assert [note for note in node.record("a").notes if "also metered for the run b" in note]
    a, b, c = (node.record(run_id) for run_id in "abc")
    assert (a.hosts, b.hosts) == (c.hosts, c.hosts)
    assert {use.name for use in a.by_device if use.part == "gpu"} != {""}
    shares = counted_once([a, b, c])
    assert sorted(shares) == ["a", "b"]
    together_j = sum(record.energy_j["gpu"] * shares.get(record.run_id, WHOLE).by_time for record in (a, b, c))
    times = [attempt for record in (a, b) for attempt in record.attempts]
    shared_s = max(attempt.ended_s for attempt in times) - min(attempt.began_s for attempt in times)
    assert together_j == pytest.approx(WATTS * (a.duration_s + shared_s + c.duration_s), rel=0.01)
