"""NVML through the real bindings against a library that replays traces: accuracy, faults, and which boards are read."""

import os
import subprocess
import sys

import pytest

from native.replay import environment
from traincarbon.extras import install_command
from traincarbon.meters import nvml
from traincarbon.meters.base import Unavailable

CONSTANT = "wave 1:300"
SQUARE = "wave 0.5:100 0.5:500"
BURSTS = "wave 0.05:600 0.45:100"
SAWTOOTH = "wave 1:100..500"
STEPS = "wave 0.31:450 0.08:180 0.02:90"
NO_COUNTER = "fail energy not_supported"
FIRST = "gpu:GPU-5f3c0000-0000-4000-8000-000000000000"


def meter(played, *, visible=None):
    environ = {} if visible is None else {"CUDA_VISIBLE_DEVICES": visible}
    found = nvml.probe(environ=environ, clock=played.clock)
    assert not isinstance(found, Unavailable), found
    return found


def run(played, found, *, seconds, every_s=None):
    """Read for so long, as soon as the meter asks for it or more rarely, and return the last readings."""
    start_s = played.now_s
    while played.now_s < start_s + seconds:
        wait_s = found.max_interval_s if every_s is None else every_s
        played.set(min(played.now_s + wait_s, start_s + seconds))
        readings = found.read()
    return readings


def error(played, readings, *, from_s, board=0):
    exact_j = played.energy_j(board, from_s, played.now_s)
    return abs(readings[board].energy_j / exact_j - 1.0)


@pytest.mark.parametrize("seconds", [3.0, 30.0])
@pytest.mark.parametrize("wave", [CONSTANT, SQUARE, BURSTS, SAWTOOTH, STEPS])
def test_with_the_counter_energy_is_exact_to_its_resolution(played, wave, seconds):
    played.play(wave)
    played.set(0.37)
    found = meter(played)
    readings = run(played, found, seconds=seconds, every_s=1.0)
    assert error(played, readings, from_s=0.37) * readings[0].energy_j <= 0.002
    assert readings[0].how == "counter"


@pytest.mark.parametrize("seconds", [3.0, 30.0])
@pytest.mark.parametrize(
    ("wave", "most"),
    [(CONSTANT, 1e-9), (SQUARE, 0.01), (BURSTS, 0.03), (SAWTOOTH, 0.01), (STEPS, 0.01)],
    ids=["constant", "square", "bursts", "sawtooth", "steps"],
)
@pytest.mark.parametrize("phase", [0.0, 0.011, 0.123, 0.246, 0.377, 0.49])
def test_without_a_counter_sampled_power_is_close(played, wave, most, seconds, phase):
    played.play(wave, NO_COUNTER)
    played.set(phase)
    readings = run(played, meter(played), seconds=seconds)
    assert readings[0].how == "power"
    assert error(played, readings, from_s=phase) <= most


def test_bursts_after_a_long_quiet_are_not_missed(played):
    played.play("wave 20:100 0.05:600 0.45:100 0.05:600 0.45:100 0.05:600 0.45:100", NO_COUNTER)
    readings = run(played, meter(played), seconds=21.5)
    assert played.energy_j(0, 20.0, 21.5) == pytest.approx(225.0)
    assert error(played, readings, from_s=0.0) * played.energy_j(0, 0.0, 21.5) <= 0.05 * 225.0


@pytest.mark.parametrize("extra", [[], [NO_COUNTER]])
def test_staggered_gpus_add_up(played, extra):
    played.play("devices 8", SQUARE, "stagger 0.125", *extra)
    found = meter(played)
    readings = run(played, found, seconds=10.3, every_s=None if extra else 1.0)
    exact_j = [played.energy_j(board, 0.0, 10.3) for board in range(8)]
    assert [reading.energy_j for reading in readings] == pytest.approx(exact_j, rel=0.01 if extra else 1e-5)
    assert sum(reading.energy_j for reading in readings) == pytest.approx(sum(exact_j), rel=0.005 if extra else 1e-6)


