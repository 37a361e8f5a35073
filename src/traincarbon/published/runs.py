"""What real trainings reported, read strictly and turned into the plans that one would have made of them."""

from dataclasses import dataclass
from os import path
from typing import Any, NamedTuple

from traincarbon.database.find import find_hardware
from traincarbon.database.load import Database, builtin_root
from traincarbon.database.records import Product
from traincarbon.errors import DatabaseError, NotFoundError
from traincarbon.estimation.families import MOE, published_family
from traincarbon.estimation.plan import Plan
from traincarbon.formulas import compute, throughput
from traincarbon.published.runs_file import BadRow, read_rows
from traincarbon.quantities import H_PER_DAY

_PRECISIONS = {"nvfp4": "fp4", "mxfp4": "fp4", "mxfp8": "fp8", "bfloat16": "bf16", "float16": "fp16", "float32": "fp32"}


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """One row of published runs: its texts, and its numbers where they were published."""

    texts: dict[str, str]
    numbers: dict[str, float]

    def __getitem__(self, column: str) -> str:
        return self.texts[column]

    def number(self, column: str) -> float | None:
        """Return the number in *column*, or None where it was not published."""
        return self.numbers.get(column)

    @property
    def hours_h(self) -> float | None:
        """Accelerator-hours, as published or from wall-clock and count."""
        hours, days, n = self.number("accelerator_hours"), self.number("wallclock_days"), self.number("accelerators")
        return hours if hours is not None else days * H_PER_DAY * n if days is not None and n is not None else None

    @property
    def is_steady(self) -> bool:
        """Whether the figures are of steps only: a throughput bench or a timed entry, not a whole run with its stops."""
        return self["kind"] in ("bench", "segment")

    def hardware(self, database: Database) -> Product:
        """Return the hardware that the row names.

        Raises:
            NotFoundError: it names none that we know.
        """
        if not self["hardware"]:
            raise NotFoundError("no hardware is stated", hint="fill the column hardware")
        return find_hardware(database, self["hardware"])

    def plan(self, database: Database, *, shaped: bool = False) -> Plan:
        """Return the plan that one would have made of this run beforehand.

        Args:
            database: Where the hardware is looked up.
            shaped: Whether layers, width and context may be used, or parameters and tokens alone.

        Raises:
            CarbonError: the row does not state enough, or names something unknown.
        """
        hardware = self.hardware(database)
        fields: dict[str, Any] = {"params": self.number("total_params"), "tokens": self.number("tokens"), "hw": hardware.id, "calibration": "none"}
        for name, value in (("params", fields["params"]), ("tokens", fields["tokens"])):
            if value is None:
                raise DatabaseError(f"no {name} are stated", hint=f"fill the column {'total_params' if name == 'params' else name}")
        if self["family"] == MOE and self.number("active_params") is None:
            raise DatabaseError("no active parameters of a mixture of experts are stated", hint="fill the column active_params")
        fields["active_params"] = self.number("active_params")
        fields["precision"] = self.precision
        fields["family"] = published_family(self["family"]).name
        fields["kind"] = ("lora" if "lora" in self["model"].lower() else "finetune") if self["kind"] == "finetune" else "pretrain"
        fields["accelerators"] = self.number("accelerators") if hardware.folder == "accelerators" else None
        fields["goodput"] = 1.0 if self.is_steady else None
        fields["start"] = f"{self.numbers['year']:.0f}" if "year" in self.numbers else None
        fields["pue"] = self.number("pue")
        fields["carbon_intensity"] = self.number("carbon_intensity_g_per_kwh")
        if shaped:
            fields |= {name: self.number(name) for name in ("layers", "hidden", "heads", "seq_len", "vocab")}
        return Plan(**{name: value for name, value in fields.items() if value is not None})

    def plan_of_a_step(self, database: Database) -> Plan:
        """Return the plan of one step of a throughput bench, whose tokens nobody counts: its utilisation is what is asked.

        Raises:
            CarbonError: the row does not state enough, or names something unknown.
        """
        numbers = {"tokens": self.number("batch_tokens") or 1e6, **self.numbers}
        plan = Run(self.texts, numbers).plan(database).to_dict()
        known = {name: value for name in ("accelerators", "batch_tokens", "seq_len") if (value := self.number(name)) is not None}
        return Plan.from_dict({**plan, **known})

    @property
    def precision(self) -> str | None:
        """The number format of the matrix products, in the words of a plan; None where none is stated.

        Raises:
            DatabaseError: it is one that the database holds no peak rates for.
        """
        stated = self["precision"].split("/")[0].strip().lower()
        known = _PRECISIONS.get(stated, stated)
        if known.startswith("int"):
            raise DatabaseError(f"no peak rate at {stated} is held", hint="the precisions are fp32, tf32, fp16, bf16, fp8 and fp4")
        return known or None

    def mfu(self, peak_flop_per_s: float) -> float | None:
        """Return the end-to-end utilisation that the published figures imply, by 6 N D (4 N D for adapters, half for encoder-decoders).

        Hardware utilisation, which counts recomputation, is brought down by the 4/3 of full recomputation.
        """
        params = self.number("active_params") or self.number("total_params")
        tokens, hours = self.number("tokens"), self.hours_h
        per_token = self.flop_per_token(params) if params is not None else None
        rate = self.number("tokens_per_s_per_accelerator")
        batch, step_s, n = self.number("batch_tokens"), self.number("iter_time_s"), self.number("accelerators")
        achieved, stated, hfu = self.number("achieved_tflops_per_accelerator"), self.number("mfu"), self.number("hfu")
        recomputed = hfu is not None or self["recompute"] == "full"
        if self["kind"] == "bench" and stated is not None:
            return stated
        if per_token is not None and tokens is not None and hours is not None:
            flop = per_token * tokens
            return float(throughput.implied_mfu(compute_flop=flop, peak_flop_per_s=peak_flop_per_s, accelerator_hours_h=hours))
        if self["kind"] != "bench":
            return None
        if per_token is not None and rate is not None:
            return per_token * rate / peak_flop_per_s
        if achieved is not None:
            return achieved * 1e12 / peak_flop_per_s * (0.75 if recomputed else 1.0)
        if per_token is not None and batch is not None and step_s is not None and n is not None:
            return per_token * batch / (step_s * n * peak_flop_per_s)
        return 0.75 * hfu if hfu is not None else None

    def flop_per_token(self, params: float) -> float:
        """Return the model FLOP of one token for *params* active parameters."""
        if "lora" in self["model"].lower():
            return float(compute.adapter_training_flop(frozen_params=params, trainable_params=0.0, tokens=1.0))
        return float(published_family(self["family"]).training_flop(active_params=params, tokens=1.0))


class SetAside(NamedTuple):
    """A row that could not be used, and why."""

    id: str
    reason: str


def read_runs(file: str | None = None) -> tuple[list[Run], list[SetAside]]:
    """Return the runs of a CSV *file* in the columns of ``published_runs.csv``, ours by default, and the rows set aside.

    A row with a text where a number belongs, a number that cannot be, or an id that was there before is set aside with its line and the reason.

    Raises:
        DatabaseError: the file cannot be read, lacks a column, or holds no runs.
    """
    source = path.join(builtin_root(), "published_runs.csv") if file is None else file
    runs: list[Run] = []
    aside: list[SetAside] = []
    for row in read_rows(source):
        if isinstance(row, BadRow):
            aside.append(SetAside(row.id, f"line {row.line}: {row.reason}"))
        else:
            runs.append(Run(*row))
    if not runs and not aside:
        raise DatabaseError(f"{source} names columns, but holds no runs", hint="add a row for each run")
    return runs, aside
