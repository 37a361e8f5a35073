"""Reading a ``config.json`` as Hugging Face writes it: from keys that every architecture names its own way to one configuration."""

from collections.abc import Mapping
from dataclasses import replace
from os import PathLike, fspath, path
from typing import NamedTuple

from traincarbon.errors import PlanError
from traincarbon.estimation.model.architectures import ARCHITECTURES, GATED, HYBRID, NOT_COUNTED, RECURRENT, TEXT_ONLY
from traincarbon.estimation.model.config import ModelConfig
from traincarbon.estimation.model.decoders import decoder_config
from traincarbon.estimation.model.encoder_decoders import bart_config, t5_config
from traincarbon.estimation.model.encoders import encoder_config
from traincarbon.estimation.model.keys import HINT, ConfigKeys
from traincarbon.estimation.model.recurrent import hybrid_config, recurrent_config
from traincarbon.estimation.model.size import size_of
from traincarbon.estimation.model.state_spaces import as_mamba, is_of_state_spaces
from traincarbon.estimation.model.vision import vision_config
from traincarbon.formatting import clean, shortened
from traincarbon.reading import open_input

MOST_BYTES = 4 * 1024 * 1024
"""No configuration is larger; a weight file given by mistake is."""
_WITH_VISION = ("gemma3",)
"""Multimodal architectures whose vision tower is counted too."""


class Reading(NamedTuple):
    """A configuration that was read, and what a reader has to know about it."""

    config: ModelConfig
    warnings: tuple[str, ...]


def read_file(file: str | PathLike[str]) -> Reading:
    """Return the configuration in a ``config.json``, or in the one of a folder.

    Raises:
        PlanError: the file cannot be read or states no model that can be counted.
    """
    place = path.join(fspath(file), "config.json") if path.isdir(file) else fspath(file)
    try:
        with open_input(place) as stream:
            content = stream.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise PlanError(f"cannot read the model's configuration {place!r}: {reason}", hint=HINT) from error
    return read_bytes(content, where=place)


def read_bytes(content: bytes, *, where: str) -> Reading:
    """Return the configuration that the *content* of a file or of an answer states; *where* names it in errors.

    Raises:
        PlanError: it is too large, is not JSON, or states no model that can be counted.
    """
    import json  # only who names a configuration pays for it

    name = clean(where)
    if len(content) > MOST_BYTES:
        raise PlanError(f"{name} is larger than {MOST_BYTES // 2**20} MiB", hint=f"a configuration has a few kilobytes: {HINT}")
    try:
        found = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise PlanError(f"{name} is not JSON: {shortened(str(error), most=80)}", hint=HINT) from error
    if not isinstance(found, Mapping):
        raise PlanError(f"{name} holds no table of keys", hint=HINT)
    return read_config(found, where=name)


def read_config(table: Mapping[str, object], *, where: str = "config.json") -> Reading:
    """Return the configuration that a *table* of keys states.

    Raises:
        PlanError: a key that is needed is missing, a value is of the wrong kind or impossible, or the architecture cannot be counted.
    """
    warnings: list[str] = []
    kind, keys = _language_part(table, where, warnings)
    kind = TEXT_ONLY.get(kind, kind) if kind not in ARCHITECTURES else kind
    if is_of_state_spaces(keys):
        kind, keys = as_mamba(keys)
    if kind in NOT_COUNTED:
        raise PlanError(
            f"{where}: the architecture {kind!r} has layers that are not attention and cannot be counted", hint="state params (and active_params) instead"
        )
    if kind == "dbrx":
        keys = _dbrx(keys)
    if kind not in ARCHITECTURES:
        kind = _like(keys, kind, warnings)
    config = _READERS.get(kind, decoder_config)(keys.with_defaults(ARCHITECTURES[kind].defaults), kind, ARCHITECTURES[kind])
    if table.get("model_type") in _WITH_VISION and table.get("vision_config"):
        config = replace(config, extra_params=config.extra_params + _vision_params(ConfigKeys(table, where).part("vision_config"), hidden=config.hidden))
    return Reading(config, tuple(warnings))


def _language_part(table: Mapping[str, object], where: str, warnings: list[str]) -> tuple[str, ConfigKeys]:
    """Return the architecture and the keys of the language model where a configuration holds several models."""
    keys = ConfigKeys(table, where)
    kind = keys.text("model_type")
    text = table.get("text_config")
    if not isinstance(text, Mapping):
        return kind or _kind_of_class(keys.class_name()), keys
    if kind not in _WITH_VISION:
        warnings.append("the configuration is of a multimodal model: only its language model is counted")
    outer = {name: table[name] for name in ("tie_word_embeddings",) if name in table}
    part = ConfigKeys({**outer, **text}, f"{where}: text_config")
    return TEXT_ONLY.get(kind) or part.text("model_type") or kind, part


def _vision_params(keys: ConfigKeys, *, hidden: int) -> int:
    """Return the parameters of a vision tower, its projection to the width *hidden* of the language model, and the normalisation before that."""
    kind = "siglip_vision_model"
    config = vision_config(keys, kind, ARCHITECTURES[kind])
    return size_of(config).params + config.hidden * (hidden + 1)


def _kind_of_class(name: str) -> str:
    """Return the architecture whose name a class starts with, as ``BertForMaskedLM`` does with BERT's; empty if there is none."""
    squeezed = name.lower()
    fitting = [kind for kind in ARCHITECTURES if squeezed.startswith(kind.replace("-", "").replace("_", ""))]
    return max(fitting, key=len, default="")


def _dbrx(keys: ConfigKeys) -> ConfigKeys:
    """Return the keys of DBRX, which keeps attention and experts in tables of their own, under the names that others use."""
    attention, experts = keys.part("attn_config"), keys.part("ffn_config")
    moved = {"intermediate_size": "ffn_hidden_size", "num_experts": "moe_num_experts", "num_experts_per_tok": "moe_top_k"}
    found = {name: experts.table.get(key) for name, key in moved.items()}
    return ConfigKeys({**keys.table, "num_key_value_heads": attention.table.get("kv_n_heads"), **found}, keys.where)


def _like(keys: ConfigKeys, kind: str, warnings: list[str]) -> str:
    """Return the architecture as which one that is not known is counted."""
    if "d_kv" in keys.table and "d_ff" in keys.table:
        known = "t5"
    elif "patch_size" in keys.table and "vocab_size" not in keys.table:
        known = "vit"
    elif "type_vocab_size" in keys.table:
        known = "bert"
    else:
        gate = keys.text("hidden_act", "activation_function", "hidden_activation")
        known = "llama" if gate in GATED or not gate else "gpt_neox"
    warnings.append(f"the architecture {kind or 'of this model'} is not known: parameters are counted as those of {known}")
    return known


_READERS = {
    **{kind: encoder_config for kind, common in ARCHITECTURES.items() if common.family == "encoder"},
    **{kind: vision_config for kind, common in ARCHITECTURES.items() if common.family == "vision"},
    **dict.fromkeys(RECURRENT, recurrent_config),
    **dict.fromkeys(HYBRID, hybrid_config),
    **dict.fromkeys(("t5", "mt5", "umt5"), t5_config),
    **dict.fromkeys(("bart", "mbart", "pegasus", "marian", "whisper"), bart_config),
}
