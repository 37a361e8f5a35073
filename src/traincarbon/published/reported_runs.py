"""Published training runs: what each row states, the utilisation that it implies, and the plan that one would have made of it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from traincarbon.database.find import find_hardware
from traincarbon.database.load import Database
from traincarbon.database.records import Product
from traincarbon.errors import CarbonError, DatabaseError, NotFoundError
from traincarbon.estimation.calibration import NONE
from traincarbon.estimation.families import MOE, published_family
from traincarbon.estimation.plan import Plan
from traincarbon.formulas import compute, samples, throughput
from traincarbon.published.run_kinds import RunKind, Unusable
from traincarbon.quantities import H_PER_DAY

if TYPE_CHECKING:
    from traincarbon.estimation.plan_keywords import PlanFields

_PRECISIONS = {"nvfp4": "fp4", "mxfp4": "fp4", "mxfp8": "fp8", "bfloat16": "bf16", "float16": "fp16", "float32": "fp32"}
_USUAL_PRECISIONS = ("bf16", "fp16", "tf32", "fp32")
"""Tried in this order where a row states no precision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedRun:
    """One row of ``published_runs.csv``. Each field is a column, None where a number was not published.

    Attributes:
        unusable: Why no constant may be fitted to the row, None if one may.
        locator: Where in its source the row stands.
        training_flops: FLOP of the whole training; they count in place of parameters and tokens.
        teacher_params: Parameters of a teacher that sees every token.
        samples: Samples that the training sees, all epochs included; with *gmac_per_sample* they count in place of parameters and tokens.
        gmac_per_sample: Multiply-adds of the forward pass of one sample, in 1e9.
        images_per_sample: Images that are loaded for a sample: views of an image, or frames of a clip.
        power_cap_w: The power cap of the accelerator that was metered, where it is not that of its product: a laptop's, or one that was set.
        set: The set that ``carbon validate`` counts the row in; empty for the default.
    """

    id: str
    kind: RunKind
    evidence: str = ""
    unverified_fields: str = ""
    model: str = ""
    organisation: str = ""
    year: float | None = None
    family: str = ""
    total_params: float | None = None
    active_params: float | None = None
    layers: float | None = None
    hidden: float | None = None
    heads: float | None = None
    seq_len: float | None = None
    vocab: float | None = None
    batch_tokens: float | None = None
    tokens: float | None = None
    epochs: float | None = None
    training_flops: float | None = None
    hardware: str = ""
    accelerators: float | None = None
    precision: str = ""
    tp: float | None = None
    pp: float | None = None
    dp: float | None = None
    micro_batch: float | None = None
    interleave: float | None = None
    recompute: str = ""
    accelerator_hours: float | None = None
    wallclock_days: float | None = None
    iter_time_s: float | None = None
    tokens_per_s_per_accelerator: float | None = None
    achieved_tflops_per_accelerator: float | None = None
    mfu: float | None = None
    hfu: float | None = None
    energy_kwh: float | None = None
    energy_scope: str = ""
    mean_power_w_per_accelerator: float | None = None
    pue: float | None = None
    carbon_intensity_g_per_kwh: float | None = None
    co2e_t: float | None = None
    co2e_scope: str = ""
    embodied_t: float | None = None
    cost_usd: float | None = None
    cost_basis: str = ""
    provider: str = ""
    region: str = ""
    source: str = ""
    note: str = ""
    confidence: str = ""
    unusable: Unusable | None = None
    set: str = ""
    locator: str = ""
    teacher_params: float | None = None
    samples: float | None = None
    gmac_per_sample: float | None = None
    images_per_sample: float | None = None
    power_cap_w: float | None = None

    @property
    def report(self) -> str:
        """The place that the row was read from: its source, and where in it."""
        return f"{self.source}, {self.locator}" if self.locator else self.source

    @property
    def params(self) -> float | None:
        """Parameters that a token passes through: the active ones, else all."""
        return self.active_params or self.total_params

    @property
    def hours_h(self) -> float | None:
        """Accelerator-hours, as published or from wall-clock time and count."""
        days, n = self.wallclock_days, self.accelerators
        return self.accelerator_hours if self.accelerator_hours is not None else days * H_PER_DAY * n if days is not None and n is not None else None

    @property
    def is_bench(self) -> bool:
        """Whether the row is a throughput benchmark, whose tokens nobody counted."""
        return self.kind is RunKind.BENCH

    @property
    def is_steady(self) -> bool:
        """Whether the row times steps only (a benchmark or a timed part), not a whole run with its stops."""
        return self.kind in (RunKind.BENCH, RunKind.SEGMENT)

    @property
    def is_mixture(self) -> bool:
        """Whether the model is a mixture of experts."""
        return self.family == MOE

    @property
    def is_adapter(self) -> bool:
        """Whether only low-rank adapters were trained."""
        return self.kind is RunKind.LORA

    @property
    def group(self) -> str:
        """Who published the row, the organisation or else the source, in lower case."""
        return (self.organisation or self.report).casefold()

    @property
    def number_format(self) -> str | None:
        """The precision of the matrix products, named as in a plan, None where none is stated.

        Raises:
            DatabaseError: the database holds no peak rates for it.
        """
        stated = self.precision.split("/")[0].strip().lower()
        known = _PRECISIONS.get(stated, stated)
        if known.startswith("int"):
            raise DatabaseError(f"no peak rate at {stated} is known", hint="the precisions are fp32, tf32, fp16, bf16, fp8 and fp4")
        return known or None

    def find_hardware(self, database: Database) -> Product:
        """Return the hardware that the row names.

        Raises:
            NotFoundError: it names no known hardware.
        """
        if not self.hardware:
            raise NotFoundError("no hardware is stated", hint="fill the column hardware")
        return find_hardware(database, self.hardware)

    def plan(self, database: Database) -> Plan:
        """Return the plan that one would have made of this run beforehand. For a benchmark it is the plan of its steps, and its MFU is the question.

        Raises:
            CarbonError: the row does not state enough, or names something unknown.
        """
        if not self.is_bench:
            return self._plan(database, self.tokens)
        fields = self._plan(database, self.tokens or self.batch_tokens or 1e6).to_dict()
        known = {"accelerators": self.accelerators, "batch_tokens": self.batch_tokens, "seq_len": self.seq_len}
        return Plan.from_dict({**fields, **{name: value for name, value in known.items() if value is not None}})

    def _plan(self, database: Database, tokens: float | None) -> Plan:
        hardware = self.find_hardware(database)
        fields: PlanFields = {
            "hw": hardware.id,
            "calibration": NONE,
            "active_params": self.active_params,
            "precision": self.number_format,
            "family": published_family(self.family).name,
            "kind": self.kind.value if self.kind.is_finetuning else "pretrain",
            "accelerators": self.accelerators if hardware.folder == "accelerators" else None,
            "goodput": 1.0 if self.is_steady else None,
            "start": f"{self.year:.0f}" if self.year is not None else None,
            "pue": self.pue,
            "carbon_intensity": self.carbon_intensity_g_per_kwh,
        }
        fields.update(self._work(tokens))
        return Plan(**fields)

    def _work(self, tokens: float | None) -> "PlanFields":
        """Return the fields of a plan that state the work of this run: its FLOP, its samples, or its parameters and *tokens*.

        Raises:
            DatabaseError: the row states none of them.
        """
        if self.states_flop and self.total_params is None:
            return self._stated_flop
        if self.total_params is None:
            raise DatabaseError("no params are stated", hint="fill the column total_params, or training_flops")
        if self.states_flop:
            return {"params": self.total_params, **self._stated_flop}
        if tokens is None:
            raise DatabaseError("no tokens are stated", hint="fill the column tokens, or training_flops")
        if self.is_mixture and self.active_params is None:
            raise DatabaseError("no active parameters of a mixture of experts are stated", hint="fill the column active_params")
        work: PlanFields = {"params": self.total_params, "tokens": tokens}
        return work if self.teacher_params is None else {**work, "teacher_params": self.teacher_params}

    @property
    def states_flop(self) -> bool:
        """Whether the FLOP of the run are stated, as a total or of each sample, in place of its parameters and tokens."""
        return not self.is_bench and (self.training_flops is not None or (self.samples is not None and self.gmac_per_sample is not None))

    @property
    def _stated_flop(self) -> "PlanFields":
        if self.training_flops is not None:
            return {"flop": self.training_flops}
        return {"samples": self.samples or 0.0, "gmac_per_sample": self.gmac_per_sample or 0.0, "images_per_sample": self.images_per_sample}

    @property
    def work_flop(self) -> float | None:
        """Model FLOP of the run: those stated, those of its samples, or 6 N D with the forward passes of a teacher; None where they are unknown."""
        if self.states_flop:
            if self.training_flops is not None:
                return self.training_flops
            per_sample = samples.multiply_add_flop(gmac_per_sample=self.gmac_per_sample)
            return float(samples.samples_training_flop(flop_per_sample=per_sample, samples=self.samples, epochs=1.0))
        if self.params is None or self.tokens is None:
            return None
        flop = self.flop_per_token(self.params) * self.tokens
        if self.teacher_params is None:
            return flop
        return float(samples.flop_with_teacher(compute_flop=flop, teacher_params=self.teacher_params, tokens=self.tokens))

    def implied_mfu(self, peak_flop_per_s: float) -> float | None:
        """Return the end-to-end utilisation that the published numbers imply, by :attr:`work_flop` (4 N D for adapters, half for encoder-decoders).

        Hardware utilisation, which counts recomputation, is divided by the 4/3 of full recomputation.
        """
        if self.is_bench and self.mfu is not None:
            return self.mfu
        flop = self.work_flop
        if flop is not None and self.hours_h is not None:
            return float(throughput.implied_mfu(compute_flop=flop, peak_flop_per_s=peak_flop_per_s, accelerator_hours_h=self.hours_h))
        per_token = self.flop_per_token(self.params) if self.params is not None else None
        return self._benched_mfu(per_token, peak_flop_per_s) if self.is_bench else None

    def _benched_mfu(self, per_token: float | None, peak_flop_per_s: float) -> float | None:
        """Return the utilisation by the rate or the time of a step, the first that is published."""
        rate, achieved = self.tokens_per_s_per_accelerator, self.achieved_tflops_per_accelerator
        if per_token is not None and rate is not None:
            return per_token * rate / peak_flop_per_s
        if achieved is not None:
            recomputed = self.hfu is not None or self.recompute == "full"
            return achieved * 1e12 / peak_flop_per_s * (0.75 if recomputed else 1.0)
        batch, step_s, n = self.batch_tokens, self.iter_time_s, self.accelerators
        if per_token is not None and batch is not None and step_s is not None and n is not None:
            return per_token * batch / (step_s * n * peak_flop_per_s)
        return 0.75 * self.hfu if self.hfu is not None else None

    def flop_per_token(self, params: float) -> float:
        """Return the model FLOP of one token for *params* active parameters."""
        if self.is_adapter:
            return float(compute.adapter_training_flop(frozen_params=params, trainable_params=0.0, tokens=1.0))
        return float(published_family(self.family).training_flop(active_params=params, tokens=1.0))


