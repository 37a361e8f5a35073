"""The rent of an accelerator-hour, as a market has it."""

import math

import pytest

from acme import PLAN, WORLD, line, row, server, subject_of
from traincarbon.errors import NotFoundError
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.facts.question import Question
from traincarbon.estimation.facts.question import subject_of as real_subject
from traincarbon.estimation.facts.rent import purchase_ratios, rent_of

ONE = "acme-one-40gb"
TWIN = {"servers/acme-twin.toml": server(name="Acme Twin", aliases="twin")}


def price(server, provider, region, usd, count=1, date="2024-01", purchase="on_demand", chip=ONE):
    return line("prices", chip, server, provider, f"{provider}:{region}", purchase, date, count, usd)


OWN = (
    price("acme-box", "acme", "paris-1", 16, 8)
    + price("acme-box", "acme", "norfolk", 64, 8)
    + price("acme-box", "acme", "paris-1", 80, 8, "2020-01")
    + price("acme-box", "acme", "paris-1", 8, 8, purchase="spot")
    + price("acme-box", "acme", "paris-1", 12, 8, purchase="reserved_1y")
)
MARKET = OWN + price("zeta-1x", "zeta", "norfolk", 9) + price("beta-8x", "beta", "*", 24, 8)
PROVIDERS = "".join(
    line("providers", id, id.title(), kind, home)
    for id, kind, home in (("acme", "hyperscaler", "acme:norfolk"), ("beta", "specialist", "beta:*"), ("zeta", "marketplace", "zeta:*"))
)


@pytest.fixture
def make(make_database):
    """Return a function that opens the small world with these prices and files in it."""
    return lambda prices, **files: make_database({**WORLD, **TWIN, "prices.csv": prices, **{f"{name}.csv": text for name, text in files.items()}})


def rent(database, hw=ONE, region=None, **fields):
    return rent_of(subject_of(database, hw, region, **fields), database)


def test_the_rent_is_the_median_over_providers_each_with_its_cheapest_price(make):
    found = rent(make(MARKET))
    # acme 16 / 8 = 2 in its cheapest region, beta 24 / 8 = 3, zeta 9
    assert found.price.value.median == pytest.approx(3.0)
    assert [(quote.provider, quote.usd_per_h) for quote in found.quotes] == [("acme", 2.0), ("beta", 3.0), ("zeta", 9.0)]
    assert (found.price.kind, found.price.assumed, found.price.source) == ("derived", True, "fit-tables")
    assert found.price.reason == "on demand price of Acme One 40GB, median of 3 providers, 2024-01"
    assert found.price.locator == "3 rows of prices.csv: acme $2 2024-01; beta $3 2024-01; zeta $9 2024-01"


def test_the_median_of_two_providers_lies_between_them(make):
    assert rent(make(OWN + price("zeta-1x", "zeta", "norfolk", 8))).price.value.median == pytest.approx(4.0)


def test_the_spread_is_that_between_providers_with_one_observation_more(make):
    logs = [math.log(usd / 3.0) for usd in (2.0, 3.0, 9.0)]
    between = math.sqrt((sum(log**2 for log in logs) + 0.3**2) / 3)
    assert rent(make(MARKET)).price.value.sigma == pytest.approx(math.hypot(between, 0.4))


def test_one_provider_s_price_has_the_spread_between_the_providers_of_other_hardware(make):
    found = rent(make(OWN)).price
    assert found.value.sigma == pytest.approx(math.hypot(0.3, 0.4))
    assert (found.kind, found.reason) == ("published", "on demand price of Acme One 40GB at acme in paris-1, 2024-01")


def test_hardware_that_only_its_maker_rents_out_has_no_other_provider(make):
    maker = line("providers", "acme", "Acme Cloud", "hyperscaler", "acme:paris-1", "Acme")
    found = rent(make(OWN, providers=maker), rent="spot").price
    assert (found.value.median, found.value.sigma) == pytest.approx((1.0, 0.4))


