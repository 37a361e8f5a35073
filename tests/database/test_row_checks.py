"""What a row of a table must hold, each rule broken alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acme import row
from traincarbon.database.records import KINDS, TABLES
from traincarbon.database.row_checks import row_faults

CLEAN = {
    "zones": ("FR", "country", "France", "FRA"),
    "zone_names": ("FR", "fra;france"),
    "towns": ("FR", "paris;lyon"),
    "subdivisions": ("FR", "fr-bre;brittany;bretagne"),
    "grid": ("FR", 2020, 50, "lifecycle", "production"),
    "electricity": ("FR", 2020, 0.1, "industrial"),
    "market": ("FR", 2020, 50, "residual"),
    "region_grids": ("acme:paris-1", "FR"),
    "regions": ("acme:paris-1", "acme", "paris-1", "Paris", "FR", "", 48.9, 2.4),
    "facilities": ("acme", "fleet", 2020, 1.1, 0.3),
    "continents": ("FR", "EUROPE"),
    "providers": ("acme", "Acme Cloud", "specialist", "acme:paris-1", ""),
    "prices": ("acme-one-40gb", "acme-box", "acme", "acme:paris-1", "on_demand", "2020-06", 8, 16),
    "embodied": ("acme-box", "server", 2000, 1000, 4000, "manufacture", "LCA", 2020),
    "equivalents": ("car-km", "a kilometre by car", "co2e", 0.25, "kgco2e_per_km"),
    "techniques": ("lora", "tuning", "LoRA", "less memory", "memory", "x", 2, 3, 4, "", 2021),
    "priors": ("pue", "scope=*", 1.3, 0.1, 5),
    "architectures": ("gpt3", "GPT-3 175B", 96, 12288, 96, 96, 12288, 49152, 2, 51200, 1, 1, 0, 0),
    "family_runs": ("mae", "MAE", "params=1e9 samples=1e6", 100, "run"),
    "convolutions": ("resnet-50", "ResNet-50", 25.6e6, 224, 4.1),
    "image_networks": ("swin-tiny", "Swin-T", "vision", 28e6, 224, 4.5, "", "", "swin-t"),
    "speech_encoders": ("wav2vec2", "wav2vec 2.0", 95e6, 7.0),
    "hybrids": ("acme-h-8b", "Acme H 8B", 8e9, 1e9),
    "diffusion_transformers": ("acme-paint", "Acme Paint", "diffusion", 8e9, 5e9, 38, 2432, 2, 8, 333, 1024, "", "", "paint"),
    "pci_ids": ("10de:2330", "h100-sxm5-80gb"),
    "run_features": ("foundry", "flash", 1),
    "scaling_laws": ("acme-2020", 1.8, 400, 0.35, 2000, 0.37, 0.03, 0.02, 0.02, 1e8, 1e10, 1e9, 1e12),
}


def faults(table, **changed):
    return list(row_faults(table, {**row(table, *CLEAN[table]), **changed}))


@pytest.mark.parametrize("table", TABLES)
def test_a_clean_row_has_no_fault(table):
    assert faults(table) == []


@pytest.mark.parametrize("table", TABLES)
def test_a_row_without_source_or_locator_is_at_fault(table):
    assert faults(table, source="") == ["has no source"]
    assert faults(table, locator="") == ["has no locator"]


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("kind", ["", "guess", "Published"])
def test_a_kind_is_one_of_those_known(table, kind):
    assert faults(table, kind=kind) == [f"kind {kind!r} is none of {', '.join(KINDS)}"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_known_kind_is_accepted(kind):
    assert faults("priors", kind=kind) == []


@pytest.mark.parametrize("key", ["", "a,b", 'a"b', "a\nb", "a\rb"])
def test_a_key_is_a_name_without_commas_quotes_and_breaks(key):
    assert faults("zones", zone=key) == [f"zone is {key!r}: it must be a name without commas and quotes"]


BOUNDS = [
    ("grid", "year", 1990, 2100),
    ("grid", "intensity_gco2e_per_kwh", 0, 1500),
    ("market", "year", 1990, 2100),
    ("market", "intensity_gco2e_per_kwh", 0, 1500),
    ("electricity", "year", 1990, 2100),
    ("electricity", "price_usd_per_kwh", 0, 2),
    ("regions", "latitude", -90, 90),
    ("regions", "longitude", -180, 180),
    ("facilities", "year", 1990, 2100),
    ("facilities", "pue", 1, 5),
    ("facilities", "wue_l_per_kwh", 0, 20),
    ("prices", "accelerator_count", 0.01, 100000),
    ("scaling_laws", "params_exponent", 0.01, 2),
    ("scaling_laws", "irreducible_loss_se", 0, 1),
    ("prices", "usd_per_h", 0.001, 100000),
    ("embodied", "kgco2e", 0.1, 1000000),
    ("embodied", "low", 0.1, 1000000),
    ("embodied", "high", 0.1, 1000000),
    ("equivalents", "value", 1e-9, 1e12),
    ("family_runs", "accelerator_hours", 0.1, 1e9),
    ("convolutions", "gmac", 0.001, 1e5),
    ("convolutions", "image_size", 8, 4096),
    ("image_networks", "gmac", 0.001, 1e5),
    ("image_networks", "image_size", 8, 4096),
    ("image_networks", "attention_gmac", 1e-6, 1e5),
    ("image_networks", "text_gmac", 1e-6, 1e5),
    ("speech_encoders", "gmac_per_s", 0.001, 1e4),
    ("hybrids", "params", 1e5, 1e14),
    ("hybrids", "active_params", 1e5, 1e14),
    ("diffusion_transformers", "active_params", 1e5, 1e12),
    ("diffusion_transformers", "layers", 1, 1e5),
    ("diffusion_transformers", "image_size", 8, 8192),
    ("diffusion_transformers", "frames", 1, 1e5),
    ("priors", "median", 1e-9, 1e12),
    ("priors", "sigma_ln", 0, 5),
    ("priors", "n", 0, 1e9),
]
YEARS = ("year",)


@pytest.mark.parametrize(("table", "column", "low", "high"), BOUNDS)
def test_a_number_beyond_its_bounds_is_named_with_them(table, column, low, high):
    # Above and below by more than rounding; a year is a whole number.
    step = 1 if column in YEARS else max(abs(high), 1) * 1e-6
    for value in (low - step, high + step):
        assert faults(table, **{column: repr(value)}) == [f"{column} {value!r} is outside {low:g} to {high:g}"]


@pytest.mark.parametrize(("table", "column"), [(table, column) for table, column, *_ in BOUNDS])
@pytest.mark.parametrize("text", ["nan", "inf", "-inf"])
def test_a_number_that_is_not_finite_is_outside_of_all_bounds(table, column, text):
    assert [fault.partition(" is outside ")[0] for fault in faults(table, **{column: text})] == [f"{column} {text}"]


@pytest.mark.parametrize(("table", "column"), [(table, column) for table, column, *_ in BOUNDS if column not in YEARS])
@pytest.mark.parametrize("text", ["abc", "1.2.3", "n/a", "1e", "-"])
def test_a_cell_that_is_no_number_is_shown(table, column, text):
    assert faults(table, **{column: text}) == [f"{column} {text!r} is not a number"]


@pytest.mark.parametrize(
    ("table", "column"),
    [("regions", "latitude"), ("facilities", "pue"), ("facilities", "wue_l_per_kwh"), ("embodied", "low"), ("priors", "sigma_ln"), ("priors", "n")],
)
def test_what_nobody_knows_may_be_left_empty(table, column):
    assert faults(table, **{column: ""}) == []


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("grid", "year"),
        ("grid", "intensity_gco2e_per_kwh"),
        ("electricity", "price_usd_per_kwh"),
        ("facilities", "year"),
        ("prices", "accelerator_count"),
        ("prices", "usd_per_h"),
        ("equivalents", "value"),
        ("priors", "median"),
    ],
)
def test_a_number_on_which_all_rests_must_be_there(table, column):
    assert faults(table, **{column: ""}) == [f"has no {column}"]


@given(st.sampled_from([bound for bound in BOUNDS if bound[1] not in YEARS and bound[0] != "embodied"]), st.floats(0.0, 1.0))
def test_every_number_between_its_bounds_is_accepted(bound, share):
    table, column, low, high = bound
    value = min(max(low + share * (high - low), low), high)
    assert faults(table, **{column: repr(value)}) == []


@pytest.mark.parametrize("date", ["2020", "2020-06", "2020-06-30"])
def test_a_price_has_a_year_a_month_or_a_day(date):
    assert faults("prices", date=date) == []


@pytest.mark.parametrize("date", ["", "06-2020", "2020-6", "2020/06", "2020-06-3", "20-06-30", "2020-06-30-01", "June 2020", "²020", "٢٠٢٠"])
def test_any_other_date_of_a_price_is_at_fault(date):
    assert faults("prices", date=date)[0].startswith(f"date {date!r} is not YYYY")


def test_each_of_several_faults_is_named():
    assert len(faults("facilities", source="", kind="guess", year="x", pue="0.9", wue_l_per_kwh="x")) == 5


@pytest.mark.parametrize("date", ["2026-00", "2026-13", "2026-99", "2026-06-00", "2026-06-32"])
def test_a_date_that_no_calendar_has_is_at_fault(date):
    assert faults("prices", date=date)[0].startswith(f"date {date!r} is not YYYY")


@pytest.mark.parametrize("year", ["2030.0", "2030.5", "2.03e3", " 2030", "+2030"])
def test_a_year_is_a_whole_number_in_four_digits(year):
    assert faults("grid", year=year) == [f"year {year} is no whole number"]


@pytest.mark.parametrize(
    ("table", "column", "word"),
    [
        ("grid", "basis", "Lifecycle"),
        ("grid", "basis", ""),
        ("grid", "boundary", "export"),
        ("prices", "purchase", "on-demand"),
        ("embodied", "scope", "Server"),
    ],
)
def test_a_word_is_one_of_the_schema(table, column, word):
    assert [fault.partition(" is none of ")[0] for fault in faults(table, **{column: word})] == [f"{column} {word!r}"]


def test_embodied_emissions_lie_between_their_low_and_high():
    for changed in ({"low": "5000"}, {"high": "1999"}, {"kgco2e": "500"}):
        assert faults("embodied", **changed) == ["kgco2e is outside of low and high"]
    assert faults("embodied", low="2000", high="2000") == []


def test_only_a_row_about_a_method_may_lack_its_emissions():
    assert faults("embodied", kgco2e="") == ["has no kgco2e"]
    assert faults("embodied", kgco2e="", scope="method") == []


@pytest.mark.parametrize("table", TABLES)
def test_no_cell_holds_a_break_or_a_control_character(table):
    for character in "\n\r\x00\x1f\u2028":
        assert faults(table, note=f"a{character}b") == ["note holds control characters"]
