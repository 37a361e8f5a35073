"""Names of models as people type them: the one that is meant, or refused with the right candidates."""

import pytest

from traincarbon.database.load import Database, builtin_root
from traincarbon.database.models import find_model, model_name, model_names
from traincarbon.errors import AmbiguousError, NotFoundError

NAMES = {
    "llama-3-8b": ["Llama 3 8B", "llama3-8b", "Llama-3-8B", "meta-llama/Meta-Llama-3-8B", "meta-llama/Meta-Llama-3-8B-Instruct", "LLAMA_3_8B", "llama3 8b"],
    "llama-3.1-8b": ["meta-llama/Llama-3.1-8B", "meta-llama/Meta-Llama-3.1-8B-Instruct", "Llama 3.1 8B", "llama3.1-8b", "unsloth/Meta-Llama-3.1-8B"],
    "llama-2-7b": ["meta-llama/Llama-2-7b-hf", "meta-llama/Llama-2-7b-chat-hf", "Llama 2 7B", "llama2-7b", "NousResearch/Llama-2-7b-hf"],
    "llama-3.3-70b": ["meta-llama/Llama-3.3-70B-Instruct", "Llama 3.3 70B"],
    "mistral-7b": ["mistralai/Mistral-7B-v0.1", "Mistral 7B", "mistralai/Mistral-7B-Instruct-v0.2", "mistral7b"],
    "mistral-7b-v0.3": ["mistralai/Mistral-7B-v0.3", "mistralai/Mistral-7B-Instruct-v0.3"],
    "mixtral-8x7b": ["mistralai/Mixtral-8x7B-v0.1", "Mixtral 8x7B", "mistralai/Mixtral-8x7B-Instruct-v0.1"],
    "qwen2.5-7b": ["Qwen/Qwen2.5-7B", "Qwen/Qwen2.5-7B-Instruct", "qwen 2.5 7b", "Qwen2.5 7B"],
    "qwen2.5-1.5b": ["Qwen/Qwen2.5-1.5B-Instruct", "qwen2.5-1.5B"],
    "qwen3-30b-a3b": ["Qwen/Qwen3-30B-A3B", "qwen3-30b", "Qwen3-30B-A3B-Thinking-2507", "Qwen/Qwen3-30B-A3B-Base"],
    "gemma-2-9b": ["google/gemma-2-9b", "google/gemma-2-9b-it", "Gemma 2 9B", "gemma2-9b"],
    "gemma-2-2b": ["gemma-2-2b", "Gemma 2 2B"],
    "gemma-2b": ["gemma 2b", "google/gemma-2b"],
    "gemma-3-27b": ["google/gemma-3-27b-it", "google/gemma-3-27b-pt", "gemma3 27b"],
    "phi-3-mini": ["microsoft/Phi-3-mini-4k-instruct", "phi-3", "Phi 3 mini", "microsoft/Phi-3-mini-128k-instruct"],
    "phi-4": ["microsoft/phi-4", "Phi-4"],
    "deepseek-v3": ["deepseek-ai/DeepSeek-V3", "DeepSeek V3", "deepseekv3", "deepseek-v3-base"],
    "deepseek-r1": ["deepseek-ai/DeepSeek-R1", "DeepSeek R1"],
    "olmo-2-7b": ["allenai/OLMo-2-1124-7B", "OLMo 2 7B", "allenai/OLMo-2-1124-7B-Instruct"],
    "pythia-6.9b": ["EleutherAI/pythia-6.9b", "Pythia 6.9B", "EleutherAI/pythia-6.9b-deduped"],
    "gpt2": ["gpt2", "GPT-2", "openai-community/gpt2", "gpt2-small"],
    "gpt2-xl": ["gpt2-xl", "GPT-2 XL", "openai-community/gpt2-xl"],
    "gpt-neox-20b": ["EleutherAI/gpt-neox-20b", "GPT-NeoX", "gpt neox 20b"],
    "gpt-j-6b": ["EleutherAI/gpt-j-6b", "GPT-J", "gptj-6b"],
    "opt-1.3b": ["facebook/opt-1.3b", "OPT 1.3B"],
    "opt-13b": ["facebook/opt-13b", "OPT 13B"],
    "bloom-176b": ["bigscience/bloom", "BLOOM", "bloom 176b"],
    "falcon-40b": ["tiiuae/falcon-40b", "Falcon 40B", "tiiuae/falcon-40b-instruct"],
    "bert-base": ["bert-base-uncased", "google-bert/bert-base-uncased", "BERT base", "bert"],
    "bert-large": ["bert-large-uncased", "BERT-Large"],
    "roberta-large": ["FacebookAI/roberta-large", "RoBERTa large"],
    "deberta-v3-base": ["microsoft/deberta-v3-base", "DeBERTa v3 base"],
    "t5-11b": ["google-t5/t5-11b", "T5 11B", "t5-11b"],
    "flan-t5-xxl": ["google/flan-t5-xxl", "Flan-T5 XXL"],
    "bart-large": ["facebook/bart-large", "BART large"],
    "vit-base": ["google/vit-base-patch16-224", "ViT-B/16", "vit-base-patch16-224", "vit-b-16"],
    "whisper-large-v3": ["openai/whisper-large-v3", "Whisper large v3", "whisper-large"],
    "gpt-oss-120b": ["openai/gpt-oss-120b", "gpt-oss 120B"],
    "glm-4.5": ["zai-org/GLM-4.5", "GLM 4.5", "glm4.5"],
    "kimi-k2": ["moonshotai/Kimi-K2-Instruct", "Kimi K2", "kimi-k2-base"],
}


