"""From the model that a plan names to its fields: what wins, what contradicts, and what is told."""

import json
from pathlib import Path

import numpy as np
import pytest

from traincarbon.database.load import Database, builtin_root, open_database
from traincarbon.errors import NotFoundError, PlanError
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.model import hub
from traincarbon.estimation.model.huggingface import read_bytes
from traincarbon.estimation.model.resolve import with_model
from traincarbon.estimation.plan import Plan
from traincarbon.explore.compare import compare
from traincarbon.explore.variant import changed

DATA = Path(__file__).parent / "data"
FACTS = Database([builtin_root()])


def resolved(**fields):
    return with_model(Plan(**fields), FACTS)[0]


def test_a_plan_without_a_model_stays_as_it_is():
    plan = Plan(params="7B", tokens="1T")
    assert with_model(plan, FACTS) == (plan, None)


def test_a_known_model_states_parameters_and_shape():
    plan = resolved(model="Llama 3 8B", tokens="15T")
    assert plan.params == 8030261248
    shape = (plan.layers, plan.hidden, plan.heads, plan.kv_heads, plan.ffn, plan.ffn_matrices, plan.vocab, plan.seq_len)
    assert shape == (32, 4096, 32, 8, 14336, 3, 128256, 8192)
    assert (plan.family, plan.active_params, plan.head_dim) == ("decoder", None, None)


def test_a_mixture_of_experts_states_its_active_parameters():
    plan = resolved(model="deepseek-v3")
    assert plan.params == pytest.approx(671e9, rel=0.001)
    assert plan.active_params == pytest.approx(37e9, rel=0.02)
    assert plan.seq_len == 4096


def test_heads_that_are_wider_than_the_model_are_stated():
    assert resolved(model="qwen3-0.6b").head_dim == 128
    assert resolved(model="llama-3-8b").head_dim is None


@pytest.mark.parametrize(("model", "family"), [("bert", "encoder"), ("t5-11b", "encoder-decoder"), ("vit-base", "vision"), ("whisper-small", "speech")])
def test_the_family_follows_from_the_model(model, family):
    assert resolved(model=model).family == family


def test_a_file_states_what_the_same_known_model_states(tmp_path, monkeypatch):
    by_file = resolved(model=str(DATA / "llama-3.1-8b.json")).to_dict()
    by_name = resolved(model="llama-3.1-8b").to_dict()
    assert {**by_file, "model": ""} == {**by_name, "model": ""}
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.json").write_bytes((DATA / "gpt2.json").read_bytes())
    assert resolved(model="config.json").params == resolved(model=".").params == 124439808


def test_a_path_in_a_plan_is_relative_to_the_plan(tmp_path):
    (tmp_path / "config.json").write_bytes((DATA / "gpt2.json").read_bytes())
    (tmp_path / "plan.toml").write_text('model = "config.json"\ntokens = "10B"\nhw = "h100"\n', "utf-8")
    assert estimate(Plan.read(tmp_path / "plan.toml"), database=FACTS).plan.params == 124439808


def test_a_model_on_the_hub_is_fetched_once_and_only_when_it_is_named(monkeypatch):
    facts, asked = Database([builtin_root()]), []
    content = (DATA / "gpt2.json").read_bytes()
    monkeypatch.setattr(hub, "fetch", lambda name: asked.append(name) or read_bytes(content, where=name))
    plan = Plan(model="hub:openai-community/gpt2", tokens="10B", hw="h100")
    first = estimate(plan, database=facts)
    estimate(plan, database=facts)
    estimate(first.plan, database=facts)
    estimate(Plan(model="gpt2", tokens="10B", hw="h100"), database=facts)
    assert asked == ["openai-community/gpt2"]


def test_what_the_plan_states_wins_and_the_count_follows():
    half = resolved(model="llama-3-8b", layers=16)
    assert half.layers == 16
    assert half.params == pytest.approx((8030261248 - 2 * 128256 * 4096 - 4096) / 2 + 2 * 128256 * 4096 + 4096)
    assert resolved(model="llama-3-8b", seq_len=2048).seq_len == 2048
    assert resolved(model="llama-3-8b", family="encoder").family == "encoder"
    wide = resolved(model="llama-3-8b", vocab=256000)
    assert wide.params - 8030261248 == 2 * (256000 - 128256) * 4096


