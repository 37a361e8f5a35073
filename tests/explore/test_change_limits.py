import pytest

from traincarbon.errors import CarbonError
from traincarbon.explore.change_limits import Change, limits_of


@pytest.mark.parametrize("text", ["", "usd", "usd=", "usd=ten", "usd=-1", "usd=nan%", "usd=inf", "dollars=5", "usd=1,usd=2", "usd=1e999"])
def test_a_faulty_limit_is_refused_with_a_hint(text):
    with pytest.raises(CarbonError) as raised:
        limits_of(text)
    assert "usd=5000" in raised.value.hint


def test_limits_are_shares_or_amounts():
    share, amount = limits_of("usd=10%,hours=24")
    assert (share.quantity, share.most, share.is_share) == ("cost_usd", 0.1, True)
    assert (amount.quantity, amount.most, amount.is_share) == ("duration_s", 24.0, False)


def test_an_infinite_share_is_null_in_json():
    assert Change(1.0, 2.0, 3.0, float("inf"), 1.0).to_dict()["share"] is None
