"""A typed client of the public face: mypy --strict checks that it is understood, and that each ignored mistake is one."""

from typing import assert_type

import traincarbon
from traincarbon import Advice, Comparison, Estimate, Interval, Optimum, Plan, PlanFields, Run, Uncertain

PLAN = Plan(params="7B", tokens=2e12, hw="dgx-h100")
FIELDS: PlanFields = {"params": 7e9, "tokens": "2T", "hw": "dgx-h100", "servers": 32, "mfu": Uncertain(0.4, {"mfu": 0.1})}


def before() -> None:
    """Use everything that plans a training."""
    answer = traincarbon.estimate(params=7e9, tokens="2T", hw="dgx-h100", region="france", servers=32)
    assert_type(answer, Estimate)
    assert_type(traincarbon.estimate(PLAN, mfu="0.3..0.5", level=0.5), Estimate)
    assert_type(traincarbon.estimate(**FIELDS), Estimate)
    assert_type(answer.facility_energy_kwh, Interval)
    assert_type(answer["facility_energy_kwh"], Interval | None)
    low, median, high = answer.facility_energy_kwh
    print(low, median, high, answer.plan.hw, answer.warnings)
    found = traincarbon.compare(PLAN, hw=["dgx-h100", "dgx-a100"], region="france", precision="bf16")
    assert_type(found, Comparison)
    assert_type(traincarbon.advise(PLAN, requests=1e9, tokens_per_request="1k", by="usd"), Advice)
    assert_type(traincarbon.optimise(hw="dgx-h100", budget_usd=1e6, sure=0.9), Optimum)


def during() -> None:
    """Use everything that meters a training."""
    with traincarbon.track(project="bert", max_kwh=50, on_budget="stop", region="france") as run:
        assert_type(run.record, Run | None)
        traincarbon.progress(tokens=1e6, total_tokens=1e9, loss=2.5)

    @traincarbon.track
    def train(steps: int) -> float:
        return 1.0 / steps

    @traincarbon.track(project="bert")
    def train_again(steps: int) -> float:
        return 1.0 / steps

    assert_type(train(3), float)
    assert_type(train_again(3), float)


def after() -> None:
    """Use everything that learns from runs."""
    assert_type(traincarbon.runs.list(project="bert", since="7d"), tuple[Run, ...])
    assert_type(traincarbon.runs.load("last"), Run)
    imported = traincarbon.runs.import_("emissions.csv", dry_run=True)
    assert_type(imported.added, tuple[str, ...])
    made = traincarbon.calibrate(imported.found.runs, name="cluster-a", wall={"run-a": 12.4}, dry_run=True)
    assert_type(made.calibration.name, str)
    print(traincarbon.validate("runs.csv").cases)
    assert_type(traincarbon.report(PLAN, "last", output="review.html", approvers=["Finance"]).html, str)
    assert_type(traincarbon.bench(quick=True, dry_run=True).notes, tuple[str, ...])


def mistakes() -> None:
    """Make mistakes that a type checker finds."""
    traincarbon.estimate(params=7e9, toknes=2e12)  # type: ignore[call-arg]
    traincarbon.estimate(params=7e9, tokens=2e12, hw=8)  # type: ignore[arg-type]
    traincarbon.compare(PLAN, money=1.0)  # type: ignore[arg-type]
    traincarbon.optimise(hw="h100", budget_eur=1e6)  # type: ignore[call-arg]
    traincarbon.track(max_kwhs=50)  # type: ignore[call-overload]
    traincarbon.progress(tokens="many")  # type: ignore[arg-type]
    traincarbon.runs.load(7)  # type: ignore[arg-type]
    traincarbon.estimat(params=7e9)  # type: ignore[attr-defined]
