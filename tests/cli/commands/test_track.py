"""``carbon track``: what a user sees, what a program reads, and that budgets hold."""

import json
import os
import re
import subprocess
import sys
import time

import pytest

from native.replay import build, environment
from tracked import Place, python

REPORT = """
import json, os, signal, time
def say(**counts): os.write(int(os.environ['CARBON_PROGRESS_FD']), json.dumps(counts).encode() + b'\\n')
"""


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


@pytest.fixture
def spends(place, tmp_path):
    """Python code from which on a GPU draws power: a command is ready for what a budget does to it, however slowly it starts."""
    (tmp_path / "power").write_text(f"origin in {tmp_path / 'origin'}\nwave 0.001:0 1000:3600\n")
    place.env = environment(build(tmp_path), tmp_path / "power", **{name: value for name, value in place.env.items() if name != "CARBON_REPLAY"})
    return f"import time; open({str(tmp_path / 'origin')!r}, 'w').write(str(time.monotonic()))\n"


def test_quiet_prints_nothing_but_what_the_command_prints(place):
    done = place.track("--quiet", "--", "sh", "-c", "echo out; echo err >&2")
    assert (done.stdout, done.stderr) == ("out\n", "err\n")


def test_quiet_imports_neither_records_nor_their_summary(place):
    code = "import os, sys; leave = os._exit; os._exit = lambda code: (print(*sys.modules, flush=True), leave(code)); "
    code += "from traincarbon.__main__ import main; main()"
    done = subprocess.run([sys.executable, "-c", code, "track", "--quiet", "--", "true"], env=place.env, capture_output=True, text=True, check=True)
    imported = set(done.stdout.split())
    assert "traincarbon.tracking.command.supervisor" in imported
    assert not {"traincarbon.ledger.record", "traincarbon.tracking.display.run_summary", "dataclasses"} & imported


def test_json_is_one_line_of_the_contract_after_all_that_the_command_prints(place):
    done = place.track("--quiet", "--json", "--run-id", "r", "--project", "nlp", "--", "sh", "-c", "echo loss; exit 3")
    loss, line = done.stdout.splitlines()
    told = json.loads(line)
    assert (loss, done.returncode, done.stderr) == ("loss", 3, "")
    assert (told["schema"], told["run_id"], told["project"], told["exit_code"], told["state"]) == ("traincarbon/run/1", "r", "nlp", 3, "failed")
    assert told["argv"] == ["sh", "-c", "echo loss; exit 3"]
    assert told == place.record("r").to_dict()


def test_the_summary_fits_the_screen_and_is_plain_where_it_is_no_terminal(place):
    done = place.track(
        "--project", "nlp", "--max-kwh", "1", "--max-hours", "5", "--region", "FR", "--hw", "h100-sxm5-80gb", "--", *python("print('é' * 300)"), "x" * 500
    )
    lines = done.stderr.splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    assert "\x1b" not in done.stderr
    assert done.stdout == "é" * 300 + "\n"


def test_energy_is_that_of_the_trace_over_the_time_of_the_command(place):
    """3600 W: a joule is 1/3600 s."""
    began_s = time.monotonic()
    place.track("--quiet", "--run-id", "r", "--", *python("import time; time.sleep(0.5)"))
    took_s = time.monotonic() - began_s
    record = place.record("r")
    assert record.energy_j["gpu"] == pytest.approx(3600.0 * record.duration_s, rel=0.01)
    assert record.how["gpu"] == "power"
    assert 0.5 <= record.duration_s < took_s


@pytest.mark.parametrize(
    ("words", "said", "hint"),
    [
        (["--max-kwh", "-3"], "max_kwh is -3", "above 0"),
        (["--interval", "nan"], "interval of nan s", "0.05 to 3600"),
        (["--hw", "h1000"], "h1000", "did you mean"),
        (["--run-id", "a\x1b[2J"], "run_id", "printable"),
    ],
)
def test_what_cannot_be_is_refused_before_the_command_starts(place, tmp_path, words, said, hint):
    done = place.track(*words, "--", "touch", str(tmp_path / "begun"))
    error, advice = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (1, "")
    assert error.startswith("error: ")
    assert said in error
    assert advice.startswith("hint: ")
    assert hint in advice
    assert not (tmp_path / "begun").exists()


@pytest.mark.parametrize("words", [["--no-such-option", "--", "true"], [], ["--on-budget", "explode", "--", "true"]])
def test_wrong_usage_is_the_usual_2(place, words):
    assert place.track(*words).returncode == 2


def test_options_of_the_command_are_its_own_even_without_dashes(place):
    assert place.track("--quiet", "echo", "--json", "--help", "-x").stdout == "--json --help -x\n"


def test_a_budget_that_only_warns_says_so_and_lets_the_command_end(place):
    done = place.track("--run-id", "r", "--max-kwh", "1e-4", "--", *python("import time; time.sleep(0.5); raise SystemExit(4)"))
    assert done.returncode == 4
    assert len(re.findall(r"the budget of 0\.000100 kWh is spent", done.stderr)) == 1
    assert any("budget" in note for note in place.record("r").notes)


