"""``carbon runs``: the ledger on one screen, for people and for programs."""

import json
import os
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner

from imports import kept
from journals import device, line, lines_of, write_lines
from traincarbon.cli.commands.runs import command
from traincarbon.errors import CarbonError, NotFoundError
from traincarbon.ledger.journal import new_journal, run_folder

FIGURE = {"low": 18.0, "median": 20.0, "high": 24.0}


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("CARBON_STORE", str(tmp_path / "store"))
    return tmp_path / "store"


def run(*words):
    return CliRunner().invoke(command, list(words))


def write_run(store, run_id, *, name="a1-7-1", more=(), **rest):
    return write_lines(os.path.join(run_folder(str(store), run_id), f"{name}.jsonl"), [*lines_of(run_id=run_id, writer=name, **rest), *more])


def three_runs(store):
    write_run(store, "bert-1", power_w=1.2e6, figures={"operational_kgco2e": FIGURE}, start={"project": "nlp"})
    write_run(store, "bert-2", begin_s=100.0, exit_code=7, start={"project": "nlp"})
    write_run(store, "gpt", begin_s=200.0, end=False, start={"hw": "h100-sxm5-80gb"})


@pytest.mark.usefixtures("store")
def test_an_empty_store_says_how_to_fill_it():
    done = run("list")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "carbon track -- COMMAND" in done.stderr
    assert json.loads(run("list", "--json", "--quiet").output) == []


def test_a_list_is_a_table_of_one_line_a_run_the_latest_first(store):
    three_runs(store)
    head, *rows = run("list").stdout.splitlines()
    assert head.split() == ["id", "started", "(UTC)", "state", "exit", "time", "metered", "CO2e", "hw"]
    assert [row.split() for row in rows] == [
        ["gpt", "26-09-21", "14:16", "killed", "–", "15", "s", "<1", "Wh", "–", "h100-sxm5-80gb"],
        ["bert-2", "26-09-21", "14:15", "failed", "7", "15", "s", "<1", "Wh", "–", "box"],
        ["bert-1", "26-09-21", "14:13", "finished", "0", "15", "s", "5", "kWh", "20", "kg", "box"],
    ]


def test_runs_that_shared_gpus_are_marked_and_the_mark_is_explained(store):
    write_run(store, "alone", begin_s=1000.0)
    assert "*" not in run("list").stdout
    seen = line("interval", seq=9, writer="a1-7-1", run_id="one", from_s=0.0, to_s=15.0, devices={"gpu:0": device(4500.0)}, shared_with={"other": ["gpu:0"]})
    write_run(store, "one", more=[seen])
    shown = run("list").stdout
    assert [row.split()[0] for row in shown.splitlines() if "Wh*" in row] == ["one"]
    assert "* its GPUs were also metered for another run" in shown


@pytest.mark.parametrize("run_id", ["x" * 10_000, "a\x1b[2Jb\n\0", "\u202eevil", "<script>alert(1)</script>", "'; DROP TABLE runs; --", "é" * 90, "مرحبا"])
def test_no_line_is_longer_than_the_screen_or_drives_the_terminal(store, run_id):
    more = [line("note", seq=50, mono_s=15.0, run_id=run_id, writer="a1-7-1", text=run_id)]
    write_run(store, run_id, start={"hw": run_id, "project": run_id, "argv": [run_id] * 50, "missing": {"dram": run_id}}, devices=(run_id,), more=more)
    text = run("list").stdout + run("show", "last").stdout
    assert max(len(shown) for shown in text.splitlines()) <= 80
    assert all(letter.isprintable() or letter == "\n" for letter in text)


def test_an_id_is_shown_whole_where_there_is_room_for_it(store):
    write_run(store, "20261124-163653-837566", start={"hw": ""})
    assert run("list").stdout.splitlines()[1].startswith("20261124-163653-837566  ")


