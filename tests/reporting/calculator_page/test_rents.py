"""The rents of the page are those that an estimate finds, in every region and for every number of accelerators."""

import pytest

from traincarbon.database.records import PURCHASES
from traincarbon.estimation.facts.question import Question, subject_of
from traincarbon.estimation.facts.rent import rent_of
from traincarbon.reporting.calculator_page.kept import UNKNOWN, Numbers
from traincarbon.reporting.calculator_page.rents import ELSEWHERE, MARKET, RentTable

REGIONS = (
    "",
    "us-east-1",
    "eu-north-1",
    "azure:canadacentral",
    "azure:eastus",
    "gcp:us-central1",
    "gcp:europe-west4",
    "oci:us-ashburn-1",
    "scaleway:fr-par",
    "FR",
)


def looked_up(rents, purchase, place, n):
    """Return the place of a price as the page's script finds it."""
    if purchase not in rents:
        return UNKNOWN
    provider = place.region["provider"] if place is not None and place.region is not None else MARKET
    regions = rents[purchase].get(provider) or rents[purchase][MARKET]
    prices = regions.get(place.id if place is not None else "", regions.get(ELSEWHERE))
    return prices if isinstance(prices, int) else prices[n or 0]


@pytest.mark.parametrize("hw", ["a100-sxm4-80gb", "h100-sxm5-80gb", "dgx-h100", "tpu-v5p", "l4", "mi300x"])
def test_each_rent_is_that_of_an_estimate(shipped, hw):
    numbers = Numbers()
    table = RentTable(shipped, numbers)
    subject = subject_of(Question(hw=hw), shipped)
    rents = table.of(subject.hardware)
    compared = 0
    for region in REGIONS:
        for purchase in PURCHASES:
            for n in (None, 1, 4, 8):
                asked = subject_of(Question(hw=hw, region=region or None, rent=purchase, few_accelerators=n), shipped)
                expected, place = rent_of(asked, shipped).price, looked_up(rents, purchase, asked.place, n)
                assert (place == UNKNOWN) == (expected is None), (region, purchase, n)
                if expected is not None:
                    assert numbers.pool.values[place][0] == pytest.approx(expected.value.median, rel=1e-11), (region, purchase, n)
                    compared += 1
    assert compared > 20


def test_hardware_that_nobody_rents_out_has_no_rents(shipped):
    assert RentTable(shipped, Numbers()).of(shipped.product("accelerators", "gtx-1080")) == {}
