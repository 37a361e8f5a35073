"""The prior of utilisation: of whole runs, or of steps where the plan states what reduces them over the run."""

import math
from functools import partial

import pytest

from acme import PLAN, WORLD, chip, fact, line, priors, server, subject_of
from traincarbon.errors import DatabaseError
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.facts.hardware import gemm_ceiling, speed_up_of
from traincarbon.estimation.facts.utilisation import truncated, utilisation_facts
from traincarbon.uncertain import Uncertain

CHIP, BOX = "accelerators/acme-one-40gb.toml", "servers/acme-box.toml"


@pytest.fixture
def make(make_database):
    """Return a function that opens the small world with these files in it."""
    return lambda files=None: make_database({**WORLD, **(files or {})})


def peaks(*precisions):
    """Return the chip with the peaks of *precisions* alone, that of the n-th n × 1e12."""
    return chip(*(fact(f"peak_{precision}_flop_per_s", (n + 1) * 1e12) for n, precision in enumerate(precisions)), without="peak_bf16_flop_per_s")


def mfu_of(database, **fields):
    return utilisation_facts(subject_of(database, **fields), database).mfu


def derived(given):
    """Return the utilisation by the formulas, before it is cut off at the rate of matrix products."""
    return given.derivation[-1][2]


def test_the_utilisation_of_a_generation_with_runs_is_its_own(make):
    given = mfu_of(make())
    assert given.value == Uncertain(0.32, {"mfu": 0.3})
    assert given.assumed
    assert given.reason == "prior from published whole runs on acme, × 1.00 for family=dense-lm"


def test_a_generation_without_runs_has_that_of_all_and_says_so(make):
    given = mfu_of(make({CHIP: chip(generation="unseen")}))
    assert given.value == truncated(Uncertain(0.24, {"mfu": 0.5}), 1.0)
    assert given.reason.startswith("prior from published whole runs on other hardware: none is published for unseen, ")


def test_of_the_shipped_generations_none_is_less_certain_than_one_without_runs(shipped):
    rows = {row["scope"]: row for row in shipped.rows("priors", "mfu") if row["n"] != "0"}
    anywhere = rows.pop("generation=*")
    assert len(rows) >= 10
    for scope, row in rows.items():
        assert float(row["sigma_ln"]) < float(anywhere["sigma_ln"]), scope


@pytest.mark.parametrize(
    ("fields", "factor", "sigmas"),
    [
        ({"family": "decoder"}, 1.0, ()),
        ({"kind": "pretrain"}, 1.0, ()),
        ({"precision": "bf16"}, 1.0, ()),
        ({"family": "encoder-decoder"}, 0.8, (0.4,)),
        ({"family": "vision"}, 0.7, (0.6,)),
        ({"kind": "finetune"}, 0.9, (0.4,)),
        ({"precision": "fp8"}, 0.5, (0.4,)),
        ({"precision": "fp32"}, 0.6, (0.4,)),
        ({"is_moe": True}, 0.5, (0.2,)),
        ({"is_moe": True, "family": "vision"}, 0.5, (0.2,)),
        # 0.8 × 0.9 × 0.5
        ({"family": "encoder-decoder", "kind": "finetune", "precision": "fp8"}, 0.36, (0.4, 0.4, 0.4)),
    ],
)
def test_the_effects_of_family_kind_and_precision_multiply_and_widen(make, fields, factor, sigmas):
    given = mfu_of(make({CHIP: peaks("bf16", "fp8", "fp32")}), **fields)
    expected = truncated(Uncertain(0.32 * factor, {"mfu": math.hypot(0.3, *sigmas)}), 1.0)
    assert given.value.median == pytest.approx(expected.median)
    assert given.value.spreads == pytest.approx(expected.spreads)
    assert math.prod(float(part.split()[0]) for part in given.reason.split("× ")[1:]) == pytest.approx(factor)