def test_hardware_gives_way_before_ids_are_cut(store):
    for number in (1, 2):
        write_run(
            store, f"pretrain-530b-{number}", begin_s=100.0 * number, figures={"operational_kgco2e": FIGURE}, start={"hw": "h100-sxm5-80gb + a100-sxm4-80gb"}
        )
    head, *rows = run("list").stdout.splitlines()
    assert (head.split()[-1], [row.split()[0] for row in rows]) == ("hw", ["pretrain-530b-2", "pretrain-530b-1"])
    for number in (1, 2):
        write_run(store, f"pretrain-530b-phase-{number}", begin_s=100.0 * number, start={"hw": "h100-sxm5-80gb"})
    head, *rows = run("list").stdout.splitlines()
    assert head.split()[-1] == "CO2e"
    assert {row.split()[0] for row in rows} >= {"pretrain-530b-phase-1", "pretrain-530b-phase-2"}


def test_a_command_of_several_lines_is_shown_on_one(store):
    write_run(store, "one", start={"argv": ["python", "-c", "import time\ntime.sleep(1)"]})
    assert "  python -c import time time.sleep(1)" in run("show", "one").stdout.splitlines()


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        (["--project", "nlp"], ["bert-2", "bert-1"]),
        (["--state", "failed"], ["bert-2"]),
        (["--since", "2026-09-21T14:14"], ["gpt", "bert-2"]),
        (["--since", "2026-09-21T16:14+02:00"], ["gpt", "bert-2"]),
        (["--since", "2026-09-22"], []),
        (["--limit", "1"], ["gpt"]),
        (["--limit", "0"], ["gpt", "bert-2", "bert-1"]),
    ],
)
def test_a_list_is_narrowed(store, words, ids):
    three_runs(store)
    assert [record["run_id"] for record in json.loads(run("list", "--json", *words).stdout)] == ids


@pytest.mark.parametrize(("age", "shown"), [("1h", 1), ("30m", 1), ("2w", 1), ("0m", 0)])
def test_since_may_be_an_age(store, age, shown):
    journal = new_journal(str(store), "now")
    journal.write("start", {})
    journal.close()
    time.sleep(1.0)
    assert len(json.loads(run("list", "--json", "--since", age).stdout)) == shown


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("when", ["yesterday", "2026-13-01", "0001-01-01T00:00+14:00", "9999-12-31T23:59-14:00"])
def test_a_date_that_is_none_is_refused_with_an_example(when):
    done = run("list", "--since", when)
    assert isinstance(done.exception, CarbonError)
    assert "2026-11-01" in done.exception.hint


def test_where_no_run_fits_it_is_said_that_there_are_others(store):
    three_runs(store)
    done = run("list", "--project", "speech", "--since", "1h")
    assert (done.stdout, done.stderr) == ("", f"no run in {store} matches; carbon runs list shows all\n")


def test_a_long_list_says_that_there_is_more(store):
    for number in range(35):
        write_run(store, f"run-{number}", begin_s=100.0 * number)
    lines = run("list").stdout.splitlines()
    assert len(lines) == 32
    assert lines[-1] == "and 5 more; --limit 0 lists all"
    assert len(json.loads(run("list", "--json").stdout)) == 35


def test_what_cannot_be_read_is_a_note_on_stderr(store):
    file = write_run(store, "one")
    with open(file, "ab") as stream:
        stream.write(b'{"torn')
    done = run("list")
    assert "a1-7-1.jsonl" in done.stderr
    assert "cut off" in done.stderr
    assert len(done.stdout.splitlines()) == 2
    assert run("list", "--quiet").stderr == ""


