"""What the hardware brings in for the emissions of making it."""

import math

import pytest

from acme import PLAN, WORLD, chip, fact, line, server, subject_of
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.facts.making import embodied_facts
from traincarbon.uncertain import Uncertain

CHIP, BOX = "accelerators/acme-one-40gb.toml", "servers/acme-box.toml"
SCALING = "".join(
    line("priors", name, scope, median, sigma, 3)
    for name, scope, median, sigma in (
        ("reference_kgco2e", "*", 300, 0.5),
        ("making_share", "part=memory", 0.5, ""),
        ("making_share", "part=logic", 0.2, ""),
        ("area_factor", "process_nm=7", 0.8, ""),
        ("host_kgco2e_per_gib", "*", 2, 0.6),
    )
)
"""Priors that scale the making of hardware from an H100, which the small world lacks."""


@pytest.fixture
def make(make_database):
    """Return a function that opens the small world with these files in it, and with the priors of scaling."""

    def opened(files=None, *, scaling=""):
        given = {**WORLD, **(files or {})}
        return make_database({**given, "priors.csv": given["priors.csv"] + scaling})

    return opened


def embodied_of(database, hw="acme-box"):
    return embodied_facts(subject_of(database, hw), database).hardware_kgco2e


def test_the_making_of_a_whole_server_is_shared_over_its_accelerators(make):
    rows = line("embodied", "acme-box", "server", 2400) + line("embodied", "acme-one-40gb", "accelerator", 100)
    given = embodied_of(make({"embodied.csv": rows}))
    assert given.value == Uncertain(300.0, {"embodied": 0.4})
    assert (given.reason, given.assumed) == ("making Acme Box, shared over its accelerators", False)


def test_without_one_it_is_the_geometric_mean_of_the_chip_s_figures_and_a_share_of_a_host(make):
    rows = "".join(line("embodied", "acme-one-40gb", "accelerator", kg) for kg in (100, 400))
    for hw in ("acme-box", "acme-one-40gb"):
        given = embodied_of(make({"embodied.csv": rows}), hw)
        # √(100 × 400) = 200, and 200 of the host; half of each spread
        assert given.value.median == pytest.approx(400.0)
        assert given.value.spreads == pytest.approx({"embodied": 0.5 * 0.4 + 0.5 * 0.6})
        assert given.reason == "making Acme One 40GB (2 published values) and its share of a server"
        assert given.assumed


def test_without_any_it_is_scaled_from_an_h100_by_memory_dies_and_power(make):
    files = {CHIP: chip(fact("memory_b", 40e9), fact("die_area_mm2", 407), fact("process_nm", 7), without="memory_b")}
    given = embodied_of(make(files, scaling=SCALING))
    # 300 × (0.5 × 40/80 + 0.2 × 407 × 0.8/814 + 0.3 × 400/700) = 150.4, and 200 of a host of unknown memory
    assert given.value.median == pytest.approx(300.0 * (0.25 + 0.08 + 0.3 * 4.0 / 7.0) + 200.0)
    assert given.reason == "making Acme One 40GB (scaled from an H100 by memory, dies and power) and its share of a server"
    assert [link.name for link, _, _ in given.derivation] == ["accelerator_kgco2e", "hardware_kgco2e"]


def test_a_die_of_unknown_area_is_taken_in_proportion_to_the_power(make):
    given = embodied_of(make({CHIP: chip(fact("memory_b", 80e9), without="memory_b")}, scaling=SCALING))
    assert given.value.median == pytest.approx(300.0 * (0.5 + 0.2 * 4.0 / 7.0 + 0.3 * 4.0 / 7.0) + 200.0)


def test_the_share_of_a_host_follows_from_its_memory(make):
    rows = {"embodied.csv": line("embodied", "acme-one-40gb", "accelerator", 100), BOX: server(fact("memory_b", 2**40))}
    given = embodied_of(make(rows, scaling=SCALING))
    # 2 kg a GiB × 1,024 GiB / 8 = 256 kg
    assert given.value.median == pytest.approx(356.0)
    assert math.isclose(given.value.sigma, (100.0 * 0.4 + 256.0 * 0.6) / 356.0, rel_tol=1e-6)


def test_a_processor_alone_is_part_of_its_server(make):
    given = embodied_of(make({CHIP: chip(type="cpu")}, scaling=SCALING), "acme-one-40gb")
    assert given.value.median == pytest.approx(200.0)


def test_figures_of_another_scope_are_not_mixed_in(make):
    others = ("accelerator-by-method", "server-by-method", "accelerator-with-server-share", "server-without-accelerators", "baseboard", "die")
    rows = "".join(line("embodied", item, scope, 900) for item in ("acme-box", "acme-one-40gb") for scope in others)
    assert embodied_of(make({"embodied.csv": rows})) is None
    given = embodied_of(make({"embodied.csv": rows + line("embodied", "acme-one-40gb", "accelerator", 100)}))
    assert given.value.median == pytest.approx(300.0)


def test_without_any_figure_the_embodied_emissions_are_absent(make):
    answer = estimate(database=make(), **PLAN)
    assert (answer["embodied_kgco2e"], answer["total_kgco2e"]) == (None, None)
