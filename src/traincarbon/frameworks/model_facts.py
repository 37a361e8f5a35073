"""What a plan states of a model, read from the model itself: parameters, the trained share, and the shape in its configuration."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol

from traincarbon.errors import CarbonError
from traincarbon.estimation.model.config import ModelConfig
from traincarbon.estimation.model.huggingface import read_config
from traincarbon.estimation.model.resolve import Model
from traincarbon.estimation.model.size import size_of

_ALL_TRAINED = 0.999
"""From this share on a training updates the whole model."""


class Parameter(Protocol):
    """The part of a parameter of PyTorch that is used here."""

    requires_grad: bool

    def numel(self) -> int:
        """Return the number of its elements."""


class ModelFacts(NamedTuple):
    """What a plan states of a model.

    Attributes:
        name: Its class.
        params: Its parameters, None where they cannot be counted.
        trainable: Those that are trained.
        fields: Fields of a plan.
        images: Fields of a plan that counts images instead of tokens; none for a model of text.
        notes: What the reader should know.
    """

    name: str
    params: float | None
    trainable: float | None
    fields: Mapping[str, float | str]
    images: Mapping[str, float | str] = {}
    notes: tuple[str, ...] = ()


NO_FACTS = ModelFacts("", None, None, {})


def facts_of_torch_model(model: object) -> ModelFacts:
    """Return what a plan states of a model of PyTorch; never raises.

    Example:
        >>> facts_of_torch_model(object()).params is None
        True
    """
    params, trainable = _counted(model)
    facts = facts_of_model(type(model).__name__, params=params, trainable=trainable, config=_config_of(model))
    kind = _kind_of(model)
    return facts._replace(fields={**facts.fields, "kind": kind}) if kind else facts


def facts_of_model(name: str, *, params: float | None, trainable: float | None, config: Mapping[str, object] | None) -> ModelFacts:
    """Return what a plan states of a model.

    Args:
        name: Its class.
        params: Its parameters. [1]
        trainable: Those that are trained. [1]
        config: Its configuration as Hugging Face writes it, None where it has none.
    """
    notes: list[str] = []
    fields: dict[str, float | str] = {}
    images: dict[str, float | str] = {}
    if config is None:
        notes.append(f"{name} has no configuration that states its shape: its FLOP are counted from its parameters")
    else:
        try:
            reading = read_config(config, where=f"the configuration of {name}")
            fields, images = _shape(reading.config, params)
        except CarbonError as error:
            notes.append(f"{error}: FLOP are counted from the parameters")
        except Exception as error:  # noqa: BLE001  a configuration may hold anything, and a training must not fail with it
            notes.append(f"the configuration of {name} cannot be read ({type(error).__name__}): FLOP are counted from the parameters")
    if params:
        fields["params"] = params
    if params and trainable and trainable < _ALL_TRAINED * params:
        fields["trainable_params"] = trainable
    return ModelFacts(name, params or None, trainable or None, fields, images, tuple(notes))


def _shape(config: ModelConfig, params: float | None) -> tuple[dict[str, float | str], dict[str, float | str]]:
    """Return the fields of a plan that a configuration states, and those of images; parameters that do not pass through a token stay out of the active ones."""
    size = size_of(config)
    whole = params or float(size.params)
    active = whole if size.active_params == size.params else whole * size.active_params / size.params
    fields = dict(Model("", config, whole, active, None, ()).fields)
    fields.pop("seq_len", None)  # that of the training is known
    images: dict[str, float | str] = (
        {"image_size": float(config.image_size), "patch_size": float(config.patch_size)} if config.patch_size and config.image_size else {}
    )
    return fields, images


def _config_of(model: object) -> Mapping[str, object] | None:
    """Return the configuration of a model, or of the one that it wraps, as a table; None where there is none."""
    for holder in (model, getattr(model, "module", None), getattr(model, "model", None)):
        found = _as_table(getattr(holder, "config", None))
        if found:
            return found
    return None


def _as_table(config: object) -> Mapping[str, object] | None:
    to_dict = getattr(config, "to_dict", None)
    try:
        found = to_dict() if callable(to_dict) else config
    except Exception:  # noqa: BLE001  the user's own code
        return None
    return found if isinstance(found, Mapping) else None


def _counted(model: object) -> tuple[float | None, float | None]:
    """Return all parameters of a model and those that are trained; None where they cannot be counted."""
    try:
        counted = getattr(model, "get_nb_trainable_parameters", None)  # adapters of PEFT, which know quantised weights
        if callable(counted):
            trainable, params = counted()
            return float(params), float(trainable)
        parameters: Iterable[Parameter] = list(model.parameters())  # type: ignore[attr-defined]  # one without is caught below
        numbered = getattr(model, "num_parameters", None)
        if callable(numbered) and not any(hasattr(each, "ds_numel") for each in parameters):
            return float(numbered()), float(numbered(only_trainable=True))
        sizes = [(float(getattr(each, "ds_numel", 0) or each.numel()), each.requires_grad) for each in parameters]
    except Exception:  # noqa: BLE001  the user's own code, or parameters that are not made yet
        return None, None
    return sum(size for size, _ in sizes), sum(size for size, is_trained in sizes if is_trained)


def _kind_of(model: object) -> str:
    """Return the kind of training: adapters of PEFT on a model, of four bits or not, or a model that was trained before; "" where nothing says so."""
    if callable(getattr(model, "get_nb_trainable_parameters", None)):
        return "qlora" if getattr(model, "is_loaded_in_4bit", False) else "lora"
    return "finetune" if getattr(model, "name_or_path", "") else ""
