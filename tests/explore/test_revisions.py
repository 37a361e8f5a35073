import shutil
import subprocess

import pytest

from traincarbon.errors import CarbonError
from traincarbon.explore.plan_changes import Status, diff
from traincarbon.explore.revisions import plans_between

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
PLAN = 'params = 7e9\ntokens = 1e12\nhw = "dgx-a100"\n'
SHAPE = '{{"model_type": "gpt2", "n_layer": {layers}, "n_embd": 768, "n_head": 12, "vocab_size": 50257, "n_positions": 1024}}'


def git(*words):
    subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *words], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    git("init", "-q")
    return tmp_path


def commit(folder, **files):
    for name, text in files.items():
        file = folder / name.replace("__", "/")
        file = file.with_name(f"{file.name}.toml") if "." not in file.name else file
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    git("add", "-A")
    git("commit", "-qm", "x", "--allow-empty")


def test_plans_that_differ_are_found_and_other_files_are_not(repository, tmp_path):
    commit(repository, same=PLAN, deep__one=PLAN, other="[tool]\nname = 1\n")
    commit(repository, deep__one=PLAN.replace("1e12", "2e12"), other="[tool]\nname = 2\n", new=PLAN)
    before, after = plans_between("HEAD~1", "HEAD", folder=str(tmp_path))
    assert (sorted(before), sorted(after)) == (["deep/one.toml"], ["deep/one.toml", "new.toml"])
    assert (before["deep/one.toml"].tokens, after["deep/one.toml"].tokens) == (1e12, 2e12)


def test_named_plans_are_found_from_a_folder_below(repository, tmp_path, monkeypatch):
    commit(repository, deep__one=PLAN)
    monkeypatch.chdir(repository / "deep")
    before, after = plans_between("HEAD", "HEAD", ["one.toml"], folder=str(tmp_path))
    assert before == after == {"deep/one.toml": before["deep/one.toml"]}


def test_the_shape_of_a_model_is_that_of_its_revision(repository, tmp_path):
    commit(repository, plan='model = "gpt.json"\ntokens = 1e10\nhw = "dgx-a100"\n', **{"gpt.json": SHAPE.format(layers=12)})
    commit(repository, **{"gpt.json": SHAPE.format(layers=24)})
    before, after = plans_between("HEAD~1", "HEAD", ["plan.toml"], folder=str(tmp_path / "shapes"))
    found = diff(before, after)
    assert found.plans[0].status is Status.CHANGED
    assert found.total["facility_energy_kwh"].median > 0.0


def test_a_faulty_plan_stands_as_its_error(repository, tmp_path):
    commit(repository, plan=PLAN)
    commit(repository, plan=PLAN + "tokens_per_day = 3\n")
    _, after = plans_between("HEAD~1", "HEAD", ["plan.toml"], folder=str(tmp_path))
    assert isinstance(after["plan.toml"], CarbonError)
    assert "plan.toml" in str(after["plan.toml"])


@pytest.mark.parametrize("revision", ["nonsense", "--output=x", "HEAD~9", "a b", "$(touch x)"])
def test_what_is_no_revision_is_refused(repository, tmp_path, revision):
    commit(repository, plan=PLAN)
    with pytest.raises(CarbonError, match="no revision and no file"):
        plans_between(revision, "HEAD", folder=str(tmp_path))
    assert not (repository / "x").exists()


def test_a_plan_that_no_revision_has_is_refused(repository, tmp_path):
    commit(repository, plan=PLAN)
    with pytest.raises(CarbonError, match="neither HEAD nor HEAD has absent.toml"):
        plans_between("HEAD", "HEAD", ["absent.toml"], folder=str(tmp_path))


def test_outside_of_a_repository_that_is_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CarbonError, match="not a git repository"):
        plans_between("HEAD", "HEAD", folder=str(tmp_path))


def test_a_revision_that_a_clone_lacks_because_it_is_shallow_is_said_with_what_to_do(repository, tmp_path, monkeypatch):
    commit(repository, one=PLAN)
    before = subprocess.run(["git", "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    commit(repository, one=PLAN.replace("1e12", "2e12"))
    git("clone", "-q", "--depth", "1", f"file://{repository}", str(tmp_path / "clone"))
    with pytest.raises(CarbonError, match="no revision") as whole:
        plans_between("f" * 40, "HEAD", folder=str(tmp_path))
    monkeypatch.chdir(tmp_path / "clone")
    with pytest.raises(CarbonError, match="no revision") as shallow:
        plans_between(before, "HEAD", folder=str(tmp_path))
    assert whole.value.hint == "name two revisions of this Git repository, or two plans"
    assert "fetch-depth: 0" in shallow.value.hint
