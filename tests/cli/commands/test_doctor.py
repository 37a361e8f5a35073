"""``carbon doctor``: what can be metered, what not, and the way out, on made-up machines and on this one."""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from native.replay import build, environment
from traincarbon.cli.commands.doctor import command
from traincarbon.meters import cpu_model, nvml, rapl, registry
from traincarbon.meters.base import Unavailable


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr("traincarbon.cli.commands.doctor._SAMPLE_S", 0.01)
    monkeypatch.setattr(nvml, "probe", lambda: Unavailable("nvml", "no NVIDIA driver", "buy a board"))
    monkeypatch.setenv("CARBON_STORE", "/runs")
    monkeypatch.delenv("CARBON_REPLAY", raising=False)


def run(*words):
    done = CliRunner().invoke(command, list(words))
    assert done.exit_code == 0, done.output
    return done.stdout


def test_every_meter_is_either_read_or_named_with_its_reason_and_a_remedy():
    told = json.loads(run("--json"))
    assert {meter["name"] for meter in told["meters"]} | {each["name"] for each in told["missing"]} == set(registry.meter_names())
    for each in told["missing"]:
        assert each["reason"]
        assert each["hint"]


def test_json_holds_every_field_of_a_reading_and_all_about_the_machine():
    told = json.loads(run("--json"))
    assert told["schema"] == "traincarbon/doctor/1"
    (model,) = [meter for meter in told["meters"] if meter["name"] == "cpu_model"]
    assert {"device", "part", "how", "power_w", "sigma_ln"} <= model["devices"][0].keys()
    assert {device["how"] for device in model["devices"]} == {"modelled"}
    assert told["store"]["folder"] == "/runs"
    assert told["clock"]["resolution_s"] > 0.0
    assert told["limits"]["host_threads"] >= 1
    assert {"carbon", "Python"} <= told["versions"].keys()


def test_it_says_whether_the_web_pages_can_be_shown(monkeypatch):
    assert "web pages  carbon serve " in run()
    monkeypatch.setattr("traincarbon.cli.commands.doctor.find_spec", lambda name: None if name == "starlette" else True)
    assert "carbon serve needs its extra: " in " ".join(run().split())


def test_it_fits_the_screen():
    assert max(len(line) for line in run().splitlines()) <= 80


def test_what_only_root_may_read_comes_with_a_command_and_a_lasting_rule(monkeypatch):
    monkeypatch.setattr(rapl, "probe", lambda: Unavailable("rapl", "no permission to read energy_uj", rapl.ALLOW))
    shown = run()
    assert "now:     sudo chmod a+r /sys/class/powercap/*/energy_uj" in shown
    assert f"      {rapl.UDEV_RULE}" in shown.splitlines()


def test_a_trace_is_sampled_and_said_to_be_in_use(tmp_path, monkeypatch):
    (tmp_path / "trace.csv").write_text("time_s,device,power_w\n0,gpu:0,250\n100,gpu:0,250\n")
    monkeypatch.setenv("CARBON_REPLAY", str(tmp_path / "trace.csv"))
    told = json.loads(run("--json"))
    in_use = {meter["name"]: meter["in_use"] for meter in told["meters"]}
    assert in_use == {"replay": True, "cpu_model": False}
    assert "250 W" in run()


def test_many_boards_are_shortened_and_long_names_cut(tmp_path, monkeypatch):
    rows = "".join(f"{second},gpu:board-{board:02}-with-a-long-name,250\n" for board in range(12) for second in (0, 100))
    (tmp_path / "trace.csv").write_text(f"time_s,device,power_w\n{rows}")
    monkeypatch.setenv("CARBON_REPLAY", str(tmp_path / "trace.csv"))
    shown = run()
    assert "and 4 more" in shown
    assert max(len(line) for line in shown.splitlines()) <= 80


def test_a_store_that_cannot_be_written_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr("os.access", lambda *_: False)
    assert f"no permission to write in {tmp_path}" in " ".join(run("--store", str(tmp_path / "a" / "b")).split())


def test_a_disk_that_is_nearly_full_is_said(monkeypatch):
    from types import SimpleNamespace

    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=10**6))
    assert "nearly full" in " ".join(run().split())


def test_a_store_that_is_or_is_below_a_file_or_a_loop_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "loop").symlink_to("loop")
    for store, why in (("file", "file"), ("file/runs", "file"), ("loop/runs", "loop")):
        assert f"{tmp_path / why} is not a folder" in " ".join(run("--store", str(tmp_path / store)).split())
    assert json.loads(run("--json", "--store", str(tmp_path / "file")))["store"]["writable"] is False


def test_a_user_without_home_is_told_how_to_name_a_store(monkeypatch):
    monkeypatch.delenv("CARBON_STORE")
    monkeypatch.setenv("XDG_DATA_HOME", "")
    monkeypatch.setattr("os.path.expanduser", str)
    assert "CARBON_STORE=DIR" in run()


def test_quiet_leaves_the_remedies_out():
    assert "cannot be read" not in run("--quiet")


def test_a_machine_where_nothing_can_be_read_still_gets_an_answer(monkeypatch):
    monkeypatch.setattr(cpu_model, "probe", lambda **_: Unavailable("cpu_model", "no /proc", "use Linux"))
    assert "  nothing" in run().splitlines()


def test_boards_are_shown_with_their_names_and_their_power(tmp_path):
    library = build(tmp_path)
    (tmp_path / "trace").write_text("devices 2\nwave 1:321\n")
    code = "from traincarbon.cli import main; import sys; sys.argv = ['carbon', 'doctor']; main()"
    shown = subprocess.run([sys.executable, "-c", code], env=environment(library, tmp_path / "trace"), capture_output=True, text=True, check=True).stdout
    assert shown.count("321 W  NVIDIA H100 80GB HBM3") == 2
    assert "nvml: counted by the hardware" in shown
