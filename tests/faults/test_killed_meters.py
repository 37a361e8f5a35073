"""A meter is killed while the training goes on: what the counters of the GPUs counted meanwhile is in the record."""

import signal
import time
from itertools import pairwise

import pytest

from fates import kill_processes
from killed_runs import Tracked
from native.replay import build
from tracked import Place, until

GPU_W, BOARDS = 300.0, 2


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return build(tmp_path_factory.mktemp("nvml"))


@pytest.fixture
def track(library, tmp_path):
    """Return a function that tracks a command on boards whose counters go on whatever happens to the meter."""
    begun = []

    def begin(run_id, *words, extra="", interval_s=2):
        (tmp_path / "boards").write_text(f"origin {time.monotonic():.3f}\ndevices {BOARDS}\nwave 1:{GPU_W:g}\n{extra}")
        boards = {"CARBON_REPLAY": "", "LD_LIBRARY_PATH": str(library.parent), "NVML_REPLAY_TRACE": str(tmp_path / "boards")}
        begun.append(
            Tracked(
                tmp_path / "store",
                run_id,
                ["sh", "-c", f"until [ -e {tmp_path / 'end'} ]; do sleep 0.05; done"],
                "--interval",
                str(interval_s),
                *words,
                env={**Place(tmp_path).env, **boards},
            )
        )
        return begun[-1]

    yield begin
    kill_processes(f"CARBON_STORE={tmp_path / 'store'}")
    for tracked in begun:
        tracked.process.wait(10)


@pytest.fixture
def killed(tmp_path):
    """Return a function that kills the meter of a run once it has written something, and ends the run once another one meters it.

    It returns the seconds that the killed meter had metered and not written.
    """
    place = Place(tmp_path)

    def end(tracked, has_written=lambda line: line["kind"] == "interval"):
        assert until(lambda: any(map(has_written, place.lines(tracked.run_id))), seconds=60.0)
        time.sleep(1.5)
        meter, killed_s = tracked.sidecar(), time.monotonic()
        assert tracked.send(meter, signal.SIGKILL)
        assert until(
            lambda: [line for line in place.lines(tracked.run_id) if line["process"] != meter and (line["kind"] == "interval" or _has_counters(line))],
            seconds=60.0,
        )
        time.sleep(1.0)
        (tmp_path / "end").touch()
        assert tracked.wait() == 0
        written_s = max((line["to_s"] for line in place.lines(tracked.run_id) if line["process"] == meter and line["kind"] == "interval"), default=killed_s)
        return killed_s - written_s

    return end


def _has_counters(line):
    return "counters" in line


def test_the_counters_bridge_the_time_between_a_killed_meter_and_the_next(track, killed, tmp_path):
    killed(track("bridged"))
    record = Place(tmp_path).record("bridged")
    spans = sorted((use.metered_s, use.gaps_s) for use in record.by_device if use.part == "gpu")
    assert len(list((tmp_path / "store").glob("journals/bridged/*.jsonl"))) == 2
    assert record.energy_j["gpu"] == pytest.approx(GPU_W * BOARDS * record.duration_s, rel=0.02)
    assert all(gap_s < 0.5 and metered_s == pytest.approx(record.duration_s, abs=0.5) for metered_s, gap_s in spans)
    assert not any("gpu:" in note and "metered for" in note for note in record.notes)


def test_the_counters_bridge_a_meter_that_is_killed_before_its_first_interval(track, killed, tmp_path):
    tracked, place = track("early", interval_s=600), Place(tmp_path)
    killed(tracked, has_written=_has_counters)
    assert not any(line["kind"] == "interval" for line in place.lines("early") if line["writer"] == place.lines("early")[0]["writer"])
    record = place.record("early")
    assert record.energy_j["gpu"] == pytest.approx(GPU_W * BOARDS * record.duration_s, rel=0.03)
    assert all(use.gaps_s < 0.5 for use in record.by_device if use.part == "gpu")


def test_boards_without_a_counter_have_a_gap_that_is_said(track, killed, tmp_path):
    lost_s = killed(track("gap", extra="fail energy 3\n"))
    record = Place(tmp_path).record("gap")
    uses = [use for use in record.by_device if use.part == "gpu"]
    assert len(uses) == BOARDS
    assert all(use.gaps_s >= lost_s - 0.001 for use in uses)
    assert record.gaps_s >= max(use.gaps_s for use in uses)
    assert record.energy_j["gpu"] == pytest.approx(sum(GPU_W * use.metered_s for use in uses), rel=0.03)
    assert any("metered for" in note for note in record.notes)


def test_energy_never_falls_from_line_to_line_of_a_journal(track, killed, tmp_path):
    killed(track("lines"))
    lines = [line for line in Place(tmp_path).lines("lines") if line["kind"] == "interval"]
    for writer in {line["writer"] for line in lines}:
        seen = [line["devices"] for line in sorted(lines, key=lambda line: line["seq"]) if line["writer"] == writer]
        for before, after in pairwise(seen):
            assert all(after[name]["energy_j"] >= before[name]["energy_j"] - GPU_W for name in before if name.startswith("gpu:"))
