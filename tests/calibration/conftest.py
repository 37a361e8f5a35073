"""What the tests of the step times share: the published steps of known layout."""

import pytest

from traincarbon.calibrate import layouts
from traincarbon.calibrate.runs import read_runs


@pytest.fixture(scope="session")
def published(shipped):
    """The steps that were read from our published runs, and the rows set aside."""
    return layouts.steps(read_runs()[0], shipped)
