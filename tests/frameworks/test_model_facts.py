"""Test what is read from a model: parameters, the trained share, the shape, and what happens where a model states none of it."""

import pytest

from traincarbon.frameworks.model_facts import facts_of_model, facts_of_torch_model

GPT2 = {"model_type": "gpt2", "n_layer": 2, "n_embd": 64, "n_head": 2, "vocab_size": 256, "n_positions": 64}
MIXTRAL = {
    "model_type": "mixtral", "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 128,
    "vocab_size": 256, "num_local_experts": 8, "num_experts_per_tok": 2,
}  # fmt: skip


class Parameter:
    def __init__(self, size, *, is_trained=True, **more):
        self.size, self.requires_grad = size, is_trained
        vars(self).update(more)

    def numel(self):
        return self.size


class Model:
    def __init__(self, *parameters, config=None):
        self._parameters = parameters
        if config is not None:
            self.config = config

    def parameters(self):
        return iter(self._parameters)


def test_the_shape_of_a_configuration_is_that_of_the_plan():
    fields = facts_of_torch_model(Model(Parameter(100_000), Parameter(24_672), config=GPT2)).fields
    assert {name: fields[name] for name in ("params", "layers", "hidden", "heads", "vocab")} == {
        "params": 124_672.0, "layers": 2.0, "hidden": 64.0, "heads": 2.0, "vocab": 256.0,
    }  # fmt: skip
    assert "seq_len" not in fields


def test_a_share_that_is_not_trained_is_stated():
    fields = facts_of_torch_model(Model(Parameter(900, is_trained=False), Parameter(100))).fields
    assert (fields["params"], fields["trainable_params"]) == (1000.0, 100.0)


def test_parameters_that_are_spread_over_ranks_are_counted_whole():
    assert facts_of_torch_model(Model(Parameter(0, ds_numel=500), Parameter(0, ds_numel=20))).params == 520.0


def test_adapters_know_their_own_count():
    model = Model()
    model.get_nb_trainable_parameters = lambda: (10, 1010)
    facts = facts_of_torch_model(model)
    assert (facts.params, facts.trainable, facts.fields["kind"]) == (1010.0, 10.0, "lora")


def test_a_model_that_was_trained_before_is_tuned():
    model = Model(Parameter(9))
    model.name_or_path = "some/model"
    assert facts_of_torch_model(model).fields["kind"] == "finetune"


def test_experts_have_active_parameters():
    fields = facts_of_model("Mixtral", params=1e6, trainable=1e6, config=MIXTRAL).fields
    assert 0.2e6 < fields["active_params"] < 0.8e6


@pytest.mark.parametrize("config", [None, {"model_type": "mamba9", "hidden": "wide"}, {"layers": []}, {"model_type": "gpt2", "n_layer": -1}])
def test_a_model_without_a_shape_is_counted_by_its_parameters_with_a_note(config):
    facts = facts_of_model("Odd", params=1e6, trainable=1e6, config=config)
    assert (facts.fields, len(facts.notes)) == ({"params": 1e6}, 1)


def test_a_model_that_fails_is_not_counted():
    class Broken(Model):
        def parameters(self):
            raise RuntimeError("not made yet")

    assert facts_of_torch_model(Broken()).params is None
