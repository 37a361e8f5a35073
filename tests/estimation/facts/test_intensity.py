"""The carbon intensity of a place: its year, its basis, its grid, and what is said of it."""

import math
from bisect import bisect_left
from collections import Counter
from itertools import accumulate

import pytest

from acme import PLACES, PLAN, WORLD, chip, line, server, subject_of
from traincarbon.database.load import Database
from traincarbon.errors import PlanError
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.facts.site import electricity_facts
from traincarbon.uncertain import Uncertain, median_of

BOX = "servers/acme-box.toml"


@pytest.fixture
def make(make_database):
    """Return a function that opens the small world with these files in it."""
    return lambda files=None: make_database({**WORLD, **(files or {})})


def asked(database, region=None, **fields):
    return electricity_facts(subject_of(database, region=region, **fields), database)


@pytest.mark.parametrize(
    ("start", "intensity", "reason"),
    [
        (None, 40.0, "France, 2024, lifecycle, consumption"),
        ("2019", 50.0, "France, 2020, lifecycle, production"),
        ("2021", 50.0, "France, 2020, lifecycle, production"),
        ("2023-01", 40.0, "France, 2024, lifecycle, consumption"),
    ],
)
def test_the_intensity_of_a_grid_is_that_of_the_year_nearest_to_the_start_with_its_basis_said(make, start, intensity, reason):
    given = asked(make(), "FR", start=start).carbon_intensity
    assert given.value == Uncertain(intensity, {"carbon_intensity": 0.3})
    assert (given.reason, given.assumed) == (reason, False)


def test_a_cloud_region_has_the_intensity_of_its_grid(make):
    given = asked(make(), "acme:paris-1").carbon_intensity
    assert given.value.median == 40.0
    assert given.reason == "Paris (acme:paris-1), 2024, lifecycle, consumption"


@pytest.mark.parametrize(("start", "warned"), [("2022", True), ("2026-01", True), ("2021-12", False), ("2025", False), ("2018-06", True), (None, False)])
def test_an_intensity_two_years_away_is_warned_of(make, start, warned):
    # Known are 2020 and 2024.
    year = {"2022": "2024", "2018-06": "2020"}.get(start or "", "2024")
    expected = (f"the intensity of France is of {year}: none is known for {start}",) if warned else ()
    assert asked(make(), "FR", start=start).warnings == expected


def test_the_direct_basis_is_taken_only_where_it_is_asked_for(make):
    database = make()
    direct = asked(database, "US", basis="direct").carbon_intensity
    assert (direct.value.median, direct.reason) == (320.0, "United States, 2023, direct, production")
    for basis in (None, "lifecycle"):
        lifecycle = asked(database, "US", basis=basis).carbon_intensity
        assert (lifecycle.value.median, lifecycle.reason) == (400.0, "United States, 2024, lifecycle, production")


def test_a_grid_without_the_basis_asked_for_is_scaled_and_says_so(make):
    given = asked(make(), "FR", basis="direct").carbon_intensity
    # the inverse of direct × 1.2 + 10
    assert given.value.median == pytest.approx((40.0 - 10.0) / 1.2)
    assert given.value.spreads == pytest.approx({"carbon_intensity": math.hypot(0.3, 0.4)})
    assert given.assumed
    assert given.reason == "France, 2024, lifecycle, 40 g, scaled to direct as grids of which both are known"
    lifecycle = make({"grid.csv": line("grid", "FR", 2024, 20, "direct", "production")})
    assert asked(lifecycle, "FR").carbon_intensity.value.median == pytest.approx(20.0 * 1.2 + 10.0)


def test_a_grid_cleaner_than_its_plants_burns_nothing(make):
    database = make({"grid.csv": line("grid", "FR", 2024, 8, "lifecycle", "production")})
    assert asked(database, "FR", basis="direct").carbon_intensity.value == 0.0


def test_a_place_without_any_intensity_asks_for_one(make):
    with pytest.raises(PlanError, match=r"^no lifecycle intensity of Nowhere is known$") as caught:
        asked(make({"zones.csv": WORLD["zones.csv"] + line("zones", "XQ", "country", "Nowhere")}), "XQ")
    assert caught.value.hint == "give carbon_intensity"


@pytest.mark.parametrize("region", ["US-VA", "zeta:norfolk"])
def test_a_state_s_direct_intensity_is_scaled_by_its_country_s_and_says_so(make, region):
    given = asked(make(), region).carbon_intensity
    # 240 direct × 400 lifecycle over 320 direct of the country in the state's year
    assert given.value.median == pytest.approx(300.0)
    assert given.value.spreads == pytest.approx({"carbon_intensity": math.hypot(0.3, 0.1)})
    assert given.assumed
    assert given.reason.endswith("2023, direct, × 1.25: its country's lifecycle of 2024 over direct of 2023")