def test_a_run_is_shown_on_one_screen(store):
    devices = {f"gpu:{number}": device(9e6, power_max_w=678.0, utilisation=0.91, temperature_c=71.4) for number in range(8)}
    more = [
        line(
            "interval", seq=9, mono_s=20.0, from_s=15.0, to_s=20.0, gap_s=2.5, samples=5, devices={**devices, "cpu:0": device(2e5, part="cpu", how="modelled")}
        ),
        line("note", seq=10, mono_s=20.0, text="gpu 3 was lost for 12 s"),
        line("end", seq=11, mono_s=20.0, exit_code=0, facility_energy_kwh=FIGURE, cost_usd={"low": 2.0, "median": 2.0, "high": 2.0}, mfu=0.412, tokens=2.7e9),
    ]
    write_run(
        store,
        "bert-1",
        end=False,
        start={"project": "nlp", "missing": {"dram": "RAPL has no dram domain here"}},
        more=[{**one, "run_id": "bert-1"} for one in more],
    )
    text = run("show", "bert").stdout
    assert len(text.splitlines()) <= 30
    for words in (
        "bert-1 · nlp · finished, exit code 0", "train.py", "2026-09-21 14:13 UTC, 20 s on 1 node, 8 accelerators (box)", "Measured: gpu 20 kWh (by counter)",
        "Modelled: cpu 55.6 Wh", "Missing: dram, RAPL has no dram domain here", "Missing: other, no meter of the whole server", "Gaps: 2.5 s were not metered; 20 samples",
        "Energy, facility   20.0  kWh  20 – 24", "no interval stated", "MFU                41.2  %", "and 1 device more", "Note: gpu 3 was lost for 12 s", "71 °C", "678 W", "91%",
    ):  # fmt: skip
        assert words in text, f"{words}\n{text}"


def test_what_nobody_metered_is_said_not_shown_as_nothing(store):
    write_run(store, "one", intervals=0)
    text = run("show", "one").stdout
    assert "Measured: nothing" in text
    assert "Missing: gpu, cpu, dram and other, the run was lost before anything was metered\n" in text
    assert "0 Wh" not in text


def test_runs_that_metered_one_board_at_the_same_time_are_named_and_count_once_together(store):
    for run_id, begin_s in (("outer", 0.0), ("inner", 5.0), ("later", 100.0)):
        who = {"run_id": run_id, "name": f"a1-{run_id}-1", "begin_s": begin_s, "power_w": 7.2e5}
        write_run(store, intervals=1 if run_id == "inner" else 3, **who)
    text = " ".join(run("list").stdout.split())
    assert "3 runs together: 6 kWh metered, each board once at any time. inner and outer shared boards at the same time." in text
    assert text.endswith("in the run with more energy of the board.")
    assert "Shared boards: with outer at the same time; each record has all of their energy" in " ".join(run("show", "inner").stdout.split())
    assert "Shared boards" not in run("show", "later").stdout
    assert [each["shared_with"] for each in json.loads(run("list", "--json").stdout)] == [[], ["outer"], ["inner"]]
    assert json.loads(run("show", "outer", "--json").stdout)["shared_with"] == ["inner"]
    assert "together" not in run("list", "--limit", "1").stdout


def test_show_takes_a_beginning_and_last_and_answers_programs_in_the_contract(store):
    three_runs(store)
    assert json.loads(run("show", "last", "--json").stdout)["run_id"] == "gpt"
    shown = json.loads(run("show", "bert-1", "--json").stdout)
    assert shown["schema"] == "traincarbon/run/1"
    assert shown["energy_j"] == {"gpu": 18e6, "cpu": None, "dram": None, "other": None}
    assert isinstance(run("show", "nothing").exception, NotFoundError)


@pytest.mark.parametrize("format", ["csv", "json"])
def test_runs_go_to_another_store_and_back(store, tmp_path, format):
    three_runs(store)
    file = str(tmp_path / f"runs.{format}")
    assert run("export", "--format", format, "-o", file).output == ""
    other = str(tmp_path / "other")
    assert run("import", file, "--store", other).stdout == "3 runs read, 3 added, 0 already in the ledger\n"
    assert run("import", file, "--store", other).stdout == "3 runs read, 0 added, 3 already in the ledger\n"
    assert run("export", "--json", "--store", other).stdout == run("export", "--json").stdout


