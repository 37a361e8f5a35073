"""What samples of stated work are taken for where a plan does not state the family."""

from typing import NamedTuple

from traincarbon.estimation.families import OWN_FIELDS
from traincarbon.estimation.plan import Plan


class Guess(NamedTuple):
    """What samples are taken for.

    Attributes:
        family: The family, empty where it is the usual one.
        warning: What a reader should know of it.
    """

    family: str
    warning: str


def guessed_family(plan: Plan) -> Guess | None:
    """Return what the samples of *plan* are taken for: images where their work is in multiply-adds, else text. None where the plan says it.

    Example:
        >>> guessed_family(Plan(samples=1e6, gmac_per_sample=4.1)).family
        'vision'
    """
    if plan.family is not None or plan.seq_len is not None or plan.model is not None:
        return None
    is_text = plan.flop_per_sample is not None and plan.image_size is None
    own = next((family for name, family in OWN_FIELDS.items() if getattr(plan, name) is not None), "vision")
    warning = f"the samples are taken as {'text' if is_text else 'images'}: give family, such as convolution, diffusion, speech or decoder, as utilisation depends on it"
    return Guess("" if is_text else own, warning)
