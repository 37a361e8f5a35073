"""Plans that advice, comparisons and optima are tried on."""

import pytest

from explore.plans import MEGATRON, TUNED
from traincarbon.estimation.chain import estimate
from traincarbon.explore.advice.context import AdviceContext, goal_of
from traincarbon.explore.compared_results import money_of
from traincarbon.explore.scaling_law import read_law, size_of


@pytest.fixture(scope="session")
def situate(shipped):
    """Return a function that looks at a plan as advice does."""

    def look(plan=None, *, goal=None, service=None, finetune_tokens=None, money=None, loss=None, **fields):
        base = estimate(plan, database=shipped, **fields)
        law, size = read_law(shipped), size_of(base.plan)
        predicted = None if size is None else float(law.loss(*size).median)
        return AdviceContext(
            base=base,
            database=shipped,
            money=money or money_of(base),
            law=law,
            size=size,
            loss=loss if loss is not None else predicted,
            goal=goal_of(goal),
            service=service,
            finetune_tokens=finetune_tokens,
        )

    return look


@pytest.fixture(scope="session")
def megatron(situate):
    """The plan of MT-NLG 530B, looked at."""
    return situate(MEGATRON)


@pytest.fixture(scope="session")
def tuned(situate):
    """A fine-tuning of seven billion parameters on eight H100 in Virginia, looked at."""
    return situate(TUNED)


@pytest.fixture(scope="session")
def by_id():
    """Return a function that runs a builder and gives what it found by id."""

    def run(builder, at, *rest):
        return {found.id: found for found in builder(at, *rest)}

    return run
