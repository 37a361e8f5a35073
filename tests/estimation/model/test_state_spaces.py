"""Configurations of the package mamba_ssm are counted as those of transformers."""

import pytest

from traincarbon.database.load import open_database
from traincarbon.errors import PlanError
from traincarbon.estimation.model.huggingface import read_config
from traincarbon.estimation.model.named import reading_of
from traincarbon.estimation.model.size import size_of

MAMBA = {"d_model": 2560, "n_layer": 64, "vocab_size": 50277, "ssm_cfg": {}, "rms_norm": True, "fused_add_norm": True, "pad_vocab_size_multiple": 8}
MAMBA_2 = {**MAMBA, "ssm_cfg": {"layer": "Mamba2"}, "attn_layer_idx": [], "d_intermediate": 0, "tie_embeddings": True, "pad_vocab_size_multiple": 16}


@pytest.mark.parametrize(("table", "id"), [(MAMBA, "mamba-2.8b"), (MAMBA_2, "mamba2-2.7b")])
def test_it_has_the_parameters_of_the_known_model(table, id):
    reading = read_config(table)
    assert reading.warnings == ()
    assert size_of(reading.config).params == size_of(reading_of(open_database().product("models", id)).config).params


def test_what_it_states_of_its_layers_counts():
    wider = {**MAMBA_2, "ssm_cfg": {"layer": "Mamba2", "d_state": 256, "ngroups": 8, "headdim": 128}}
    assert size_of(read_config(wider).config).params > size_of(read_config(MAMBA_2).config).params
    apart = {**MAMBA, "tie_embeddings": False}
    assert size_of(read_config(apart).config).params - size_of(read_config(MAMBA).config).params == 50280 * 2560


@pytest.mark.parametrize("changed", [{"attn_layer_idx": [9, 18]}, {"d_intermediate": 1024}, {"ssm_cfg": {"layer": "Other"}}])
def test_other_layers_beside_are_refused_with_what_to_state(changed):
    with pytest.raises(PlanError, match="its layers are not all those of Mamba") as told:
        read_config({**MAMBA_2, **changed})
    assert told.value.hint == "state params (and active_params) instead"


def test_a_model_type_makes_it_one_of_transformers():
    table = {"model_type": "mamba", "hidden_size": 768, "num_hidden_layers": 24, "vocab_size": 50280, "ssm_cfg": {}}
    assert read_config(table).config.architecture == "mamba"
