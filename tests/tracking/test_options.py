"""Invalid options are refused with a remedy before anything starts; what is recorded is masked and bounded."""

import json
import os
import signal

import pytest

from traincarbon.decode import encode
from traincarbon.errors import CarbonError
from traincarbon.estimation.plan import Plan
from traincarbon.tracking.options import masked_context, settings_from
from traincarbon.tracking.settings import Limits


@pytest.fixture(autouse=True)
def _store(tmp_path, monkeypatch):
    monkeypatch.setenv("CARBON_STORE", str(tmp_path))
    for name in ("CARBON_RUN_ID", "CARBON_SESSION", "TORCHELASTIC_RUN_ID", "SLURM_JOB_ID", "SLURM_STEP_ID"):
        monkeypatch.delenv(name, raising=False)


def refused(**options):
    with pytest.raises(CarbonError) as caught:
        settings_from(argv=["x"], **options)
    return f"{caught.value} | {caught.value.hint}"


@pytest.mark.parametrize(
    ("options", "message", "hint"),
    [
        ({"interval_s": 0.0}, "interval of 0 s", "0.05 to 3600"),
        ({"interval_s": -1.0}, "interval of -1 s", "0.05 to 3600"),
        ({"interval_s": float("nan")}, "interval of nan s", "0.05 to 3600"),
        ({"interval_s": float("inf")}, "interval of inf s", "0.05 to 3600"),
        ({"grace_s": -1.0}, "grace period of -1 s", "0 to 3600"),
        ({"grace_s": float("nan")}, "grace period of nan s", "0 to 3600"),
        ({"on_budget": "explode"}, "'explode'", "warn, signal, stop"),
        ({"max_kwh": "0"}, "max_kwh is 0", "above 0"),
        ({"max_usd": -5.0}, "max_usd is -5.0", "above 0"),
        ({"max_hours": "nan"}, "nan", ""),
        ({"max_hours": float("nan")}, "max_hours is nan", "above 0"),
        ({"max_kgco2e": "1e400"}, "1e400", "1.8e308"),
        ({"max_kwh": "5 apples"}, "5 apples", "in kWh"),
        ({"total_tokens": "0"}, "total_tokens is 0", "above 0"),
        ({"total_steps": "-1"}, "total_steps is -1", "above 0"),
        ({"budget_signal": "BANG"}, "unknown signal 'BANG'", "USR1"),
        ({"budget_signal": 4000}, "unknown signal 4000", "USR1"),
        ({"budget_signal": "-1"}, "unknown signal '-1'", "USR1"),
        ({"meters": ["nvml", "nvlm"]}, "unknown meter 'nvlm'", "nvml"),
        ({"progress_regex": "("}, "(", ""),
        ({"hw": "h1000"}, "h1000", "h100"),
        ({"region": "atlantis-east-1"}, "atlantis-east-1", ""),
        ({"plan": "/nowhere/plan.toml"}, "/nowhere/plan.toml", ""),
        ({"plan": {"params": 7e9, "tokens": 1e12, "hw": "dgx-a100", "wheels": 4}}, "wheels", ""),
        ({"plan": {"params": 7e9}}, "names no hardware", ""),
        ({"run_id": "x" * 10_000}, "run_id", "at most 200"),
        ({"run_id": "a\x1b[2J"}, r"a\x1b[2J", "printable"),
        ({"run_id": "\u202eevil"}, r"\u202eevil", "printable"),
        ({"run_id": "a\nb"}, r"a\nb", "printable"),
        ({"project": "\0"}, "project", "printable"),
    ],
)
def test_an_invalid_option_is_refused_with_its_value_and_a_remedy(options, message, hint):
    text = refused(**options)
    assert message in text.partition(" | ")[0]
    assert hint in text.partition(" | ")[2]
    assert len(text) < 2000


def test_a_bad_id_from_the_environment_is_refused_too(monkeypatch):
    monkeypatch.setenv("CARBON_RUN_ID", "x" * 10_000)
    assert "at most 200" in refused()


def test_a_plan_file_that_is_no_toml_is_refused(tmp_path):
    (tmp_path / "plan.toml").write_text("params = [")
    assert "not TOML" in refused(plan=tmp_path / "plan.toml")


@pytest.mark.parametrize("named", ["usr2", "SIGUSR2", "sigusr2", 12, "12", signal.SIGUSR2])
def test_a_signal_may_be_named_in_any_usual_way(named):
    assert settings_from(argv=["x"], budget_signal=named).budget_signal == signal.SIGUSR2


def test_a_meter_may_be_named_alone():
    assert settings_from(argv=["x"], meters="nvml").meters == settings_from(argv=["x"], meters=("nvml",)).meters == ("nvml",)


