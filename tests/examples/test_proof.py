import json
import re

import pytest

import proof
from benches import made_bench, rate
from traincarbon.benching.bench import GemmRate
from traincarbon.benching.bench_facts import facts_of, write_facts
from traincarbon.benching.mean_power import MeanPower
from traincarbon.database.load import Database, builtin_root
from traincarbon.quantities import EnergySource


@pytest.fixture
def small(monkeypatch):
    """Trainings that take no time."""
    monkeypatch.setattr(proof, "SEEN", ((1, 32), (2, 32)))
    monkeypatch.setattr(proof, "UNSEEN", ((2, 64),))


class Benched(proof.Proof):
    """A proof on a machine that was measured before."""

    def bench(self, *_):
        root = str(self.folder / "facts")
        loaded = (MeanPower("cpu", 6.0, EnergySource.MODELLED, 0.7, 1),)
        write_facts(facts_of(made_bench(idle=(), loaded=loaded, gemm={"fp32": GemmRate(2048, rate(20e9))}), Database([builtin_root(), root]), root=root), root)
        return 20e9


def test_bench_track_calibrate_and_predict_work_together(small, tmp_path):  # noqa: ARG001
    found = proof.run(Benched(tmp_path, "train_numpy.py", is_shown=False), seconds=0.3, bench=[])
    (unseen,) = found.values()
    assert unseen["params"] == proof.Decoder(layers=2, hidden=64, heads=2, seq_len=64).n_params()
    assert unseen["duration_s"]["measured"] > 0.0
    assert unseen["before"] != unseen["after"]
    kept = (tmp_path / "calibrations" / "proof.toml").read_text()
    assert "1x32" in kept
    assert "2x64" not in kept
    assert {path.name for path in (tmp_path / "plans").iterdir()} == {"1x32.toml", "2x32.toml", "2x64.toml"}


def test_trainings_are_planned_to_last_about_equally_long(tmp_path):
    planned = [proof.Proof(tmp_path, "train_numpy.py").training(*size, seconds=60.0, flop_per_s=200e9) for size in (*proof.SEEN, *proof.UNSEEN)]
    flop = [6 * each.model.n_params() * each.tokens for each in planned]
    assert flop == pytest.approx([60.0 * proof.GUESSED_MFU * 200e9] * len(flop), rel=0.03)


def test_one_unseen_training_is_within_what_was_seen_and_one_four_times_larger():
    seen, unseen = (
        [proof.Decoder(layers=layers, hidden=hidden, heads=1, seq_len=64).n_params() for layers, hidden in sizes] for sizes in (proof.SEEN, proof.UNSEEN)
    )
    assert min(seen) < unseen[0] < max(seen)
    assert unseen[1] == pytest.approx(4.0 * max(seen), rel=0.05)


def test_a_command_that_fails_ends_the_proof(tmp_path):
    with pytest.raises(SystemExit, match="carbon estimate failed with exit code 2"):
        proof.Proof(tmp_path, "train_numpy.py", is_shown=False).carbon("estimate", "--no-such-option")


def figures(measured_s, before, after):
    wide = {"it_energy_kwh": proof.Predicted(0.5e-3, 1e-3, 2e-3)}
    return {
        "params": 1_000_000,
        "tokens": 1024,
        "duration_s": {"measured": measured_s},
        "it_energy_kwh": {"measured": 1e-3},
        "before": {"duration_s": proof.Predicted(*before), **wide},
        "after": {"duration_s": proof.Predicted(*after), **wide},
    }


def test_the_report_says_error_coverage_and_width_before_and_after():
    told = proof.report({"a": figures(100.0, (20.0, 50.0, 90.0), (90.0, 110.0, 130.0)), "b": figures(10.0, (5.0, 20.0, 50.0), (8.0, 9.0, 11.0))})
    assert "before: off by -50%, +100%; 1 of 2 inside the interval, which spans × 6.7" in told
    assert "after: off by +10%, -10%; 2 of 2 inside the interval, which spans × 1.4" in told
    assert re.search(r"1,000,000 +100 s +50 \(20 – 90\) +110 \(90 – 130\)", told)
    assert max(len(line) for line in told.splitlines()) <= 80


def test_what_was_found_can_be_kept_as_json():
    found = {"a": figures(100.0, (20.0, 50.0, 90.0), (90.0, 110.0, 130.0))}
    assert json.loads(json.dumps(found))["a"]["after"]["duration_s"] == [90.0, 110.0, 130.0]