def test_a_counter_that_refreshes_every_100_ms_is_at_most_that_late(played):
    played.play(CONSTANT, "refresh 0.1")
    played.set(0.05)
    readings = run(played, meter(played), seconds=3.0, every_s=0.51)
    assert readings[0].energy_j == pytest.approx(900.0, abs=30.1)


@pytest.mark.parametrize(
    ("event", "said"), [("counter set 0 at 3.5", "fell by"), ("counter add -500 at 3.5", "fell by"), ("counter add 1e6 at 3.5", "more than it can draw")]
)
def test_a_counter_that_starts_anew_or_lies_costs_one_interval_of_sampled_power(played, event, said):
    played.play(CONSTANT, event)
    found = meter(played)
    readings = run(played, found, seconds=10.0, every_s=1.0)
    assert readings[0].energy_j == pytest.approx(3000.0, abs=0.01)
    assert len(found.notes) == 1
    assert said in found.notes[0]
    assert "1.0 s counted by sampled power instead" in found.notes[0]


def test_a_counter_that_wraps_loses_nothing(played):
    played.play(SQUARE, "counter start 4294966", "counter modulo 4294967.296")
    found = meter(played)
    readings = run(played, found, seconds=30.0, every_s=1.0)
    assert error(played, readings, from_s=0.0) < 1e-6


def test_a_counter_that_stands_still_gives_way_to_sampled_power(played):
    played.play(CONSTANT, "counter stuck at 4")
    found = meter(played)
    readings = run(played, found, seconds=30.0, every_s=1.0)
    assert readings[0].how == "power"
    assert readings[0].energy_j == pytest.approx(9000.0, rel=1e-6)
    assert ["has not moved" in note for note in found.notes] == [True]


def test_a_gpu_that_idles_below_a_few_watts_keeps_its_counter(played):
    played.play("wave 1:0")
    found = meter(played)
    readings = run(played, found, seconds=60.0, every_s=1.0)
    assert (readings[0].how, readings[0].energy_j, found.notes) == ("counter", 0.0, [])


def test_a_lost_gpu_keeps_its_energy_and_the_others_go_on(played):
    played.play("devices 2", CONSTANT, "fail device lost only 0 from 5")
    found = meter(played)
    readings = run(played, found, seconds=20.0, every_s=0.5)
    assert readings[0].energy_j == pytest.approx(1500.0, abs=150.1)
    assert readings[0].power_w is None
    assert readings[1].energy_j == pytest.approx(6000.0)
    assert found.notes == [f"{FIRST}: cannot be read any more (nvmlDeviceGetTotalEnergyConsumption: GPU is lost): its energy stands still"]


@pytest.mark.parametrize("sticky", ["", "sticky"])
def test_a_gpu_that_comes_back_goes_on_with_what_its_counter_counted(played, sticky):
    played.play("devices 2", CONSTANT, f"fail device lost only 0 from 5 until 8 {sticky}")
    found = meter(played)
    readings = run(played, found, seconds=20.0, every_s=0.5)
    assert readings[0].energy_j == pytest.approx(6000.0)
    assert readings[1].energy_j == pytest.approx(6000.0)
    assert "cannot be read any more" in found.notes[0]
    assert "is read again after" in found.notes[1]


def test_a_gpu_that_comes_back_with_its_counter_at_zero_is_counted_from_there(played):
    played.play(CONSTANT, "fail device lost from 5 until 8 sticky", "counter set 0 at 7")
    found = meter(played)
    readings = run(played, found, seconds=20.0, every_s=0.5)
    back_s = 20.0 - (readings[0].energy_j - 1350.0) / 300.0
    assert 8.0 <= back_s <= 16.0
    assert any("fell by" in note and "not counted" in note for note in found.notes)