def test_a_stated_width_keeps_the_number_of_heads():
    plan = resolved(model="gpt2", hidden=1536, ffn=6144)
    assert plan.head_dim is None
    assert plan.params == pytest.approx(12 * 12 * 1536**2 + (50257 + 1024) * 1536, rel=0.001)


@pytest.mark.parametrize("params", ["8B", 8.03e9, "7.5B"])
def test_a_rounded_number_of_parameters_is_taken(params):
    assert resolved(model="llama-3-8b", params=params).params == Plan(params=params).params


def test_parameters_of_another_model_contradict():
    with pytest.raises(PlanError, match="params 7e[+]10 contradict the model llama-3-8b, which has 8.03e[+]09") as caught:
        resolved(model="llama-3-8b", params="70B")
    assert "leave out" in caught.value.hint


def test_arrays_beside_a_model_are_refused():
    with pytest.raises(PlanError, match="layers .* is not one number"):
        resolved(model="llama-3-8b", layers=np.array([16.0, 32.0]))


def test_resolving_twice_changes_nothing():
    for model in ("llama-3-8b", "deepseek-v3", "t5-large", "gemma-2-9b"):
        once = resolved(model=model, tokens="1T")
        assert with_model(once, FACTS)[0] == once


def test_a_plan_that_states_its_size_outlives_the_file(tmp_path):
    file = tmp_path / "config.json"
    file.write_bytes((DATA / "gpt2.json").read_bytes())
    plan = with_model(Plan(model=str(file), tokens="1B"), Database([builtin_root()]))[0]
    file.unlink()
    assert with_model(plan, Database([builtin_root()])) == (plan, None)
    with pytest.raises(PlanError, match="cannot read"):
        with_model(Plan(model=str(file)), Database([builtin_root()]))


def test_an_unknown_model_is_refused_even_beside_parameters():
    with pytest.raises(NotFoundError, match="no model"):
        resolved(model="abacus", params="7B")


def test_tokens_are_asked_for_with_those_of_the_model_s_own_training():
    with pytest.raises(PlanError, match="no tokens") as caught:
        estimate(Plan(model="llama-3-8b", hw="h100"), database=FACTS)
    assert "15T, the tokens of its own training" in caught.value.hint


def test_the_work_is_counted_exactly_without_assumptions_about_the_shape():
    answer = estimate(Plan(model="gemma-2-9b", tokens="8T", hw="h100"), database=FACTS)
    matrices = 9241705984 - 42 * 4 * 3584 - 3584  # tied embeddings multiply as the head; norms do not
    attended = (8192 + 4096) / 2  # every second layer sees a window of 4,096 tokens
    assert answer.median("compute_flop") == pytest.approx((6 * matrices + 12 * 42 * 16 * 256 * attended) * 8e12)
    assumed = {assumption.name for assumption in answer.assumptions}
    assert assumed.isdisjoint({"ffn_matrices", "vocab", "seq_len", "ffn_over_hidden"})


def test_a_context_that_is_longer_than_in_training_is_an_assumption():
    answer = estimate(Plan(model="qwen3-8b", tokens="36T", hw="h100"), database=FACTS)
    (assumed,) = [assumption for assumption in answer.assumptions if assumption.name == "seq_len"]
    assert assumed.value == 8192
    assert "40,960" in assumed.reason


def test_adapters_are_trained_on_the_whole_model_but_its_table_of_words():
    answer = estimate(Plan(model="llama-3-8b", kind="lora", tokens="10M", hw="h100"), database=FACTS)
    multiplied = 8030261248 - 128256 * 4096 - 65 * 4096  # words that are looked up, and norms
    attention = 12 * 32 * 4096 * 8192
    assert answer.median("compute_flop") == pytest.approx(((4 + 0.06) * multiplied + attention) * 1e7)


@pytest.mark.parametrize("model", ["deepseek-v3", "t5-large", "whisper-small"])
def test_the_shape_of_a_model_is_not_called_ignored(model):
    answer = estimate(Plan(model=model, tokens="1T", hw="h100"), database=FACTS)
    assert not any("ignored" in warning for warning in answer.warnings)


def test_another_size_is_no_longer_that_model():
    plan = resolved(model="llama-3-8b", tokens="1T", hw="h100")
    assert changed(plan, params=1e9).model is None
    assert changed(plan, hw="a100-sxm4-80gb").model == "llama-3-8b"


def test_comparisons_take_a_model_too():
    found = compare(hw=["h100", "a100-sxm4-80gb"], model="llama-3-8b", tokens="1T", database=FACTS)
    assert [option.plan.params for option in found.options] == [8030261248, 8030261248]