def test_a_family_on_hardware_with_runs_of_it_has_its_factor_there(make):
    database = make({"priors.csv": priors() + line("priors", "mfu_factor", "family=vision;generation=acme", 1.1, 0.2)})
    assert derived(mfu_of(database, family="vision")) == pytest.approx(0.32 * 1.1)
    elsewhere = make({"priors.csv": priors() + line("priors", "mfu_factor", "family=vision;generation=zeta", 1.1, 0.2)})
    assert derived(mfu_of(elsewhere, family="vision")) == pytest.approx(0.32 * 0.7)


@pytest.mark.parametrize(
    ("fields", "is_known"), [({"family": "vision"}, True), ({"family": "speech"}, False), ({}, False), ({"family": "vision", "is_goodput_stated": True}, False)]
)
def test_what_light_images_cost_is_a_fact_of_whole_runs_of_images(shipped, fields, is_known):
    found = utilisation_facts(subject_of(shipped, "dgx-a100", **fields), shipped)
    assert [given is not None for given in (found.mfu_ample_image_s, found.mfu_light_exponent)] == [is_known] * 2


def test_a_prior_of_utilisation_never_reaches_the_peak(make):
    database = make({"priors.csv": priors().replace("generation=acme,0.32", "generation=acme,1.4")})
    assert derived(mfu_of(database)) == 0.95


def test_family_and_kind_that_are_not_said_are_assumptions_and_those_said_are_not(make):
    database = make()
    for fields, expected in (({}, {"family": "decoder", "kind": "pretrain"}), ({"family": "vision", "kind": "finetune"}, {})):
        found = utilisation_facts(subject_of(database, **fields), database)
        assert {given.name: given.value for given in (found.assumed_family, found.assumed_kind) if given is not None} == expected


def test_a_database_without_a_prior_of_utilisation_is_refused(make):
    database = make({"priors.csv": line("priors", "usable_memory_share", "*", 0.7) + line("priors", "layout_memory_share", "*", 0.95)})
    with pytest.raises(DatabaseError, match=r"^priors\.csv has no mfu,generation=\*$"):
        mfu_of(database)


def test_a_narrow_format_has_less_of_its_higher_peak(make):
    database = make({"priors.csv": priors() + line("priors", "mfu_narrow_share", "*", 0.75), CHIP: peaks("bf16", "fp8")})
    chip_of = subject_of(database).accelerator
    speed_up = chip_of.value("peak_fp8_flop_per_s") / chip_of.value("peak_bf16_flop_per_s")
    wide, narrow = (mfu_of(database, precision=precision).value.median for precision in ("bf16", "fp8"))
    # the prior's own factor for fp8 is a half
    assert narrow == pytest.approx(0.5 * wide / (0.75 + 0.25 * speed_up))
    assert speed_up_of(chip_of, "int3") == 1.0


def test_a_format_saves_no_more_hours_than_its_peak_is_higher(make):
    """Runs at eight bits are of few teams: what they reach beyond the peak is not the format's."""
    rows = priors().replace(",precision=fp8,0.5,", ",precision=fp8,3,") + line("priors", "mfu_narrow_share", "*", 0.75)
    database = make({CHIP: peaks("bf16", "fp8"), "priors.csv": rows})
    wide, narrow = (mfu_of(database, precision=precision) for precision in ("bf16", "fp8"))
    assert derived(narrow) == pytest.approx(derived(wide))
    assert "× 1.25 for precision=fp8, no more than the peak is higher" in narrow.reason


def test_a_chip_takes_part_in_its_generation_by_the_matrix_products_measured_on_it(make):
    ceilings = line("priors", "gemm_ceiling", "generation=*", 0.8) + line("priors", "gemm_ceiling", "generation=acme", 0.75)
    ours = line("priors", "gemm_ceiling", "accelerator=acme-one-40gb", 0.6)
    for more, ratio in ((ceilings, 1.0), (ceilings + ours, 0.6 / 0.75)):
        database = make({"priors.csv": priors() + more})
        assert derived(mfu_of(database)) == pytest.approx(0.32 * ratio)


