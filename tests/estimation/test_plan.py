"""What is asked: strict with what it is told, and written as it is read."""

import copy
import json
import pickle
from typing import get_type_hints

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from traincarbon.errors import OutOfRangeError, PlanError, QuantityError
from traincarbon.estimation.plan import Plan, overridden
from traincarbon.estimation.plan_fields import ALIASES, CHOICES, FIELDS, NUMBERS
from traincarbon.estimation.plan_keywords import FixedFields, PlanFields
from traincarbon.uncertain import Uncertain

MT_NLG = 'name = "MT-NLG"\nparams = 530e9\ntokens = "270B"\nhw = "dgx-a100"\nservers = 280\nmfu = "0.3..0.5"\n'
VALUES = {
    "positive": st.floats(1e-3, 1e15),
    "count": st.integers(1, 10**6).map(float),
    "share": st.one_of(st.floats(0.01, 1.0), st.just("0.3..0.5"), st.just("0.4±0.05")),
    "reduction": st.one_of(st.floats(0.01, 0.99), st.just(0.0), st.just("0.1..0.3")),
    "pue": st.floats(1.0, 10.0),
    "intensity": st.one_of(st.just(0.0), st.floats(1.0, 1500.0)),
    "factor": st.floats(1.0, 10.0),
    "price": st.floats(0.0, 1e3).filter(lambda price: price == 0.0 or price > 1e-20),
    "text": st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=20),
    "date": st.sampled_from(["2020", "2023-05", "2024-01-31"]),
}


def value_of(name):
    if name == "calibration":
        return st.just("none")
    return st.sampled_from(CHOICES[name]) if name in CHOICES else VALUES[FIELDS[name].check]


TOGETHER = ("accelerator_hours", "active_params", "days", "epochs", "flop", "flop_per_sample", "frames_per_s", "frozen_params", "gmac_per_sample", "hours")
TOGETHER += ("image_size", "kv_heads", "patch_size", "samples", "latent_factor", "frames", "frames_per_token", "text_tokens", "text_params")
TOGETHER += ("padding", "evaluation_tokens", "startup_hours", "reference_params", "generated_tokens")
TOGETHER += ("decoder_params", "images_per_sample", "mask_ratio", "global_crops", "local_crops", "local_size", "frozen_gmac_per_sample", "seconds_per_sample")
"""Fields that need others, or exclude them."""
PARTS = {"trainable_params": "params", "batch_tokens": "tokens", "seq_len": "batch_tokens"}


def coherent(fields):
    """The *fields* without numbers that are larger than what they are part of."""
    kept = {name: value for name, value in fields.items() if name not in PARTS}
    for part, whole in PARTS.items():
        if part in fields and fields[part] <= kept.get(whole, fields[part]):
            kept[part] = fields[part]
    return {name: kept[name] for name in FIELDS if name in kept}


plans = st.fixed_dictionaries({}, optional={name: value_of(name) for name in FIELDS if name not in TOGETHER}).map(coherent)


def test_every_field_is_an_attribute_that_may_be_left_out():
    assert all(getattr(Plan(), name) is None for name in FIELDS)
    assert list(Plan.__annotations__) == list(FIELDS)
    assert Plan().to_dict() == {}


def test_a_plan_is_frozen_and_can_be_copied_pickled_and_changed():
    plan = Plan(params="7B", tokens="1T..2T", hw="dgx-h100")
    assert pickle.loads(pickle.dumps(plan)) == copy.deepcopy(plan) == plan
    assert plan.__replace__(gpus=8) == Plan(params=7e9, tokens="1T..2T", hw="dgx-h100", accelerators=8)
    assert repr(plan) == "Plan(params=7000000000.0, tokens='1T..2T', hw='dgx-h100')"
    with pytest.raises(AttributeError, match="cannot assign params"):
        plan.params = 1.0
    with pytest.raises(AttributeError, match="cannot delete params"):
        del plan.params


def test_the_typed_fields_of_a_call_are_those_of_a_plan_with_the_same_types():
    types = {"Array": np.ndarray, "Uncertain": Uncertain}
    declared, typed = get_type_hints(Plan, localns=types), get_type_hints(PlanFields, localns=types)
    assert {name: kind for name, kind in typed.items() if name not in ALIASES} == declared
    assert {name: typed[name] for name in ALIASES} == {name: declared[field] for name, field in ALIASES.items()}
    assert set(declared) - set(get_type_hints(FixedFields, localns=types)) == {"hw", "region", "start", "rent"}


def test_a_mixture_of_experts_has_other_active_parameters_than_parameters():
    assert Plan(params=9e9, active_params=1e9).is_moe
    assert not any(plan.is_moe for plan in (Plan(params=9e9), Plan(params=9e9, active_params=9e9)))
    assert Plan(params=np.array([9e9, 1e9]), active_params=1e9).is_moe


def test_a_plan_is_read_from_a_file(tmp_path):
    file = tmp_path / "plan.toml"
    file.write_text(MT_NLG, encoding="utf-8")
    for plan in (Plan.read(file), Plan.read(str(file))):
        assert (plan.name, plan.params, plan.tokens, plan.hw, plan.servers) == ("MT-NLG", 530e9, 270e9, "dgx-a100", 280.0)
        assert plan.mfu == "0.3..0.5"


