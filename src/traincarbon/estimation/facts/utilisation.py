"""The facts about utilisation: of a whole run, or of its steps if the plan states what reduces them over the run."""

import math
from collections.abc import Iterator
from typing import NamedTuple

from traincarbon.database.load import Database
from traincarbon.database.select import Prior, need_prior, prior, sigma_of
from traincarbon.estimation.facts.evidence import Given, Part, from_prior, given
from traincarbon.estimation.facts.hardware import gemm_ceiling, is_card, measured_ceiling, speed_up_of, used_precision
from traincarbon.estimation.facts.question import Subject
from traincarbon.estimation.families import IMAGE, MOE, USUAL, family_of, kind_of
from traincarbon.estimation.links import EXPECTED_MFU
from traincarbon.estimation.walk import walk
from traincarbon.uncertain import Z_90, Num, Uncertain, z_of

AMPLE_PEAK_FLOP_PER_S = 312e12
"""The peak, that of an A100 at 16 bits, for which the prior ``mfu_ample_params`` is stated; a faster accelerator needs more work to stay busy."""
_MANY_ROWS = 10
"""Rows of a generation from which on they are of its datacentre modules."""
_FAR = 2.0
"""Standard deviations from which on a limit changes nothing: one value in 44 is further up."""


class Support(NamedTuple):
    """How many published rows of utilisation are like a plan."""

    alike: int = 0
    """Of its generation of hardware, its family and its kind of training."""
    of_generation: int = 0
    of_family: int = 0
    """Of its family and its kind, on any hardware."""

    @property
    def is_guess(self) -> bool:
        """Whether no row is of the generation, or none is of the family and kind, so that the utilisation is a guess."""
        return not self.of_generation or not self.of_family


class UtilisationFacts(Part):
    """Utilisation of a whole run, or of its steps if the plan states what reduces them over the run.

    Attributes:
        support: How many published runs are behind the utilisation.
    """

    support: "Support | None" = None
    assumed_family: Given | None = None
    assumed_kind: Given | None = None
    mfu: Given | None = None
    mfu_ample_params: Given | None = None
    mfu_thin_exponent: Given | None = None
    mfu_sparse_exponent: Given | None = None
    mfu_ample_image_s: Given | None = None
    mfu_light_exponent: Given | None = None


def utilisation_facts(subject: Subject, database: Database) -> UtilisationFacts:
    """Return the prior of a whole run's utilisation; if the plan states a goodput, that of its steps.

    Raises:
        DatabaseError: a prior is missing.
    """
    question, chip = subject.question, subject.accelerator
    precision = used_precision(chip, question.precision) or ""
    family = Given("family", USUAL.name, "", "not stated: a decoder-only language model", assumed=True)
    kind = Given("kind", "pretrain", "", "not stated: training from scratch", assumed=True)
    of_images = {} if question.is_goodput_stated or family_of(question.family).medium != IMAGE else _of_images(database)
    known = UtilisationFacts(
        support=_support(subject, database),
        assumed_family=family if question.family is None else None,
        assumed_kind=kind if question.kind is None else None,
        mfu=_mfu(subject, database, precision),
        mfu_sparse_exponent=None if question.is_goodput_stated else _sparse_exponent(database),
        mfu_ample_image_s=of_images.get("mfu_ample_image_s"),
        mfu_light_exponent=of_images.get("mfu_light_exponent"),
    )
    if not question.is_goodput_stated:
        return known
    ample = need_prior(database, "mfu_ample_params", "*")
    faster = (chip.value(f"peak_{precision}_flop_per_s") or AMPLE_PEAK_FLOP_PER_S) / AMPLE_PEAK_FLOP_PER_S
    enough = f"parameters on each accelerator below which utilisation falls: {faster:.3g} × those on an A100, by peak"
    return UtilisationFacts(
        **known.stated(),
        mfu_thin_exponent=from_prior(database, "mfu_thin_exponent", "*", "", "how fast utilisation falls below that"),
        mfu_ample_params=given("mfu_ample_params", ample.value.median * faster, "", enough, ample.row, assumed=True),
    )


