"""Samples of known multiply-adds: the passes that a kind of training takes, and what a plan cannot state beside a network that is known by them."""

from typing import TYPE_CHECKING, NamedTuple

from traincarbon.errors import PlanError
from traincarbon.estimation.families import FAMILIES, OWN_FIELDS, kind_of
from traincarbon.estimation.links import SAMPLE_FLOP
from traincarbon.estimation.walk import Assumption, Link
from traincarbon.estimation.work import LORA_SHARE, trains_adapters
from traincarbon.formulas import multiply_adds, sample_flop
from traincarbon.uncertain import Num, any_of, median_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from traincarbon.estimation.plan import Plan

ADAPTERS = Link("flop_per_sample", multiply_adds.adapter_sample_flop, gmac_per_sample="gmac_per_sample", trainable_share="trainable_share")
REFERENCE_PASS = Link("flop_per_sample", sample_flop.flop_with_frozen_encoders, flop_per_sample="flop_per_sample", frozen_gmac_per_sample="gmac_per_sample")
_FOREIGN = (*OWN_FIELDS, "frozen_params", "teacher_params", "padding", "evaluation_tokens", "generated_tokens", "generation_ratio")
"""Fields that say how more or less than three passes of a sample are computed."""
_UNUSED = ("active_params", "layers", "hidden", "heads", "kv_heads", "head_dim", "ffn", "ffn_matrices", "vocab", "seq_len", "patch_size")
"""Fields of a shape, which multiply-adds have in them."""


class Passes(NamedTuple):
    """The passes of a training over a sample.

    Attributes:
        links: The links that compute their FLOP.
        shares: The multiply-adds of each part over those of one forward pass, as FLOP. [FLOP/GMAC]
        assumed: What was assumed.
    """

    links: tuple[Link, ...]
    shares: dict[str, Num]
    assumed: list[Assumption]


def passes(plan: "Plan", values: "dict[str, Num | None]") -> Passes:
    """Return the passes that *plan* takes over a sample of known multiply-adds; *values* receive the share that adapters train.

    Raises:
        PlanError: the FLOP of such a training do not follow from multiply-adds.
    """
    kind = kind_of(plan.kind)
    if kind.has_rollouts:
        raise PlanError(
            f"kind {plan.kind} is not known to samples of multiply-adds", hint="give flop_per_sample, and count what is generated and compared in it"
        )
    links: tuple[Link, ...] = (SAMPLE_FLOP,)
    shares: dict[str, Num] = {"model": 6e9}
    assumed: list[Assumption] = []
    if trains_adapters(plan):
        share, assumed = _trainable_share(values)
        values["trainable_share"] = share
        links, shares = (ADAPTERS,), {"frozen": 4e9, "adapters": 6e9 * share}
    elif plan.trainable_params is not None:
        hint = "give kind lora for adapters, or flop_per_sample, and count 4 FLOP for each frozen parameter and token"
        raise PlanError("trainable_params are not known to samples of multiply-adds", hint=hint)
    if plan.reference_params is not None and (not kind.has_reference or any_of(median_of(plan.number("reference_params")) > 0.0)):
        hint = f"{'leave them out: a copy of the model is counted' if kind.has_reference else 'give kind dpo'}, or give flop_per_sample"
        raise PlanError("reference_params are not known to samples of multiply-adds", hint=hint)
    if kind.has_reference and plan.reference_params is None:
        seen = values.get("params")
        assumed += [] if seen is None else [Assumption("reference_params", seen, "not stated: a frozen copy of the model; 0 if computed beforehand")]
        links, shares = (*links, REFERENCE_PASS), shares | {"reference": 2e9}
    return Passes(links, shares, assumed)


def _trainable_share(values: "Mapping[str, Num | None]") -> tuple[Num, list[Assumption]]:
    """Return the share of the parameters that adapters train."""
    trainable, params = values.get("trainable_params"), values.get("params")
    if trainable is None:
        return LORA_SHARE, [Assumption("trainable_share", LORA_SHARE, "not stated: adapters of 1 % of the model")]
    if params is None:
        raise PlanError("trainable_params need params", hint="give params, those of the whole model, or leave out trainable_params for adapters of 1 %")
    return trainable / params, []


def check_beside(plan: "Plan", name: str, *, params: float, family: str) -> None:
    """Refuse what *plan* states beside the network *name* and its multiply-adds do not have in them.

    Raises:
        PlanError: it states a field or a family by which a sample is counted in another way.
    """
    instead = f"leave out model, and give params {params:g} and flop_per_sample, with all that a sample takes"
    foreign = next((field for field in _FOREIGN if getattr(plan, field) is not None), "")
    if foreign:
        raise PlanError(f"{foreign} beside the model {name}, which is known by the multiply-adds of an image", hint=instead)
    stated = plan.family
    if stated is None or stated == family:
        return
    if stated == "diffusion" or family == "contrastive" or FAMILIES[stated].is_by_sample:
        hint = f"leave out family, or {instead}"
        raise PlanError(f"family {stated} counts a sample in another way than the model {name}, which is known as {family}", hint=hint)


def unused(plan: "Plan") -> list[str]:
    """Return a warning that names the fields of *plan* that have no effect beside multiply-adds."""
    names = [name for name in _UNUSED if getattr(plan, name) is not None]
    return [f"ignored {', '.join(names)}: no effect on this estimate"] if names else []
