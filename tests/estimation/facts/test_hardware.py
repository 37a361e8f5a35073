"""What the hardware brings in: its peak, the prior of its utilisation, its power and the making of it."""

import math

import pytest

from acme import PLAN, WORLD, chip, fact, line, priors, server, subject_of
from traincarbon.database.records import PRECISIONS
from traincarbon.errors import DatabaseError, PlanError
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.facts.hardware import (
    gemm_ceiling,
    measured_ceiling,
    peak_facts,
    power_facts,
    speed_up_of,
    utilisation_facts,
)
from traincarbon.uncertain import Uncertain

CHIP, BOX = "accelerators/acme-one-40gb.toml", "servers/acme-box.toml"


@pytest.fixture
def make(make_database):
    """Return a function that opens the small world with these files in it."""
    return lambda files=None: make_database({**WORLD, **(files or {})})


def peaks(*precisions):
    """Return the chip with the peaks of *precisions* alone, that of the n-th n × 1e12."""
    return chip(*(fact(f"peak_{precision}_flop_per_s", (n + 1) * 1e12) for n, precision in enumerate(precisions)), without="peak_bf16_flop_per_s")


@pytest.mark.parametrize(
    ("precisions", "used"),
    [
        (PRECISIONS, "bf16"),
        (("fp32", "fp16", "tf32"), "fp16"),
        (("fp32", "tf32", "fp8"), "tf32"),
        (("fp8", "fp32"), "fp32"),
        (("fp8",), "fp8"),
        (("fp8", "fp4"), "fp4"),
    ],
)
def test_without_a_precision_the_usual_one_for_training_is_taken_and_said(make, precisions, used):
    database = make({CHIP: peaks(*precisions)})
    found = peak_facts(subject_of(database), database)
    assert found.peak_flop_per_s.value == (precisions.index(used) + 1) * 1e12
    assert (found.precision, found.assumed_precision.value, found.assumed_precision.assumed) == (used, used, True)


def test_a_precision_that_is_said_is_taken_and_is_no_assumption(make):
    database = make({CHIP: peaks("bf16", "fp8")})
    found = peak_facts(subject_of(database, precision="fp8"), database)
    assert found.peak_flop_per_s.value == 2e12
    assert found.peak_flop_per_s.reason == "dense fp8 peak of Acme One 40GB"
    assert (found.precision, found.assumed_precision) == ("fp8", None)


def test_a_sparse_peak_is_never_taken(make):
    database = make({CHIP: chip(fact("peak_bf16_sparse_flop_per_s", 200e12), fact("peak_fp8_sparse_flop_per_s", 400e12))})
    found = peak_facts(subject_of(database), database)
    assert found.peak_flop_per_s.value == 100e12
    with pytest.raises(PlanError, match=r"^Acme One 40GB has no fp8 rate$"):
        peak_facts(subject_of(database, precision="fp8"), database)


def test_a_precision_that_the_chip_lacks_is_refused_with_those_that_it_has(make):
    database = make({CHIP: peaks("fp16", "fp32")})
    with pytest.raises(PlanError, match=r"^Acme One 40GB has no bf16 rate$") as caught:
        peak_facts(subject_of(database, precision="bf16"), database)
    assert caught.value.hint == "it has fp32, fp16"


def test_a_chip_without_any_peak_is_refused(make):
    database = make({CHIP: peaks()})
    with pytest.raises(PlanError, match=r"^no peak rate of Acme One 40GB is known$"):
        peak_facts(subject_of(database), database)


def test_memory_is_noted_where_it_is_known_with_the_share_that_is_usable(make):
    for files, known in (({}, {"memory_b": 40e9, "usable_memory_share": 0.7}), ({CHIP: chip(without="memory_b")}, {})):
        database = make(files)
        found = peak_facts(subject_of(database), database)
        assert {given.name: given.value for given in (found.memory_b, found.usable_memory_share) if given is not None} == known