def test_named_runs_alone_are_exported(store):
    three_runs(store)
    assert [record["run_id"] for record in json.loads(run("export", "gpt", "bert-2", "--format", "json").stdout)] == ["gpt", "bert-2"]


def test_an_emissions_csv_comes_in_and_goes_out(store, tmp_path):
    three_runs(store)
    file = tmp_path / "emissions.csv"
    run("export", "--format", "codecarbon", "-o", str(file))
    file.write_text(file.read_text() + "torn,row")
    done = run("import", str(file), "--store", str(tmp_path / "other"))
    assert done.stdout == "3 runs read, 3 added, 0 already in the ledger\n"
    assert "line 5: it is cut off" in done.stderr
    answer = json.loads(run("import", str(file), "--json", "--quiet").output)
    assert (answer["read"], len(answer["faults"])) == (3, 1)


def test_parquet_goes_to_a_file(store, tmp_path):
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    three_runs(store)
    run("export", "--format", "parquet", "-o", str(tmp_path / "runs.parquet"))
    assert (tmp_path / "runs.parquet").read_bytes()[:4] == b"PAR1"


@pytest.mark.usefixtures("store")
def test_a_file_that_is_not_there_is_an_error_of_ours():
    done = run("import", "nowhere.csv")
    assert isinstance(done.exception, CarbonError)
    assert "cannot read 'nowhere.csv'" in str(done.exception)


@pytest.mark.usefixtures("store")
def test_a_dry_run_shows_what_would_come_in_and_writes_nothing():
    done = run("import", kept("sacct.txt"), "--dry-run")
    head, *rows, last = done.stdout.splitlines()
    assert head.split()[0] == "id"
    assert [row.split()[0][:11] for row in rows] == ["slurm-4711-", "slurm-4712_", "slurm-4712_", "slurm-4713-"]
    assert last == "4 runs read, 4 would be added, 0 already in the ledger"
    assert max(len(line) for line in done.stdout.splitlines()) <= 80
    assert json.loads(run("list", "--json", "--quiet").output) == []
    assert run("import", kept("sacct.txt")).stdout == "4 runs read, 4 added, 0 already in the ledger\n"
    assert run("import", kept("sacct.txt"), "--dry-run").stdout == "4 runs read, 0 would be added, 4 already in the ledger\n"
    assert json.loads(run("import", kept("sacct.txt"), "--dry-run", "--json", "--quiet").output)["dry_run"] is True


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    "name", ["emissions.csv", "joules-run.json", "toy_10126.884094_2026-11-25T132728Z_carbontracker.log", "mlflow.csv", "wandb-table.csv", "sacct.txt"]
)
def test_files_of_other_programs_come_in_once_however_often_they_are_imported(name):
    first = json.loads(run("import", kept(name), "--json", "--quiet").output)
    assert first["read"] == len(first["added"]) > 0
    again = json.loads(run("import", kept(name), "--json", "--quiet").output)
    assert (again["read"], again["added"]) == (first["read"], [])
    listed = json.loads(run("list", "--json", "--quiet").output)
    assert {record["run_id"] for record in listed} == set(first["added"])
    for record in listed:
        assert set(record["how"]) == {part for part, energy_j in record["energy_j"].items() if energy_j is not None}
        assert set(record["missing"]) == {part for part, energy_j in record["energy_j"].items() if energy_j is None}
        assert run("show", record["run_id"]).exit_code == 0


@pytest.mark.usefixtures("store")
def test_what_the_user_says_of_a_file_is_in_its_runs():
    options = ["--hw", "this", "--project", "sizes", "--params-column", "params.n_params", "--tokens-column", "metrics.total_tokens", "--timezone", "+01:00"]
    run("import", kept("mlflow.csv"), "--format", "mlflow", *options)
    found = json.loads(run("show", "mlflow-8eca", "--json").stdout)
    assert (found["hw"], found["project"], found["params"], found["tokens"]) == ("this", "sizes", 1.2e6, 4e6)


