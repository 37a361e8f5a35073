"""The start-up of ``carbon track`` is a feature too: neither it nor the metering process imports what it does not need."""

import os
import subprocess
import sys

import pytest

REPORT = """
import os, sys
import click
before, leave, first = set(sys.modules), os._exit, os.getpid()
def told(code):
    if os.getpid() == first:
        with open(sys.argv[-1].removeprefix("/bin/true:"), "w") as stream:
            stream.write(" ".join(set(sys.modules) - before))
    leave(code)
os._exit = told
from traincarbon.__main__ import main
main()
"""
SIDECAR = "import sys; before = set(sys.modules); import traincarbon.tracking.sidecar.loop; print(*(set(sys.modules) - before))"
HEAVY = {"numpy", "pandas", "rich", "psutil", "pynvml", "ctypes", "subprocess", "pathlib", "shutil", "hashlib", "ssl", "socket", "tempfile", "logging",
         "importlib.metadata", "difflib", "locale", "traceback", "csv"}  # fmt: skip
OF_A_COMMAND = """traincarbon budgets budgets.place cli cli.choice cli.commands cli.commands.track cli.lazy decode errors formatting import_path ledger ledger.masking ledger.store_access
ledger.store_folder meters meters.base paths procfs quantities reading tracking tracking.channel tracking.command tracking.command.bounded
tracking.command.forwarding tracking.command.gpu_warning tracking.command.group_witness tracking.command.launch tracking.command.outcome tracking.command.signals
tracking.command.spawn tracking.command.supervisor tracking.deduced_region tracking.display tracking.display.patient_stream
tracking.display.record_fate tracking.display.stderr_display tracking.launcher tracking.launchers tracking.launchers.json_values
tracking.launchers.launch tracking.launchers.parents tracking.launchers.platforms tracking.launchers.regions tracking.launchers.row tracking.launchers.run_ids
tracking.launchers.schedulers tracking.launchers.starters tracking.launchers.table tracking.launchers.values tracking.lines tracking.live_state
tracking.messages tracking.open_runs tracking.options tracking.other_nodes tracking.other_nodes.allocation tracking.progress_pipe tracking.project_budget tracking.reports tracking.run_identity
tracking.settings tracking.software tracking.sidecar tracking.sidecar.job tracking.sidecar.runtime_folder tracking.sidecar.turn tracking.watched_budgets terminal_text spread_sums uncertain _version __main__"""
OF_A_SUMMARY = """ledger.appended_file ledger.attempts ledger.bills ledger.checkpoint ledger.coverage ledger.device ledger.done ledger.energy_coverage ledger.folding ledger.hours ledger.idle ledger.journal
ledger.half_letters ledger.journal_lines ledger.launcher ledger.like_for_like ledger.machines ledger.nodes ledger.phases ledger.process_summary ledger.record ledger.reported ledger.run
ledger.run_energy ledger.run_totals ledger.sessions ledger.site ledger.warm_up ledger.waste tracking.display.known_energy tracking.display.live tracking.display.other_records tracking.display.run_parts tracking.display.run_summary
tracking.display.terminal tracking.display.wording"""


@pytest.fixture
def imported(tmp_path):
    def modules(*options):
        told = tmp_path / "modules"
        words = [sys.executable, "-c", REPORT, "track", *options, "--store", str(tmp_path / "store"), "--", "/bin/sh", "-c", "true", f"/bin/true:{told}"]
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("SLURM_", "CARBON_"))}
        done = subprocess.run(words, capture_output=True, text=True, env=environment)
        assert done.returncode == 0, done.stderr
        return set(told.read_text().split())

    return modules


def ours(text):
    return {name if name == "traincarbon" else f"traincarbon.{name}" for name in text.split()}


def test_a_quiet_run_imports_these_modules_and_no_others(imported):
    modules = imported("--quiet")
    assert {name for name in modules if name.startswith("traincarbon")} == ours(OF_A_COMMAND)
    assert not modules & HEAVY


def test_a_summary_imports_the_record_and_nothing_of_an_estimate(imported):
    modules = imported()
    assert {name for name in modules if name.startswith("traincarbon")} == ours(OF_A_COMMAND + " " + OF_A_SUMMARY)
    assert not modules & HEAVY


def test_the_metering_process_loads_no_chain_and_no_database():
    done = subprocess.run([sys.executable, "-I", "-S", "-c", f"import sys; sys.path[:] = {sys.path!r}; {SIDECAR}"], capture_output=True, text=True, check=True)
    modules = set(done.stdout.split())
    assert not modules & HEAVY
    assert not any(name.startswith(("traincarbon.database", "traincarbon.readers", "traincarbon.reporting")) for name in modules)
    assert {name for name in modules if name.startswith("traincarbon.estimation")} == ours("estimation estimation.consequences estimation.walk")
