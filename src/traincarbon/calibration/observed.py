"""Measured runs as columns of numbers, made from records of the ledger."""

import math
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from traincarbon.calibration.probes import after_warm_up, tells_pace
from traincarbon.calibration.software import change_spreads, changes_since, software_of
from traincarbon.calibration.step_time import LayoutFields, layout_of
from traincarbon.database.find_counted import find_counted
from traincarbon.database.find_place import find_place
from traincarbon.database.load import Database
from traincarbon.database.records import Product
from traincarbon.errors import CarbonError
from traincarbon.estimation.calibration import job_family
from traincarbon.estimation.facts.hardware import used_precision
from traincarbon.estimation.fields import check_number
from traincarbon.estimation.plan_fields import FIELDS
from traincarbon.ledger.energy_coverage import WHOLE
from traincarbon.ledger.run import Run
from traincarbon.published.reported_runs import SetAside
from traincarbon.quantities import J_PER_KWH, S_PER_H, EnergySource

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Array = npt.NDArray[np.float64]
    Codes = npt.NDArray[np.intp]
    Flags = npt.NDArray[np.bool_]

PlanValue = str | float | None
"""A field of a plan as a record states it."""
_MOST_GAPS = 0.1
"""Share of a run that may go unmetered. Beyond it the energy is ignored."""
_MOST_LAYOUTS = 3000  # a third of a millisecond each; the first are enough if there are more
_IDLE = 0.05
"""Accelerators that were busy for a smaller share of the time count as idle."""


class Job(NamedTuple):
    """What runs of one job have in common: hardware, and the fields of a plan that determine what a run is expected to take."""

    hardware: str
    is_mixture: bool = False
    """Whether the model is a mixture of experts."""
    precision: PlanValue = None
    kind: PlanValue = None
    family: PlanValue = None
    layers: PlanValue = None
    hidden: PlanValue = None
    heads: PlanValue = None
    kv_heads: PlanValue = None
    ffn: PlanValue = None
    vocab: PlanValue = None
    seq_len: PlanValue = None
    trainable_params: PlanValue = None

    @property
    def plan_fields(self) -> dict[str, PlanValue]:
        """The fields of a plan that it states."""
        stated = zip(_SHAPE, self[2:], strict=True)
        return {"hw": self.hardware, **{name: value for name, value in stated if value is not None}}

    @property
    def label(self) -> str:
        """What a calibration calls the family of the job."""
        return job_family(str(self.family or "") or None, str(self.kind or "") or None, is_moe=self.is_mixture)


