"""From the model that a plan names to the fields of the plan that follow from it."""

from collections.abc import Mapping
from dataclasses import replace
from os import path
from typing import TYPE_CHECKING, NamedTuple

from traincarbon.errors import AmbiguousError, CarbonError, NotFoundError, PlanError
from traincarbon.estimation.families import SELF_DISTILLATION, contradicts
from traincarbon.estimation.model import hub
from traincarbon.estimation.model.architectures import ARCHITECTURES
from traincarbon.estimation.model.config import ModelConfig
from traincarbon.estimation.model.huggingface import Reading, read_file
from traincarbon.estimation.model.size import attention_weights, size_of
from traincarbon.estimation.model.speech import find_speech_encoder, speech_fields
from traincarbon.estimation.plan import Plan
from traincarbon.formatting import shortened

if TYPE_CHECKING:
    from traincarbon.database.load import Database

_APART = 0.1
"""How far params may be from those of the model: names round them, as 8B for 8.03e9."""
_LONGEST_TRAINED = 8192
"""Longest context that a configuration is taken to be trained with: what it allows beyond was added late, for a small share of the tokens."""
_SHAPE = ("layers", "hidden", "heads", "kv_heads", "head_dim", "ffn", "vocab")
"""Fields of a plan that are fields of a configuration too."""


_CROPS: dict[tuple[int, int], dict[str, float | str]] = {
    (14, 518): {"image_size": 224.0, "local_size": 98.0},
    (16, 256): {"image_size": 256.0, "local_size": 112.0},
}
"""Large and small crops of DINOv2, whose images of 518 px are those of its last 10,000 steps, and of DINOv3, by the patch and image of their names
(dinov2/configs/train/vitl14.yaml and ssl_default_config.yaml, dinov3/configs/train/dinov3_vit7b16_pretrain.yaml)."""


class Model(NamedTuple):
    """A model that a plan names.

    Attributes:
        name: Its id in the database, or what the plan calls it.
        config: Its configuration.
        params: Its parameters, as counted.
        active_params: Those that a token passes through.
        training_tokens: The tokens of its own training where they are published, else None.
        warnings: What a reader should know about the count.
    """

    name: str
    config: ModelConfig
    params: float
    active_params: float
    training_tokens: float | None
    warnings: tuple[str, ...]

    @property
    def seq_len(self) -> float:
        """The context that a training is counted with, 0 where the configuration states none."""
        return float(min(self.config.context, _LONGEST_TRAINED))

    @property
    def fields(self) -> dict[str, float | str]:
        """The fields of a plan that the model states."""
        config = self.config
        found: dict[str, float | str] = {"params": self.params, "family": ARCHITECTURES[config.architecture].family}
        if self.active_params != self.params:
            found["active_params"] = self.active_params
        if config.mixer_layers:  # FLOP and layouts are those of attention
            return found
        found |= {"layers": float(config.layers + config.decoder_layers), "hidden": float(config.hidden), "heads": float(config.heads)}
        found["kv_heads"] = float(config.kv_heads)
        if not config.kv_rank and config.head_dim * config.heads != config.hidden:
            found["head_dim"] = float(config.head_dim)
        if not config.experts:
            found |= {"ffn": float(config.ffn), "ffn_matrices": float(config.ffn_matrices)}
        if config.vocab:
            found["vocab"] = float(config.vocab)
        if config.context:
            found["seq_len"] = self.seq_len
        return found

    def fields_for(self, plan: Plan) -> dict[str, float | str]:
        """Return the fields of a plan that the model states, with the size of its images or the parts that see audio where *plan* counts these."""
        config = self.config
        if plan.audio_hours is not None and plan.gmac_per_sample is None and plan.flop_per_sample is None:
            return self.fields | speech_fields(config, self.params)
        if plan.samples is None or not config.patch_size or plan.gmac_per_sample is not None or plan.flop_per_sample is not None:
            return self.fields
        found = self.fields | {"image_size": float(config.image_size), "patch_size": float(config.patch_size)}
        if plan.family == SELF_DISTILLATION:
            found |= _CROPS.get((config.patch_size, config.image_size), {})
        part = plan.number(_part_of(plan))
        return found if part is None else found | {"params": self.params + part}  # the model is the encoder of images beside that part

    @property
    def layout_shape(self) -> dict[str, float]:
        """What a layout has to know of the shape beside the fields of a plan: experts and latent attention."""
        config = self.config
        found: dict[str, float] = {}
        if config.experts:
            found |= {"ffn": float(config.expert_ffn), "ffn_matrices": float(config.ffn_matrices), "shared_ffn": float(config.shared_ffn)}
            found |= {"experts": float(config.experts), "experts_per_token": float(config.experts_per_token)}
        if config.kv_rank:
            found["attention_width"] = config.heads * (config.head_dim + config.rope_dim + config.value_dim) / 2.0
            found["attention_params"] = float(attention_weights(config))
        return found


