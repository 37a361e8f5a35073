"""Benchmarking from Python: what is measured becomes hardware by a name, or only a preview."""

import pytest

from benches import made_bench
from traincarbon import bench, estimate
from traincarbon.benching.bench import QUICK, THOROUGH
from traincarbon.database.load import forget_databases
from traincarbon.errors import CarbonError


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A folder of the user's own that is still empty, and a machine on which every benchmark finds the same."""
    asked = []
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr("traincarbon.benching.machine.measure", lambda **options: asked.append(options["pace"]) or made_bench())
    forget_databases()
    yield asked
    forget_databases()


def test_the_machine_can_be_estimated_on_by_its_name(own):
    found = bench(quick=True, name="my-box")
    assert own == [QUICK]
    assert "servers/my-box.toml" in found.written.files
    assert estimate(params=1e6, tokens=1e8, hw="my-box").plan.hw == "my-box"
    assert found.to_dict()["written"]["name"] == "my-box"
    assert found.to_dict()["notes"] == list(found.notes)


def test_a_dry_run_writes_nothing(own):
    found = bench(dry_run=True)
    assert own == [THOROUGH]
    assert found.to_dict()["written"]["dry_run"] is True
    with pytest.raises(CarbonError, match="not been measured yet"):
        estimate(params=1e6, tokens=1e8, hw="this")


def test_a_name_that_is_taken_is_refused_before_anything_is_measured(own):
    with pytest.raises(CarbonError, match="dgx-a100"):
        bench(name="dgx-a100")
    assert own == []
