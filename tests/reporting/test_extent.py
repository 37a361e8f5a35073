"""An audience opens the parts that it asks for."""

import pytest

from traincarbon.reporting.extent import Audience, opens


@pytest.mark.parametrize(
    ("audience", "opened", "closed"), [("finance", "money", "derivation"), ("carbon", "places", "money"), ("engineering", "derivation", "carbon")]
)
def test_each_audience_opens_its_own(audience, opened, closed):
    assert opens(f"p1-{opened}", Audience(audience))
    assert not opens(f"p1-{closed}", Audience(audience))


def test_without_an_audience_nothing_is_open():
    assert not opens("p1-money", None)