def test_more_regions_and_sizes_at_a_provider_s_price_change_nothing(make):
    more = "".join(price("zeta-1x", "zeta", f"r{n}", 9) + price(f"zeta-{n}x", "zeta", "norfolk", 9 * n, n) for n in range(2, 12))
    assert rent(make(MARKET + more)).price.value == rent(make(MARKET)).price.value


def test_a_provider_s_price_is_that_of_its_home_region_or_of_the_one_asked_for(make):
    database = make(MARKET, providers=PROVIDERS)
    assert rent(database).quotes[-1].usd_per_h == 9.0
    assert {quote.provider: quote.usd_per_h for quote in rent(database).quotes} == {"acme": 8.0, "beta": 3.0, "zeta": 9.0}
    assert rent(database, region="acme:paris-1").price.value.median == pytest.approx(2.0)


def test_a_region_names_the_provider_if_it_rents_the_hardware_out(make):
    database = make(MARKET)
    named = rent(database, region="acme:paris-1")
    assert (named.price.value.median, [quote.provider for quote in named.quotes]) == (2.0, ["acme"])
    assert named.price.value.sigma == pytest.approx(0.4)
    other = make(OWN + price("beta-8x", "beta", "*", 24, 8))
    assert len(rent(other, region="zeta:norfolk").quotes) == 2
    assert len(rent(database, region="FR").quotes) == 3


@pytest.mark.parametrize(("kind", "usd"), [(None, 8.0), ("market", 8.0), ("hyperscaler", 8.0), ("specialist", 3.0), ("marketplace", 9.0), ("zeta", 9.0)])
def test_the_rent_is_from_the_market_a_kind_of_provider_or_one_provider(make, kind, usd):
    found = rent(make(MARKET, providers=PROVIDERS), rent_from=kind)
    assert found.price.value.median == pytest.approx(usd)


def test_both_kinds_stay_in_the_quotes_whichever_the_rent_is_from(make):
    kinds = {quote.provider: quote.kind for quote in rent(make(MARKET, providers=PROVIDERS), rent_from="specialist").quotes}
    assert kinds == {"acme": "hyperscaler", "beta": "specialist", "zeta": "marketplace"}


def test_an_unknown_provider_is_refused_and_a_known_one_without_a_price_is_a_gap(make):
    database = make(MARKET, providers=PROVIDERS + line("providers", "omega", "Omega", "specialist", "omega:*"))
    with pytest.raises(NotFoundError, match="no provider 'zetta'") as caught:
        rent(database, rent_from="zetta")
    assert "zeta" in caught.value.hint
    assert rent(database, rent_from="omega").price is None
    answer = estimate(database=database, **PLAN, rent_from="omega")
    assert "no on demand price of Acme One 40GB from omega is known: give rent_price" in answer.warnings


@pytest.mark.parametrize(("n", "usd"), [(None, 2.0), (8, 2.0), (4, 4.0), (1, 5.0), (6, 5.0), (7, 32 / 7)])
def test_the_size_is_the_cheapest_that_gives_the_accelerators_asked_for(make, n, usd):
    sizes = price("acme-1", "acme", "r", 5) + price("acme-4", "acme", "r", 16, 4) + price("acme-8", "acme", "r", 16, 8)
    # eight for 16 are 2 each; of six, two fours cost 32 and six ones 30; of seven, 32 and 35; an eight is more than was asked for
    assert rent(make(sizes), few_accelerators=n).price.value.median == pytest.approx(usd)


def test_sizes_larger_than_asked_for_count_only_where_no_provider_has_a_smaller(make):
    alone = make(price("acme-8", "acme", "r", 16, 8))
    assert rent(alone, few_accelerators=2).price.value.median == pytest.approx(8.0)
    both = make(price("acme-8", "acme", "r", 16, 8) + price("zeta-1x", "zeta", "r", 3))
    assert [quote.provider for quote in rent(both, few_accelerators=2).quotes] == ["zeta"]


