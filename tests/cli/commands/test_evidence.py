"""``carbon runs verify`` and audit exports on the command line."""

import json
import subprocess
import sys

import pytest

from traincarbon.ledger.journal import Journal, run_folder


@pytest.fixture
def store(tmp_path):
    journal = Journal(f"{run_folder(str(tmp_path), 'toy')}/a1-7-1.jsonl", run_id="toy", node="a1", process=7)
    journal.write("start", {"argv": ["train.py"], "hw": "a100-sxm4-80gb", "accelerators": 1})
    journal.write("interval", {"from_s": 0.0, "to_s": 5.0, "devices": {"gpu:0": {"part": "gpu", "how": "counter", "energy_j": 500.0}}})
    journal.write("end", {"exit_code": 0})
    journal.close()
    return tmp_path


def carbon(store, *words):
    command = [sys.executable, "-m", "traincarbon", "runs", *words, "--store", str(store)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)


def test_what_was_left_alone_is_intact(store):
    shown = carbon(store, "verify")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.splitlines()[1].split()[:4] == ["toy", "intact", "3", "1"]


def test_a_changed_byte_is_named_and_the_exit_code_is_1(store):
    (file,) = store.rglob("*.jsonl")
    data = bytearray(file.read_bytes())
    at_b = data.index(b"500.0")
    data[at_b] = ord("9")
    file.write_bytes(data)
    shown = carbon(store, "verify", "toy")
    assert shown.returncode == 1
    assert f"line 2: byte {at_b} was changed: it is '9', and was '5'" in shown.stderr
    assert "error: the journals of 1 run are not as they were written: toy" in shown.stderr
    stated = json.loads(carbon(store, "verify", "toy", "--json").stdout)
    assert stated["runs"][0]["journals"][0]["seal"] == "changed"


def test_an_audit_export_is_checked_offline_with_one_command(store):
    file = store / "audit.zip"
    assert carbon(store, "export", "toy", "--format", "audit", "-o", str(file)).returncode == 0
    code = "import socket, sys; socket.socket = None; sys.argv = ['carbon', 'runs', 'verify', sys.argv[1]]; from traincarbon.cli import main; main()"
    shown = subprocess.run([sys.executable, "-c", code, str(file)], capture_output=True, text=True, encoding="utf-8", check=False)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "record made anew from the journals  ok" in shown.stdout
    digest = json.loads(carbon(store, "verify", "toy", "--json").stdout)["runs"][0]["digest"]
    assert carbon(store, "verify", str(file), "--digest", digest).returncode == 0
    wrong = carbon(store, "verify", str(file), "--digest", "00" * 32)
    assert (wrong.returncode, digest in wrong.stderr) == (1, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("verify", "none"), "no run that begins with 'none'"),
        (("export", "--format", "audit"), "an audit export is of one run"),
        (("verify", "toy", "toy.zip"), "cannot read the audit export"),
    ],
)
def test_wrong_requests_are_refused_in_two_lines(store, words, said):
    failed = carbon(store, *words)
    assert failed.returncode == 1
    assert said in failed.stderr.splitlines()[0]
    assert failed.stderr.splitlines()[1].startswith("hint: ")


def test_no_runs_are_said(tmp_path):
    assert "no runs to verify" in carbon(tmp_path, "verify").stderr