def test_a_chip_without_runs_starts_from_the_matrix_products_measured_on_it(make, shipped):
    ceilings = line("priors", "gemm_ceiling", "generation=*", 0.8) + line("priors", "gemm_ceiling", "generation=unseen", 0.6)
    given = mfu_of(make({"priors.csv": priors() + ceilings, CHIP: chip(generation="unseen")}))
    assert derived(given) == pytest.approx(0.24 * 0.6 / 0.8)
    assert "× 0.75 for the best matrix products measured on Acme One 40GB" in given.reason
    better = ceilings.replace("generation=unseen,0.6", "generation=unseen,0.9")
    assert derived(mfu_of(make({"priors.csv": priors() + better, CHIP: chip(generation="unseen")}))) == 0.24
    assert gemm_ceiling(shipped, shipped.product("accelerators", "mi300x")) < gemm_ceiling(shipped, shipped.product("accelerators", "gaudi2"))


def test_matrix_products_measured_on_the_machine_scale_its_utilisation(make):
    def mfu_of(files):
        database = make(files)
        return utilisation_facts(subject_of(database), database).mfu

    usual, measured = mfu_of({}), mfu_of({BOX: server(fact("gemm_bf16_flop_per_s", 60e12))})
    (ceiling,) = {gemm_ceiling(make(), "acme")}
    # 60 of 100 TFLOP/s, where the generation's ceiling is what the prior holds for
    assert measured.value.median == pytest.approx(usual.value.median * 0.6 / ceiling)
    assert "for the best matrix products measured on acme-box" in measured.reason


def test_a_stated_goodput_starts_from_the_steps_instead(make):
    database = make()
    whole, steps = (utilisation_facts(subject_of(database, is_goodput_stated=stated), database).mfu for stated in (False, True))
    assert (whole.value.median, steps.value.median) == (0.32, 0.4)
    assert steps.reason == "prior of the steps from published steps on acme, × 1.00 for family=dense-lm"
    assert estimate(database=database, **PLAN).median("mfu") == 0.32
    assert estimate(database=database, **PLAN, goodput=0.9).median("mfu") == pytest.approx(0.36)


def test_steps_of_a_family_without_any_have_the_factor_of_its_whole_runs(make):
    database = make()
    assert derived(mfu_of(database, is_goodput_stated=True, family="encoder-decoder")) == pytest.approx(0.4 * 0.8)
    own = make({"priors.csv": priors() + line("priors", "step_mfu_factor", "family=seq2seq", 0.5, 0.1)})
    assert derived(mfu_of(own, is_goodput_stated=True, family="encoder-decoder")) == pytest.approx(0.4 * 0.5)
    assert derived(mfu_of(own, family="encoder-decoder")) == pytest.approx(0.32 * 0.8)


def test_few_parameters_on_an_accelerator_slow_steps_and_leave_whole_runs_alone(make):
    # of a chip of 100 TFLOP/s: 1.56e8 × 100 / 312 = 5e7
    ask = partial(estimate, database=make({"priors.csv": priors(mfu_ample_params=1.56e8)}), **PLAN)
    # 1e9 parameters over 80 accelerators are 1.25e7 each, a quarter of 5e7: (1 / 4) ^ 0.5 = 0.5
    assert ask(goodput=1.0).median("mfu") == pytest.approx(0.4)
    assert ask(goodput=1.0, servers=2).median("mfu") == pytest.approx(0.4)
    assert ask(goodput=1.0, servers=10).median("mfu") == ask(goodput=1.0, accelerators=80).median("mfu") == pytest.approx(0.2)
    assert ask(servers=10).median("mfu") == ask(servers=2).median("mfu") == 0.32
    assert ask(servers=10, mfu=0.4).median("mfu") == 0.4