def test_a_budget_signals_so_that_the_training_can_save_its_state(place, spends):
    code = f"import signal, sys\nsignal.signal(signal.SIGUSR1, lambda *_: sys.exit(9))\n{spends}time.sleep(20)"
    done = place.track("--meter", "nvml", "--max-kwh", "1e-4", "--on-budget", "signal", "--", *python(code))
    assert done.returncode == 9
    assert "SIGUSR1 was sent to the training" in done.stderr


def test_a_budget_stops_what_does_not_stop_itself(place, spends):
    code = (
        f"import signal\nsignal.signal(signal.SIGUSR1, lambda *_: None)\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n{spends}time.sleep(20)\ntime.sleep(20)"
    )
    done = place.track("--run-id", "r", "--meter", "nvml", "--max-kwh", "1e-4", "--on-budget", "stop", "--grace", "0.2", "--", *python(code))
    assert done.returncode == -9
    said = [text for text in ("SIGUSR1 was sent", "asked to stop (SIGTERM)", "was killed") if text in done.stderr]
    assert len(said) == 3
    assert place.record("r").state == "killed"


def test_a_budget_stops_what_the_first_process_would_leave_behind(place, tmp_path, spends):
    shell = f'sleep 30 & echo $! > {tmp_path}/pid; {sys.executable} -S -c "$0"; wait; true'
    done = place.track("--meter", "nvml", "--max-kwh", "1e-4", "--on-budget", "stop", "--grace", "0.2", "--", "sh", "-c", shell, spends)
    assert done.returncode == -15
    assert "the processes that the training left behind were stopped too" in done.stderr
    assert not os.path.exists(f"/proc/{(tmp_path / 'pid').read_text().strip()}/exe")


def test_a_run_goes_on_under_its_id_and_its_budget_holds(place):
    first = place.track("--quiet", "--run-id", "r", "--", *python("import time; time.sleep(0.5)"))
    before = place.record("r")
    second = place.track("--run-id", "r", "--max-kwh", "4e-4", "--on-budget", "signal", "--", *python("import time; time.sleep(20)"))
    assert (first.returncode, second.returncode) == (0, -15)
    assert "in earlier sessions" in second.stderr
    after = place.record("r")
    assert after.restarts == 1
    assert after.energy_j["gpu"] > before.energy_j["gpu"]
    assert after.duration_s > before.duration_s


def test_progress_by_descriptor_gives_counts_and_a_forecast(place):
    code = REPORT + "for step in range(1, 9):\n say(tokens=step * 1000, loss=3.5, total_tokens=80000)\n time.sleep(0.1)"
    place.track("--quiet", "--run-id", "r", "--params", "1e9", "--hw", "h100-sxm5-80gb", "--", *python(code))
    record = place.record("r")
    assert record.tokens == 8000.0
    assert record.counts == {"tokens": 8000.0}
    assert record.params == 1e9
    assert record.forecast is not None


def test_progress_is_found_in_the_output_which_stays_as_it_is(place):
    code = "import time\nfor step in range(1, 6): print(f'step {step}00 loss {1 / step:.3f}', flush=True); time.sleep(0.05)"
    done = place.track("--quiet", "--run-id", "r", "--progress-regex", r"step (?P<steps>\d+) loss (?P<loss>[\d.]+)", "--", *python(code))
    assert done.stdout == "".join(f"step {step}00 loss {1 / step:.3f}\n" for step in range(1, 6))
    assert place.record("r").counts == {"steps": 500.0}


def test_plan_and_actual_are_held_against_each_other(place, tmp_path):
    (tmp_path / "plan.toml").write_text('params = 1e9\ntokens = 1e9\nhw = "h100-sxm5-80gb"\naccelerators = 1\nregion = "FR"\n')
    done = place.track(
        "--run-id", "r", "--plan", str(tmp_path / "plan.toml"), "--", *python(REPORT + "say(tokens=1e6)\ntime.sleep(0.5)\nsay(tokens=2e6)\ntime.sleep(.2)")
    )
    record = place.record("r")
    assert record.plan["params"] == 1e9
    assert record.plan["facility_energy_kwh"]["low"] < record.plan["facility_energy_kwh"]["high"]
    assert record.hw == "h100-sxm5-80gb"
    assert "plan" in done.stderr.lower()


def test_a_tracked_command_within_a_tracked_one_is_a_run_of_its_own(place):
    inner = place.command("--quiet", "--run-id", "inner", "--", "sh", "-c", "echo $CARBON_RUN_ID; exit 5")
    done = place.track("--quiet", "--run-id", "outer", "--", *inner)
    assert (done.returncode, done.stdout) == (5, "inner\n")
    assert (place.record("outer").exit_code, place.record("inner").exit_code) == (5, 5)


