"""What the tests of the step times share: the published steps of known layout."""

import pytest

from traincarbon.published import step_rows
from traincarbon.published.runs import read_runs


@pytest.fixture(scope="session")
def published(shipped):
    """The steps that were read from our published runs, and the rows set aside."""
    return step_rows.steps(read_runs()[0], shipped)