class SetAside(NamedTuple):
    """A run that was not used, and why, with its line where a row of a file could not be read."""

    id: str
    reason: str
    line: int | None = None

    def to_dict(self) -> dict[str, str]:
        """Return id and reason, fit for JSON."""
        return {"id": self.id, "reason": self.text}

    @property
    def text(self) -> str:
        """The reason, with the line."""
        return self.reason if self.line is None else f"line {self.line}: {self.reason}"


class Chip(NamedTuple):
    """What a run computed on."""

    product: Product
    precision: str
    """The precision that it used, else the usual one."""
    peak_flop_per_s: float
    """Dense peak at that precision."""

    @property
    def generation(self) -> str:
        """The hardware generation, empty where none is stated."""
        return self.product.keys.get("generation", "")


def chip_of(run: PublishedRun, database: Database) -> Chip:
    """Return the chip of *run*, with the peak at the precision that it used or would use.

    Raises:
        CarbonError: the row names hardware or a precision that is not known.
    """
    hardware = run.find_hardware(database)
    product = hardware if hardware.folder == "accelerators" else database.product("accelerators", hardware.keys["accelerator"])
    if product is None:
        raise CarbonError(f"no chip of {hardware.id} is known")
    stated = run.number_format
    for precision in _USUAL_PRECISIONS if stated is None else (stated,):
        peak = product.value(f"peak_{precision}_flop_per_s")
        if peak is not None:
            return Chip(product, precision, peak)
    raise CarbonError(f"{product.id} has no {stated} rate")