def with_model(plan: Plan, database: "Database") -> tuple[Plan, Model | None]:
    """Return *plan* with the fields that follow from its model, and the model; a field that the plan states stays as it is.

    Raises:
        CarbonError: the model is unknown, cannot be read, or contradicts the plan.
    """
    if plan.model is None:
        return plan, None
    stated = plan.to_dict()
    try:
        model = _model(plan.model, database, is_complete={"params", "layers", "hidden"} <= stated.keys())
    except CarbonError as error:
        known = _with_other_model(plan, plan.model, database) if isinstance(error, (AmbiguousError, NotFoundError)) else None
        if known is not None:
            return known, None
        if "params" not in stated or not is_place(plan.model):
            raise
        return plan, None  # the plan was written where the configuration could be read
    if model is None:
        return plan, None
    model = _as_stated(model, plan)
    if plan.family == "multimodal" and model.config.patch_size:
        from traincarbon.estimation.model.tower import gmac_of_image, refusal

        raise refusal(model.name, gmac=gmac_of_image(model.config, model.params), image_size=model.config.image_size)
    _check_family(plan, model.name, str(model.fields["family"]))
    fields = model.fields_for(plan)
    _check_params(plan, model.name, model.params, whole=fields["params"])
    return Plan.from_dict({**fields, **{name: getattr(plan, name) for name in stated}}), model


def _check_params(plan: Plan, name: str, own: object, *, whole: object = None) -> None:
    """Refuse stated parameters that are not those of the model *name*: its *own*, or the *whole* of it and the part that the plan states beside it.

    Raises:
        PlanError: they are not.
    """
    params, part = plan.number("params"), _part_of(plan)
    if not isinstance(params, float) or not isinstance(own, float):
        return
    if isinstance(whole, float) and whole != own:
        if abs(params - whole) > min(_APART * whole, abs(params - own)):
            hint = f"leave out params: it counts the whole model, {part} included"
            raise PlanError(f"params {params:.4g} contradict the model {name} with {part}, which has {whole:.4g}", hint=hint)
    elif abs(params / own - 1.0) > _APART:
        raise PlanError(f"params {params:.4g} contradict the model {name}, which has {own:.4g}", hint="leave out params, or leave out model")


def _part_of(plan: Plan) -> str:
    """Return the field of the part that a plan may state beside a model of images."""
    return "decoder_params" if plan.decoder_params is not None else "text_params"


def _with_other_model(plan: Plan, name: str, database: "Database") -> Plan | None:
    """Return *plan* with what the network of images, diffusion transformer, speech encoder or hybrid *name* states of it, None where there is none."""
    from traincarbon.estimation.model.convolution import find_convolution
    from traincarbon.estimation.model.diffusion import find_diffusion_transformer
    from traincarbon.estimation.model.hybrid import find_hybrid

    convolution, encoder, hybrid = find_convolution(database, name), find_speech_encoder(database, name), find_hybrid(database, name)
    transformer = find_diffusion_transformer(database, name)
    if convolution is not None:
        if plan.family == "multimodal":
            from traincarbon.estimation.model.tower import refusal_of_network

            raise refusal_of_network(convolution)
        found: dict[str, float | str] = {"params": convolution.params, "family": convolution.family}
    elif encoder is not None:
        found = {"params": encoder.params, "family": "speech"}
    elif transformer is not None:
        found = transformer.fields_for(plan)
    elif hybrid is not None:
        found = hybrid.fields
    else:
        return None
    _check_family(plan, name, str(found["family"]))
    _check_params(plan, name, found["params"])
    return Plan.from_dict({**found, **{stated: getattr(plan, stated) for stated in plan.to_dict()}})


def _check_family(plan: Plan, name: str, own: str) -> None:
    """Refuse a family that the model *name* of the family *own* cannot be.

    Raises:
        PlanError: it cannot.
    """
    if plan.family == "protein" and own == "encoder":
        hint = "leave out family: its FLOP follow from params and tokens (residues)"
        raise PlanError(f"family protein counts nothing from parameters, and the model {name} is an encoder", hint=hint)
    if contradicts(plan.family, own):
        raise PlanError(f"family {plan.family} contradicts the model {name}, whose family is {own}", hint="leave out family, or name another model")