def test_a_plan_with_a_model_is_written_and_read_again():
    plan = Plan(model="llama-3-8b", tokens="1T", hw="h100")
    assert Plan.from_toml(plan.to_toml()) == plan
    answer = estimate(plan, database=FACTS)
    again = estimate(Plan.from_dict(json.loads(json.dumps(answer.plan.to_dict()))), database=FACTS)
    assert again.median("compute_flop") == answer.median("compute_flop")


def test_a_model_whose_layers_are_not_all_attention_states_no_shape():
    plan, model = with_model(Plan(model=str(DATA / "jamba-v0.1.json"), tokens=1e9, hw="h100"), open_database())
    assert (plan.params, plan.layers, plan.hidden) == (51570323328.0, None, None)
    assert plan.is_moe
    assert model.layout_shape is not None


def test_the_shape_of_such_a_model_cannot_be_changed():
    with pytest.raises(PlanError, match="layers beside the model") as caught:
        with_model(Plan(model=str(DATA / "mamba.json"), layers=12, tokens=1e9, hw="h100"), open_database())
    assert "give params" in caught.value.hint


@pytest.mark.parametrize(
    ("fields", "part"), [({"family": "masked-autoencoder", "decoder_params": 26e6}, "encoder"), ({"family": "contrastive", "text_params": 63e6}, "images")]
)
def test_a_named_vision_transformer_is_the_encoder_beside_a_stated_part(fields, part):
    answer = estimate(Plan(model="vit-base", samples=1e6, hw="h100", **fields), database=FACTS)
    alone = estimate(Plan(model="vit-base", samples=1e6, hw="h100"), database=FACTS)
    seen = 50 if part == "encoder" else 197
    assert answer.flop_counts["parts"][part] == pytest.approx(alone.flop_counts["parts"]["model"] * seen / 197, rel=1e-6)


@pytest.mark.parametrize(
    ("model", "layers", "seen"), [("mistral-7b", 64, 4096.0), ("mistral-7b", 16, 4096.0), ("gemma-2-9b", 84, 6144.0), ("gemma-2-9b", 20, 6144.0)]
)
def test_windows_stay_the_same_share_of_more_or_fewer_layers(model, layers, seen):
    seq_len = 32768 if model == "mistral-7b" else 8192
    answer = estimate(model=model, layers=layers, seq_len=seq_len, tokens=1e9, hw="h100")
    assert [each.value for each in answer.assumptions if each.name == "attended_len"] == [seen]
    plain = estimate(model=model, seq_len=seq_len, tokens=1e9, hw="h100")
    own = {"mistral-7b": 32, "gemma-2-9b": 42}[model]
    assert answer.flop_counts["parts"]["attention"] == pytest.approx(plain.flop_counts["parts"]["attention"] * layers / own)


MASKED = {"model": "ViT-B/16", "family": "masked-autoencoder", "decoder_params": 26e6, "samples": 1e6, "hw": "a100"}


def test_stated_parameters_count_the_part_beside_a_model():
    assert estimate(**MASKED, params=112e6).median("compute_flop") == pytest.approx(estimate(**MASKED).median("compute_flop"), rel=0.002)


@pytest.mark.parametrize("part", [26e6, 5e6])
def test_the_part_is_never_taken_out_of_the_parameters_of_the_model(part):
    with pytest.raises(PlanError, match=r"params 8\.6e\+07 contradict the model ViT-B/16 with decoder_params") as caught:
        estimate(**MASKED | {"decoder_params": part}, params=86e6)
    assert caught.value.hint == "leave out params: it counts the whole model, decoder_params included"


def test_parameters_of_another_convolution_contradict():
    with pytest.raises(PlanError, match=r"params 1e\+09 contradict the model resnet-50, which has 2\.556e\+07"):
        resolved(model="resnet-50", params=1e9)


def test_a_protein_model_that_is_an_encoder_is_counted_as_one():
    answer = estimate(model="facebook/esm2_t33_650M_UR50D", tokens=1e12, hw="512xv100-32gb")
    assert (answer.plan.family, answer.plan.params) == ("encoder", 649400320)
    with pytest.raises(PlanError, match="family protein counts nothing from parameters, and the model esm2-650m is an encoder") as caught:
        estimate(model="esm2-650m", family="protein", tokens=1e12, hw="512xv100-32gb")
    assert caught.value.hint == "leave out family: its FLOP follow from params and tokens (residues)"
