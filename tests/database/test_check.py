"""Each fault that a database can have, alone in an otherwise clean one, with the place where it is."""

import pytest

from acme import SOURCES, WORLD, chip, fact, line, server
from conftest import ACCELERATOR, SERVER
from traincarbon.database.check import Fault, check
from traincarbon.database.load import Database
from traincarbon.database.records import KINDS

CHIP, BOX = "accelerators/acme-one-40gb.toml", "servers/acme-box.toml"
FULL = {
    **WORLD,
    CHIP: ACCELERATOR,
    BOX: SERVER,
    "electricity.csv": line("electricity", "FR", 2024, 0.1, "industrial"),
    "facilities.csv": line("facilities", "acme", "fleet", 2024, 1.1, 0.3),
    "prices.csv": line("prices", "acme-one-40gb", "acme-box", "acme", "acme:paris-1", "on_demand", "2024-06", 8, 16),
    "embodied.csv": line("embodied", "acme-box", "server", 2000, kind="measured"),
    "equivalents.csv": line("equivalents", "car-km", "a kilometre by car", "co2e", 0.25, "kgco2e_per_km"),
    "architectures.csv": line("architectures", "gpt3", "GPT-3 175B", 96, 12288, 96, 96, 12288, 49152, 2, 51200, 1, 1, 0, 0),
    "run_features.csv": line("run_features", "foundry", "flash", 1),
    "scaling_laws.csv": line("scaling_laws", "acme-2020", 1.8, 400, 0.35, 2000, 0.37, 0.03, 0.02, 0.02, 1e8, 1e10, 1e9, 1e12),
    "techniques.csv": line("techniques", "lora", "tuning", "LoRA", "less memory", "memory", "x", 2, 3, 4, "", 2021),
}
RUNS = "id,evidence,source,locator\none,published,acme-2020-datasheet,table 1\ntwo,unverified,acme-2020-datasheet;acme-2020-datasheet,table 2\n"


@pytest.fixture
def faults_with(make_root):
    """Return a function that gives the faults of the clean database with these files in place of its own."""

    def faults(files):
        return check(Database([make_root({**FULL, **files})])).faults

    return faults


def test_a_clean_database_has_no_fault(faults_with):
    assert faults_with({}) == []


def test_the_shipped_database_has_no_fault(shipped):
    assert check(shipped).faults == []


def test_things_and_kinds_of_facts_are_counted(make_root):
    report = check(Database([make_root({**FULL, "published_runs.csv": RUNS})]))
    # Four facts of the products, 3 zones, 2 regions, 6 grids, 8 single rows, 39 priors, a run; one row is measured, one run unverified.
    priors = report.counts["priors"]
    assert report.counts == {
        "accelerators": 1,
        "servers": 1,
        "models": 0,
        "zones": 3,
        "zone_names": 0,
        "continents": 0,
        "towns": 0,
        "subdivisions": 0,
        "grid": 6,
        "market": 0,
        "electricity": 1,
        "regions": 2,
        "region_grids": 0,
        "facilities": 1,
        "prices": 1,
        "embodied": 1,
        "equivalents": 1,
        "techniques": 1,
        "architectures": 1,
        "convolutions": 0,
        "image_networks": 0,
        "speech_encoders": 0,
        "hybrids": 0,
        "diffusion_transformers": 0,
        "family_runs": 0,
        "pci_ids": 0,
        "run_features": 1,
        "scaling_laws": 1,
        "priors": priors,
        "published_runs": 2,
        "measured_steps": 0,
        "measured_power": 0,
        "providers": 2,
        "sources": 1,
    }
    assert report.kinds == {"published": 4 + 3 + 2 + 6 + 8 + priors + 1, "measured": 1, "derived": 0, "assumed": 0, "unverified": 1}


