"""The figures by which people know the subject, held to the bands that the documentation claims."""

import pytest

import traincarbon
from traincarbon.validation.landmarks import LANDMARKS, inside, landmark_estimates, relative, share_inside

CASES = {case.run.id: case for case in landmark_estimates()}
OUTSIDE = "strubell-bert-base-v100"
"""It is sized as BERT base by Strubell et al., while its hours are those of NVIDIA's BERT large, so that they imply a utilisation of 4 %."""
WITHOUT_HOSTS = "llama1-65b"
"""Its published energy is hours x power cap x 1.1, without the hosts that an estimate includes, and lies 3 % below the interval."""


def test_560_dgx_a100_with_their_network_cost_of_the_order_of_100_million_dollars():
    answer = traincarbon.estimate(params=530e9, tokens=270e9, hw="dgx-a100", servers=560, purchase_price=199e3)
    # 560 x 199,000 $ = 111 M$, of which the network between servers adds 0.19 / 0.81
    assert answer["purchase_usd"].median == pytest.approx(560 * 199e3 / 0.81)
    assert 100e6 < answer["purchase_usd"].median < 160e6


def test_the_nameplate_of_a_dgx_a100_is_six_and_a_half_kilowatts():
    assert traincarbon.open_database().product("servers", "dgx-a100").value("max_power_w") == 6500.0


def test_megatron_turing_took_between_one_and_four_million_accelerator_hours():
    answer = traincarbon.estimate(params=530e9, tokens=270e9, hw="dgx-a100", servers=280)
    # 68,665 steps of 3,932,160 tokens at 60.1 s on 2,240 accelerators (Smith et al. 2022, table 2)
    published_h = 270e9 / 3_932_160 * 60.1 * 2240 / 3600
    assert answer["accelerator_hours_h"].low < published_h < answer["accelerator_hours_h"].high


@pytest.mark.parametrize("id", [id for id in LANDMARKS if id != OUTSIDE])
def test_the_published_hours_lie_in_the_interval_from_the_plan_alone(id):
    assert inside(CASES[id].hours, CASES[id].run.hours_h)


@pytest.mark.parametrize("id", [id for id in LANDMARKS if id not in (OUTSIDE, WITHOUT_HOSTS)])
def test_the_published_energy_lies_in_the_interval_from_the_plan_alone(id):
    assert inside(CASES[id].energy, CASES[id].run.energy_kwh)


def test_bert_sized_as_base_with_the_hours_of_a_large_one_lies_outside_its_intervals_and_the_energy_of_llama_without_its_hosts_just_below():
    assert not inside(CASES[OUTSIDE].hours, CASES[OUTSIDE].run.hours_h)
    assert CASES[OUTSIDE].run.energy_kwh > CASES[OUTSIDE].energy.high
    energy, published_kwh = CASES[WITHOUT_HOSTS].energy, CASES[WITHOUT_HOSTS].run.energy_kwh
    assert 0.92 * energy.low < published_kwh < energy.low
    assert share_inside(list(CASES.values())) == (13, 16)


@pytest.mark.parametrize("id", [id for id, case in CASES.items() if case.energy_is_measured])
def test_measured_energy_follows_from_the_published_hours_within_15_percent(id):
    case = CASES[id]
    assert abs(relative(case.energy_from_hours_kwh, case.run.energy_kwh)) <= 0.15


@pytest.mark.parametrize(
    ("id", "column", "published"),
    [
        ("strubell-bert-base-v100", "energy_kwh", 1507), ("strubell-bert-base-v100", "co2e_t", 0.65227),  # Strubell et al. 2019, table 3: 1,438 lb
        ("gpt3-175b", "energy_kwh", 1_287_000), ("gpt3-175b", "co2e_t", 552.1),  # Patterson et al. 2021, table 4, as the next four
        ("t5-11b", "energy_kwh", 85_700), ("t5-11b", "co2e_t", 46.7),
        ("meena", "energy_kwh", 232_000), ("meena", "co2e_t", 96.4),
        ("gshard-600b", "energy_kwh", 24_100), ("gshard-600b", "co2e_t", 4.3),
        ("switch-1.5t", "energy_kwh", 179_000), ("switch-1.5t", "co2e_t", 59.1),
        ("bloom-176b", "energy_kwh", 433_196), ("bloom-176b", "accelerator_hours", 1_082_990),  # Luccioni et al. 2022
        ("llama1-65b", "accelerator_hours", 1_022_362), ("llama1-65b", "energy_kwh", 449_000),  # Touvron et al. 2023, table 15
    ],
)  # fmt: skip
def test_the_golden_rows_hold_what_the_papers_say(id, column, published):
    assert getattr(CASES[id].run, column) == published


@pytest.mark.parametrize("id", LANDMARKS)
def test_co2e_follows_from_published_energy_and_intensity_within_2_percent(id):
    case = CASES[id]
    assert abs(relative(case.co2e_from_energy_t, case.run.co2e_t)) <= 0.02


def test_the_flight_of_the_paper_is_1984_pounds_of_co2e():
    (flight,) = traincarbon.open_database().rows("equivalents", "flight-ny-sf")
    assert float(flight["value"]) == pytest.approx(1984 * 0.45359237, rel=1e-4)


def test_berts_published_co2e_is_less_than_that_of_one_flight():
    (flight,) = traincarbon.open_database().rows("equivalents", "flight-ny-sf")
    bert_kg = CASES[OUTSIDE].run.co2e_t * 1e3
    assert bert_kg == pytest.approx(652.27)
    assert bert_kg < float(flight["value"])