def test_budgets_and_totals_are_read_as_people_write_them():
    settings = settings_from(argv=["x"], max_kwh="1.5k", max_hours=3, total_tokens="270B", total_steps=None)
    assert settings.limits == Limits(kwh=1500.0, hours=3.0)
    assert settings.totals == {"tokens": 270e9}


@pytest.mark.parametrize("as_file", [True, False])
def test_a_plan_is_taken_as_an_object_or_a_file_and_what_is_stated_beside_it_wins(tmp_path, as_file):
    plan = Plan(params=7e9, tokens=1e12, hw="dgx-a100", servers=4, region="FR")
    if as_file:
        (tmp_path / "plan.toml").write_text('params = 7e9\ntokens = 1e12\nhw = "dgx-a100"\nservers = 4\nregion = "FR"\n')
    settings = settings_from(argv=["x"], plan=str(tmp_path / "plan.toml") if as_file else plan, region="DE")
    assert settings.context["region"] == "DE"
    assert settings.plan["params"] == 7e9
    json.dumps(encode(settings))


def test_without_plan_and_place_the_database_is_not_opened(monkeypatch):
    monkeypatch.setattr("traincarbon.database.load.open_database", lambda _: pytest.fail("opened"))
    settings = settings_from(argv=["x"])
    assert (settings.plan, settings.context) == (None, {})


def test_a_relative_store_is_resolved_in_the_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert settings_from(argv=["x"], store="runs").store == str(tmp_path / "runs")


def test_secrets_are_hidden_in_command_line_and_environment(monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_abcdefghijklmnop")
    monkeypatch.setenv("DATABASE_URL", "postgres://me:hunter2@host/db")
    settings = settings_from(argv=["train.py", "--api-key", "sk-123456789", "--url=https://me:hunter2@host/x", "--lr", "0.1"])
    recorded = json.dumps([settings.argv, settings.env])
    assert not [secret for secret in ("hf_abc", "hunter2", "sk-123") if secret in recorded]
    assert settings.argv[0] == "train.py"
    assert settings.argv[-2:] == ("--lr", "0.1")


@pytest.mark.parametrize(
    "argv",
    [
        ["python", "-c", "x" * 2_000_000],
        ["python", *(f"--option-{place}={place}" for place in range(100_000))],
        ["é" * 1000] * 1000,
        ["\udc80\ud800" * 500],
        [""] * 10_000,
    ],
)
def test_a_command_line_of_any_size_fits_into_a_message(argv):
    words, _ = masked_context(argv, {})
    assert len(json.dumps(words)) < 40_000
    assert words[0][:500] == argv[0][:500]


def test_a_long_word_is_cut_not_dropped_and_what_is_left_out_is_counted():
    assert masked_context(["python", "-c", "x" * 5000], {})[0][2] == "x" * 1999 + "…"
    words, _ = masked_context(["a"] * 100_000, {})
    assert words[-1] == f"… {100_000 - (len(words) - 1)} more"


def test_one_variable_that_is_too_long_does_not_cost_the_others():
    _, kept = masked_context([], {"CUDA_A": "1", "CUDA_B": "x" * 100_000, "CUDA_C": "2"})
    assert {"CUDA_A": "1", "CUDA_C": "2"}.items() <= kept.items()
    assert len(json.dumps(kept)) < 40_000


@pytest.mark.parametrize(
    ("env", "nodes"),
    [
        ({"SLURM_JOB_ID": "1", "SLURM_NNODES": "4", "WORLD_SIZE": "16", "LOCAL_WORLD_SIZE": "8"}, 4),
        ({"WORLD_SIZE": "16", "LOCAL_WORLD_SIZE": "8"}, 2),
        ({"WORLD_SIZE": "16", "LOCAL_WORLD_SIZE": "0"}, 1),
        ({"SLURM_JOB_ID": "1", "SLURM_NNODES": "²", "WORLD_SIZE": "9" * 5000, "LOCAL_WORLD_SIZE": "1"}, 1),
        ({"SLURM_JOB_ID": "1", "SLURM_NNODES": "0"}, 1),
        ({}, 1),
    ],
)
def test_the_launcher_says_how_many_machines_there_are_and_nonsense_is_one(monkeypatch, env, nodes):
    for name in ("SLURM_JOB_ID", "SLURM_NNODES", "GROUP_WORLD_SIZE", "PET_NNODES", "WORLD_SIZE", "LOCAL_WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert settings_from(argv=["x"]).nodes == nodes


def test_two_runs_without_a_name_have_different_ids_and_sessions():
    one, other = settings_from(argv=["x"]), settings_from(argv=["x"])
    assert one.run_id != other.run_id
    assert one.session != other.session
    assert one.owner == os.getpid()


def test_the_size_of_a_model_that_is_named_is_known_to_the_run():
    settings = settings_from(argv=["x"], model="gpt2")
    assert settings.context["params"] == 124439808
