"""What runs showed, in columns of numbers: from records of the ledger, or from arrays for those who have a million."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from traincarbon.calibration.step_time import layout_of
from traincarbon.database.find import find_hardware, find_place
from traincarbon.database.load import Database
from traincarbon.database.records import Product
from traincarbon.errors import CarbonError
from traincarbon.estimation.calibration import job_family
from traincarbon.estimation.fields import Use, check_number
from traincarbon.estimation.plan import FIELDS, fields_with
from traincarbon.ledger.record import RunRecord
from traincarbon.published.runs import SetAside
from traincarbon.quantities import S_PER_H

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Array = npt.NDArray[np.float64]
    Codes = npt.NDArray[np.intp]
    Flags = npt.NDArray[np.bool_]

SHAPE = fields_with(Use.HOURS)
"""Fields of a plan, besides the hardware, that decide the expected hours of a run; runs of one job share them."""

_J_PER_KWH = 3.6e6
_MOST_GAPS = 0.1
"""Share of a run that may go unmetered before its energy is not believed."""
_MOST_LAYOUTS = 3000
"""Distinct layouts that are looked at, a third of a millisecond each; of more the first say enough."""
_IDLE = 0.05
"""Accelerators that were busy for a smaller share of the time idled."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Observed:
    """Runs in columns, a number each; what is not known is NaN.

    Attributes:
        ids: What the runs are called.
        params: Parameters. [1]
        active_params: Parameters that a token passes through, those of *params* for dense models. [1]
        tokens: Tokens seen. [1]
        accelerators: Accelerators at work together. [1]
        hours_h: Accelerator-hours. [h]
        accelerator_kwh: Energy of the accelerators. [kWh]
        server_kwh: Energy of the whole servers, the accelerators included. [kWh]
        modelled: Whether the energy of the accelerators was modelled, not measured.
        jobs: The distinct jobs: hardware and shape, as fields of a plan.
        job_of: The job of each run.
        sites: The distinct sites by id, empty where none is known.
        site_of: The site of each run.
        server_sigma: Log-spread that *server_kwh* of the runs of one meter at the wall have in common, 0 without one; None where no run has one.
        layouts: The distinct layouts that are known, as fields of a plan.
        layout_of: The layout of each run, -1 where it is not known; None where none is.
    """

    ids: Sequence[str]
    params: "Array"
    active_params: "Array"
    tokens: "Array"
    accelerators: "Array"
    hours_h: "Array"
    accelerator_kwh: "Array"
    server_kwh: "Array"
    modelled: "Flags"
    jobs: Sequence[Mapping[str, Any]]
    job_of: "Codes"
    sites: Sequence[str]
    site_of: "Codes"
    server_sigma: "Array | None" = None
    layouts: Sequence[Mapping[str, Any]] = ()
    layout_of: "Codes | None" = None

    def __len__(self) -> int:
        return len(self.ids)

    def only(self, kept: "Codes") -> "Observed":
        """Return the runs at the places *kept*."""
        columns = ("params", "active_params", "tokens", "accelerators", "hours_h", "accelerator_kwh", "server_kwh", "modelled", "job_of", "site_of")
        return Observed(
            ids=[self.ids[at] for at in kept.tolist()],
            jobs=self.jobs,
            sites=self.sites,
            server_sigma=None if self.server_sigma is None else self.server_sigma[kept],
            layouts=self.layouts,
            layout_of=None if self.layout_of is None else self.layout_of[kept],
            **{name: getattr(self, name)[kept] for name in columns},
        )

    def families(self) -> list[str]:
        """Return the family of each of the :attr:`jobs`."""
        return [job_family(job.get("family"), job.get("kind"), is_moe=bool(job.get("moe"))) for job in self.jobs]


def from_records(
    records: Iterable[RunRecord],
    database: Database,
    *,
    site: str = "",
    wall_kwh: Mapping[str, float] | None = None,
    wall_sigma: Mapping[str, float] | None = None,
) -> tuple[Observed, list[SetAside]]:
    """Return the runs that can teach something, in columns, and those that cannot, each with the reason.

    Args:
        records: Runs of the ledger.
        database: Where hardware and places are looked up.
        site: What to call the site of runs whose plan names no region.
        wall_kwh: By run, what a meter at the wall counted, which stands in for what the meters of the machine say of its servers. [kWh]
        wall_sigma: By run, how far all that this meter says may be off together, as a log-spread.
    """
    import numpy as np

    wall = dict(wall_kwh or {})
    rows: list[tuple[float, ...]] = []
    ids: list[str] = []
    aside: list[SetAside] = []
    jobs: dict[tuple[Any, ...], int] = {}
    sites: dict[str, int] = {}
    layouts: dict[tuple[tuple[str, Any], ...], int] = {}
    seen: set[str] = set()
    known: dict[tuple[str, str], tuple[Product, Product]] = {}
    for record in records:
        try:
            reason = _unusable(record, seen)
            if reason:
                aside.append(SetAside(record.run_id, reason))
                continue
            plan = record.plan or {}
            named = (record.hw, str(plan.get("hw") or ""))
            if named not in known:
                known[named] = _hardware(*named, database)
            hardware, chip = known[named]
            place = find_place(database, str(plan["region"])).id if plan.get("region") else site
            numbers = _numbers(record, plan, chip, wall.get(record.run_id))
        except CarbonError as error:
            aside.append(SetAside(record.run_id, str(error)))
            continue
        seen.add(record.run_id)
        job = (hardware.id, *(_plain(plan.get(name)) for name in SHAPE), _is_mixture(plan))
        params, _, tokens, n, *_ = numbers
        layout = layout_of(plan, hw=hardware.id, params=params, accelerators=n, tokens=tokens, steps=record.counts.get("steps"))
        told = None if layout is None else tuple(layout.items())
        if told is not None and len(layouts) < _MOST_LAYOUTS:
            layouts.setdefault(told, len(layouts))
        laid_out = -1 if told is None else layouts.get(told, -1)
        rows.append((*numbers, jobs.setdefault(job, len(jobs)), sites.setdefault(place, len(sites)), laid_out))
        ids.append(record.run_id)
    table = np.array(rows, dtype=float).reshape(len(rows), 11).T
    columns = ("params", "active_params", "tokens", "accelerators", "hours_h", "accelerator_kwh", "server_kwh")
    observed = Observed(
        ids=ids,
        **{name: table[at] for at, name in enumerate(columns)},
        modelled=table[7] > 0.0,
        jobs=[_job(*job) for job in jobs],
        job_of=table[8].astype(np.intp),
        sites=list(sites),
        site_of=table[9].astype(np.intp),
        server_sigma=np.array([wall_sigma.get(id, 0.0) for id in ids]) if wall_sigma else None,
        layouts=[dict(layout) for layout in layouts],
        layout_of=table[10].astype(np.intp),
    )
    return observed, aside