def test_a_part_of_an_accelerator_is_no_size(make):
    sizes = price("acme-sixth", "acme", "r", 0.1, 1 / 6) + price("acme-1", "acme", "r", 5)
    assert rent(make(sizes), few_accelerators=1).price.value.median == pytest.approx(5.0)
    assert rent(make(sizes)).price.value.median == pytest.approx(5.0)


def test_a_server_of_one_s_own_is_priced_by_sizes_of_as_many_accelerators(make):
    sizes = price("acme-16", "acme", "r", 16, 16) + price("acme-8x", "acme", "r", 24, 8)
    assert rent(make(sizes), "acme-twin").price.value.median == pytest.approx(3.0)
    assert rent(make(sizes)).price.value.median == pytest.approx(1.0)


def test_an_instance_has_its_own_price(make):
    found = rent(make(MARKET), "acme-box").price
    assert (found.value.median, found.assumed, found.reason) == (2.0, False, "on demand price of Acme Box in paris-1, 2024-01")


@pytest.mark.parametrize(
    ("start", "usd", "date"), [("2020", 10.0, "2020-01"), ("2021-12", 10.0, "2020-01"), ("2022-02", 2.0, "2024-01"), (None, 2.0, "2024-01")]
)
def test_the_rent_is_that_nearest_to_the_start(make, start, usd, date):
    found = rent(make(OWN), "acme-box", "acme:paris-1", start=start).price
    assert found.value.median == pytest.approx(usd)
    assert found.reason.endswith(date)


def test_a_price_from_before_the_start_wins_over_a_nearer_one_after_it(make):
    dated = price("zeta-1x", "zeta", "r", 4, date="2023-09") + price("zeta-1x", "zeta", "r", 2, date="2024-03")
    assert rent(make(dated), start="2024-02").price.value.median == pytest.approx(4.0)
    assert rent(make(dated), start="2024-03").price.value.median == pytest.approx(2.0)


def test_prices_of_other_times_are_no_part_of_the_market(make):
    dated = price("a", "acme", "r", 4, date="2024-01") + price("b", "beta", "r", 8, date="2023-06") + price("c", "zeta", "r", 64, date="2021-01")
    assert [quote.provider for quote in rent(make(dated)).quotes] == ["acme", "beta"]
    assert [quote.provider for quote in rent(make(dated), start="2021-03").quotes] == ["zeta"]


@pytest.mark.parametrize(
    ("start", "date"), [("2017", "2020-01"), ("2030", "2024-01"), ("2025-08", "2024-01"), ("2025-07", None), ("2021-06", None), (None, None)]
)
def test_a_rent_more_than_a_year_and_a_half_from_the_start_is_warned_of(make, start, date):
    expected = (f"the nearest known rent is of {date}, the start is {start}",) if date else ()
    assert rent(make(OWN), "acme-box", "acme:paris-1", start=start).warnings == expected


def test_a_rent_of_another_region_of_the_provider_is_warned_of(make):
    found = rent(make(price("acme-box", "acme", "norfolk", 16, 8)), "acme-box", "acme:paris-1")
    assert found.warnings == ("no rent in acme:paris-1 is known: that in norfolk is taken; it may not be offered there",)
    for usual in (price("acme-box", "acme", "paris-1", 16, 8), price("acme-box", "acme", "*", 16, 8)):
        assert rent(make(usual), "acme-box", "acme:paris-1").warnings == ()
    assert rent(make(MARKET), region="FR").warnings == ()


@pytest.mark.parametrize(("purchase", "usd"), [("on_demand", 2.0), ("spot", 1.0), ("reserved_1y", 1.5)])
def test_the_rent_of_an_instance_is_that_of_the_way_of_buying(make, purchase, usd):
    found = rent(make(MARKET), "acme-box", region="acme:paris-1", rent=purchase).price
    assert found.value.median == pytest.approx(usd)
    assert found.reason.startswith(purchase.replace("_", " "))


