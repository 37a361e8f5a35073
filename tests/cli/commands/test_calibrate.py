"""``carbon calibrate``: from runs of the ledger or of files to a named calibration, and what an estimate makes of it."""

import json
import os
import re

import pytest
from click.testing import CliRunner

from made_runs import record, slower
from traincarbon.cli.commands.calibrate import command
from traincarbon.cli.commands.estimate import command as estimate_command
from traincarbon.errors import CarbonError
from traincarbon.ledger.exchange import dump
from traincarbon.ledger.store import Ledger


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("CARBON_CALIBRATIONS", str(tmp_path / "calibrations"))
    monkeypatch.setenv("CARBON_STORE", str(tmp_path / "store"))
    return tmp_path


@pytest.fixture
def runs(place, shipped):
    """Four slow runs and an aborted one, in a file."""
    file = place / "runs.json"
    file.write_bytes(dump([*slower(shipped, (1.5, 1.45, 1.55, 1.5)), record("stopped", state="killed")], "json"))
    return str(file)


def invoke(*words, command=command):
    done = CliRunner().invoke(command, list(words))
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def kept(place):
    return sorted(os.listdir(place / "calibrations")) if (place / "calibrations").exists() else []


def test_runs_of_a_file_become_a_calibration_by_the_name_of_their_hardware(place, runs):
    done = invoke("--from", runs)
    assert kept(place) == ["dgx-a100.toml"]
    assert "Saved: as dgx-a100 in" in done.stdout
    assert "Set aside: stopped, aborted: its state is killed" in done.stdout


def test_a_dry_run_keeps_nothing(place, runs):
    done = invoke("--from", runs, "--dry-run")
    assert kept(place) == []
    assert "Not saved: With each run left out in turn, the mean error of hours is" in " ".join(done.stdout.split())


def test_an_estimate_afterwards_says_what_changed_and_why(runs):
    invoke("--from", runs, "--name", "cluster-a")
    done = invoke("--params", "8B", "--tokens", "160B", "--hw", "dgx-a100", "--servers", "1", command=estimate_command)
    shown = " ".join(done.stdout.split())
    assert "Calibration: cluster-a, made 20" in shown
    assert "of 4 runs, applied automatically (disable it with --calibration none): MFU × 0.6" in shown
    assert "Without it: " in shown
    without = invoke("--params", "8B", "--tokens", "160B", "--hw", "dgx-a100", "--calibration", "none", command=estimate_command)
    assert "Calibration:" not in without.stdout


def test_a_table_that_states_layouts_calibrates_the_step_that_an_estimate_shows(place):
    rows = ("a,7B,140B,64,190,1,1,64", "b,13B,260B,64,700,2,1,32", "c,30B,600B,64,3700,4,1,16", "d,65B,1.3T,64,18000,8,2,4")
    table = place / "laid-out.csv"
    table.write_text("\n".join(["name,params,tokens,accelerators,hours,tp,pp,dp,batch_tokens,seq_len", *(f"{row},4194304,2048" for row in rows)]) + "\n")
    made = json.loads(invoke("--from", table, "--hw", "dgx-a100", "--name", "laid-out", "--json").stdout)
    assert made["errors"]["step"]["n"] == 4.0
    assert made["errors"]["step"]["left_out"] < 0.5 * made["errors"]["step"]["before"]
    plan = ("--params", "13B", "--tokens", "260B", "--hw", "dgx-a100", "--servers", "8", "--tp", "2", "--pp", "1")
    shown = " ".join(invoke(*plan, command=estimate_command).stdout.split())
    factor = re.search(r"efficiency of a step × (0\.\d\d)\. Without it", shown)
    after, before = (json.loads(invoke(*plan, "--json", *more, command=estimate_command).stdout)["layout"] for more in ((), ("--calibration", "none")))
    assert after["step_mfu"] / before["step_mfu"] == pytest.approx(float(factor[1]), abs=0.005)
    assert f"a step {before['step_s']['total_s']:.3g} s" in shown.replace(",", "")
    assert (after["step_calibration"], before["step_calibration"]) == (pytest.approx(float(factor[1]), abs=0.005), 1.0)
    explained = " ".join(invoke(*plan, "--explain", command=estimate_command).stdout.split())
    assert "The best step on the layout, at the efficiency of your own runs" in explained
    assert "(from your own runs)" in explained


@pytest.mark.usefixtures("place")
def test_the_runs_of_the_ledger_are_taken_all_or_by_name(shipped):
    with Ledger() as ledger:
        ledger.add(slower(shipped, (1.5, 1.45, 1.55, 1.5)))
    everything = json.loads(invoke("--json", "--dry-run").stdout)
    assert sorted(everything["used"]) == ["run-0", "run-1", "run-2", "run-3"]
    some = json.loads(invoke("--json", "--dry-run", "run-1", "run-2").stdout)
    assert sorted(some["used"]) == ["run-1", "run-2"]


def test_the_json_holds_each_run_and_each_effect(place, runs):
    stated = json.loads(invoke("--from", runs, "--json").stdout)
    assert stated["schema"] == "traincarbon/calibration/1"
    assert stated["file"] == str(place / "calibrations" / "dgx-a100.toml")
    row = stated["rows"][0]
    assert row.keys() == {"id", "measured_h", "before_h", "after_h", "left_out_h"}
    assert row["before_h"] == pytest.approx(row["measured_h"] / 1.5)
    assert abs(row["left_out_h"] / row["measured_h"] - 1.0) < 0.2
    assert stated["set_aside"] == [{"id": "stopped", "reason": "aborted: its state is killed"}]