def _unusable(record: RunRecord, seen: set[str]) -> str:
    """Return why nothing can be learned from a record, or nothing."""
    if record.run_id in seen:
        return "it is there twice"
    if record.state != "finished":
        return f"aborted: its state is {record.state}"
    if not 0.0 < record.duration_s < math.inf:
        return f"a clock error: it took {record.duration_s:g} s"
    if record.params is None and not (record.plan or {}).get("params"):
        return "no parameters are stated: carbon track --params, or a plan"
    if record.tokens is None or not record.tokens > 0.0:
        return "no tokens were counted"
    if " + " in record.hw:
        return f"mixed hardware: {record.hw[:60]}"
    busy = [use.utilisation for use in record.by_device if use.part == "gpu" and use.utilisation is not None]
    if busy and min(busy) < _IDLE:
        return f"idle accelerators: one was busy for {min(busy):.1%} of the time"
    shared = next((note for note in record.notes if "shared" in note.lower()), "")
    return f"shared: {shared[:80]}" if shared else ""


def _hardware(run_hw: str, plan_hw: str, database: Database) -> tuple[Product, Product]:
    """Return hardware and chip: the plan's server where it holds the chip that ran, else what ran.

    Raises:
        CarbonError: neither names hardware that is known, or they name different chips.
    """
    found = []
    for name in (run_hw, plan_hw):
        if name:
            hardware = find_hardware(database, name)
            chip = hardware if hardware.folder == "accelerators" else database.product("accelerators", hardware.keys.get("accelerator", ""))
            if chip is None:
                raise CarbonError(f"no chip of {hardware.id} is known")
            found.append((hardware, chip))
    if not found:
        raise CarbonError("no hardware is stated")
    if found[0][1].id != found[-1][1].id:
        raise CarbonError(f"mixed hardware: planned on {found[-1][1].id}, run on {found[0][1].id}")
    return next((each for each in found if each[0].folder == "servers"), found[0])


def _numbers(record: RunRecord, plan: Mapping[str, Any], chip: Product, wall_kwh: float | None) -> tuple[float, ...]:
    """Return the numbers of a record in the order of the columns."""
    n = float(record.accelerators or _number(plan, "accelerators") or 1.0)
    params = float(record.params if record.params is not None else _number(plan, "params") or math.nan)
    parts = {part: energy / _J_PER_KWH for part, energy in record.energy_j.items() if energy is not None}
    believed = record.gaps_s <= _MOST_GAPS * record.duration_s
    part = "cpu" if chip.keys.get("type") == "cpu" else "gpu"
    accelerator_kwh = parts.get(part, math.nan) if believed else math.nan
    whole = record.energy_j.get("other") is not None and believed
    server_kwh = wall_kwh if wall_kwh is not None else sum(parts.values()) if whole else math.nan
    hours_h = record.duration_s * n / S_PER_H
    return (
        params,
        _number(plan, "active_params") or params,
        float(record.tokens or math.nan),
        n,
        hours_h,
        accelerator_kwh,
        server_kwh,
        record.how.get(part) == "modelled",
    )


def _number(plan: Mapping[str, Any], name: str) -> float | None:
    value = plan.get(name)
    if value is None or isinstance(value, list):
        return None
    checked = check_number(name, value, FIELDS[name])
    return float(checked) if isinstance(checked, float) else None


def _plain(value: object) -> str | float | None:
    """Return a field of a job as something that can be compared; what a plan cannot hold is refused when it is planned."""
    return value if value is None or isinstance(value, (str, int, float)) else str(value)


def _is_mixture(plan: Mapping[str, Any]) -> bool:
    return plan.get("active_params") is not None and plan.get("active_params") != plan.get("params")


def _job(hw: str, *shape: Any) -> dict[str, Any]:
    """Return the fields of a plan that a job states; whether it is a mixture of experts goes with them."""
    *fields, mixture = shape
    return {"hw": hw, **{name: value for name, value in zip(SHAPE, fields, strict=True) if value is not None}, **({"moe": True} if mixture else {})}
