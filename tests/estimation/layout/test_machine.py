"""The machine that steps run on, from the facts about a chip and its servers."""

import pytest

from traincarbon.errors import DatabaseError
from traincarbon.estimation.layout.machine import constant, machine_of, sustained_of


def machine(shipped, chip, precision="bf16", n=1024.0, server=None, **known):
    return machine_of(shipped, shipped.product("accelerators", chip), precision=precision, accelerators=n, server=server, known=known)


def test_an_a100_stands_in_a_dgx_unless_said_otherwise(shipped):
    # 600 GB/s both ways; 8 × 200 Gb/s a server
    found, assumed = machine(shipped, "a100-sxm4-80gb")
    assert found[:6] == (312e12, 312e12, 2.039e12, 300e9, 25e9, 8.0)
    assert assumed == []


def test_the_server_named_goes_before_the_makers_own(shipped):
    # p4d: 400 Gb/s for eight
    found, _ = machine(shipped, "a100-sxm4-40gb", server=shipped.product("servers", "aws-p4d.24xlarge"))
    assert found.network_bandwidth_b_per_s == pytest.approx(400e9 / 8 / 8)


def test_scores_and_head_run_at_16_bits_beside_products_at_8(shipped):
    found, _ = machine(shipped, "h100-sxm5-80gb", "fp8")
    assert found.attention_peak_flop_per_s * 2 == pytest.approx(found.peak_flop_per_s, rel=1e-3)


def test_fast_links_join_a_whole_pod_of_tpus(shipped):
    assert machine(shipped, "tpu-v5p")[0].domain == 8960


def test_what_is_known_otherwise_goes_before_the_facts(shipped):
    found, _ = machine(shipped, "a100-sxm4-80gb", domain=4.0, network_bandwidth_b_per_s=1e9, tensor_share=0.5)
    assert (found.domain, found.network_bandwidth_b_per_s, found.tensor_share) == (4.0, 1e9, 0.5)


@pytest.mark.parametrize(("n", "names"), [(1.0, []), (8.0, ["domain", "host_link_b_per_s", "network_b_per_s"])])
def test_links_that_nobody_knows_are_assumed_only_where_they_are_used(shipped, n, names):
    _, assumed = machine(shipped, "rtx-4090", n=n)
    assert [name for name, _, _ in assumed] == names


@pytest.mark.parametrize(("chip", "n"), [("gaudi2", 8.0), ("trainium1", 16.0), ("mi250x", 4.0)])
def test_an_accelerator_stands_in_the_largest_server_that_is_known_to_hold_it(shipped, chip, n):
    assert machine(shipped, chip)[0].domain == n


@pytest.mark.parametrize("chip", ["h800-sxm5-80gb", "a800-sxm4-80gb", "h20-96gb"])
def test_boards_for_china_are_joined_by_eight(shipped, chip):
    # a domain of one would send every exchange of DeepSeek-V3 over the network
    assert machine(shipped, chip)[0].domain == 8.0


ALONE = {"ascend-910b", "gh200-144gb", "gh200-96gb", "mi455x", "v100-dgxs-32gb"}
"""Chips with fast links of which no server is known, nor one of chips like them."""


def test_chips_with_fast_links_are_joined_but_for_those_listed(shipped):
    fast = [chip for chip in shipped.products("accelerators") if chip.value("link_bandwidth_b_per_s") and "PCIe" not in chip.keys.get("form_factor", "")]
    alone = set()
    for chip in fast:
        precision = next(name for name in ("bf16", "fp16", "fp8", "int8") if chip.value(f"peak_{name}_flop_per_s"))
        found, assumed = machine_of(shipped, chip, precision=precision, accelerators=64.0)
        if found.domain == 1.0:
            alone.add(chip.id)
            assert assumed[0] == ("domain", 1.0, "no server with this accelerator is known: one accelerator a server")
    assert len(fast) >= 35
    assert alone == ALONE


def test_a_chip_without_a_server_stands_in_one_of_chips_with_the_same_links_and_it_is_said(shipped):
    found, assumed = machine(shipped, "b100-sxm-192gb")
    like, of_its_own = machine(shipped, "b200-sxm-180gb")
    assert (found.domain, found.network_bandwidth_b_per_s) == (8.0, like.network_bandwidth_b_per_s)
    assert assumed == [("domain", 8.0, "no server with this accelerator is known: servers as NVIDIA DGX B200, whose accelerators have the same links")]
    assert of_its_own == []


@pytest.mark.parametrize("changed", [{}, {"generation": "hopper"}, {"form_factor": "SXM5"}, {"link_bandwidth_b_per_s": 900e9}])
def test_chips_of_another_generation_form_or_link_lend_no_server(shipped, changed):
    b200 = shipped.product("accelerators", "b200-sxm-180gb")
    facts = {name: fact._replace(value=changed.get(name, fact.value)) for name, fact in b200.facts.items()}
    keys = {**b200.keys, **{name: value for name, value in changed.items() if name in b200.keys}}
    new = b200._replace(id=f"new-{'-'.join(changed)}", keys=keys, facts=facts)
    assert machine_of(shipped, new, precision="bf16", accelerators=64.0)[0].domain == (1.0 if changed else 8.0)


def test_what_is_known_of_a_machine_is_not_assumed(shipped):
    assert [name for name, _, _ in machine(shipped, "gh200-96gb", domain=32.0)[1]] == ["network_b_per_s"]
    assert "domain" not in [name for name, _, _ in machine(shipped, "gh200-96gb", n=1.0)[1]]


def test_servers_that_hold_cards_are_not_denied(shipped):
    _, assumed = machine(shipped, "a100-pcie-80gb")
    assert assumed[0][2] == "no fast links between all cards of a server are known: each exchange is taken as one between servers"


@pytest.mark.parametrize(("chip", "precision"), [("rtx-3090", "bf16"), ("h100-pcie-80gb", "bf16"), ("t4", "fp16")])
def test_cards_are_not_joined_by_fast_links(shipped, chip, precision):
    assert machine(shipped, chip, precision)[0].domain == 1.0


def test_a_rate_that_is_not_known_is_refused(shipped):
    with pytest.raises(DatabaseError, match="no fp8 rate of a100-sxm4-80gb"):
        machine(shipped, "a100-sxm4-80gb", "fp8")


def test_what_is_reached_is_the_generations_times_that_of_precision_and_chip(shipped):
    base = sustained_of(shipped, accelerator="a100-sxm4-80gb", generation="ampere", precision="bf16").gemm_efficiency
    assert base == constant(shipped, "gemm_efficiency", "generation=ampere")
    given = sustained_of(shipped, accelerator="gb300", generation="blackwell", precision="fp8", gemm_efficiency=0.5).gemm_efficiency
    factors = constant(shipped, "gemm_precision_factor", "blackwell:fp8") * constant(shipped, "gemm_chip_factor", "accelerator=gb300")
    assert given == pytest.approx(0.5 * factors)


def test_an_unknown_generation_reaches_the_mean_of_the_known(shipped):
    found = sustained_of(shipped, accelerator="x", generation="unheard-of", precision="bf16")
    assert found.gemm_efficiency == constant(shipped, "gemm_efficiency", "generation=*")


def test_a_constant_that_is_nowhere_is_refused(shipped):
    with pytest.raises(DatabaseError, match="no unheard_of"):
        constant(shipped, "unheard_of", "*")
