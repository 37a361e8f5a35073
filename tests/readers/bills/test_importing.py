"""Bills in a ledger, through the command line."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from traincarbon import runs
from traincarbon.cli.commands.runs import command
from traincarbon.ledger.bills import Billed
from traincarbon.ledger.journal import Journal, run_folder
from traincarbon.readers.hosts import name_of_host

HEADER = "BilledCost,EffectiveCost,BillingCurrency,ChargePeriodStart,ChargePeriodEnd,ServiceName,ResourceId,Tags\n"
TABLE = "name,hours,started,accelerators,hw\nrun-a,2,2026-03-01T10:00:00Z,8,a100\nrun-b,1,2026-03-01T10:00:00Z,8,a100\n"


def bill_lines(*rows: tuple[float, int, str, str]) -> str:
    """Return a bill: cost, hour of the day, resource and tags."""
    cells = [(usd, f"2026-03-01T{hour:02d}:00:00Z,2026-03-01T{hour + 1:02d}:00:00Z", resource, tags.replace('"', '""')) for usd, hour, resource, tags in rows]
    return HEADER + "".join(f'{usd},{usd},USD,{times},Compute,{resource},"{tags}"\n' for usd, times, resource, tags in cells)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CARBON_STORE", str(tmp_path / "store"))
    (tmp_path / "runs.csv").write_text(TABLE)
    runs.import_(tmp_path / "runs.csv")
    return tmp_path / "store"


def bring(file: Path, text: str, *words: str) -> tuple[str, str]:
    file.write_text(text)
    done = CliRunner().invoke(command, ["import", str(file), *words])
    assert done.exit_code == 0, done.output
    return done.stdout, done.stderr


def billed(run_id: str) -> Billed | None:
    return runs.load(run_id).billed


@pytest.mark.usefixtures("store")
def test_a_bill_gives_runs_what_they_cost_and_lists_the_rest(tmp_path: Path) -> None:
    text = bill_lines((20.0, 10, "i-1", '{"run_id": "run-a"}'), (21.5, 11, "i-1", '{"run_id": "run-a"}'), (7.25, 3, "disk-9", ""))
    printed, _ = bring(tmp_path / "bill.csv", text)
    assert "bill: $48.75, $41.50 joined to 1 run, $7.25 to none" in printed
    assert "disk-9" in printed
    assert billed("run-a") == Billed(41.5, 41.5, 0.0, 1, "2026-03-01", "2026-03-01")
    assert billed("run-b") is None
    shown = CliRunner().invoke(command, ["show", "run-a"]).stdout
    assert "$41.50, $2.59 per GPU-hour" in shown


@pytest.mark.usefixtures("store")
def test_the_json_of_an_import_has_the_bill(tmp_path: Path) -> None:
    printed, _ = bring(tmp_path / "bill.csv", bill_lines((20.0, 10, "i-1", '{"r": "run-b"}'), (7.0, 3, "disk-9", "")), "--json")
    answer = json.loads(printed)
    assert answer["bill"]["runs"] == [{"run_id": "run-b", "usd": 20.0}]
    assert answer["bill"]["unmatched"] == [{"service": "Compute", "resource": "disk-9", "usd": 7.0, "first_day": "2026-03-01", "last_day": "2026-03-01"}]
    assert (answer["bill"]["usd"], answer["bill"]["joined_usd"], answer["bill"]["unmatched_usd"], answer["read"]) == (27.0, 20.0, 7.0, 0)


@pytest.mark.usefixtures("store")
def test_the_same_bill_again_counts_once_and_a_later_one_replaces_it(tmp_path: Path) -> None:
    for usd in (20.0, 20.0, 22.0):
        bring(tmp_path / "bill.csv", bill_lines((usd, 10, "i-1", '{"r": "run-b"}')))
        assert billed("run-b") == Billed(usd, usd, 0.0, 1, "2026-03-01", "2026-03-01")


@pytest.mark.usefixtures("store")
def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    printed, _ = bring(tmp_path / "bill.csv", bill_lines((20.0, 10, "i-1", '{"r": "run-b"}')), "--dry-run")
    assert "$20.00 joined to 1 run" in printed
    assert billed("run-b") is None


def test_a_tracked_run_has_the_cost_of_its_machine_while_it_ran(store: Path, tmp_path: Path) -> None:
    node = name_of_host(str(store), "gpu-1")
    journal = Journal(f"{run_folder(str(store), 'tracked')}/{node}-1.jsonl", run_id="tracked", node=node, process=1)
    journal.write("start", {"argv": ["train.py"], "accelerators": 4})
    journal.write("interval", {"from_s": 0.0, "to_s": 1800.0, "devices": {}})
    journal.close()
    began = runs.load("tracked").started_at
    text = HEADER + f'40,40,USD,{began[:13]}:00:00Z,{began[:11]}23:59:59Z,Compute,gpu-1,""\n'
    bring(tmp_path / "bill.csv", text)
    found = billed("tracked")
    assert found is not None
    assert 0.0 < found.by_resource_usd == found.usd < 40.0


@pytest.mark.usefixtures("store")
def test_jobs_of_sacct_have_the_cost_of_their_nodes(tmp_path: Path) -> None:
    jobs, bill = tmp_path / "jobs.txt", tmp_path / "bill.csv"
    jobs.write_text("JobID|State|Start|ElapsedRaw|NNodes|NodeList\n7|COMPLETED|2026-03-01T10:30:00|1800|2|gpu[1-2]\n")
    bill.write_text(bill_lines((20.0, 10, "gpu1", ""), (20.0, 10, "gpu2", ""), (20.0, 10, "gpu3", "")))
    imported = runs.import_([jobs, bill])
    assert imported.bill is not None
    assert (imported.bill.usd, imported.bill.unmatched_usd) == (60.0, pytest.approx(40.0))
    assert billed("slurm-7-20260301103000") == Billed(pytest.approx(20.0), 0.0, pytest.approx(20.0), 2, "2026-03-01", "2026-03-01")


def test_runs_that_are_only_read_have_their_bills(tmp_path: Path) -> None:
    (tmp_path / "runs.csv").write_text(TABLE)
    (tmp_path / "bill.csv").write_text(bill_lines((20.0, 10, "i-1", '{"r": "run-b"}')))
    found = runs.read([tmp_path / "runs.csv", tmp_path / "bill.csv"])
    assert {run.run_id: run.billed.usd if run.billed else None for run in found.runs} == {"run-a": None, "run-b": 20.0}


def test_a_bill_keeps_no_account_and_no_name_in_the_ledger(store: Path, tmp_path: Path) -> None:
    bring(tmp_path / "bill.csv", bill_lines((20.0, 10, "arn:aws:ec2:x:123456789012:instance/i-7", '{"r": "run-b", "owner": "ada@example.org"}')))
    kept = "".join(file.read_text() for file in store.rglob("*.jsonl"))
    assert '"kind":"bill"' in kept
    assert not any(word in kept for word in ("123456789012", "i-7", "ada"))