def test_sampled_power_is_not_drawn_across_a_loss(played):
    played.play(CONSTANT, NO_COUNTER, "fail device lost from 5 until 8")
    readings = run(played, meter(played), seconds=20.0)
    assert readings[0].energy_j == pytest.approx(17.0 * 300.0, rel=0.001)


def test_a_mig_instance_is_charged_its_slices_and_called_modelled(played):
    played.play("devices 2", CONSTANT, "mig 1 1 2 4")
    found = meter(played, visible="MIG-a1100101")
    readings = run(played, found, seconds=7.0, every_s=1.0)
    assert [reading.device for reading in readings] == ["gpu:MIG-a1100101-0000-5000-8000-000000000001"]
    assert readings[0].energy_j == pytest.approx(2100.0 * 2 / 7)
    assert (readings[0].how, readings[0].sigma_ln, readings[0].power_w) == ("modelled", 0.3, pytest.approx(300.0 * 2 / 7))
    assert "2 of 7" in found.notes[0]


@pytest.mark.parametrize(("cut", "visible", "share", "said"), [("1 3/1", 1, 1 / 7, "1 of 7"), ("2 1", 0, 2 / 4, "2 of 4")])
def test_an_instance_is_charged_its_compute_slices_of_those_that_the_gpu_has(played, cut, visible, share, said):
    played.play(CONSTANT, f"mig 0 {cut}", *(["slices 4"] if "4" in said else []))
    found = meter(played, visible=f"MIG-a110000{visible}")
    assert run(played, found, seconds=7.0, every_s=1.0)[0].energy_j == pytest.approx(2100.0 * share)
    assert said in found.notes[0]


@pytest.mark.parametrize("how", ["not_supported", "unknown"])
def test_an_instance_of_unknown_size_counts_as_its_whole_gpu_and_is_said(played, how):
    played.play("devices 2", CONSTANT, "mig 1 1 2", f"fail attributes {how}")
    found = meter(played, visible="MIG-a1100100,MIG-a1100101,0")
    assert sorted(reading.device[-1] for reading in found.read()) == ["0", "1"]
    assert "the size of its instance is unknown" in found.notes[0]


def test_all_instances_together_are_the_board(played):
    played.play(CONSTANT, "mig 0 1 2 4")
    found = meter(played, visible="MIG-a1100000,MIG-a1100001,MIG-a1100002")
    readings = run(played, found, seconds=7.0, every_s=1.0)
    assert sum(reading.energy_j for reading in readings) == pytest.approx(2100.0)


@pytest.mark.parametrize(
    ("cut", "visible", "share", "device"),
    [
        ("1", None, 1 / 7, "MIG-a1100000"),
        ("1 2", None, 3 / 7, "GPU-5f3c0000"),
        ("1 1 1 1 1 1 1", "0", 1 / 7, "MIG-a1100000"),
        ("3 4", "0", 3 / 7, "MIG-a1100000"),
        ("3 4", "GPU-5f3c0000", 3 / 7, "MIG-a1100000"),
    ],
)
def test_a_gpu_cut_by_mig_counts_by_the_instances_that_the_job_sees(played, cut, visible, share, device):
    played.play(CONSTANT, f"mig 0 {cut}")
    found = meter(played, visible=visible)
    (reading,) = run(played, found, seconds=7.0, every_s=1.0)
    assert (reading.how, reading.energy_j) == ("modelled", pytest.approx(2100.0 * share))
    assert reading.device.startswith(f"gpu:{device}")
    assert f"{round(share * 7)} of 7 slices" in found.notes[0]


def test_a_gpu_whose_instances_are_all_visible_is_counted_exactly(played):
    played.play(CONSTANT, "mig 0 3 4")
    found = meter(played)
    (reading,) = run(played, found, seconds=7.0, every_s=1.0)
    assert (reading.device, reading.how, reading.energy_j, found.notes) == (FIRST, "counter", pytest.approx(2100.0), [])


