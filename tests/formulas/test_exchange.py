"""An exchange beside work: hidden, exposed, refused; the exchanges of a layout are tested with the step."""

import pytest

from traincarbon.errors import OutOfRangeError
from traincarbon.formulas.exchange import exposed_s


def test_an_exposed_exchange_outlasts_the_work_or_slows_it():
    assert exposed_s(exchange_s=4.0, overlap=1.0, behind_s=3.0, exposed_share=0.125) == 1.0
    assert exposed_s(exchange_s=4.0, overlap=1.0, behind_s=100.0, exposed_share=0.125) == 0.5
    assert exposed_s(exchange_s=4.0, overlap=0.0, behind_s=100.0, exposed_share=0.125) == 4.0


@pytest.mark.parametrize("name", ["overlap", "exposed_share"])
def test_an_impossible_share_of_an_exchange_is_refused(name):
    inputs = {"exchange_s": 4.0, "overlap": 1.0, "behind_s": 3.0, "exposed_share": 0.1}
    with pytest.raises(OutOfRangeError, match=name):
        exposed_s(**{**inputs, name: 1.1})
