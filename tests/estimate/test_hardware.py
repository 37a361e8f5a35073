"""What the hardware brings: its peak, utilisation, power, and the making of it."""

import math

import pytest

from traincarbon.database.select import prior
from traincarbon.errors import PlanError
from traincarbon.estimate.inputs import settle
from traincarbon.estimate.plan import Plan


def given(database, name, **fields):
    return settle(Plan(**{"hw": "dgx-a100", **fields}), database).given[name]


def test_the_peak_is_the_dense_one_of_the_precision(shipped):
    # NVIDIA A100: 312 TFLOP/s BF16, 156 TF32, 19.5 FP32, without sparsity
    assert given(shipped, "peak_flop_per_s").value == 312e12
    assert given(shipped, "peak_flop_per_s", precision="tf32").value == 156e12
    assert given(shipped, "peak_flop_per_s", precision="fp32").value == 19.5e12
    assert given(shipped, "peak_flop_per_s").source


def test_the_usual_precision_is_an_assumption_and_a_stated_one_is_not(shipped):
    assert given(shipped, "precision").assumed
    assert given(shipped, "precision").value == "bf16"
    assert "precision" not in settle(Plan(hw="dgx-a100", precision="bf16"), shipped).given


def test_an_older_chip_is_used_at_the_precision_that_it_has(shipped):
    assert given(shipped, "precision", hw="v100-sxm2-32gb").value == "fp16"


def test_a_precision_that_the_chip_lacks_is_refused_with_those_that_it_has(shipped):
    with pytest.raises(PlanError, match="has no fp8 rate") as caught:
        settle(Plan(hw="dgx-a100", precision="fp8"), shipped)
    assert all(name in caught.value.hint for name in ("bf16", "fp16", "tf32", "fp32"))


def test_a_chip_of_no_known_peak_is_refused_with_what_to_do(make_database, accelerator_toml):
    database = make_database({"accelerators/acme-one-40gb.toml": accelerator_toml[: accelerator_toml.index("[peak")]})
    with pytest.raises(PlanError, match="no peak rate of Acme One") as caught:
        settle(Plan(hw="acme-one-40gb"), database)
    assert "acme-one-40gb.toml" in caught.value.hint


def test_the_expected_utilisation_is_an_assumption_with_its_spread(shipped):
    mfu = given(shipped, "mfu")
    assert mfu.assumed
    assert 0.2 < mfu.value.median < 0.6
    assert 0.1 < mfu.value.sigma < 1.0
    assert list(mfu.value.spreads) == ["mfu"]


def test_the_expected_utilisation_is_that_of_the_generation_where_one_is_known(shipped):
    known = {row["scope"] for row in shipped.rows("priors", "mfu")}
    assert "generation=ampere" in known
    assert "ampere" in given(shipped, "mfu").reason
    strange = next(
        chip for chip in shipped.products("accelerators") if f"generation={chip.keys['generation']}" not in known and chip.value("peak_fp32_flop_per_s")
    )
    assert "none is published" in given(shipped, "mfu", hw=strange.id).reason
    assert given(shipped, "mfu", hw=strange.id).value.sigma >= prior(shipped, "mfu", "generation=*")[1].sigma


@pytest.mark.parametrize(
    ("fields", "scopes"),
    [
        ({"family": "vision"}, ("family=vision", "family=*")),
        ({"family": "encoder-decoder"}, ("family=seq2seq", "family=*")),
        ({"params": 9e9, "active_params": 1e9}, ("family=moe-lm", "family=*")),
        ({"kind": "lora"}, ("kind=lora", "kind=*")),
        ({"precision": "fp32"}, ("precision=fp32", "precision=*")),
    ],
)
def test_what_is_trained_moves_the_expected_utilisation_by_the_published_factor(fields, scopes, shipped):
    def factor(*wanted):
        return next((found[1].median for scope in wanted if (found := prior(shipped, "mfu_factor", scope))), 1.0)

    plain, other = given(shipped, "mfu"), given(shipped, "mfu", **fields)
    replaced = factor("family=dense-lm", "family=*") if scopes[1] == "family=*" else 1.0
    assert other.value.median == pytest.approx(plain.value.median * factor(*scopes) / replaced)
    assert scopes[0] in other.reason or factor(*scopes) == 1.0


def test_family_and_kind_that_are_not_said_are_assumptions(shipped):
    assert [given(shipped, name).value for name in ("family", "kind")] == ["decoder", "pretrain"]
    stated = settle(Plan(hw="dgx-a100", family="decoder", kind="finetune"), shipped).given
    assert "family" not in stated
    assert "kind" not in stated


def test_power_comes_from_the_cap_and_the_nameplate(shipped):
    # NVIDIA A100 SXM4: 400 W; DGX A100: 6.5 kW at most
    assert given(shipped, "board_power_w").value == 400.0
    assert given(shipped, "max_power_w").value == 6500.0
    assert not given(shipped, "max_power_w").assumed


def test_a_bare_chip_has_the_nameplate_of_servers_like_it(shipped):
    nameplate = given(shipped, "max_power_w", hw="a100-sxm4-80gb")
    assert nameplate.assumed
    assert 400.0 < nameplate.value.median < 2000.0


def test_a_chip_of_no_known_power_has_no_energy_and_says_so(shipped, make_root, accelerator_toml):
    from traincarbon.database.load import Database
    from traincarbon.estimate.chain import estimate

    start, end = accelerator_toml.index("[board_power_w]"), accelerator_toml.index("[memory_b]")
    own = make_root({"accelerators/acme-one-40gb.toml": accelerator_toml[:start] + accelerator_toml[end:]})
    answer = estimate(params=7e9, tokens=1e12, hw="acme-one-40gb", accelerators=8, database=Database([*shipped.roots, own]))
    assert answer["it_energy_kwh"] is answer["operational_kgco2e"] is answer["electricity_usd"] is None
    assert answer.median("duration_s") == pytest.approx(answer.median("accelerator_hours_h") * 450)
    assert any("board_power_w" in warning for warning in answer.warnings)


def test_making_the_hardware_is_the_middle_of_what_is_published_with_its_share_of_a_server(shipped):
    chip = settle(Plan(hw="dgx-a100"), shipped).accelerator
    published = [float(row["kgco2e"]) for row in shipped.rows("embodied", chip.id) if row["scope"] == "accelerator"]
    servers = [row for row in shipped.rows("embodied", "dgx-a100") if row["scope"] == "server"]
    made = given(shipped, "hardware_kgco2e")
    if servers:
        assert made.value.median == pytest.approx(float(servers[0]["kgco2e"]) / 8)
        return
    rest = prior(shipped, "host_kgco2e", "*")[1].median
    assert made.value.median == pytest.approx(math.exp(sum(map(math.log, published)) / len(published)) + rest)