@pytest.mark.parametrize(
    ("visible", "boards"), [(None, "0123"), ("2,0", "20"), ("1,9,0", "1"), ("GPU-5f3c0333", "3"), ("0,GPU-5f3c0222-0000-4000-8000-000000000002", "02")]
)
def test_only_visible_gpus_are_read(played, visible, boards):
    played.play("devices 4", CONSTANT)
    found = meter(played, visible=visible)
    assert [reading.device[-1] for reading in found.read()] == list(boards)
    assert bool(found.notes) == (visible == "1,9,0")


@pytest.mark.parametrize("code", ["unknown", "not_supported", "no_permission", "lost"])
@pytest.mark.parametrize("what", ["power", "limit", "utilisation"])
def test_a_counter_is_enough_whatever_else_fails(played, what, code):
    played.play(CONSTANT, f"fail {what} {code}")
    found = meter(played)
    reading = run(played, found, seconds=20.0, every_s=1.0)[0]
    assert (reading.how, reading.energy_j, found.notes) == ("counter", pytest.approx(6000.0), [])
    assert (reading.power_w is None, reading.utilisation is None, reading.temperature_c) == (what == "power", what == "utilisation", 40.0)


@pytest.mark.parametrize("code", ["uninitialized", "not_supported", "no_permission", "not_found", "driver_not_loaded", "lost", "mismatch", "unknown"])
@pytest.mark.parametrize("what", ["energy", "power", "limit", "utilisation", "attributes", "device"])
@pytest.mark.parametrize("when", ["from 0", "from 5", "from 5 until 8", "from 5 until 8 sticky"])
def test_whatever_fails_on_one_gpu_the_others_go_on_and_its_own_energy_never_falls(played, what, code, when):
    played.play("devices 3", CONSTANT, "mig 1 3 4", f"fail {what} {code} only 1 {when}")
    found = meter(played)
    before = {}
    for second in range(1, 41):
        played.set(second * 0.5)
        readings = {reading.device: reading.energy_j for reading in found.read()}
        assert all(readings[device] >= energy_j for device, energy_j in before.items())
        before = readings
    sound = [energy_j for device, energy_j in before.items() if not device.endswith("1")]
    assert sound == [pytest.approx(6000.0)] * 2
    assert sum(before.values()) <= 18_000.0 * 1.0001
    assert len(found.notes) <= 2


@pytest.mark.parametrize("code", ["unknown", "not_supported", "no_permission"])
@pytest.mark.parametrize("from_s", [0, 5])
@pytest.mark.parametrize("other", ["", "fail utilisation unknown"])
def test_power_is_enough_whatever_else_fails(played, code, from_s, other):
    played.play(CONSTANT, f"fail energy {code} from {from_s}", *([other] if other else []))
    found = meter(played)
    reading = run(played, found, seconds=20.0, every_s=0.5)[0]
    assert (reading.how, reading.energy_j) == ("power", pytest.approx(6000.0))
    assert not any("stands still" in note for note in found.notes)


@pytest.mark.parametrize("watts", ["0", "4294967.295"])
@pytest.mark.parametrize("name", ["NVIDIA_H100_80GB_HBM3", "GRID_X1-10C"])
def test_a_gpu_whose_power_cannot_be_is_assumed_or_unread_and_not_metered_as_nothing(played, watts, name):
    played.play("devices 2", CONSTANT, f"shows {watts} only 1", "fail energy not_supported only 1", f"name 1 {name}")
    found = meter(played)
    readings = {reading.device[-1]: reading for reading in run(played, found, seconds=5.0)}
    assert readings["0"].energy_j == pytest.approx(1500.0)
    second = f"{FIRST[:-1].replace('5f3c0000', '5f3c0111')}1"
    assert found.notes[0].startswith(f"{second}: cannot be read (its power reads {float(watts):,.0f} W): ")
    if name.startswith("NVIDIA"):
        assert (readings["1"].how, readings["1"].energy_j, found.unread) == ("assumed", pytest.approx(0.5 * 700.0 * 5.0), ())
    else:
        assert (len(readings), found.unread) == (1, (second,))