def is_place(name: str) -> bool:
    """Say whether *name* is that of a file, a folder or a page, not of a model that the database knows."""
    is_folder = path.isfile(path.join(name, "config.json"))
    return name.startswith(hub.PREFIX) or name.endswith(".json") or is_folder or (path.sep in name and path.exists(name))


def _model(name: str, database: "Database", *, is_complete: bool) -> Model | None:
    """Return the model *name*, None for one on a hub where the plan *is_complete* without it."""
    if name.startswith(hub.PREFIX) and is_complete:
        return None
    return database.remember(_read, name.strip())


def _read(database: "Database", name: str) -> Model:
    if name.startswith(hub.PREFIX):
        reading = hub.fetch(name.removeprefix(hub.PREFIX))
    elif is_place(name):
        reading = read_file(name)
    else:
        return _named(database, name)
    return _counted(name, reading, None)


def _named(database: "Database", name: str) -> Model:
    """Return the model of the database that *name* names; of a vision transformer it may name patch and image size too."""
    from traincarbon.database.models import find_model
    from traincarbon.estimation.model.named import reading_of
    from traincarbon.estimation.model.vision_names import vision_name

    of_images = vision_name(name)
    product = find_model(database, name if of_images is None else of_images.id)
    reading = reading_of(product)
    if of_images is not None and (of_images.patch_size or of_images.image_size):
        patch, image = of_images.patch_size or reading.config.patch_size, of_images.image_size or reading.config.image_size
        reading = reading._replace(config=replace(reading.config, patch_size=patch, image_size=image))
        return _counted(name.strip(), reading, None)
    return _counted(product.id, reading, product.value("training_tokens"))


def _counted(name: str, reading: Reading, tokens: float | None) -> Model:
    """Return the model *name* with its parameters counted."""
    config, warnings = reading
    size = size_of(config)
    return Model(name, config, float(size.params), float(size.active_params), tokens, warnings)


def _as_stated(model: Model, plan: Plan) -> Model:
    """Return *model* with the shape that the plan states in place of its own, counted anew.

    Raises:
        PlanError: a stated field is an array or cannot be one of the model's, or the model's layers are not all attention.
    """
    own: Mapping[str, float | str] = model.fields
    fixed = next((name for name in _SHAPE if getattr(plan, name) is not None), "") if model.config.mixer_layers else ""
    if fixed:
        raise PlanError(
            f"{fixed} beside the model {model.name}, whose layers are not all attention", hint=f"leave out {fixed}, or leave out model and give params"
        )
    changes: dict[str, int] = {}
    for name in _SHAPE:
        value = plan.number(name)
        if value is None:
            continue
        if not isinstance(value, float):
            shown = shortened(str(value), most=40)
            raise PlanError(f"{name} {shown} beside a model is not one number", hint="leave out model, and give params and the shape")
        if value != own.get(name):
            changes[name] = int(value)
    return _recounted(model, changes) if changes else model


def _recounted(model: Model, changes: Mapping[str, int]) -> Model:
    """Return *model* with other sizes.

    Raises:
        PlanError: no model has these sizes.
    """
    config = model.config
    hidden, heads = changes.get("hidden", config.hidden), changes.get("heads", config.heads)
    has_plain_heads = not config.kv_rank and config.head_dim * config.heads == config.hidden
    head_dim = changes.get("head_dim", hidden // heads if has_plain_heads else config.head_dim)
    layers = changes.get("layers", config.layers + config.decoder_layers) - config.decoder_layers
    config = replace(
        config,
        layers=layers,
        windowed_layers=int(config.windowed_layers * layers / config.layers + 0.5),  # the pattern of the layers stays
        hidden=hidden,
        heads=heads,
        kv_heads=changes.get("kv_heads", heads if config.kv_heads == config.heads else config.kv_heads),
        head_dim=head_dim,
        value_dim=config.value_dim if config.kv_rank else head_dim,
        ffn=changes.get("ffn", config.ffn),
        vocab=changes.get("vocab", config.vocab),
    )
    if config.layers <= config.dense_layers or config.head_dim < 1:
        raise PlanError(f"the stated shape is too small for the model {model.name}", hint="leave out model, and give params and the shape")
    size = size_of(config)
    return model._replace(config=config, params=float(size.params), active_params=float(size.active_params))