def test_a_scaled_intensity_follows_the_country_s_lifecycle_of_the_start(make):
    found = asked(make(), "US-VA", start="2020")
    # 240 × 450 / 320
    assert found.carbon_intensity.value.median == pytest.approx(337.5)
    assert found.warnings == ()
    assert asked(make(), "US-VA", start="2016").warnings == ("the intensity of Virginia is of 2020: none is known for 2016",)


def test_a_state_on_the_direct_basis_is_not_scaled(make):
    given = asked(make(), "US-VA", basis="direct").carbon_intensity
    assert given.value == Uncertain(240.0, {"carbon_intensity": 0.3})
    assert not given.assumed


def test_where_the_country_has_one_basis_alone_its_state_is_scaled_as_other_grids(make):
    rows = line("grid", "US", 2023, 400, "lifecycle", "production") + line("grid", "US-VA", 2023, 240, "direct", "production")
    assert asked(make({"grid.csv": rows}), "US-VA").carbon_intensity.value.median == pytest.approx(240.0 * 1.2 + 10.0)


def test_a_cloud_region_s_own_figure_wins_over_its_grid_s_and_is_scaled(make):
    rows = PLACES["grid.csv"] + line("grid", "acme:paris-1", 2020, 11, "lifecycle", "provider") + line("grid", "zeta:norfolk", 2023, 22, "direct", "provider")
    database = make({"grid.csv": rows})
    assert asked(database, "acme:paris-1").carbon_intensity.value.median == 11.0
    assert asked(database, "FR").carbon_intensity.value.median == 40.0
    assert asked(database, "zeta:norfolk", basis="direct").carbon_intensity.value.median == 22.0
    # 22 direct × 400 lifecycle over 320 direct of the country
    assert asked(database, "zeta:norfolk").carbon_intensity.value.median == pytest.approx(27.5)
    assert asked(database, "acme:paris-1", start="2024").carbon_intensity.value.median == 40.0, "the grid's is four years nearer to the start"


def test_a_region_has_the_intensity_of_the_grid_that_it_is_on_and_not_of_its_state(make):
    rows = PLACES["grid.csv"] + line("grid", "US-EAST", 2023, 160, "direct", "consumption")
    database = make({"grid.csv": rows, "region_grids.csv": line("region_grids", "zeta:norfolk", "US-EAST")})
    given = asked(database, "zeta:norfolk").carbon_intensity
    assert given.value.median == pytest.approx(200.0)
    assert given.reason.startswith("Norfolk (zeta:norfolk), grid of US-EAST, 2023, direct, × 1.25")
    assert asked(database, "US-VA").carbon_intensity.value.median == pytest.approx(300.0)


EAST = {
    "grid.csv": PLACES["grid.csv"] + line("grid", "US-EAST", 2023, 160, "direct", "consumption"),
    "zones.csv": WORLD["zones.csv"] + line("zones", "US-EAST", "grid-area", "Eastern Grid"),
    "region_grids.csv": line("region_grids", "US-VA", "US-EAST"),
}


@pytest.mark.parametrize("region", ["US-VA", "zeta:norfolk"])
def test_a_state_has_the_intensity_of_the_grid_that_it_is_on_and_so_has_a_region_in_it(make, region):
    given = asked(make(EAST), region).carbon_intensity
    assert given.value.median == pytest.approx(200.0)
    assert ", grid of Eastern Grid, 2023, direct, × 1.25" in given.reason


def test_where_the_grid_of_a_state_has_no_figure_near_the_start_the_state_s_own_counts(make):
    rows = EAST["grid.csv"] + line("grid", "US-VA", 2016, 400, "direct", "production")
    database = make({**EAST, "grid.csv": rows})
    assert asked(database, "US-VA", start="2016", basis="direct").carbon_intensity.value.median == 400.0
    assert asked(database, "US-VA", start="2024", basis="direct").carbon_intensity.value.median == 160.0


def test_one_s_own_figure_of_a_state_wins_over_the_grid_that_it_is_on(make_root):
    ours = make_root({**WORLD, "accelerators/acme-one-40gb.toml": chip(), BOX: server(), **EAST}, folder="ours")
    own = make_root({"grid.csv": line("grid", "US-VA", 2023, 77, "direct", "production")}, folder="own")
    assert asked(Database([ours, own]), "US-VA", basis="direct").carbon_intensity.value.median == 77.0


