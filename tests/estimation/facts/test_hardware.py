"""What the hardware brings in: its peak, its power and the making of it."""

import math

import pytest

from acme import PLAN, WORLD, chip, fact, line, server, subject_of
from traincarbon.database.records import PRECISIONS
from traincarbon.errors import PlanError
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.facts.hardware import measured_ceiling, peak_facts, power_facts
from traincarbon.uncertain import Uncertain, median_of

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


def test_a_chip_without_any_peak_has_none_at_whatever_precision(make):
    database = make({CHIP: peaks()})
    for precision in (None, "bf16"):
        found = peak_facts(subject_of(database, precision=precision), database)
        assert (found.precision, found.peak_flop_per_s, found.assumed_precision) == ("", None, None)


def test_memory_is_noted_where_it_is_known_with_the_share_that_is_usable(make):
    for files, known in (({}, {"memory_b": 40e9, "usable_memory_share": 0.7}), ({CHIP: chip(without="memory_b")}, {})):
        database = make(files)
        found = peak_facts(subject_of(database), database)
        assert {given.name: given.value for given in (found.memory_b, found.usable_memory_share) if given is not None} == known


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


@pytest.mark.parametrize(("precision", "share"), [("bf16", 0.8), ("fp8", 0.8), ("fp32", 0.5), ("tf32", None)])
def test_narrow_formats_start_from_the_products_at_16_bits(make, precision, share):
    files = {
        CHIP: chip(fact("peak_fp32_flop_per_s", 10e12), fact("peak_fp8_flop_per_s", 200e12), fact("peak_tf32_flop_per_s", 50e12)),
        BOX: server(fact("gemm_bf16_flop_per_s", 80e12), fact("gemm_fp32_flop_per_s", 5e12)),
    }
    subject = subject_of(make(files))
    assert measured_ceiling(subject.hardware, subject.accelerator, precision) == share


@pytest.mark.parametrize("kind", ["derived", "assumed", "measured"])
def test_a_cap_that_is_known_as_a_range_brings_its_own_spread(make, kind):
    cap = chip(fact("board_power_w", 400, kind=kind, note="x", low=200, high=800), without="board_power_w")
    spreads, exact = (power_of(make({CHIP: text})).power_share.value.spreads for text in (cap, chip()))
    assert spreads["power_cap"] == pytest.approx(math.log(4.0) / (2.0 * 1.6448536))
    assert spreads["power"] == exact["power"]
    assert "power_cap" not in exact


@pytest.mark.parametrize(
    ("keys", "share", "exponent"),
    [
        ({}, 0.75, 0.5),
        ({"segment": "datacentre"}, 0.75, 0.5),
        ({"segment": "consumer"}, 0.9, 0.1),
        ({"segment": "laptop"}, 0.75, 0.1),  # no share of its own
        ({"type": "tpu", "segment": "consumer"}, 0.75, 0.5),
        ({"type": "cpu", "segment": "laptop"}, 0.8, 0.05),
        ({"type": "soc", "segment": "laptop"}, 0.6, 0.08),
    ],
)
def test_the_law_of_power_is_that_of_who_an_accelerator_is_made_for(make, keys, share, exponent):
    laws = [("share", "segment=consumer", 0.9), ("share", "type=cpu", 0.8), ("exponent", "segment=*", 0.1), ("exponent", "type=cpu", 0.05)]
    laws += [("share", "type=soc", 0.6), ("exponent", "type=soc", 0.08)]
    priors = WORLD["priors.csv"] + "".join(line("priors", f"power_{what}", scope, median) for what, scope, median in laws)
    power = power_of(make({CHIP: chip(**keys), "priors.csv": priors}))
    assert (median_of(power.power_share.value), power.power_exponent.value) == (share, exponent)


def test_the_reason_says_what_the_cap_is_and_claims_no_measurement_where_the_share_is_assumed(shipped):
    reasons = [power_of(shipped, hw).power_share.reason for hw in ("rtx-4090", "i9-13900k", "apple-m2")]
    assert reasons == [
        "mean power as a share of the power cap, from measured runs",
        "mean power as a share of the thermal design power, from measured runs",
        "mean power as a share of the most that the whole computer takes",
    ]


def test_a_processor_that_is_its_whole_machine_has_no_host_beside_it(make):
    files = {CHIP: chip(type="cpu"), BOX: server(fact("max_power_w", 3200))}
    assert power_of(make(files)).max_power_w.value == 3200.0
    answer = estimate(database=make(files), **PLAN, goodput=1.0)
    (host,) = [step for step in answer.steps if step.name == "host_power_w"]
    assert host.value == 0.0