@given(plans)
def test_a_plan_comes_back_from_toml_and_from_json(fields):
    plan = Plan(**fields)
    assert Plan.from_toml(plan.to_toml()) == plan
    assert Plan.from_dict(json.loads(json.dumps(plan.to_dict()))) == plan
    assert list(plan.to_dict()) == [name for name in FIELDS if name in fields]


@pytest.mark.parametrize("name", ['a"b', "a\\b", "line\nbreak", "\r\t\x00\x7f\x85\u2028", "'''", '"""', "#", "=", "é", "\ufeff"])
def test_any_name_comes_back_from_toml(name):
    assert Plan.from_toml(Plan(name=name).to_toml()).name == name


def test_a_spread_of_one_s_own_comes_back_as_its_interval():
    back = Plan.from_toml(Plan(mfu=Uncertain(0.4, {"mine": 0.1})).to_toml())
    low, high = Uncertain(0.4, {"mine": 0.1}).interval(0.9)
    assert back.number("mfu").interval(0.9) == (pytest.approx(low), pytest.approx(high))


def test_a_plan_of_arrays_goes_to_json_and_not_to_one_file():
    plan = Plan(params=np.array([1e9, 2e9]), tokens=20e9)
    assert json.loads(json.dumps(plan.to_dict())) == {"params": [1e9, 2e9], "tokens": 20e9}
    with pytest.raises(PlanError, match="arrays"):
        plan.to_toml()


@pytest.mark.parametrize("mangle", [lambda text: "\ufeff" + text, lambda text: text.replace("\n", "\r\n")], ids=["byte-order mark", "CRLF"])
def test_marks_of_other_systems_are_read_over(mangle, tmp_path):
    file = tmp_path / "plan.toml"
    file.write_bytes(mangle(MT_NLG).encode())
    assert Plan.read(file) == Plan.from_toml(mangle(MT_NLG)) == Plan.from_toml(MT_NLG)


@pytest.mark.parametrize(("key", "meant"), [("token", "tokens"), ("parms", "params"), ("carbon-intensity", "carbon_intensity"), ("Region", "region")])
def test_an_unknown_key_is_answered_with_the_one_meant(key, meant):
    with pytest.raises(PlanError, match=key) as caught:
        Plan.from_dict({key: 1})
    assert caught.value.hint == f"did you mean {meant}?"


def test_a_key_like_no_other_is_answered_with_all():
    with pytest.raises(PlanError, match="'qqqq'") as caught:
        Plan.from_dict({"qqqq": 1})
    assert all(name in caught.value.hint for name in FIELDS)


def test_a_key_that_is_no_text_is_refused():
    with pytest.raises(PlanError, match="unknown key 3"):
        Plan.from_dict({3: 4})


@pytest.mark.parametrize(
    "text",
    ["params = ", "params 530e9", "[", 'name = "MT', "params = 1\nparams = 2", "a=" + "[" * 20_000, "params = " + "9" * 5_000, "\0", "params = 1_"],
    ids=["no value", "no sign", "a bracket", "a quote", "twice", "a deep nest", "many digits", "NUL", "a loose mark"],
)
def test_a_text_that_is_no_toml_is_refused(text):
    with pytest.raises(PlanError, match="not TOML") as caught:
        Plan.from_toml(text)
    assert caught.value.hint


@pytest.mark.parametrize(
    "text", ["params = true", "params = [1e9]", "params = {a = 1}", "start = 08:00:00", "name = 5", "hw = ['a']", "[params]\nvalue = 1", "mfu = 08:00:00"]
)
def test_a_value_of_the_wrong_type_is_refused(text):
    with pytest.raises(PlanError, match=text.strip("[").split(" ")[0].split("]")[0]):
        Plan.from_toml(text)


def test_a_file_cut_off_anywhere_gives_fewer_fields_or_an_error_of_ours():
    whole = Plan.from_toml(MT_NLG).to_dict()
    for end in range(len(MT_NLG)):
        try:
            part = Plan.from_toml(MT_NLG[:end])
        except (PlanError, QuantityError):
            continue
        assert part.to_dict().keys() <= whole.keys()


@pytest.mark.parametrize("place", ["nowhere.toml", ".", "a\0b", "x" * 5_000, "\ud800"])
def test_a_file_that_cannot_be_read_is_named(place, tmp_path):
    with pytest.raises(PlanError, match="cannot read"):
        Plan.read(f"{tmp_path}/{place}")


def test_bytes_that_are_no_text_of_utf_8_are_refused(tmp_path):
    file = tmp_path / "plan.toml"
    file.write_bytes(b'name = "caf\xe9"\n')
    with pytest.raises(PlanError, match="cannot read"):
        Plan.read(file)