def mfu_of(database, **fields):
    return utilisation_facts(subject_of(database, **fields), database).mfu


def test_the_utilisation_of_a_generation_with_runs_is_its_own(make):
    given = mfu_of(make())
    assert given.value == Uncertain(0.4, {"mfu": 0.3})
    assert given.assumed
    assert given.reason == "prior of the steps from published runs on acme, × 1.00 for family=dense-lm"


def test_a_generation_without_runs_has_that_of_all_and_says_so(make):
    given = mfu_of(make({CHIP: chip(generation="unseen")}))
    assert given.value == Uncertain(0.3, {"mfu": 0.5})
    assert given.reason.startswith("prior of the steps from published runs on any hardware: none is published for unseen, ")


def test_of_the_shipped_generations_none_is_less_certain_than_one_without_runs(shipped):
    rows = {row["scope"]: row for row in shipped.rows("priors", "mfu")}
    anywhere = rows.pop("generation=*")
    assert len(rows) >= 5
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
    assert given.value.median == pytest.approx(0.4 * factor)
    assert given.value.spreads == pytest.approx({"mfu": math.hypot(0.3, *sigmas)})
    assert math.prod(float(part.split()[0]) for part in given.reason.split("× ")[1:]) == pytest.approx(factor)


def test_a_prior_of_utilisation_never_reaches_the_peak(make):
    database = make({"priors.csv": priors().replace("generation=acme,0.4", "generation=acme,1.4")})
    assert mfu_of(database).value.median == 0.95


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


def test_a_chip_takes_part_in_its_generation_by_the_matrix_products_measured_on_it(make):
    ceilings = line("priors", "gemm_ceiling", "generation=*", 0.8) + line("priors", "gemm_ceiling", "generation=acme", 0.75)
    ours = line("priors", "gemm_ceiling", "accelerator=acme-one-40gb", 0.6)
    for more, ratio in ((ceilings, 1.0), (ceilings + ours, 0.6 / 0.75)):
        database = make({"priors.csv": priors() + more})
        assert mfu_of(database).value.median == pytest.approx(0.4 * ratio)


def test_a_chip_without_runs_starts_from_the_matrix_products_measured_on_it(make, shipped):
    ceilings = line("priors", "gemm_ceiling", "generation=*", 0.8) + line("priors", "gemm_ceiling", "generation=unseen", 0.6)
    given = mfu_of(make({"priors.csv": priors() + ceilings, CHIP: chip(generation="unseen")}))
    assert given.value.median == pytest.approx(0.3 * 0.6 / 0.8)
    assert "× 0.75 for the best matrix products measured on Acme One 40GB" in given.reason
    assert gemm_ceiling(shipped, shipped.product("accelerators", "mi300x")) < gemm_ceiling(shipped, shipped.product("accelerators", "gaudi2"))


def test_a_model_is_spread_thinly_only_over_a_number_of_accelerators_that_is_said(make):
    # of a chip of 100 TFLOP/s: 1.56e8 × 100 / 312 = 5e7
    database = make({"priors.csv": priors(mfu_ample_params=1.56e8)})
    # 1e9 parameters over 80 accelerators are 1.25e7 each, a quarter of 5e7: (1 / 4) ^ 0.5 = 0.5; goodput 0.8 besides
    assert estimate(database=database, **PLAN).median("mfu") == pytest.approx(0.32)
    assert estimate(database=database, **PLAN, servers=2).median("mfu") == pytest.approx(0.32)
    assert estimate(database=database, **PLAN, servers=10).median("mfu") == pytest.approx(0.16)
    assert estimate(database=database, **PLAN, accelerators=80).median("mfu") == pytest.approx(0.16)
    assert estimate(database=database, **PLAN, servers=10, mfu=0.4).median("mfu") == 0.4


