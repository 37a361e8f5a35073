"""The facts and the page of the calculator, made once for all of its tests."""

import pytest

from traincarbon.reporting.calculator_page.body import calculator_html
from traincarbon.reporting.calculator_page.facts import PageFacts


@pytest.fixture(scope="session")
def facts(shipped):
    return PageFacts(shipped)


@pytest.fixture(scope="session")
def page(shipped):
    return calculator_html(shipped)