@pytest.fixture(scope="module")
def facts():
    return Database([builtin_root()])


@pytest.mark.parametrize(("id", "name"), [(id, name) for id, names in NAMES.items() for name in (id, *names)])
def test_a_model_is_found_as_people_write_it(facts, id, name):
    assert find_model(facts, name).id == id


@pytest.mark.parametrize("name", ["gemma-22b", "opt-1b", "llama-3-80b", "pythia-14b", "bert-huge", "llama-3.8b", "phi-40", "gpt-20", "qwen2.57b"])
def test_a_name_like_that_of_a_model_is_not_that_model(facts, name):
    with pytest.raises(NotFoundError):
        find_model(facts, name)


def test_the_beginning_of_several_names_lists_them(facts):
    with pytest.raises(AmbiguousError, match="'llama-3' matches more than one model") as caught:
        find_model(facts, "llama-3")
    assert "llama-3-8b" in caught.value.hint
    assert "carbon db list models" in caught.value.hint


def test_a_misspelt_name_gets_the_nearest_and_other_ways(facts):
    with pytest.raises(NotFoundError, match="no model 'lama-3-8b'") as caught:
        find_model(facts, "lama-3-8b")
    assert caught.value.hint.startswith("did you mean llama-3-8b")
    assert "config.json" in caught.value.hint


@pytest.mark.parametrize("name", ["", " ", "../sources", "/etc/passwd", "a\0b", "x" * 500, "*", "llama-3-8b.toml", "é"])
def test_what_is_no_name_is_refused(facts, name):
    with pytest.raises(NotFoundError):
        find_model(facts, name)


def test_no_two_models_share_a_name(facts):
    owners = {}
    for product in facts.products("models"):
        for name in {model_name(name) for name in (product.id, *product.aliases)}:
            assert owners.setdefault(name, product.id) == product.id
    assert set(owners) <= set(model_names(facts))


def test_a_model_of_the_user_s_own_is_found(tmp_path):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "house-1b.toml").write_text('name = "House 1B"\narchitecture = "llama"\naliases = ["our-model"]\n', "utf-8")
    assert find_model(Database([builtin_root(), str(tmp_path)]), "Our Model").id == "house-1b"
