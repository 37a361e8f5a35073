"""The summary of one process: its journal lines folded one by one, so that a journal of weeks needs no more memory than one of minutes."""

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from traincarbon.decode import amount, interval, items, number, table, text
from traincarbon.ledger.device import MOST_DEVICES, Device, counters_in, greatest
from traincarbon.ledger.hours import with_energy
from traincarbon.ledger.journal_lines import Line
from traincarbon.ledger.launcher import checked_launcher
from traincarbon.ledger.phases import PhaseUse, fold_phases
from traincarbon.ledger.reported import latest_in
from traincarbon.ledger.site import checked_site
from traincarbon.ledger.store_folder import lives
from traincarbon.ledger.warm_up import Mark, with_mark
from traincarbon.quantities import RECORDED, EnergySource, Part, least_sure
from traincarbon.uncertain import Interval

STATES = ("finished", "failed", "killed", "running", "lost", "incomplete")
"""``incomplete``: the command ended well, but a node of the run sent nothing."""
COUNTS = ("tokens", "samples", "steps")
"""What a script can report that it has done."""
PATIENCE = 3.0
"""Intervals without a line after which a process counts as killed, if nothing else is known of it."""

_LONGEST = 2000
_MOST_NOTES = 200
_MOST_WHOLE = 2.0**53
_INTERVAL_S = 5.0
_PARTS: dict[object, Part] = {part.value: part for part in Part}
_SOURCES: dict[object, EnergySource] = {source.value: source for source in EnergySource}


class Facts(NamedTuple):
    """What the start lines state of the run."""

    argv: tuple[str, ...] = ()
    project: str = ""
    hw: str = ""
    accelerators: int | None = None
    unread_gpu: bool = False
    """Whether a GPU was there that no meter read, so that every total is unknown."""
    params: float | None = None
    plan: Mapping[str, object] | None = None
    versions: Mapping[str, str] | None = None
    nodes_expected: int | None = None
    """Nodes of the run by its launcher."""
    idle_gpu_w: float | None = None
    """Power of one of its GPUs without work, by the hardware database. [W]"""
    launcher: Mapping[str, object] | None = None
    """What launched it, see :mod:`traincarbon.ledger.launcher`."""
    device_names: Mapping[str, str] | None = None
    """Device to the name of its product."""
    site: Mapping[str, object] | None = None
    """Where it ran, see :mod:`traincarbon.ledger.site`."""
    is_outside: bool = False
    """Whether its machine is no node of the run, as a login node: nothing was metered there."""


class End(NamedTuple):
    """How a process ended."""

    exit_code: int | None
    signal: int | None
    state: str
    """One of :data:`STATES`, or empty if the line does not state it."""

    @property
    def outcome(self) -> str:
        """The state in which it left the run."""
        return self.state or ("killed" if self.signal or self.exit_code is None else "failed" if self.exit_code else "finished")


