"""Start-up is a feature: what a command does not need is not imported."""

import os
import subprocess
import sys

import pytest

HEAVY = {"numpy", "pandas", "rich", "codecarbon", "pynvml", "psutil", "sqlalchemy", "json", "difflib", "pathlib", "shutil"}
ESTIMATE = ("estimate", "--params", "530e9", "--tokens", "270e9", "--hw", "dgx-a100", "--quiet")
ALL_COMMANDS = """traincarbon _version cli cli.lazy errors terminal_text"""
OF_AN_ESTIMATE = """
calibration calibration.own_stores
cli.choice cli.commands cli.commands.estimate cli.options cli.output cli.plotting cli.screens cli.screens.answer cli.screens.estimate cli.screens.layout
database database.find database.load database.names database.plain_toml database.read_files database.records database.row_checks database.select
estimation estimation.chain estimation.complete estimation.consequences estimation.contradictions estimation.families estimation.fields estimation.image_loading estimation.links estimation.parse
estimation.plan estimation.plan_fields estimation.prepared_walk estimation.ratios estimation.result estimation.server_counts estimation.trace estimation.walk estimation.work
estimation.facts estimation.facts.evidence estimation.facts.facts estimation.facts.gather estimation.facts.hardware estimation.facts.prices
estimation.facts.electricity_price estimation.facts.intensity estimation.facts.intensity_split estimation.facts.making estimation.facts.purchase estimation.facts.question estimation.facts.rent estimation.facts.site
estimation.facts.utilisation
formulas formulas.carbon formulas.compute formulas.cost formulas.equation formulas.facility formulas.hours formulas.image_loading formulas.making formulas.power formulas.samples
formulas.throughput formulas.training_state
formatting paths quantities reading spread_sums uncertain
"""
OF_A_LAYOUT = """
estimation.layout estimation.layout.machine estimation.layout.run_step estimation.layout.search estimation.layout.shape estimation.layout.task
formulas.exchange formulas.layer formulas.layout formulas.memory formulas.size formulas.step
"""
REPORT = """
import sys, atexit
import click
before = set(sys.modules)
atexit.register(lambda: print(" ".join(set(sys.modules) - before), file=sys.stderr))
from traincarbon.cli import main
main()
"""


def imported(*words):
    done = subprocess.run([sys.executable, "-c", REPORT, *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(done.stderr.split())


def ours(text):
    return {name if name == "traincarbon" else f"traincarbon.{name}" for name in text.split()}


def test_an_estimate_imports_these_modules_and_no_others():
    modules = imported(*ESTIMATE)
    assert {name for name in modules if name.startswith("traincarbon")} == ours(ALL_COMMANDS + OF_AN_ESTIMATE)
    assert {name for name in modules if not name.startswith("traincarbon")} <= {"_csv", "csv", "encodings.utf_8_sig", "gc"}


def test_a_layout_imports_its_own_modules_besides():
    modules = imported(*ESTIMATE, "--servers", "280")
    assert modules - imported(*ESTIMATE) == ours(OF_A_LAYOUT)


def test_help_imports_only_what_every_command_needs():
    assert {name for name in imported("--help") if name.startswith("traincarbon")} == ours(ALL_COMMANDS + " cli.help_format")


def test_help_imports_no_estimate_and_no_database():
    modules = imported("--help")
    assert not modules & HEAVY
    assert not any(name.startswith(("traincarbon.estimation", "traincarbon.database")) for name in modules)


@pytest.mark.parametrize("more", [[], ["--region", "france"], ["--explain"], ["--csv"]])
def test_an_estimate_imports_nothing_heavy(more):
    assert not imported(*ESTIMATE, *more) & HEAVY


@pytest.mark.parametrize("words", [("list",), ("export", "--format", "csv"), ("hours", "--help"), ("sync", "--help")])
def test_runs_in_a_folder_need_no_package_of_a_server(words, monkeypatch, tmp_path):
    monkeypatch.setenv("CARBON_STORE", str(tmp_path))
    assert not {name.partition(".")[0] for name in imported("runs", *words)} & {
        "sqlalchemy",
        "psycopg",
        "alembic",
        "httpx2",
        "ssl",
        "asyncio",
        "mcp",
        "pyarrow",
        "duckdb",
        "numpy",
    }


def test_json_is_imported_only_where_it_is_asked_for():
    assert "json" in imported(*ESTIMATE, "--json")


def test_the_width_of_the_help_follows_the_terminal():
    from traincarbon.cli.lazy import terminal_width

    with pytest.MonkeyPatch.context() as patch:
        for columns, width in (("60", 60), ("300", 100), ("20", 40)):
            patch.setenv("COLUMNS", columns)
            assert terminal_width() == width
        patch.setenv("COLUMNS", "many")
        assert 40 <= terminal_width() <= 100


@pytest.mark.parametrize("columns", [50, 60, 80, 100])
def test_no_line_of_the_help_is_wider_than_columns_says(columns):
    environment = {**os.environ, "COLUMNS": str(columns)}
    words = [sys.executable, "-c", "from traincarbon.cli import main; main()", "--help"]
    lines = subprocess.run(words, capture_output=True, text=True, encoding="utf-8", env=environment).stdout.splitlines()
    assert lines[0].startswith("Usage: carbon")
    assert max(map(len, lines)) <= columns


@pytest.mark.parametrize(
    ("words", "listed"),
    [(["runs"], "list show merge export import forget budget compact query hours verify sync"), (["db"], "list show check path prices refresh export")],
)
def test_a_group_lists_its_commands_in_order_and_each_on_a_line(words, listed):
    environment = {**os.environ, "COLUMNS": "80"}
    command = [sys.executable, "-c", "from traincarbon.cli import main; main()", *words, "--help"]
    shown = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", env=environment).stdout
    lines = shown[shown.index("Commands:") :].splitlines()[1:]
    assert [line.split()[0] for line in lines] == listed.split()
    assert all(line.endswith(".") and not line.endswith("...") for line in lines)


@pytest.mark.parametrize(("typed", "meant"), [("estimat", " Did you mean 'estimate'?"), ("Optimize", " Did you mean 'optimise'?"), ("xyzzy", "")])
def test_a_command_that_there_is_not_is_answered_with_the_one_meant(typed, meant):
    words = [sys.executable, "-c", "from traincarbon.cli import main; main()", typed]
    done = subprocess.run(words, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith(f"Error: No such command '{typed}'.{meant}\n")


def test_completion_after_a_command_that_there_is_not_offers_nothing():
    environment = {**os.environ, "_CARBON_COMPLETE": "bash_complete", "COMP_WORDS": "carbon xyzzy ", "COMP_CWORD": "2"}
    done = subprocess.run([sys.executable, "-c", "from traincarbon.cli import main; main()"], capture_output=True, text=True, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert "xyzzy" not in done.stdout