def test_a_commitment_in_the_market_is_the_market_s_price_times_the_ratio_where_both_are_quoted(make):
    found = rent(make(MARKET), rent="spot")
    # spot is 8 / 16 of on demand at acme, and the market asks 3
    assert found.price.value.median == pytest.approx(1.5)
    assert found.price.reason == "spot price: 0.50 of that on demand, as at acme; on demand price of Acme One 40GB, median of 3 providers, 2024-01"
    assert [(quote.provider, quote.purchase) for quote in found.quotes] == [("acme", "spot")]


def test_a_ratio_is_of_one_size_one_region_and_one_time():
    rows = [
        row("prices", ONE, size, provider, region, purchase, date, 1, usd)
        for size, provider, region, purchase, date, usd in (
            ("a", "acme", "r", "on_demand", "2024-01", 10),
            ("a", "acme", "r", "spot", "2024-03", 4),
            ("a", "acme", "s", "spot", "2024-03", 1),
            ("b", "acme", "r", "spot", "2024-03", 1),
            ("z", "zeta", "r", "on_demand", "2020-01", 10),
            ("z", "zeta", "r", "spot", "2024-03", 1),
        )
    ]
    assert purchase_ratios(rows, "spot", None) == {"acme": pytest.approx(math.log(0.4))}


def test_without_a_price_of_that_kind_the_rent_is_absent_and_asked_for(make):
    database = make(OWN)
    assert rent(database, "acme-box", rent="reserved_3y").price is None
    answer = estimate(database=database, **PLAN, rent="reserved_3y")
    assert answer["rent_usd"] is None
    assert "no reserved 3y price of Acme One 40GB is known: give rent_price" in answer.warnings
    assert estimate(database=database, **PLAN, rent="reserved_3y", rent_price=3.0).median("rent_usd") == pytest.approx(
        3.0 * answer.median("accelerator_hours_h")
    )


def test_the_rent_of_a_run_is_its_hours_times_the_price_less_a_discount(make):
    answer = estimate(database=make(OWN), **PLAN, goodput=1.0)
    # 6e20 FLOP over 100e12 × 0.4 are 4166.67 h, at 2 $/h
    assert answer.median("rent_usd") == pytest.approx(8_333.33)
    assert estimate(database=make(OWN), **PLAN, goodput=1.0, discount="30%").median("rent_usd") == pytest.approx(5_833.33)


MOST_PROVIDERS = ("h100-sxm5-80gb", "a100-sxm4-80gb", "h200-sxm-141gb", "b200-sxm-180gb", "l40s")


@pytest.mark.parametrize("chip", MOST_PROVIDERS)
def test_shipped_prices_make_a_market_of_specialists_and_hyperscalers(shipped, chip):
    quotes = rent_of(real_subject(Question(hw=chip), shipped), shipped).quotes
    assert len(quotes) >= 9
    assert {"specialist", "hyperscaler"} <= {quote.kind for quote in quotes}
    assert len({quote.provider for quote in quotes}) == len(quotes)


def test_the_spread_between_providers_is_that_of_the_shipped_prices(shipped):
    squares, freedom, chips, n = 0.0, 0, 0, 0
    for chip in shipped.ids("accelerators"):
        if not shipped.rows("prices", chip):
            continue
        quotes = rent_of(real_subject(Question(hw=chip), shipped), shipped).quotes
        if len(quotes) >= 5:
            logs = sorted(math.log(quote.usd_per_h) for quote in quotes)
            half = len(logs) // 2
            middle = logs[half] if len(logs) % 2 else (logs[half - 1] + logs[half]) / 2
            squares, freedom = squares + sum((log - middle) ** 2 for log in logs), freedom + len(logs) - 1
            chips, n = chips + 1, n + len(logs)
    prior = next(iter(shipped.rows("priors", "rent_price", "scope=between")))
    assert float(prior["sigma_ln"]) == pytest.approx(math.sqrt(squares / freedom), abs=0.01)
    assert int(prior["n"]) == n
    assert f"{chips} accelerators" in prior["note"]