@pytest.mark.parametrize("limit_w", ["0", "1", "4294967.295"])
def test_an_impossible_power_limit_is_unknown(played, limit_w):
    played.play(f"cap {limit_w}", CONSTANT)
    found = meter(played)
    assert (run(played, found, seconds=5.0, every_s=1.0)[0].energy_j, found.notes) == (pytest.approx(1500.0), [])


@pytest.mark.parametrize("code", ["not_supported", "no_permission", 13, "unknown"])
def test_a_number_of_gpus_that_cannot_be_read_is_not_none(played, code):
    played.play(CONSTANT, f"fail nvmlDeviceGetCount {code}")
    found = nvml.probe(environ={}, clock=played.clock)
    assert isinstance(found, Unavailable)
    assert "nvmlDeviceGetCount" in found.reason
    assert (found.is_there, found.may_answer_later) == (True, True)


@pytest.mark.parametrize(
    "call", ["nvmlDeviceGetName", "nvmlDeviceGetMigMode", "nvmlDeviceGetMaxMigDeviceCount", "nvmlDeviceGetPowerManagementLimitConstraints"]
)
@pytest.mark.parametrize("code", [1, 2, 3, 4, 6, 7, 9, 10, 13, 15, 16, 17, 18, 20, 999])
def test_a_call_that_is_not_needed_disables_nothing(played, call, code):
    played.play(CONSTANT, f"fail {call} {code}")
    reading = run(played, meter(played), seconds=5.0, every_s=1.0)[0]
    assert (reading.device, reading.how, reading.energy_j) == (FIRST, "counter", pytest.approx(1500.0))


def test_a_gpu_without_an_id_is_known_by_its_number(played):
    played.play("devices 2", CONSTANT, "fail nvmlDeviceGetUUID not_supported only 1")
    readings = run(played, meter(played), seconds=5.0, every_s=1.0)
    assert [(reading.device[:11], reading.energy_j) for reading in readings] == [("gpu:GPU-5f3", pytest.approx(1500.0)), ("gpu:index-1", pytest.approx(1500.0))]


def test_a_gpu_that_is_lost_from_the_start_keeps_its_number_and_is_looked_for_again(played):
    played.play("devices 3", CONSTANT, "fail device lost only 1 until 5")
    found = meter(played, visible="1,2")
    assert [reading.device[-1] for reading in found.read()] == ["2"]
    assert found.unread == ("gpu:index-1",)
    assert found.notes == ["gpu:index-1: cannot be read (nvmlDeviceGetHandleByIndex: GPU is lost): its energy is unknown"]
    readings = run(played, found, seconds=20.0, every_s=0.5)
    assert [reading.device[-1] for reading in readings] == ["1", "2"]
    assert found.unread == ()
    assert 20.0 - 15.0 <= readings[0].energy_j / 300.0 <= 20.0 - 5.0


def test_gpus_of_other_jobs_are_not_numbered(played):
    played.play("devices 4", CONSTANT, *(f"fail device no_permission only {board}" for board in (0, 1, 3)))
    for visible in (None, "0"):
        found = meter(played, visible=visible)
        assert [reading.device[-1] for reading in found.read()] == ["2"]
        assert found.notes == []