def _sparse_exponent(database: Database) -> Given | None:
    """Return how the utilisation of whole runs falls with the parameters over the active ones, None where that is unknown."""
    exponent = prior(database, "mfu_sparse_exponent", "*")
    what = "how fast utilisation falls with the parameters of a mixture of experts over the active ones"
    return given("mfu_sparse_exponent", exponent.value.median, "", what, exponent.row, assumed=True) if exponent is not None else None


def _of_images(database: Database) -> dict[str, Given]:
    """Return how the utilisation of whole runs falls with the work for each image that is loaded, nothing where that is unknown."""
    whats = {
        "mfu_ample_image_s": ("s", "time at the peak that an image has to be worth"),
        "mfu_light_exponent": ("", "how fast utilisation falls below that"),
    }
    found = {name: (prior(database, name, "*"), unit, what) for name, (unit, what) in whats.items()}
    return {name: given(name, row.value.median, unit, what, row.row, assumed=True) for name, (row, unit, what) in found.items() if row is not None}


def _mfu(subject: Subject, database: Database, precision: str) -> Given:
    """Return the prior of utilisation: that of the generation times the effects of accelerator, family, kind and precision."""
    chip, generation = subject.accelerator, subject.accelerator.generation
    steps = "step_" if subject.question.is_goodput_stated else ""
    row, value = need_prior(database, f"{steps}mfu", f"generation={generation}", "generation=*")
    rows = "steps" if steps else "whole runs"
    has_runs = row["scope"] != "generation=*" and row["n"] != "0"
    reasons = [f"{rows} on {generation}" if has_runs else f"{rows} on other hardware: none is published for {generation or chip.name}"]
    here = measured_ceiling(subject.hardware, chip, precision)
    own = here or gemm_ceiling(database, chip)
    has_rows = has_runs or prior(database, "step_mfu", f"generation={generation}") is not None
    usual = gemm_ceiling(database, generation if has_rows else "*")
    reached = own if has_rows or steps or here is not None else min(own, usual)  # hardware without runs is not better than its neighbours
    values: dict[str, Num | None] = {"mfu": value.median, "ceiling": reached, "usual_ceiling": usual}
    values |= {"family_factor": 1.0, "kind_factor": 1.0, "precision_factor": 1.0}
    ratio = reached / usual
    if ratio != 1.0:
        reasons.append(f"× {ratio:.2f} for the best matrix products measured on {chip.name if here is None else subject.hardware.id}")
    sigma = value.sigma
    narrow = prior(database, "mfu_narrow_share", "*")
    speed_up = speed_up_of(chip, precision)
    if narrow is not None and speed_up != 1.0:
        values |= {"speed_up": speed_up, "narrow_share": narrow.value.median}
        reasons.append(f"at {speed_up:.3g} × the 16-bit peak, which {narrow.value.median:.0%} of the time follows")
    if not steps and _is_card_among_modules(subject, database):
        sigma = math.hypot(sigma, sigma_of(database, "mfu_card_spread", "*"))
        reasons.append(f"wider, as {chip.name} is a card and these runs are of datacentre modules")
    for scope, factor, warning in _mfu_factors(subject, database, precision, steps):
        if warning:
            reasons.append(warning)
        effect = scope.partition("=")[0]
        median = factor.value.median if effect != "precision" else min(factor.value.median, _most_of_format(narrow, speed_up))
        values[f"{effect}_factor"] = median
        sigma = math.hypot(sigma, factor.value.sigma)
        reasons.append(f"× {median:.2f} for {scope}" + (", no more than the peak is higher" if median < factor.value.median else ""))
    derivation = tuple(walk(EXPECTED_MFU, values))
    mfu: float = derivation[-1][2] or 0.0
    reason = f"prior {'of the steps ' if steps else ''}from published {', '.join(reasons)}"
    return given("mfu", truncated(Uncertain(mfu, {"mfu": sigma}), own), "", reason, row, assumed=True)._replace(derivation=derivation)