@pytest.mark.parametrize(
    ("files", "place", "what"),
    [
        ({CHIP: chip(fact("idle_power_w", 401))}, CHIP, "the idle power 401 W is above the power cap 400 W"),
        ({CHIP: chip(fact("peak_bf16_sparse_flop_per_s", 99e12))}, CHIP, "the dense bf16 peak 1e+14 is above the sparse one 9.9e+13"),
        ({CHIP: chip(generation="")}, CHIP, "has no generation"),
        ({CHIP: chip(type="")}, CHIP, "has no type"),
        ({CHIP: chip(segment="gaming")}, CHIP, "segment 'gaming' is none of datacentre, workstation, consumer, laptop"),
        ({CHIP: chip(fact("price_usd", 1000, source="nobody"))}, CHIP, "[price_usd] source 'nobody' is not in sources.toml"),
        ({BOX: server(fact("price_usd", 1000, source="nobody"))}, BOX, "[price_usd] source 'nobody' is not in sources.toml"),
        ({BOX: server(accelerator="acme-nine")}, BOX, "its accelerator 'acme-nine' is unknown"),
        ({BOX: SERVER.partition("[accelerator_count]")[0]}, BOX, "has no accelerator_count"),
        ({BOX: server(fact("max_power_w", 5000), fact("idle_power_w", 5001))}, BOX, "idle_power_w 5001 is above max_power_w 5000"),
        ({BOX: server(fact("max_power_w", 5000), fact("typical_power_w", 6000))}, BOX, "typical_power_w 6000 is above max_power_w 5000"),
        (
            {BOX: server(fact("max_power_w", 3199))},
            BOX,
            "8 accelerators of 400 W exceed the nameplate of 3199 W; accelerator_power_w states a lower cap in this server",
        ),
        ({BOX: server(fact("accelerator_power_w", 401))}, BOX, "its accelerators are capped at 401 W, above their own 400 W"),
        ({BOX: server(fact("memory_b", 2e12))}, BOX, "memory_b 2e+12 is no whole number of MiB: what is sold as 1 GB of host memory is 2^30 bytes"),
        ({"accelerators/README.md": "hello"}, "accelerators/README.md", "is no TOML file"),
        ({"servers/acme-box.toml~": "hello"}, "servers/acme-box.toml~", "is no TOML file"),
        ({CHIP: ACCELERATOR.replace('"one", ', '"one",\n')}, CHIP, "its aliases are not all on one line"),
        ({"accelerators/acme-two.toml": chip(aliases="Two")}, None, None),
        ({"accelerators/acme-two.toml": chip(aliases="Acme_One")}, "accelerators/acme-two.toml", "its name 'acmeone' is also one of acme-one-40gb"),
        ({"servers/one.toml": server(aliases="the-one")}, "servers/one.toml", "its name 'one' is also one of acme-one-40gb"),
        ({"sources.toml": f'{SOURCES}[other]\ntitle = "x"\npublisher = "y"\n'}, "sources.toml", "[other] lacks published, licence"),
        ({"sources.toml": f'other = "x"\n{SOURCES}'}, "sources.toml", "[other] lacks title, publisher, published, licence"),
        (
            {"grid.csv": WORLD["grid.csv"] + line("grid", "XQ", 2024, 50, "lifecycle", "production")},
            "grid.csv, XQ",
            "the zone is neither in zones.csv nor a region",
        ),
        ({"grid.csv": WORLD["grid.csv"] + line("grid", "zeta:norfolk", 2024, 50, "lifecycle", "production")}, None, None),
        ({"market.csv": line("market", "XQ", 2018, 50, "residual")}, "market.csv, XQ", "the zone is neither in zones.csv nor a region"),
        ({"market.csv": line("market", "zeta:norfolk", 2024, 0, "provider")}, None, None),
        ({"electricity.csv": line("electricity", "XQ", 2024, 0.1, "industrial")}, "electricity.csv, XQ", "the zone is not in zones.csv"),
        ({"prices.csv": line("prices", "acme-nine", "", "acme", "", "on_demand", 2024, 8, 16)}, "prices.csv, acme-nine", "the accelerator is unknown"),
        ({"facilities.csv": line("facilities", "acme", "fleet", 2024, 0.9)}, "facilities.csv, acme", "pue 0.9 is outside 1 to 5"),
        ({"facilities.csv": line("facilities", "acme", "fleet", 2024, 1.1, source="")}, "facilities.csv, acme", "has no source"),
        ({"facilities.csv": line("facilities", "acme", "fleet", 2024, 1.1, source="nobody")}, "facilities.csv, acme", "source 'nobody' is not in sources.toml"),
        ({"published_runs.csv": RUNS}, None, None),
        ({"published_runs.csv": RUNS.replace("published,", "primary,")}, "published_runs.csv, one", f"evidence 'primary' is none of {', '.join(KINDS)}"),
        ({"published_runs.csv": RUNS.replace(";acme", ";other")}, "published_runs.csv, two", "source 'other-2020-datasheet' is not in sources.toml"),
        ({"published_runs.csv": RUNS.replace("table 2", "")}, "published_runs.csv, two", "has no locator"),
        ({"published_runs.csv": "id,evidence,source,locator\none,published,,table 1\n"}, "published_runs.csv, one", "has no source"),
        ({"sources.toml": SOURCES.replace('"single figures cited"', '" "')}, "sources.toml", "[acme-2020-datasheet] lacks licence"),
        ({"embodied.csv": line("embodied", "acme-box", "server", "heavy")}, "embodied.csv, acme-box", "kgco2e 'heavy' is not a number"),
    ],
)
def test_a_fault_alone_is_the_only_one_found(faults_with, files, place, what):
    assert faults_with(files) == ([] if place is None else [Fault(place, what)])