def test_a_table_by_hand_is_read_and_its_bad_rows_are_named(place):
    file = place / "hand.csv"
    file.write_text("name,params,tokens,accelerators,hours,energy_kwh\na,1e9,2e10,8,31,80\nb,2e9,4e10,8,120,330\nc,many,4e10,8,120,330\n")
    done = invoke("--from", str(file), "--hw", "dgx-a100", "--json")
    stated = json.loads(done.stdout)
    assert [row["measured_h"] for row in stated["rows"]] == [248.0, 960.0]
    assert "many" in done.stderr


@pytest.mark.usefixtures("place")
def test_no_runs_at_all_say_where_they_come_from():
    with pytest.raises(CarbonError, match="no runs in"):
        invoke()


def test_a_name_that_cannot_be_is_refused_before_the_fit(place, runs):
    with pytest.raises(CarbonError, match="'../up' cannot be the name"):
        invoke("--from", runs, "--name", "../up")
    assert kept(place) == []


def test_making_it_anew_says_what_it_replaces(runs):
    invoke("--from", runs)
    assert "replacing that of 20" in " ".join(invoke("--from", runs).stdout.split())


def test_of_two_that_fit_the_same_hardware_it_says_that_none_is_applied_by_itself(runs):
    assert "uses it automatically on this hardware" in " ".join(invoke("--from", runs, "--name", "first").stdout.split())
    shown = " ".join(invoke("--from", runs, "--name", "second").stdout.split())
    assert "So it is only used when you name it, because first fits this hardware too: --calibration second, or none." in shown
    asked = ("--params", "8B", "--tokens", "160B", "--hw", "dgx-a100")
    assert "2 calibrations fit and none was used" in " ".join(invoke(*asked, command=estimate_command).stdout.split())


def test_a_file_without_runs_among_others_is_said(place, runs):
    (place / "none.csv").write_text("name,params,tokens,accelerators,hours\n")
    done = invoke("--from", runs, "--from", place / "none.csv")
    assert "none.csv: it holds no run" in done.stderr


def test_rows_that_are_left_out_are_counted_where_they_are_too_many_to_name(place):
    rows = ("a,1e9,2e10,8,31", "b,2e9,4e10,8,120", *(f"bad-{at},many,4e10,8,120" for at in range(9)))
    (place / "hand.csv").write_text("\n".join(["name,params,tokens,accelerators,hours", *rows, ""]))
    done = invoke("--from", place / "hand.csv", "--hw", "dgx-a100")
    assert done.stderr.count("note: left out ") == 5
    assert "note: and 4 more left out; carbon runs import --json lists all" in done.stderr


def test_a_meter_at_the_wall_is_kept_with_its_error_bar(place, shipped):
    records = slower(shipped, (1.5, 1.45, 1.55))
    hours = [each.duration_s * 8 / 3600.0 for each in records]
    metered = [
        record(each.run_id, params=each.params, tokens=each.tokens, duration_s=each.duration_s, gpu_kwh=0.25 * at)
        for each, at in zip(records, hours, strict=True)
    ]
    file = place / "metered.json"
    file.write_bytes(dump(metered, "json"))
    stated = json.loads(invoke("--from", str(file), "--wall", f"run-0={0.4 * hours[0]}", "--json").stdout)
    (meter,) = stated["meters"]
    assert (meter["hw"], meter["readings"]) == ("dgx-a100", 1)
    assert meter["factor"] == pytest.approx(1.6)
    assert meter["sigma"] == pytest.approx(0.01)
    assert stated["errors"]["host"]["n"] == 3


@pytest.mark.parametrize(("wall", "message"), [("nobody=3", "names no run"), ("run=3", "names 4 runs"), ("3", "names no run")])
def test_a_reading_of_no_run_is_refused(runs, wall, message):
    with pytest.raises(CarbonError, match=message):
        invoke("--from", runs, "--wall", wall)


def test_the_plot_is_one_file_with_every_run(place, runs):
    file = place / "plot.html"
    invoke("--from", runs, "--dry-run", "--plot", str(file))
    text = file.read_text("utf-8")
    assert "Predicted against measured" in text
    assert "run-3" in text
    with pytest.raises(CarbonError, match="already exists"):
        invoke("--from", runs, "--dry-run", "--plot", str(file))


def test_calibrations_are_listed_and_forgotten(place, runs):
    assert "no calibrations;" in invoke("--list").stdout
    assert json.loads(invoke("--list", "--json").stdout) == []
    invoke("--from", runs, "--name", "a")
    assert invoke("--list").stdout.split("\n")[1].startswith("a ")
    assert json.loads(invoke("--list", "--json").stdout)[0]["runs"] == 4
    assert "confirm with --yes" in invoke("--forget", "a").stdout
    invoke("--forget", "a", "--yes", "--dry-run")
    assert kept(place) == ["a.toml"]
    assert json.loads(invoke("--forget", "a", "--yes", "--json").stdout)["removed"]
    assert kept(place) == []
    for words in (("--forget", "a"), ("--forget", "a", "--yes")):
        with pytest.raises(CarbonError, match="no calibration 'a'"):
            invoke(*words)


def test_a_damaged_calibration_is_named_and_the_others_are_listed(place, runs):
    invoke("--from", runs, "--name", "a")
    (place / "calibrations" / "b.toml").write_text("schema")
    done = invoke("--list")
    assert done.stdout.split("\n")[1].startswith("a ")
    assert "b.toml is no calibration" in done.stderr