def _most_of_format(narrow: Prior | None, speed_up: float) -> float:
    """Return the factor of a format at which hours fall by as much as its peak is higher; what published runs reach beyond that is their teams'."""
    return math.inf if narrow is None or speed_up <= 1.0 else narrow.value.median + (1.0 - narrow.value.median) * speed_up


def _support(subject: Subject, database: Database) -> Support:
    """Return how many published rows are behind the utilisation; adapters count as fine-tuning."""
    question = subject.question
    generation = f"generation={subject.accelerator.generation}"
    family = f"family={MOE if question.is_moe else family_of(question.family).prior}"
    like = f"{family};kind={'pretrain' if kind_of(question.kind).prior == 'pretrain' else 'finetune'}"
    scopes = (f"{generation};{like}", generation, like)
    if _is_card_among_modules(subject, database):
        return Support(0, *(_rows_of(database, scope) for scope in scopes[1:]))
    return Support(*(_rows_of(database, scope) for scope in scopes))


def _rows_of(database: Database, scope: str) -> int:
    found = prior(database, "mfu_rows", scope)
    return 0 if found is None else int(found.value.median)


def _is_card_among_modules(subject: Subject, database: Database) -> bool:
    """Whether the accelerator is a card, of which hardly any published run is, while the many of its generation are of datacentre modules."""
    chip = subject.accelerator
    return is_card(chip) and _rows_of(database, f"generation={chip.generation}") >= _MANY_ROWS


def _mfu_factors(subject: Subject, database: Database, precision: str, steps: str) -> Iterator[tuple[str, Prior, str]]:
    """Yield scope, factor and a warning for family, kind and precision; the usual ones have no factor.

    What no *steps* are published of has the factor of whole runs; that of a family may differ by generation of hardware.
    """
    question, generation = subject.question, subject.accelerator.generation
    family = MOE if question.is_moe else family_of(question.family).prior
    unknown = "no run of this family is published, and 6 FLOP per parameter and token may be wrong for it"
    usual = {"family": (), "kind": ("pretrain",), "precision": ("bf16", "fp16")}
    for name, word in (("family", family), ("kind", kind_of(question.kind).prior), ("precision", precision)):
        of_steps = (("step_mfu_factor", word),) if steps else ()
        scopes = (*of_steps, ("mfu_factor", f"{word};generation={generation}"), ("mfu_factor", word), (f"{steps}mfu_factor", "*"))
        found = ((scope, known) for table, scope in scopes if (known := prior(database, table, f"{name}={scope}")) is not None)
        scope, factor = next(found, ("", None))
        if factor is not None and scope.partition(";")[0] == word:
            yield f"{name}={word}", factor, ""
        elif factor is not None and word not in usual[name]:
            yield f"{name}={word}", factor, unknown if name == "family" else ""


def truncated(value: Uncertain, most: float) -> Uncertain:
    """Return the log-normal whose 90 % interval is that of *value* if it cannot exceed *most*.

    The distribution is cut off at *most*, and the rest of it counts in full. Each named spread shrinks alike.

    Example:
        >>> print(truncated(Uncertain(0.5, {"mfu": 0.5}), 0.8))
        0.395 (0.21 – 0.74)
    """
    sigma = value.sigma
    if value.median >= most:
        return Uncertain(most, value.spreads)
    if value.median * math.exp(_FAR * sigma) <= most:
        return value
    share = 0.5 + 0.5 * math.erf(math.log(most / value.median) / (sigma * math.sqrt(2.0)))
    low, high = (_normal_quantile(part * share) * sigma for part in (0.05, 0.95))
    shrunk = (high - low) / (2.0 * Z_90 * sigma)
    return Uncertain(value.median * math.exp((low + high) / 2.0), {name: shrunk * spread for name, spread in value.spreads.items()})


def _normal_quantile(share: float) -> float:
    return z_of(2.0 * share - 1.0) if share > 0.5 else -z_of(1.0 - 2.0 * share) if share < 0.5 else 0.0