@pytest.mark.usefixtures("store")
def test_of_many_rows_that_are_left_out_the_first_are_named_and_the_rest_counted(tmp_path):
    file = tmp_path / "runs.csv"
    file.write_text("name,hours\n" + "".join(f"run-{number},x\n" for number in range(20)))
    done = run("import", str(file))
    assert done.stdout == "0 runs read, 0 added, 0 already in the ledger\n"
    assert done.stderr.count("note: left out") == 5
    assert done.stderr.splitlines()[-1] == "note: and 15 more left out; --json lists all"
    assert run("import", str(file), "--quiet").stderr == ""


@pytest.mark.usefixtures("store")
def test_stores_are_merged(tmp_path):
    write_run(tmp_path / "node1", "big", node="n1", name="n1-7-1")
    write_run(tmp_path / "node2", "big", node="n2", name="n2-7-1")
    words = ("merge", str(tmp_path / "node1"), str(tmp_path / "node2"))
    assert run(*words).stdout == "1 run: 2 journals copied, 0 already in the store\n"
    assert json.loads(run(*words, "--json").stdout) == {"runs": 1, "copied": 0, "unchanged": 2, "faults": []}
    assert json.loads(run("show", "big", "--json").stdout)["nodes"] == 2


def test_forgetting_shows_what_would_go_and_does_it_only_with_yes(store):
    three_runs(store)
    shown = run("forget", "bert-1", "gpt").stdout
    assert shown.splitlines()[-1] == "2 runs, 2 journals; nothing was deleted. Add --yes to delete them."
    assert len(json.loads(run("list", "--json").stdout)) == 3
    assert run("forget", "bert-1", "gpt", "--yes").stdout.splitlines()[-1] == "2 runs, 2 journals deleted"
    assert [record["run_id"] for record in json.loads(run("list", "--json").stdout)] == ["bert-2"]
    assert json.loads(run("forget", "bert-2", "--json").stdout)["removed"] is False


def test_where_one_of_several_runs_cannot_be_forgotten_all_are_kept(store):
    three_runs(store)
    journal = new_journal(str(store), "live")
    journal.write("start", {})
    done = run("forget", "bert-1", "live", "gpt", "--yes")
    assert isinstance(done.exception, CarbonError)
    assert "'live' is running" in str(done.exception)
    assert len(json.loads(run("list", "--json").stdout)) == 4
    journal.close()


def test_a_run_whose_writer_was_killed_is_listed_as_killed_with_what_it_measured(store):
    code = """
import os, signal, sys
from traincarbon.ledger.journal import new_journal
journal = new_journal(sys.argv[1], "doomed")
journal.write("start", {"hw": "box"})
for count in range(3):
    journal.write("interval", {"devices": {"gpu:0": {"part": "gpu", "how": "counter", "energy_j": 3.6e6 * (count + 1)}}})
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", code, str(store)])
    assert done.returncode == -9
    (record,) = json.loads(run("list", "--json").stdout)
    assert (record["state"], record["energy_j"]["gpu"], record["exit_code"]) == ("killed", 10.8e6, None)


def test_listing_imports_nothing_heavy(store):
    three_runs(store)
    code = "import sys; from traincarbon.cli import main; sys.argv = ['carbon', 'runs', 'list']\ntry:\n    main()\nfinally:\n    print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert not {"numpy", "pandas", "pyarrow", "rich", "psutil", "codecarbon", "pynvml", "traincarbon.estimation.chain"} & set(done.stderr.split())
    assert len(done.stdout.splitlines()) == 4


@pytest.mark.parametrize("kind", ["file", "link"])
def test_an_export_neither_overwrites_a_file_nor_follows_a_link(store, tmp_path, kind):
    target = tmp_path / "mine.csv"
    target.write_text("mine")
    file = tmp_path / "link.csv" if kind == "link" else target
    if kind == "link":
        file.symlink_to(target)
    found = CliRunner().invoke(command, ["export", "-o", str(file), "--store", str(store)])
    assert "already exists" in str(found.exception)
    assert target.read_text() == "mine"