def test_a_mixture_of_experts_uses_less_of_its_hardware_the_fewer_of_its_parameters_are_active(make):
    mixture = {**PLAN, "params": 1.6e10, "active_params": 1e9}
    ask = partial(estimate, database=make({"priors.csv": priors() + line("priors", "mfu_sparse_exponent", "*", 0.25)}), **mixture)
    # 0.32 × 0.5 for the family, and a sixteenth of the parameters are active: (1 / 16) ^ 0.25 = 0.5
    assert ask().median("mfu") == pytest.approx(0.32 * 0.5 * 0.5)
    assert ask(active_params=1.6e10).median("mfu") == 0.32
    assert ask(goodput=0.9).median("mfu") == pytest.approx(0.9 * 0.4 * 0.5)
    assert ask(mfu=0.3).median("mfu") == 0.3
    assert estimate(database=make(), **mixture).median("mfu") == pytest.approx(0.32 * 0.5)


def test_an_interval_ends_at_the_rate_of_matrix_products(make):
    wide = Uncertain(0.5, {"mfu": 0.5})
    cut = truncated(wide, 0.8)
    low, high = cut.interval(0.9)
    assert high < 0.8 < wide.interval(0.9)[1]
    assert low < wide.interval(0.9)[0] * 1.02
    assert truncated(wide, 100.0) is wide
    database = make({"priors.csv": priors() + line("priors", "gemm_ceiling", "generation=acme", 0.5)})
    assert mfu_of(database).value.interval(0.9)[1] < 0.5


@pytest.mark.parametrize("most", [0.3, 0.5, 0.8, 1.2, 2.0])
def test_a_limit_only_lowers_and_narrows(most):
    wide = Uncertain(0.29, {"mfu": 0.4})
    cut = truncated(wide, most)
    assert cut.median <= wide.median
    assert cut.sigma <= wide.sigma
    assert cut.interval(0.9)[1] <= most


def test_hardware_without_runs_is_not_above_its_neighbours(shipped):
    def of(hw):
        return estimate(params=7e9, tokens=1e12, hw=hw, database=shipped)["mfu"]

    older, newer = of("v100-sxm2-32gb"), of("a100-sxm4-80gb")
    assert of("t4").median < newer.median
    assert of("p100-sxm2").median <= older.median
    assert of("l40s").median <= min(of("h100-sxm5-80gb").median, of("b200-sxm-180gb").median)
    for hw in ("p100-sxm2", "l40s", "tpu-v6e"):
        assert of(hw).high / of(hw).low > newer.high / newer.low, hw


def test_a_slow_format_reaches_more_of_its_peak_because_only_products_wait_for_it(make):
    slow_at_fp32 = chip(fact("peak_fp16_flop_per_s", 8e12), fact("peak_fp32_flop_per_s", 1e12), without="peak_bf16_flop_per_s")
    database = make({CHIP: slow_at_fp32, "priors.csv": priors() + line("priors", "mfu_narrow_share", "*", 0.7)})
    fast, slow = (mfu_of(database, precision=precision) for precision in ("fp16", "fp32"))
    assert "at 0.125 × the 16-bit peak" in slow.reason
    assert derived(slow) == pytest.approx(derived(fast) * 0.6 / (0.7 + 0.3 * 0.125))


@pytest.mark.parametrize(("card", "module"), [("geforce-rtx-3090", "a100-sxm4-80gb"), ("rtx-a6000", "a100-sxm4-80gb")])
def test_a_card_is_less_certain_than_the_modules_whose_runs_are_published_and_has_no_run_like_it(shipped, card, module):
    of_card, of_module = (utilisation_facts(subject_of(shipped, hw=hw), shipped) for hw in (card, module))
    assert of_card.mfu.value.sigma > of_module.mfu.value.sigma
    assert of_card.support == (0, *of_module.support[1:])
    assert of_module.support.alike > 10
    assert "is a card and these runs are of datacentre modules" in of_card.mfu.reason


def test_a_card_of_a_generation_with_few_runs_keeps_its_own_width(shipped):
    assert "is a card" not in utilisation_facts(subject_of(shipped, hw="rtx-4090"), shipped).mfu.reason
