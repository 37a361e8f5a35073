"""The images that the samples of a plan load, each view, crop and frame counted."""

from collections.abc import Mapping

from traincarbon.errors import PlanError
from traincarbon.estimation.families import FAMILIES, IMAGE, family_of
from traincarbon.estimation.plan import Plan
from traincarbon.uncertain import Num


def loaded_images(plan: Plan, values: Mapping[str, Num | None], family: str) -> Num | None:
    """Return the images that the samples of *plan* load over all epochs; None where the *family* computes on none.

    A sample is one image unless the plan says how many it loads; a clip loads its frames, and self-distillation its crops.

    Args:
        plan: The plan.
        values: Its numbers, with those that were assumed.
        family: The family of the model, stated or assumed; empty where it is neither.

    Raises:
        PlanError: the plan says how many images a sample loads, of a family that computes on none.
    """
    samples = plan.number("samples")
    if not family or family_of(family).medium != IMAGE:
        if plan.images_per_sample is not None:
            known = ", ".join(name for name, each in FAMILIES.items() if each.medium == IMAGE)
            raise PlanError(f"images_per_sample are not known to {family or 'a plan without a family'}", hint=f"leave them out, or give family: {known}")
        return None
    if samples is None:
        return None
    if plan.images is not None:
        return plan.number("images")
    epochs, stated, frames, crops = (values.get(name) for name in ("epochs", "images_per_sample", "frames", "global_crops"))
    local = values.get("local_crops")
    all_crops = crops + (0.0 if local is None else local) if crops is not None else None
    each = next((number for number in (stated, frames, all_crops) if number is not None), 1.0)
    return samples * (1.0 if epochs is None else epochs) * each