def test_one_s_own_figure_wins_over_another_of_the_same_year(make_root):
    ours = make_root({**WORLD, "accelerators/acme-one-40gb.toml": chip(), BOX: server()}, folder="ours")
    own = make_root({"grid.csv": line("grid", "FR", 2024, 77, "lifecycle", "production")}, folder="own")
    database = Database([ours, own])
    assert asked(database, "FR").carbon_intensity.value.median == 77.0
    assert asked(database, "FR", start="2020").carbon_intensity.value.median == 50.0


def test_a_plan_that_states_its_intensity_needs_none_of_the_place(make):
    database = make({"zones.csv": WORLD["zones.csv"] + line("zones", "XQ", "country", "Nowhere")})
    with pytest.raises(PlanError):
        estimate(database=database, **PLAN, region="XQ")
    answer = estimate(database=database, **PLAN, region="XQ", carbon_intensity=50.0)
    assert answer.median("operational_kgco2e") == pytest.approx(0.05 * answer.median("facility_energy_kwh"))
    with pytest.raises(PlanError):
        estimate(database=database, **PLAN, region="XQ")


DATA_CENTRES_TWH = {"US": 183.0, "CN": 102.0, "EUROPE": 68.0, "ASIA": 48.0, "REST": 15.0}
EUROPE = {"AT", "BE", "CH", "CZ", "DE", "DK", "ES", "FI", "FR", "GB", "GR", "IE", "IS", "IT", "NL", "NO", "PL", "PT", "RO", "RS", "SE"}
ASIA = {"AU", "HK", "ID", "IN", "JP", "KR", "MY", "NZ", "SG", "TH", "TW"}


def part_of_world(zone):
    """Return the row of the International Energy Agency's table that *zone* belongs to."""
    country = zone.partition("-")[0]
    return country if country in ("US", "CN") else "EUROPE" if country in EUROPE else "ASIA" if country in ASIA else "REST"


def test_without_a_region_it_is_the_median_of_the_regions_weighted_by_data_centres_and_ends_at_the_dirtiest(shipped):
    rows = shipped.all_rows("regions")
    intensities = [(median_of(asked(shipped, row["region"], hw="h100").carbon_intensity.value), part_of_world(row["zone"])) for row in rows]
    regions = Counter(part for _, part in intensities)
    reached = list(accumulate(DATA_CENTRES_TWH[part] / regions[part] for _, part in sorted(intensities)))
    median, _ = sorted(intensities)[bisect_left(reached, reached[-1] / 2.0)]
    world = asked(shipped, hw="h100").carbon_intensity.value
    assert world.median == pytest.approx(median, rel=0.02)
    dirtiest = max(intensity for intensity, _ in intensities)
    assert world.interval(0.9)[1] == pytest.approx(dirtiest, rel=0.01)


def test_every_shipped_region_has_an_intensity_on_either_basis(shipped):
    for row in shipped.all_rows("regions"):
        direct, lifecycle = (median_of(asked(shipped, row["region"], hw="h100", basis=basis).carbon_intensity.value) for basis in ("direct", "lifecycle"))
        assert 0.0 <= direct <= 1.02 * lifecycle, row["region"]


@pytest.mark.parametrize(
    ("state", "cloud"),
    [("Virginia", "aws:us-east-1"), ("Ohio", "aws:us-east-2"), ("California", "aws:us-west-1"), ("Oregon", "aws:us-west-2"), ("Texas", "azure:southcentralus")],
)
def test_a_state_alone_has_the_intensity_of_a_cloud_s_region_in_it(shipped, state, cloud):
    assert asked(shipped, state, hw="h100").carbon_intensity.value == asked(shipped, cloud, hw="h100").carbon_intensity.value


@pytest.mark.parametrize(
    ("place", "grid"),
    [("Maharashtra", "IN-WE"), ("Frontier", "US-SRTV"), ("Leonardo", "IT-NO"), ("LUMI", "FI"), ("Fugaku", "JP-KN"), ("Bavaria", "DE"), ("Vermont", "US-NEWE")],
)
def test_supercomputers_and_parts_of_countries_have_the_intensity_of_their_grid(shipped, place, grid):
    assert asked(shipped, place, hw="h100").carbon_intensity.value == asked(shipped, grid, hw="h100").carbon_intensity.value


@pytest.mark.parametrize(
    ("region", "least", "most"),
    [("aws:us-east-1", 350, 440), ("azure:canadaeast", 5, 45), ("gcp:us-east1", 550, 700), ("aws:us-west-2", 85, 150), ("azure:centralus", 430, 550)],
)
def test_well_known_regions_have_the_intensity_of_their_grid(shipped, region, least, most):
    assert least <= asked(shipped, region, hw="h100").carbon_intensity.value.median <= most