def test_a_region_in_a_zone_without_intensity_is_at_fault(faults_with):
    zone, region = line("zones", "XQ", "country", "Nowhere"), line("regions", "acme:q", "acme", "q", "Q", "XQ")
    found = faults_with({"zones.csv": WORLD["zones.csv"] + zone, "regions.csv": WORLD["regions.csv"] + region})
    assert found == [Fault("regions.csv, acme:q", "its zone 'XQ' has no row in grid.csv")]
    found = faults_with({"region_grids.csv": line("region_grids", "acme:q", "XQ") + line("region_grids", "acme:paris-1", "FR")})
    assert found == [
        Fault("region_grids.csv, acme:q", "it is neither in regions.csv nor in zones.csv"),
        Fault("region_grids.csv, acme:q", "its grid 'XQ' has no row in grid.csv"),
    ]


@pytest.mark.parametrize(
    ("file", "content", "part"),
    [
        ("accelerators/acme-two.toml", "name = ", "is not TOML"),
        ("accelerators/acme-two.toml", chip(fact("colour", 5)), "unknown fact 'colour'"),
        ("accelerators/acme-two.toml", chip(fact("price_usd", 0)), "[price_usd] '0' is not a positive number"),
        ("accelerators/acme-two.toml", chip(fact("price_usd", 5, locator="")), "[price_usd] has no locator"),
        ("servers/acme-two.toml", server(colour="red"), "unknown key 'colour'"),
        ("servers/acme-two.toml", b"name = '\xff'", "cannot read"),
        ("zones.csv", b"zone,name\nFR,France\n", "the columns are not those of the schema"),
        ("techniques.csv", "lora,tuning\n", "2 cells instead of 15 in the row of 'lora'"),
        ("equivalents.csv", b"\xff\xfe", "cannot read"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_fault_and_stops_nothing(faults_with, file, content, part):
    found = [fault for fault in faults_with({file: content, "servers/README": ""}) if fault.place in (file, "servers/README")]
    assert [fault.place for fault in found if part in fault.what] == [file]
    assert Fault("servers/README", "is no TOML file") in found


def test_a_bibliography_that_is_no_toml_is_a_fault_and_leaves_its_facts_without_source(faults_with):
    first, *rest = faults_with({"sources.toml": "[acme"})
    assert first.place == "sources.toml"
    assert rest
    assert {fault.what.partition("source ")[2] for fault in rest} == {"'acme-2020-datasheet' is not in sources.toml"}


@pytest.mark.parametrize(("nameplate", "cap"), [(3200, 400), (2400, 300)])
def test_a_nameplate_may_be_below_the_chips_caps_where_the_server_caps_them(faults_with, nameplate, cap):
    assert faults_with({BOX: server(fact("max_power_w", nameplate), fact("accelerator_power_w", cap))}) == []


def test_a_server_without_known_power_or_chips_without_a_cap_are_no_fault(faults_with):
    assert faults_with({CHIP: chip(without="board_power_w"), BOX: server(fact("max_power_w", 100))}) == []


def test_an_overlay_may_add_but_not_shadow_a_source(make_root):
    ours = make_root(FULL, folder="ours")
    own = make_root({"sources.toml": SOURCES.replace("acme-2020", "mine-2026"), BOX: fact("price_usd", 9000, source="mine-2026-datasheet")}, folder="own")
    assert check(Database([ours, own])).faults == []
    shadowing = make_root({"sources.toml": SOURCES}, folder="shadowing")
    what = f"[acme-2020-datasheet] in {shadowing} shadows a source of the same key: give it a key of its own"
    assert check(Database([ours, shadowing])).faults == [Fault("sources.toml", what)]


def test_a_fault_that_an_overlay_brings_is_found_in_the_whole(make_root):
    ours = make_root(FULL, folder="ours")
    own = make_root({CHIP: fact("board_power_w", 900), BOX: fact("max_power_w", 5000)}, folder="own")
    assert check(Database([ours, own])).faults == [
        Fault(BOX, "8 accelerators of 900 W exceed the nameplate of 5000 W; accelerator_power_w states a lower cap in this server")
    ]


def test_all_faults_are_reported_not_the_first_alone(faults_with):
    found = faults_with({CHIP: chip(fact("idle_power_w", 401), type=""), "facilities.csv": line("facilities", "acme", "fleet", "", "x", source="")})
    assert sorted(fault.place for fault in found) == [CHIP, CHIP, *["facilities.csv, acme"] * 3]


def test_a_server_and_an_accelerator_of_one_id_clash(faults_with):
    found = faults_with({"servers/acme-one-40gb.toml": server(aliases="the-one")})
    assert found == [Fault("servers/acme-one-40gb.toml", "its name 'acmeone40gb' is also one of acme-one-40gb")]


def test_matrix_products_faster_than_the_peak_are_a_fault(faults_with):
    (fault,) = faults_with({BOX: server(fact("gemm_bf16_flop_per_s", 120e12))})
    assert fault == Fault(BOX, "matrix products at 1.2e+14 FLOP/s exceed the bf16 peak of 1e+14")
    assert faults_with({BOX: server(fact("gemm_bf16_flop_per_s", 105e12))}) == []
    assert faults_with({BOX: server(fact("gemm_fp8_flop_per_s", 500e12))}) == []


@pytest.mark.parametrize(
    ("file", "what"),
    [
        ("acelerators/acme-two.toml", "is not read: there is no table or folder of that name"),
        ("price.csv", "is not read: there is no table or folder of that name"),
        ("servers.toml", "is not read: there is no table or folder of that name"),
    ],
)
def test_a_file_that_nothing_reads_is_a_fault(make_root, file, what):
    root = make_root({**FULL, file: ""})
    assert check(Database([root])).faults == [Fault(file.partition("/")[0], f"in {root} {what}")]


def test_a_folder_in_place_of_a_table_and_a_file_in_place_of_a_folder_are_faults(make_root):
    root = make_root({"servers": "", "sources.toml/x": ""}, folder="other")
    faults = check(Database([make_root(FULL), root])).faults
    assert Fault("servers", f"in {root} must be a folder") in faults
    assert Fault("sources.toml", f"in {root} must be a file") in faults


def test_notes_beside_the_facts_are_welcome(make_root):
    assert check(Database([make_root({**FULL, "README.md": "", "notes.txt": "", ".git/config": "", "LICENSE": "", "benches/a.json": ""})])).faults == []