def test_active_parameters_above_all_of_them_are_refused():
    for active, whole in ((671e9, 37e9), (np.array([1e9, 9e9]), 8e9), ("9B..12B", 8e9)):
        with pytest.raises(PlanError, match="active_params"):
            Plan(params=whole, active_params=active)
    assert Plan(params=671e9, active_params=37e9).active_params == 37e9
    assert Plan(params=8e9, active_params=8e9).active_params == 8e9


def test_a_utilisation_beside_accelerator_hours_is_a_contradiction():
    with pytest.raises(PlanError, match="mfu and accelerator_hours"):
        Plan(mfu=0.4, accelerator_hours=1e6)


def test_key_value_heads_need_the_heads_they_divide():
    with pytest.raises(PlanError, match="kv_heads"):
        Plan(kv_heads=8)
    assert Plan(heads=64, kv_heads=8).kv_heads == 8.0
    for heads, kv_heads in ((32, 5), (32, 64), (np.array([32.0, 30.0]), 4)):
        with pytest.raises(PlanError, match=r"heads .* do not divide by kv_heads"):
            Plan(heads=heads, kv_heads=kv_heads)


@pytest.mark.parametrize(
    ("part", "whole", "fields"),
    [
        ("trainable_params", "params", {"params": 7e9, "trainable_params": 70e9}),
        ("batch_tokens", "tokens", {"tokens": "1M", "batch_tokens": 4e6}),
        ("batch_tokens", "tokens", {"tokens": np.linspace(1e6, 9e6, 40), "batch_tokens": 4e6}),
        ("seq_len", "batch_tokens", {"seq_len": 4096, "batch_tokens": 10}),
    ],
)
def test_a_part_that_is_larger_than_its_whole_is_refused_in_one_line(part, whole, fields):
    with pytest.raises(PlanError, match=rf"^{part} .* exceeds? {whole} ") as caught:
        Plan(**fields)
    assert "\n" not in str(caught.value)
    assert caught.value.hint


def test_arrays_of_different_lengths_are_refused():
    with pytest.raises(PlanError, match="different shapes"):
        Plan(params=np.ones(2) * 1e9, tokens=np.ones(3) * 1e12)


def test_a_plan_is_frozen_and_equal_to_its_like():
    plan = Plan(params=np.array([1e9, 2e9]), mfu="0.3..0.5")
    assert plan == Plan(params=np.array([1e9, 2e9]), mfu="0.3..0.5")
    assert plan != Plan(params=np.array([1e9, 3e9]), mfu="0.3..0.5")
    assert Plan() != {}
    with pytest.raises(AttributeError):
        plan.params = 1.0


def test_a_number_is_had_as_it_computes_and_a_text_as_it_is():
    plan = Plan(params="7B", mfu="0.3..0.5", name="0.3..0.5")
    assert plan.number("params") == 7e9
    assert plan.number("mfu").spreads.keys() == {"mfu"}
    assert plan.number("name") == "0.3..0.5"
    assert plan.number("tokens") is None


def test_a_number_out_of_bounds_is_refused_by_name():
    with pytest.raises(OutOfRangeError, match="mfu is 40"):
        Plan(mfu=40)


@pytest.mark.parametrize("number", [np.int64(7_000_000_000), np.float32(7e9), np.array(7e9)])
def test_a_numpy_scalar_is_a_number(number):
    assert Plan(params=number).params == 7e9


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("params = 0\n", OutOfRangeError),
        ("params = 530B\n", PlanError),
        ('params = "530 B potatoes"\n', QuantityError),
        ("hw = 3\n", PlanError),
        ("foo = 1\n", PlanError),
    ],
)
def test_what_is_wrong_in_a_file_is_told_with_its_name(text, error, tmp_path):
    file = tmp_path / "second.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(error) as caught:
        Plan.read(file)
    assert str(caught.value).startswith(f"{file}: ")
    assert caught.value.hint


def test_a_number_with_an_ending_and_no_quotes_is_told_how_it_is_written():
    with pytest.raises(PlanError, match="is not TOML") as caught:
        Plan.from_toml("tokens = 1.4T\n")
    assert 'tokens = "1.4T"' in caught.value.hint


def test_the_typed_keyword_arguments_are_the_fields_of_a_plan():
    assert PlanFields.__annotations__.keys() == FIELDS.keys() | ALIASES.keys()
    texts = {name for name, kind in PlanFields.__annotations__.items() if kind == str | None and name not in ALIASES}
    assert texts == FIELDS.keys() - NUMBERS
    assert FIELDS.keys() - FixedFields.__annotations__.keys() == {"hw", "region", "rent", "start"}


def test_a_count_given_beside_a_plan_replaces_the_other_count():
    stated = {"servers": 280, "dp": 4, "tp": 8, "tokens": 1e12}
    assert overridden(stated, {"accelerators": 800}) == {"tp": 8, "tokens": 1e12, "accelerators": 800}
    assert overridden({"accelerators": 800}, {"servers": 4}) == {"servers": 4}
    assert overridden(stated, {"accelerators": 800, "servers": 100}) == {"servers": 100, "tp": 8, "tokens": 1e12, "accelerators": 800}
    assert overridden(stated, {"accelerators": None, "pue": 1.1}) == {**stated, "accelerators": None, "pue": 1.1}