_SHAPE = Job._fields[2:]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Observed:
    """Runs in columns of numbers, NaN where a number is unknown.

    Attributes:
        ids: Ids of the runs.
        params: Parameters. [1]
        active_params: Parameters that a token passes through, those of *params* for dense models. [1]
        tokens: Tokens seen. [1]
        accelerators: Accelerators that work together. [1]
        hours_h: Accelerator-hours. [h]
        accelerator_kwh: Energy of the accelerators. [kWh]
        server_kwh: Energy of the whole servers, the accelerators included. [kWh]
        modelled: Whether the energy of the accelerators was modelled, not measured.
        jobs: The distinct jobs.
        job_of: The job of each run.
        sites: The ids of the distinct sites, empty where the site is unknown.
        site_of: The site of each run.
        server_sigma: Log-spread that all *server_kwh* from one wall meter share, 0 for runs without one; None if no run has one.
        layouts: The distinct layouts that are known, as fields of a plan.
        layout_of: The layout of each run, -1 where it is unknown; None if all are.
        software_sigma: Log-spread that the change from a run's software to that of the latest run adds; None for none.
        software: The software of the latest run.
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
    jobs: Sequence[Job]
    job_of: "Codes"
    sites: Sequence[str]
    site_of: "Codes"
    server_sigma: "Array | None" = None
    layouts: Sequence[LayoutFields] = ()
    layout_of: "Codes | None" = None
    software_sigma: "Array | None" = None
    software: Mapping[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)

    def select(self, kept: "Codes") -> "Observed":
        """Return the runs at the positions *kept*."""
        columns = ("params", "active_params", "tokens", "accelerators", "hours_h", "accelerator_kwh", "server_kwh", "modelled", "job_of", "site_of")
        return Observed(
            ids=[self.ids[at] for at in kept.tolist()],
            jobs=self.jobs,
            sites=self.sites,
            server_sigma=None if self.server_sigma is None else self.server_sigma[kept],
            layouts=self.layouts,
            layout_of=None if self.layout_of is None else self.layout_of[kept],
            software_sigma=None if self.software_sigma is None else self.software_sigma[kept],
            software=self.software,
            **{name: getattr(self, name)[kept] for name in columns},
        )

    def families(self) -> list[str]:
        """Return the family of each of the :attr:`jobs`."""
        return [job.label for job in self.jobs]


def from_records(
    records: Iterable[Run],
    database: Database,
    *,
    site: str = "",
    wall_kwh: Mapping[str, float] | None = None,
    wall_sigma: Mapping[str, float] | None = None,
) -> tuple[Observed, list[SetAside]]:
    """Return the usable runs in columns, and the others, each with the reason.

    Args:
        records: Runs of the ledger.
        database: Where hardware and places are looked up.
        site: The site of runs whose plan names no region.
        wall_kwh: By run, the energy at a wall meter, which replaces what the meters of the machine state for whole servers. [kWh]
        wall_sigma: By run, the log-spread that all energies from that meter share.
    """
    import numpy as np

    wall = dict(wall_kwh or {})
    rows = array("d")
    ids: list[str] = []
    aside: list[SetAside] = []
    jobs: dict[Job, int] = {}
    sites: dict[str, int] = {}
    layouts: dict[tuple[tuple[str, str | float], ...], int] = {}
    seen: set[str] = set()
    known: dict[tuple[str, str], tuple[Product, Product]] = {}
    software: list[dict[str, str]] = []
    kinds_of_software: dict[tuple[tuple[str, str], ...], dict[str, str]] = {}
    began: list[str] = []
    for record in records:
        try:
            reason = _reason_against(record, seen)
            if reason:
                aside.append(SetAside(record.run_id, reason))
                continue
            plan = record.plan or {}
            named = (record.hw, str(plan.get("hw") or ""))
            if named not in known:
                known[named] = _hardware(*named, database)
            hardware, chip = known[named]
            region = find_place(database, str(plan["region"])).id if plan.get("region") else site
            numbers = _numbers(record, plan, chip, wall.get(record.run_id))
        except CarbonError as error:
            aside.append(SetAside(record.run_id, str(error)))
            continue
        seen.add(record.run_id)
        job = Job(hardware.id, _is_mixture(plan), **{name: _plain(plan.get(name)) for name in _SHAPE})
        params, _, _, n, *_ = numbers
        layout = layout_of(plan, hw=hardware.id, params=params, accelerators=n, tokens=record.tokens or 0.0, steps=record.counts.get("steps"))
        key = None if layout is None else tuple(layout.items())
        if key is not None and len(layouts) < _MOST_LAYOUTS:
            layouts.setdefault(key, len(layouts))
        layout_code = -1 if key is None else layouts.get(key, -1)
        rows.extend((*numbers, jobs.setdefault(job, len(jobs)), sites.setdefault(region, len(sites)), layout_code))
        ids.append(record.run_id)
        ran = software_of(record, str(plan.get("precision") or used_precision(chip, None) or ""))
        software.append(kinds_of_software.setdefault(tuple(ran.items()), ran))
        began.append(record.started_at)
    table = np.array(rows).reshape(len(ids), 11).T
    columns = ("params", "active_params", "tokens", "accelerators", "hours_h", "accelerator_kwh", "server_kwh")
    observed = Observed(
        ids=ids,
        **{name: table[at] for at, name in enumerate(columns)},
        modelled=table[7] > 0.0,
        jobs=list(jobs),
        job_of=table[8].astype(np.intp),
        sites=list(sites),
        site_of=table[9].astype(np.intp),
        server_sigma=np.array([wall_sigma.get(id, 0.0) for id in ids]) if wall_sigma else None,
        layouts=[dict(layout) for layout in layouts],
        layout_of=table[10].astype(np.intp),
        software_sigma=np.array(changes_since(software, began, change_spreads(database))),
        software=software[max(range(len(began)), key=began.__getitem__)] if began else {},
    )
    return observed, aside


def _reason_against(record: Run, seen: set[str]) -> str:
    """Return why a record is not used, empty if it is."""
    if record.run_id in seen:
        return "a duplicate"
    if record.state != "finished" and not tells_pace(record):
        return f"aborted: its state is {record.state}"
    if not 0.0 < record.duration_s < math.inf:
        return f"a clock error: its duration is {record.duration_s:g} s"
    if record.params is None and not (record.plan or {}).get("params"):
        return "no parameters: state them with carbon track --params, or in a plan"
    if record.tokens is None or not record.tokens > 0.0:
        return "no tokens were counted"
    if record.counted_in:
        return f"the same energy as {record.counted_in[:60]}, whose record is measured better"
    if record.shared_with:
        return f"shared accelerators: they also ran {record.shared_with[0][:60]}, so neither time nor energy is its own"
    if " + " in record.hw:
        return f"mixed hardware: {record.hw[:60]}"
    busy = [use.utilisation for use in record.by_device if use.part == "gpu" and use.utilisation is not None]
    if busy and min(busy) < _IDLE:
        return f"idle accelerators: one was busy for {min(busy):.1%} of the time"
    return ""


def _hardware(run_hw: str, plan_hw: str, database: Database) -> tuple[Product, Product]:
    """Return hardware and chip: the server of the plan if it holds the chip that ran, else what ran.

    Raises:
        CarbonError: neither names known hardware, or they name different chips.
    """
    found = []
    for name in (run_hw, plan_hw):
        if name:
            hardware = find_counted(database, name)[0]
            chip = hardware if hardware.folder == "accelerators" else database.product("accelerators", hardware.keys.get("accelerator", ""))
            if chip is None:
                raise CarbonError(f"no chip of {hardware.id} is known")
            found.append((hardware, chip))
    if not found:
        raise CarbonError("no hardware is stated")
    if found[0][1].id != found[-1][1].id:
        raise CarbonError(f"mixed hardware: planned on {found[-1][1].id}, run on {found[0][1].id}")
    return next((each for each in found if each[0].folder == "servers"), found[0])


def _numbers(record: Run, plan: Mapping[str, object], chip: Product, wall_kwh: float | None) -> tuple[float, ...]:
    """Return the numbers of a record in the order of the columns."""
    n = float(record.accelerators or _number(plan, "accelerators") or 1.0)
    params = float(record.params if record.params is not None else _number(plan, "params") or math.nan)
    parts = {part: energy / J_PER_KWH for part, energy in record.energy_j.items() if energy is not None}
    is_complete = record.gaps_s <= _MOST_GAPS * record.duration_s
    part = "cpu" if chip.keys.get("type") == "cpu" else "gpu"
    accelerator_kwh = parts.get(part, math.nan) if is_complete else math.nan
    server_kwh = wall_kwh if wall_kwh is not None else sum(parts.values()) if record.energy_covers == WHOLE and is_complete else math.nan
    steady, done = after_warm_up(record)
    return (
        params,
        _number(plan, "active_params") or params,
        float(record.tokens or math.nan) * done,
        n,
        record.duration_s * steady * n / S_PER_H,
        accelerator_kwh * steady,
        server_kwh * steady,
        record.how.get(part) in (EnergySource.MODELLED, EnergySource.ASSUMED),
    )


def _number(plan: Mapping[str, object], name: str) -> float | None:
    value = plan.get(name)
    if value is None or isinstance(value, list):
        return None
    checked = check_number(name, value, FIELDS[name])
    return float(checked) if isinstance(checked, float) else None


def _plain(value: object) -> PlanValue:
    """Return a field of a job in a form that can be compared. Planning refuses what a plan cannot hold."""
    return value if value is None or isinstance(value, (str, int, float)) else str(value)


def _is_mixture(plan: Mapping[str, object]) -> bool:
    return plan.get("active_params") is not None and plan.get("active_params") != plan.get("params")
