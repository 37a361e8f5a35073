"""What is known of a run in advance, in a made-up world and in the shipped database; no question makes the lookup fail."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acme import WORLD, line, priors
from conftest import SERVER
from traincarbon.decode import decode, encode
from traincarbon.tracking.value import rates
from traincarbon.tracking.value.rates import look_up
from traincarbon.tracking.value.valuation import RunQuestion, Valuation

BOARDS = {"gpu:GPU-1": "Acme One", "gpu:GPU-2": "Acme One", "cpu:0": "Some Processor"}
TRACKING = line("priors", "meter", "*", 1, 0.03) + line("priors", "host_rest_share", "*", 0.2, 0.5)


def question_of(*, devices=None, accelerators=None, nodes=1, plan=None, database=None, **stated):
    return RunQuestion(stated, plan, devices or {}, accelerators, nodes, database)


@pytest.fixture
def ask(make_database, monkeypatch):
    """Return a function that asks in the small world, with these files in it."""

    def answer(request, files=None):
        world = {**WORLD, "priors.csv": priors() + TRACKING, **(files or {})}
        monkeypatch.setattr(rates, "open_database", lambda _folder: make_database(world))
        return look_up(question_of(**request))

    return answer


def test_boards_are_found_by_what_their_driver_calls_them(ask):
    answer = ask({"devices": BOARDS, "accelerators": 2, "region": "FR"})
    assert answer.hw == "acme-one-40gb"
    known = answer.coefficients
    assert known.peak_flop_per_s.median == 100e12
    assert known.carbon_intensity.median == 40.0
    assert known.pue.median == 1.3
    assert known.meter.spreads == {"meter": 0.03}
    # no nameplate: servers of such chips have 1.5 × 400 W; half of the 200 W beyond is drawn
    assert known.host_w.median == pytest.approx(100.0)
    assert known.network_share is None
    assert answer.notes == ()


def test_the_user_s_word_for_the_hardware_wins(ask):
    answer = ask({"devices": BOARDS, "hw": "acme-box"})
    assert answer.hw == "acme-box"


def test_several_nodes_have_switches_between_them(ask):
    assert ask({"hw": "acme-box", "nodes": 2}).coefficients.network_share.median == 0.05


def test_without_a_region_the_range_of_the_world_is_an_assumption(ask):
    answer = ask({"hw": "acme-box"})
    assert answer.coefficients.carbon_intensity.spreads == {"carbon_intensity": 0.9}
    assert "carbon_intensity: no region named: the grids of cloud regions, weighted by the electricity of data centres" in answer.assumptions


def test_what_the_user_gives_is_exact_and_no_assumption(ask):
    answer = ask({"hw": "acme-box", "pue": 1.1, "carbon_intensity": 20, "electricity_price": "0.05..0.2", "rent_price": 3})
    known = answer.coefficients
    assert (known.pue.median, known.pue.spreads, known.carbon_intensity.median) == (1.1, {}, 20.0)
    assert known.electricity_usd_per_kwh.interval() == pytest.approx((0.05, 0.2))
    assert (known.rent_usd_per_h.median, answer.is_rented) == (3.0, True)
    assert not any(text.startswith(("pue", "carbon_intensity", "electricity_price")) for text in answer.assumptions)


def test_a_cloud_region_makes_it_rented_where_a_rent_is_known(ask):
    prices = {"prices.csv": line("prices", "acme-one-40gb", "acme-box", "acme", "acme:paris-1", "on_demand", "2024-01", 8, 16)}
    rented = ask({"devices": BOARDS, "region": "acme:paris-1"}, prices)
    assert (rented.is_rented, rented.coefficients.rent_usd_per_h.median) == (True, pytest.approx(2.0))
    assert ask({"devices": BOARDS, "region": "FR"}, prices).is_rented is False
    assert ask({"devices": BOARDS, "region": "acme:paris-1"}, {"prices.csv": ""}).is_rented is False


def test_a_cloud_instance_is_rented_and_an_own_server_is_not(ask):
    prices = {"prices.csv": line("prices", "acme-one-40gb", "acme-box", "acme", "", "on_demand", "2024-01", 8, 16)}
    instance = {"servers/acme-cloud.toml": SERVER.replace('operator = "on-prem"', 'operator = "acme"').replace("Acme Box", "Acme Cloud")}
    assert ask({"hw": "acme-box"}, prices).is_rented is False
    assert ask({"hw": "acme-cloud"}, prices | instance).is_rented is True


def test_a_plan_without_accelerators_is_for_those_of_all_nodes(ask):
    plan = {"params": 1e9, "tokens": 1e11, "region": "FR"}
    one, two = (ask({"devices": BOARDS, "accelerators": 8, "nodes": nodes, "plan": plan}).plan.results for nodes in (1, 2))
    both = ask({"devices": BOARDS, "accelerators": 8, "nodes": 2, "plan": {**plan, "accelerators": 16}}).plan.results
    assert two["duration_s"] == both["duration_s"]
    assert two["duration_s"].median < one["duration_s"].median


def test_a_plan_says_what_to_expect_on_this_hardware(ask):
    answer = ask({"devices": BOARDS, "accelerators": 8, "plan": {"params": 1e9, "tokens": 1e11, "region": "FR", "batch_tokens": 1e6}})
    plan = answer.plan
    assert (plan.tokens, plan.batch_tokens, plan.params, plan.flop_per_token) == (1e11, 1e6, 1e9, pytest.approx(6e9))
    assert plan.results["duration_s"].low < plan.results["duration_s"].median < plan.results["duration_s"].high
    assert answer.coefficients.carbon_intensity.median == 40.0  # the plan's region holds for the run
    assert answer.flop_per_token == pytest.approx(6e9)


def test_the_request_wins_over_the_plan(ask):
    answer = ask({"devices": BOARDS, "accelerators": 8, "pue": 1.05, "plan": {"params": 1e9, "tokens": 1e11, "pue": 1.6}})
    assert answer.coefficients.pue.median == 1.05


def test_parameters_alone_give_the_work_of_a_token(ask):
    assert ask({"hw": "acme-box", "params": "7B"}).flop_per_token == pytest.approx(42e9)
    assert ask({"hw": "acme-box"}).flop_per_token is None


def test_a_machine_without_boards_still_has_a_place(ask):
    answer = ask({"devices": {"cpu:0": "Some Processor"}, "region": "FR"})
    known = answer.coefficients
    assert (answer.hw, known.host_w, known.embodied_kgco2e_per_h, known.peak_flop_per_s) == ("", None, None, None)
    assert known.carbon_intensity.median == 40.0


def test_an_unknown_gpu_is_noted(ask):
    answer = ask({"devices": {"gpu:0": "Quux 9000"}})
    assert answer.hw == ""
    assert answer.notes == ("'Quux 9000' is not in the hardware database: give --hw, or add it (carbon db path)",)


def test_gpus_of_two_kinds_are_noted(ask, accelerator_toml):
    two = accelerator_toml.replace("Acme One 40GB", "Acme Two").replace('["one", "acme-one"]', '["acme-two"]')
    answer = ask({"devices": {"gpu:0": "Acme One", "gpu:1": "Acme Two"}}, {"accelerators/acme-ii.toml": two})
    assert answer.hw == "acme-one-40gb"
    assert answer.notes == ("this machine has GPUs of several kinds: CO2e and cost are those of Acme One 40GB",)


@pytest.mark.parametrize(
    ("request_", "note"),
    [
        ({"hw": "nonsense"}, "no hardware 'nonsense'"),
        ({"region": "atlantis"}, "no region or zone 'atlantis'"),
        ({"pue": 0.5}, "pue is 0.5"),
        ({"carbon_intensity": "many"}, "carbon_intensity is"),
        ({"hw": "acme-box", "precision": "fp4"}, "has no fp4 rate"),
        ({"hw": "acme-box", "params": -1}, "params is -1"),
        ({"plan": {"nonsense": 1}}, "unknown key 'nonsense'"),
        ({"plan": {"params": 1e9}}, "the plan"),
        ({"region": "XQ"}, "no region or zone 'XQ'"),
    ],
)
def test_what_is_wrong_becomes_a_note_and_the_rest_is_known(ask, request_, note):
    answer = ask(request_)
    assert any(note in text for text in answer.notes), answer.notes
    assert answer.plan is None
    assert answer.coefficients.pue.median == 1.3


def test_a_folder_of_facts_that_is_not_there_is_a_note_and_ours_serve():
    answer = look_up(question_of(hw="dgx-a100", database="/nonexistent"))
    assert answer.hw == "dgx-a100"
    assert any("/nonexistent" in note for note in answer.notes)


_VALUES = st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20) | st.lists(st.integers(), max_size=2) | st.just("x" * 300)


_FIELDS = ["hw", "region", "pue", "params", "precision", "start", "rent_price", "basis", "calibration"]


@given(st.dictionaries(st.sampled_from(_FIELDS), _VALUES), st.none() | st.dictionaries(st.sampled_from([*_FIELDS, "tokens", "nonsense"]), _VALUES))
def test_nothing_that_is_asked_makes_it_fail(stated, plan):
    answer = look_up(RunQuestion(stated, plan))
    assert decode(Valuation, json.loads(json.dumps(encode(answer)))) == answer


def test_a_real_board_in_a_real_region():
    answer = look_up(question_of(devices={"gpu:0": "NVIDIA H100 80GB HBM3"}, accelerators=1, region="aws:eu-north-1"))
    known = answer.coefficients
    assert answer.hw == "h100-sxm5-80gb"
    assert answer.is_rented
    assert all(value is not None for name, value in zip(known._fields, known, strict=True) if name != "network_share")


def test_the_rest_of_a_server_is_taken_as_a_calibration_found_it(shipped, tmp_path, monkeypatch):
    from made_runs import fitted, record, slower
    from traincarbon.calibration.store import save

    runs = []
    for each in slower(shipped, (1.3, 1.32, 1.28)):
        kwh = each.duration_s * 8 / 3.6e6
        runs.append(record(each.run_id, params=each.params, tokens=each.tokens, duration_s=each.duration_s, gpu_kwh=250.0 * kwh, other_kwh=90.0 * kwh))
    monkeypatch.setenv("CARBON_CALIBRATIONS", str(tmp_path))
    monkeypatch.setattr(rates, "open_database", lambda _folder: shipped)
    save(fitted(runs, shipped).calibration)
    host = {name: look_up(question_of(hw="dgx-a100", plan={"calibration": name})).coefficients.host_w for name in ("mine", "none")}
    assert host["mine"].median == pytest.approx(90.0, rel=0.12)
    assert host["mine"].sigma < host["none"].sigma
    assert look_up(question_of(hw="dgx-a100")).coefficients.host_w.median == host["mine"].median
    assert any("no calibration 'other'" in note for note in look_up(question_of(hw="dgx-a100", plan={"calibration": "other"})).notes)