def test_more_accelerators_are_interrupted_more_often(make):
    database = make({"priors.csv": priors(interruptions_per_h=1e-4, interruption_h=2.0, mfu_ample_params=1.0)})
    # 1 + 1000 × 1e-4 × 2 = 1.2
    few, many = (estimate(database=database, **PLAN, accelerators=n).median("mfu") for n in (8, 1000))
    assert many * 1.2 == pytest.approx(few * 1.0016)
    stated = [estimate(database=database, **PLAN, accelerators=n, goodput=0.8).median("mfu") for n in (8, 1000)]
    assert stated[0] == stated[1] == pytest.approx(0.32)


def power_of(database, hw="acme-box"):
    return power_facts(subject_of(database, hw), database)


def test_the_idle_draw_is_the_chip_s_own_where_it_is_known(make):
    given = power_of(make({CHIP: chip(fact("idle_power_w", 100))})).idle_share
    # 100 W of 400 W
    assert (given.value, given.assumed) == (0.25, False)
    prior = power_of(make()).idle_share
    assert (prior.value, prior.assumed) == (0.15, True)


def test_the_mean_draw_is_that_of_the_generation_else_of_all_and_its_spread_is_called_power(make):
    assert power_of(make()).power_share.value == Uncertain(0.75, {"power": 0.2})
    assert power_of(make({CHIP: chip(generation="later")})).power_share.value == Uncertain(0.9, {"power": 0.1})


def test_a_nameplate_that_is_known_is_certain(make):
    given = power_of(make({BOX: server(fact("max_power_w", 6500))})).max_power_w
    assert (given.value, given.assumed, given.reason) == (6500.0, False, "nameplate of Acme Box")


@pytest.mark.parametrize(
    ("keys", "ratio", "sigma"), [({}, 0.5, 0.3), ({"type": "asic"}, 0.5, 0.3), ({"type": "tpu"}, 0.25, 0.2), ({"generation": "later", "type": "tpu"}, 0.8, 0.1)]
)
def test_without_a_nameplate_the_ratio_of_such_chips_stands_in_with_its_spread(make, keys, ratio, sigma):
    given = power_of(make({CHIP: chip(**keys)})).max_power_w
    assert given.assumed
    # eight chips of 400 W, and the ratio on top; the spread weighs with the host's part
    assert given.value.median == pytest.approx(3200.0 * (1.0 + ratio))
    assert given.value.spreads == pytest.approx({"host": sigma * ratio / (1.0 + ratio)})


def test_a_nameplate_below_the_chips_own_caps_is_not_believed(make):
    for watts in (3000, 3200):
        given = power_of(make({BOX: server(fact("max_power_w", watts))})).max_power_w
        assert given.value.median == pytest.approx(4800.0)
        assert given.reason.startswith("its nameplate is below the accelerators' own power caps: ")


def test_a_chip_by_itself_has_a_share_of_a_server_that_it_would_stand_in(make):
    assert power_of(make(), "acme-one-40gb").max_power_w.value.median == pytest.approx(600.0)


def test_the_energy_with_a_nameplate_is_as_worked_by_hand(make):
    database = make({BOX: server(fact("max_power_w", 6400))})
    answer = estimate(database=database, **PLAN, goodput=1.0)
    # 6 × 1e9 × 1e11 = 6e20 FLOP over 100e12 × 0.4 FLOP/s = 1.5e7 s = 4166.67 h
    assert answer.median("accelerator_hours_h") == pytest.approx(4166.6667)
    # chip: 400 × 0.75 at the reference 0.4 = 300 W; host: (6400 / 8 - 400) × 0.5 = 200 W; network 5 %: 525 W
    assert answer.median("it_energy_kwh") == pytest.approx(4166.6667 * 0.525)


def test_without_the_power_of_the_chip_energy_is_absent_and_a_warning_names_it(make):
    answer = estimate(database=make({CHIP: chip(without="board_power_w"), BOX: server(fact("max_power_w", 6400))}), **PLAN, goodput=1.0)
    absent = {name for name, value in answer.values.items() if value is None}
    assert {"it_energy_kwh", "facility_energy_kwh", "operational_kgco2e", "total_kgco2e", "water_l", "electricity_usd", "own_usd"} <= absent
    assert answer.median("accelerator_hours_h") == pytest.approx(4166.6667)
    assert [text for text in answer.warnings if "Acme One 40GB" in text and "power" in text] == [
        "no power of Acme One 40GB is known: give board_power_w in a file of your own (carbon db path)"
    ]