@pytest.mark.parametrize(
    ("lines", "visible", "reason", "hint"),
    [
        (["devices 2", "fail device no_permission"], None, "Insufficient Permissions", "/dev/nvidiactl"),
        ([CONSTANT], "0,0", "CUDA_VISIBLE_DEVICES=0,0: 0 is there twice", "CUDA_VISIBLE_DEVICES"),
        (["fail init driver_not_loaded"], None, "Driver Not Loaded", "modprobe nvidia"),
        (["fail init mismatch"], None, "version mismatch", "reboot"),
        (["fail init no_permission"], None, "Insufficient Permissions", "/dev/nvidiactl"),
        (["fail init unknown"], None, "Unknown Error", "nvidia-smi"),
        (["devices 0"], None, "no NVIDIA GPU is visible", "CUDA_VISIBLE_DEVICES"),
        ([CONSTANT], "-1", "CUDA_VISIBLE_DEVICES=-1 makes no GPU visible", "CUDA_VISIBLE_DEVICES"),
        ([CONSTANT], "", "makes no GPU visible", "CUDA_VISIBLE_DEVICES"),
    ],
)
def test_what_cannot_be_read_says_why_and_what_to_do(played, lines, visible, reason, hint):
    played.play(*lines)
    found = nvml.probe(environ={} if visible is None else {"CUDA_VISIBLE_DEVICES": visible}, clock=played.clock)
    assert isinstance(found, Unavailable)
    assert reason in found.reason
    assert hint in found.hint


def test_a_counter_that_needs_permission_gives_way_to_power(played):
    played.play(CONSTANT, "fail energy no_permission")
    readings = run(played, meter(played), seconds=2.0)
    assert readings[0].how == "power"
    assert readings[0].energy_j == pytest.approx(600.0)


def test_a_counter_without_power_beside_it_is_enough(played):
    played.play(SQUARE, "fail power not_supported", "fail limit not_supported", "fail utilisation not_supported")
    readings = run(played, meter(played), seconds=10.0, every_s=1.0)
    assert error(played, readings, from_s=0.0) < 1e-5
    assert (readings[0].power_w, readings[0].utilisation) == (None, None)


def test_a_gpu_tells_what_else_it_knows(played):
    played.play("cap 600", CONSTANT)
    found = meter(played)
    reading = found.read()[0]
    assert reading[5:10] == (300.0, 0.5, 40.0, 1.41e9, float(20 << 30))
    assert found.names == {FIRST: "NVIDIA H100 80GB HBM3"}


def test_without_a_driver_the_bindings_are_not_even_imported():
    code = "import sys; from traincarbon.meters.nvml import probe; print(probe().reason); assert 'pynvml' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", code], env={**os.environ, "LD_LIBRARY_PATH": ""}, capture_output=True, text=True, check=True)
    assert "libnvidia-ml.so.1 is not found" in done.stdout


def test_a_library_that_cannot_be_loaded_is_a_gpu_that_is_not_metered(tmp_path):
    (tmp_path / "libnvidia-ml.so.1").write_text("junk")
    code = "from traincarbon.meters.nvml import probe; found = probe(); print(found.is_there, found.reason)"
    done = subprocess.run([sys.executable, "-c", code], env={**os.environ, "LD_LIBRARY_PATH": str(tmp_path)}, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("True the NVIDIA driver is there, but its library cannot be loaded")


def test_a_process_of_its_own_reads_the_same_library(nvml_library, tmp_path):
    (tmp_path / "trace").write_text("devices 2\nwave 1:250\n")
    log = tmp_path / "log"
    code = "import time; from traincarbon.meters.nvml import probe; m = probe(); time.sleep(0.3); print(*(r.energy_j for r in m.read()))"
    settings = environment(nvml_library, tmp_path / "trace", NVML_REPLAY_LOG=str(log))
    done = subprocess.run([sys.executable, "-c", code], env=settings, capture_output=True, text=True, check=True)
    energies = [float(word) for word in done.stdout.split()]
    exact = [float(line.split()[4]) for line in log.read_text().splitlines()]
    assert energies == pytest.approx(exact, rel=0.01)


def test_missing_bindings_are_named(played, monkeypatch):
    played.play(CONSTANT)
    monkeypatch.setitem(sys.modules, "pynvml", None)
    found = nvml.probe(environ={}, clock=played.clock)
    assert isinstance(found, Unavailable)
    assert found.hint == install_command(package="nvidia-ml-py")