def test_secrets_are_neither_recorded_nor_shown(place):
    done = place.track("--run-id", "r", "--json", "--", "true", "--api-key", "sk-123456789", env={"HF_TOKEN": "hf_abcdefghijkl"})
    recorded = done.stderr + done.stdout + json.dumps(place.lines("r"))
    assert "sk-123456789" not in recorded
    assert "hf_abcdefghijkl" not in recorded


def test_a_store_that_cannot_be_written_is_said_and_the_record_is_shown_all_the_same(place, tmp_path):
    (tmp_path / "file").write_text("")
    done = place.track(
        "--run-id", "r", "--json", "--store", str(tmp_path / "file" / "store"), "--", *python("import time; time.sleep(0.3); raise SystemExit(6)")
    )
    assert done.returncode == 6
    assert "the journal cannot be written" in done.stderr
    told = json.loads(done.stdout)
    assert (told["exit_code"], told["state"]) == (6, "failed")
    assert told["energy_j"]["gpu"] > 0.0


def test_boards_are_metered_through_their_library(place, tmp_path):
    library = build(tmp_path)
    (tmp_path / "boards").write_text("devices 2\nwave 1:400\n")
    env = {name: value for name, value in environment(library, tmp_path / "boards", CARBON_STORE=place.store).items() if name != "CARBON_REPLAY"}
    subprocess.run(place.command("--quiet", "--run-id", "r", "--", *python("import time; time.sleep(0.5)")), env=env, check=True)
    record = place.record("r")
    assert record.energy_j["gpu"] == pytest.approx(800.0 * record.duration_s, rel=0.05)
    assert (record.accelerators, record.how["gpu"], record.hw) == (2, "counter", "h100-sxm5-80gb")


def test_the_command_does_not_wait_for_the_meter(place):
    """The command's first act is before the meter's first line."""
    done = place.track("--quiet", "--run-id", "r", "--", *python("import time; print(time.time(), flush=True); time.sleep(0.3)"))
    assert abs(float(done.stdout) - place.lines("r")[0]["wall_s"]) < 5.0
    assert time.time() - float(done.stdout) < 30.0


def test_a_gpu_that_cannot_be_read_is_pointed_out_at_the_start_and_there_is_no_total_without_it(place, tmp_path):
    library = build(tmp_path)
    (tmp_path / "boards").write_text("devices 2\nwave 1:400\n")
    (tmp_path / "without").mkdir()
    (tmp_path / "without" / "pynvml.py").write_text("raise ImportError\n")
    settings = environment(library, tmp_path / "boards", CARBON_STORE=place.store)
    env = {name: value for name, value in settings.items() if name != "CARBON_REPLAY"}
    words = [
        word.replace("sys.path[:0] = [", f"sys.path[:0] = [{str(tmp_path / 'without')!r}, ") for word in place.command("--run-id", "r", "--", "sleep", "1")
    ]
    done = subprocess.run(words, env=env, capture_output=True, text=True, check=True)
    first = done.stderr.splitlines()[0]
    assert first.startswith("carbon: a GPU is here, but not metered, so energy, CO2e and cost will be unknown: the Python bindings of NVML are not installed")
    assert "install nvidia-ml-py" in first
    assert "Energy, facility" not in done.stderr
    assert "Energy, CO2e and cost: unknown, as a GPU was here" in done.stderr
    record = place.record("r")
    assert (record.unread_gpu, record.facility_energy_kwh, record.cost_usd) == (True, None, None)


def test_a_gpu_that_states_nothing_beside_one_that_does_is_assumed_and_said(place, tmp_path):
    library = build(tmp_path)
    (tmp_path / "boards").write_text("devices 2\nwave 1:400\nfail energy not_supported only 1\nfail power not_supported only 1\n")
    env = {name: value for name, value in environment(library, tmp_path / "boards", CARBON_STORE=place.store).items() if name != "CARBON_REPLAY"}
    done = subprocess.run(place.command("--run-id", "r", "--", "sleep", "1"), env=env, capture_output=True, text=True, check=True)
    assert "states neither energy nor power" in done.stderr.splitlines()[0]
    record = place.record("r")
    metered, assumed = (next(device.energy_j for device in record.by_device if device.part == "gpu" and device.how == how) for how in ("counter", "assumed"))
    assert metered > 0.0
    assert assumed > 0.0
    assert not record.unread_gpu
    assert record.facility_energy_kwh["low"] * 3.6e6 >= metered


def test_choosing_meters_that_leave_out_the_gpu_leaves_no_total(place, tmp_path):
    library = build(tmp_path)
    (tmp_path / "boards").write_text("devices 1\nwave 1:400\n")
    env = {name: value for name, value in environment(library, tmp_path / "boards", CARBON_STORE=place.store).items() if name != "CARBON_REPLAY"}
    done = subprocess.run(place.command("--run-id", "r", "--meter", "cpu_model", "--", "sleep", "1"), env=env, capture_output=True, text=True, check=True)
    assert "add --meter nvml" in done.stderr.splitlines()[0]
    assert place.record("r").unread_gpu