def test_a_shipped_server_has_the_facts_of_its_datasheet(shipped):
    for precision, flop_per_s in ((None, 312e12), ("bf16", 312e12), ("tf32", 156e12), ("fp32", 19.5e12)):
        found = peak_facts(subject_of(shipped, "dgx-a100", precision=precision), shipped)
        assert found.peak_flop_per_s.value == flop_per_s
    power = power_of(shipped, "dgx-a100")
    assert (power.board_power_w.value, power.max_power_w.value, subject_of(shipped, "dgx-a100").accelerator_count) == (400.0, 6500.0, 8.0)


def test_a_shipped_chip_without_bf16_is_used_at_the_precision_that_it_has(shipped):
    found = peak_facts(subject_of(shipped, "v100-sxm2-32gb"), shipped)
    assert found.precision == "fp16"


def test_a_processor_trains_in_single_precision_where_nothing_is_said(make):
    peaks_of_a_processor = chip(fact("peak_fp32_flop_per_s", 1e12), type="cpu")
    database = make({CHIP: peaks_of_a_processor})
    assert peak_facts(subject_of(database), database).precision == "fp32"


def test_matrix_products_measured_on_the_machine_scale_its_utilisation(make):
    def mfu_of(files):
        database = make(files)
        return utilisation_facts(subject_of(database), database).mfu

    usual, measured = mfu_of({}), mfu_of({BOX: server(fact("gemm_bf16_flop_per_s", 60e12))})
    (ceiling,) = {gemm_ceiling(make(), "acme")}
    # 60 of 100 TFLOP/s, where the generation's ceiling is what the prior holds for
    assert measured.value.median == pytest.approx(usual.value.median * 0.6 / ceiling)
    assert "for the best matrix products measured on acme-box" in measured.reason


@pytest.mark.parametrize(("precision", "share"), [("bf16", 0.8), ("fp8", 0.8), ("fp32", 0.5), ("tf32", None)])
def test_narrow_formats_start_from_the_products_at_16_bits(make, precision, share):
    files = {
        CHIP: chip(fact("peak_fp32_flop_per_s", 10e12), fact("peak_fp8_flop_per_s", 200e12), fact("peak_tf32_flop_per_s", 50e12)),
        BOX: server(fact("gemm_bf16_flop_per_s", 80e12), fact("gemm_fp32_flop_per_s", 5e12)),
    }
    subject = subject_of(make(files))
    assert measured_ceiling(subject.hardware, subject.accelerator, precision) == share


def test_a_cap_found_on_the_machine_brings_its_own_spread_and_an_assumed_one_does_not(make):
    bounds = {"low": 200, "high": 800}
    spreads = {}
    for kind in ("derived", "assumed"):
        cap = chip(fact("board_power_w", 400, kind=kind, note="x", **bounds), without="board_power_w")
        spreads[kind] = power_of(make({CHIP: cap})).power_share.value.spreads
    assert spreads["derived"]["power_cap"] == pytest.approx(math.log(4.0) / (2.0 * 1.6448536))
    assert "power_cap" not in spreads["assumed"]
    assert spreads["derived"]["power"] == spreads["assumed"]["power"]


def test_a_processor_that_is_its_whole_machine_has_no_host_beside_it(make):
    files = {CHIP: chip(type="cpu"), BOX: server(fact("max_power_w", 3200))}
    assert power_of(make(files)).max_power_w.value == 3200.0
    answer = estimate(database=make(files), **PLAN, goodput=1.0)
    (host,) = [step for step in answer.steps if step.name == "host_power_w"]
    assert host.value == 0.0