@dataclass(slots=True)
class Process:
    """The lines of one writer, folded in the order of their numbers."""

    run_id: str
    writer: str
    node: str
    process: int
    seq: int = -1
    life: str = ""
    session: str = ""
    began: bool = False
    first_mono_s: float = math.inf
    last_mono_s: float = -math.inf
    metered_s: float = -math.inf
    """The end of its last interval on the monotonic clock; a process that was killed metered a little longer."""
    first_wall_s: float = math.inf
    last_wall_s: float = -math.inf
    offset_s: float = math.inf
    """The wall clock less the monotonic one at its first line."""
    interval_s: float = _INTERVAL_S
    facts: Facts = field(default_factory=Facts)
    devices: dict[str, Device] = field(default_factory=dict)
    counters: dict[str, float] = field(default_factory=dict)
    """Device to its own counter when the process began, by which a meter that ended before its first interval is bridged. [J]"""
    hours: dict[str, float] | None = field(default_factory=dict)
    """Hour since 1970 to the energy of its devices [J]; None where they are not known, see :mod:`traincarbon.ledger.hours`."""
    missing: dict[str, str] = field(default_factory=dict)
    gaps_s: float = 0.0
    samples: int = 0
    counts: dict[str, float] = field(default_factory=dict)
    marks: list[Mark] = field(default_factory=list)
    """When it had counted how many steps, or tokens or samples if it counts no steps, from which its warm-up follows."""
    resumed: dict[str, float] = field(default_factory=dict)
    """Counts of the checkpoint from which the script resumed."""
    latest: dict[str, float] = field(default_factory=dict)
    """What the script reported last that is no count, see :data:`traincarbon.ledger.reported.LATEST`."""
    per_rank: bool = False
    """Whether its tokens and samples are those of its own ranks, not of the whole training."""
    shared_with: tuple[str, ...] = ()
    """Other runs that were metered on the same GPUs at the same time."""
    phases: dict[str, PhaseUse] = field(default_factory=dict)
    results: dict[str, Interval] = field(default_factory=dict)
    """The recorded quantities, see :data:`traincarbon.quantities.RECORDED`, as this process last stated them."""
    cost_basis: str = ""
    """What its cost counts, see :class:`traincarbon.quantities.CostBasis`."""
    mfu: float | None = None
    forecast: Mapping[str, object] | None = None
    notes: list[str] = field(default_factory=list)
    end: End | None = None
    record: Mapping[str, object] | None = None
    """The whole record of a run that was imported."""
    bill: list[object] = field(default_factory=list)
    """Parts of charges, see :mod:`traincarbon.ledger.bills`."""

    def add(self, line: Line) -> None:
        """Fold in the next line. Energy and progress are cumulative, so a lost line loses nothing.

        They never fall, except in an interval that ended the job: a meter that learnt of the end late had counted on until then.
        """
        self.seq = line["seq"]
        self.life = self.life or _cut(line.get("life") or "")
        self.session = self.session or _cut(line.get("session") or "")
        self.first_mono_s, self.last_mono_s = min(self.first_mono_s, line["mono_s"]), max(self.last_mono_s, line["mono_s"])
        if self.first_wall_s == math.inf:
            self.first_wall_s, self.offset_s = line["wall_s"], line["wall_s"] - line["mono_s"]
        self.last_wall_s = line["wall_s"]
        self.interval_s = amount(line.get("interval_s")) or self.interval_s
        kind = line["kind"]
        if kind == "start":
            self._start(line)
        elif kind == "note":
            if len(self.notes) < _MOST_NOTES and line.get("text"):
                self.notes.append(_cut(line.get("text")))
        elif kind == "record":
            self.record = _table_or(self.record, line.get("record"))
            return  # such a line states nothing else
        elif kind == "bill":
            self.bill += items(line.get("parts"))
        elif kind == "end":
            self._end(line)
        self._results(line)

    @property
    def recorded_s(self) -> float:
        """How long the process ran until the end of its last interval, or that of its job where a meter learnt of it late."""
        until_s = self.metered_s if self.end is None else min(self.metered_s, self.last_mono_s)
        return max(until_s - self.first_mono_s, 0.0)

    def outcome(self, *, now_s: float) -> str:
        """Return the state in which the process left its run, as far as it can be known at *now_s* on the wall clock."""
        if self.end is not None:
            return self.end.outcome
        alive = lives(self.process, self.life)
        if alive is None:
            alive = abs(now_s - self.last_wall_s) <= PATIENCE * max(self.interval_s, _INTERVAL_S)
        return "running" if alive else "killed" if self.devices or self.counts else "lost"

    def to_stored(self) -> dict[str, object]:
        """Return the summary as JSON can hold it, for the index."""
        devices = {name: [getattr(device, item) for item in device.__slots__] for name, device in self.devices.items()}
        return {**{item: getattr(self, item) for item in self.__slots__}, "devices": devices}

    @classmethod
    def from_stored(cls, stored: dict[str, Any]) -> "Process":
        """Return the summary that :meth:`to_stored` gave."""
        argv, *facts = stored["facts"]
        return cls(
            **{
                **stored,
                "facts": Facts(tuple(argv), *facts),
                "shared_with": tuple(stored.get("shared_with", ())),
                "marks": [(at_s, count) for at_s, count in stored.get("marks", ())],
                "devices": {name: Device(Part(part), EnergySource(how), *rest) for name, (part, how, *rest) in stored["devices"].items()},
                "phases": {name: PhaseUse(*used) for name, used in stored["phases"].items()},
                "results": {name: Interval(*bounds) for name, bounds in stored["results"].items()},
                "end": None if stored["end"] is None else End(*stored["end"]),
            }
        )

    def _start(self, line: Line) -> None:
        self.began = True
        facts = Facts(
            argv=tuple(_cut(word) for word in items(line.get("argv"))),
            project=_cut(line.get("project") or ""),
            hw=_cut(line.get("hw") or ""),
            accelerators=_whole(line.get("accelerators")),
            unread_gpu=line.get("unread_gpu") is True,
            params=amount(line.get("params")),
            plan=_table_or(None, line.get("plan")),
            nodes_expected=_whole(line.get("nodes_expected")),
            idle_gpu_w=amount(line.get("idle_gpu_w")),
            launcher=checked_launcher(line.get("launcher")),
            site=checked_site(line.get("site")),
            versions=_texts(line.get("versions")),
            device_names=_texts(line.get("device_names")),
            is_outside=line.get("outside") is True,
        )
        # a later start line of the same process knows more
        kept = {name: known for name, known in self.facts._asdict().items() if known and not getattr(facts, name)}
        if "unread_gpu" in line:  # a GPU can be read later than others
            kept.pop("unread_gpu", None)
        self.facts = facts._replace(**kept)
        self.counters = {**counters_in(table(line.get("counters"))), **self.counters}  # the first one counts

    def _end(self, line: Line) -> None:
        to_s = number(line.get("to_s"))
        if to_s is not None:  # the job ended then, whenever its last lines were written
            self.last_mono_s = max(self.first_mono_s, to_s)
        state = line.get("state")
        self.end = End(_whole(line.get("exit_code")), _whole(line.get("signal")), state if isinstance(state, str) and state in STATES else "")

    def _results(self, line: Line) -> None:
        """Take from a line of any kind what it states of energy, progress and results."""
        from_s, to_s = number(line.get("from_s")), number(line.get("to_s"))
        if from_s is not None and to_s is not None:
            self.first_mono_s, self.last_mono_s = min(self.first_mono_s, from_s), max(self.last_mono_s, to_s)
            if line["kind"] != "start":
                self.metered_s = max(self.metered_s, to_s)
        if line["kind"] != "start":  # the counters before a run are no energy of the run
            seconds = max((to_s or 0.0) - (from_s or 0.0), 0.0)
            stated, ended = table(line.get("devices")), line.get("ended") is True
            used_j = sum([self._device(_cut(name), table(device), seconds, ended=ended) for name, device in stated.items()])
            until_s = self.offset_s + (line["mono_s"] if to_s is None else to_s)
            self.hours = with_energy(self.hours, from_s=until_s - seconds, to_s=until_s, energy_j=used_j)
            for other in items(line.get("left_out")):  # it turned out not to be the job's
                self.devices.pop(_cut(other), None)
                self.counters.pop(_cut(other), None)
        if shared := table(line.get("shared_with")):
            self.shared_with = tuple(sorted({*self.shared_with, *map(_cut, shared)}))[:_MOST_NOTES]
        self.per_rank = self.per_rank or line.get("per_rank") is True
        self.gaps_s += amount(line.get("gap_s")) or 0.0
        for name in COUNTS:
            count = amount(line.get(name))
            if line["kind"] == "interval" and name == "samples":
                self.samples += _whole(count) or 0
            elif count is not None:
                self.counts[name] = max(count, self.counts.get(name, 0.0))
        if pace := self.counts.get("steps") or self.counts.get("tokens") or self.counts.get("samples"):
            self.marks = with_mark(self.marks, line["mono_s"], pace)
        self.missing |= {part: _cut(reason) for part, reason in table(line.get("missing")).items() if part in _PARTS}
        self.results |= {name: result for name in RECORDED if (result := interval(line.get(name))) is not None}
        self.cost_basis = _cut(line.get("cost_basis") or "") or self.cost_basis
        self.resumed |= {name: count for name, value in table(line.get("resumed_from")).items() if name in COUNTS and (count := amount(value)) is not None}
        self.latest |= latest_in(line.get("latest"))
        self.phases = fold_phases(self.phases, line["phases"]) if "phases" in line else self.phases  # type: ignore[typeddict-item]
        mfu = amount(line.get("mfu"))
        self.mfu = self.mfu if mfu is None else mfu
        self.forecast = _table_or(self.forecast, line.get("forecast"))

    def _device(self, name: str, stated: Mapping[str, object], seconds: float, *, ended: bool) -> float:
        """Take what a line states of a device, and return by how much its energy changed. [J]."""
        energy_j = amount(stated.get("energy_j"))
        if energy_j is None or (name not in self.devices and len(self.devices) >= MOST_DEVICES):
            return 0.0
        how = _SOURCES.get(text(stated.get("how")), EnergySource.MODELLED)
        device = self.devices.get(name)
        if device is None:
            device = self.devices[name] = Device(_PARTS.get(text(stated.get("part")), Part.OTHER), how)
        if device.how is not how:
            device.how = least_sure(device.how, how)
        added_j = energy_j - device.energy_j if energy_j > device.energy_j else 0.0
        changed_j = energy_j - device.energy_j if ended else added_j
        device.energy_j = energy_j if changed_j else device.energy_j
        gap_s, counter_j = amount(stated.get("gap_s")), amount(stated.get("counter_j"))
        device.gap_s = device.gap_s if gap_s is None else gap_s
        if device.counter_begin_j is None and counter_j is not None:
            device.counter_begin_j = counter_j - energy_j
        device.counter_j = counter_j
        device.power_max_w = greatest(device.power_max_w, amount(stated.get("power_max_w")))
        device.temperature_max_c = greatest(device.temperature_max_c, number(stated.get("temperature_c")))
        utilisation = amount(stated.get("utilisation"))
        if utilisation is not None:
            device.busy_s += min(utilisation, 1.0) * seconds
            device.watched_s += seconds
        device.judge(seconds=seconds, added_j=added_j, utilisation=utilisation, idle_w=self.facts.idle_gpu_w)
        return changed_j


def _whole(value: object) -> int | None:
    found = number(value)
    return int(found) if found is not None and abs(found) < _MOST_WHOLE else None


def _cut(value: object) -> str:
    return str(value)[:_LONGEST]


def _texts(value: object) -> dict[str, str]:
    return {_cut(name): _cut(text) for name, text in itertools.islice(table(value).items(), MOST_DEVICES)}


def _table_or(default: Mapping[str, object] | None, value: object) -> Mapping[str, object] | None:
    return value if isinstance(value, (dict, Mapping)) else default
