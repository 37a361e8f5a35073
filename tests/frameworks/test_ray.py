"""Test the callback of Ray Train in real trainings of two workers."""

import os
import signal
import sys
from pathlib import Path

import pytest

pytest.importorskip("ray")

import ray
from ray.train import FailureConfig, RunConfig, ScalingConfig
from ray.train.torch import TorchTrainer

import traincarbon
from tracked import Place
from traincarbon.frameworks.ray import CarbonCallback, must_stop

STEPS, TOKENS = 40, 32


def loop(config):
    """Train on a model of one number; ask this worker to stop after a step, or fail once, where the configuration says so."""
    import torch

    from traincarbon.frameworks.ray import must_stop

    marker = config.get("fail_once")
    model = ray.train.torch.prepare_model(torch.nn.Linear(1, 1))
    for step, batch in enumerate(traincarbon.steps([torch.ones(4, 1)] * STEPS), 1):
        model(batch).sum().backward()
        traincarbon.progress(tokens=step * TOKENS, per_rank=True)
        if marker and step == 10 and ray.train.get_context().get_world_rank() == 0 and not os.path.exists(marker):
            open(marker, "w").close()
            raise RuntimeError("lost")
        if step == config.get("spend_at") and ray.train.get_context().get_world_rank() == 1:
            os.kill(os.getpid(), signal.SIGUSR1)
        if step >= config.get("spend_at", STEPS):
            import time

            time.sleep(0.2)
        if must_stop(steps=step):
            break
    ray.train.report({"step": step})


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Two workers, whose meters read a trace; starting them takes longer than the trainings."""
    found = Place(tmp_path_factory.mktemp("ray"))
    with pytest.MonkeyPatch.context() as patch:
        for name in ("CARBON_STORE", "CARBON_REPLAY"):
            patch.setenv(name, found.env[name])
        ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers cannot import the tests
        ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, configure_logging=False)
        yield found
        ray.shutdown()


def fit(cluster, name, callback, config=None, **options):
    """Train, and return the record of the new run."""
    before = set(os.listdir(os.path.join(cluster.store, "journals"))) if os.path.exists(cluster.store) else set()
    run = RunConfig(name=name, storage_path=str(Path(cluster.store).parent / "results"), callbacks=[callback], **options)
    scale = ScalingConfig(num_workers=2, resources_per_worker={"CPU": 1})
    TorchTrainer(loop, train_loop_config=config or {}, scaling_config=scale, run_config=run).fit()
    (new,) = set(os.listdir(os.path.join(cluster.store, "journals"))) - before
    return cluster.record(new)


def test_two_workers_are_one_run_and_a_failed_attempt_adds_up(cluster, tmp_path):
    options = {"failure_config": FailureConfig(max_failures=1)}
    run = fit(cluster, "fails", CarbonCallback(quiet=True), {"fail_once": str(tmp_path / "failed")}, **options)
    assert (run.state, run.attempts[-1].steps, run.nodes) == ("finished", STEPS, 1)
    assert [each.state for each in run.attempts] == ["failed", "finished"]
    assert run.counts["tokens"] >= STEPS * TOKENS * 2


def test_a_budget_ends_both_workers_after_the_same_step(cluster):
    run = fit(cluster, "stops", CarbonCallback(max_hours=1.0, quiet=True), {"spend_at": 5})
    steps = run.counts["tokens"] / (2 * TOKENS)
    assert (run.state, run.counts["steps"]) == ("finished", steps - 1)  # the one that was left is not counted as done
    assert 5 <= steps < STEPS


def test_where_nothing_meters_nothing_stops():
    assert not must_stop(steps=1)
