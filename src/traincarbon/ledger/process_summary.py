"""What one process wrote, folded line by line into a summary, so that a journal of weeks needs no more memory than one of minutes."""

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from traincarbon.ledger.store_folder import lives

PARTS = ("gpu", "cpu", "dram", "server", "other")
HOWS = ("counter", "power", "modelled")
"""How energy was known, the surest first."""
STATES = ("finished", "failed", "killed", "running", "lost")
FIGURES = ("facility_energy_kwh", "operational_kgco2e", "embodied_kgco2e", "cost_usd")
"""What the tracker works out with the formulas of the estimate; the ledger only carries it."""
COUNTS = ("tokens", "samples", "steps")
PATIENCE = 3.0
"""Record intervals without a line after which a process of which nothing else is known counts as killed."""

_LONGEST = 2000
_MOST_NOTES = 200
_MOST_DEVICES = 4096
_INTERVAL_S = 5.0


@dataclass(slots=True)
class Device:
    """What one device drew while one process watched."""

    part: str
    how: str
    energy_j: float = 0.0
    power_max_w: float | None = None
    temperature_max_c: float | None = None
    busy_s: float = 0.0
    """Utilisation times the seconds for which it is known."""
    watched_s: float = 0.0


@dataclass(slots=True)
class Process:
    """The lines of one writer, in the order of their numbers, folded into one."""

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
    """Until when its records go, on the monotonic clock; a process that was killed had metered some more."""
    first_wall_s: float = math.inf
    last_wall_s: float = -math.inf
    interval_s: float = _INTERVAL_S
    facts: dict[str, Any] = field(default_factory=dict)
    """What the start line says of the run: argv, project, hw, accelerators, plan, params, versions."""
    devices: dict[str, Device] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    gaps_s: float = 0.0
    samples: int = 0
    counts: dict[str, float] = field(default_factory=dict)
    figures: dict[str, dict[str, float]] = field(default_factory=dict)
    cost_basis: str = ""
    """What its cost counts, in the tracker's words."""
    mfu: float | None = None
    forecast: dict[str, Any] | None = None
    notes: list[str] = field(default_factory=list)
    end: dict[str, Any] | None = None
    record: dict[str, Any] | None = None
    """The whole record of a run that was imported."""

    def add(self, line: dict[str, Any]) -> None:
        """Fold in the next line; energy and progress are cumulative, so that a line lost in between loses nothing.

        Neither ever falls, but for an interval that is said to have ended the job: a meter that heard of the end late had counted on until then.
        """
        self.seq = line["seq"]
        self.life = self.life or _text(line.get("life") or "")
        self.session = self.session or _text(line.get("session") or "")
        self.first_mono_s, self.last_mono_s = min(self.first_mono_s, line["mono_s"]), max(self.last_mono_s, line["mono_s"])
        if self.first_wall_s == math.inf:
            self.first_wall_s = line["wall_s"]
        self.last_wall_s = line["wall_s"]
        kind = line["kind"]
        if kind == "start":
            self._start(line)
        elif kind == "note":
            if len(self.notes) < _MOST_NOTES and line.get("text"):
                self.notes.append(_text(line["text"]))
        elif kind == "record" and isinstance(line.get("record"), dict):
            self.record = line["record"]
        elif kind == "end":
            to_s = _number(line.get("to_s"))
            if to_s is not None:  # the job ended then, whenever the lines about it were written
                self.last_mono_s = max(self.first_mono_s, to_s)
            self.end = {"exit_code": _whole(line.get("exit_code")), "signal": _whole(line.get("signal")), "state": line.get("state")}
        self._figures(line)

    @property
    def recorded_s(self) -> float:
        """How long the process ran until its last record."""
        return max(self.metered_s - self.first_mono_s, 0.0)

    def outcome(self, *, now_s: float) -> str:
        """Return the state in which the process left its run, as far as can be known at *now_s* on the wall clock."""
        if self.end is not None:
            if self.end["state"] in STATES:
                return str(self.end["state"])
            return "killed" if self.end["signal"] or self.end["exit_code"] is None else "failed" if self.end["exit_code"] else "finished"
        alive = lives(self.process, self.life)
        if alive is None:
            alive = abs(now_s - self.last_wall_s) <= PATIENCE * max(self.interval_s, _INTERVAL_S)
        return "running" if alive else "killed" if self.devices or self.counts else "lost"

    def to_dict(self) -> dict[str, Any]:
        """Return the summary as JSON can hold it."""
        devices = {name: {item: getattr(device, item) for item in device.__slots__} for name, device in self.devices.items()}
        return {**{item: getattr(self, item) for item in self.__slots__}, "devices": devices}

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> "Process":
        """Return the summary that :meth:`to_dict` gave."""
        devices = {name: Device(**device) for name, device in stored["devices"].items()}
        return cls(**{**stored, "devices": devices})

    def _start(self, line: dict[str, Any]) -> None:
        self.began = True
        self.interval_s = _amount(line.get("interval_s")) or _INTERVAL_S
        argv, versions = line.get("argv"), line.get("versions")
        plan = line.get("plan")
        facts = {
            "argv": [_text(word) for word in argv] if isinstance(argv, list) else [],
            "project": _text(line.get("project") or ""),
            "hw": _text(line.get("hw") or ""),
            "accelerators": _whole(line.get("accelerators")),
            "params": _amount(line.get("params")),
            "plan": plan if isinstance(plan, dict) else None,
            "versions": {_text(name): _text(version) for name, version in versions.items()} if isinstance(versions, dict) else {},
        }
        # a later start line of the same process knows more
        self.facts = {name: value or self.facts.get(name) or value for name, value in facts.items()}

    def _figures(self, line: dict[str, Any]) -> None:
        """Take from the line, whatever its kind, what it states of energy, progress and results."""
        from_s, to_s = _number(line.get("from_s")), _number(line.get("to_s"))
        if from_s is not None and to_s is not None:
            self.first_mono_s, self.last_mono_s = min(self.first_mono_s, from_s), max(self.last_mono_s, to_s)
            if line["kind"] != "start":
                self.metered_s = max(self.metered_s, to_s)
        devices = line.get("devices") if line["kind"] != "start" else None  # where the counters stood is no energy of the run
        for name, device in devices.items() if isinstance(devices, dict) else ():
            if isinstance(device, dict):
                self._device(_text(name), device, max((to_s or 0.0) - (from_s or 0.0), 0.0), ended=line.get("ended") is True)
        self.gaps_s += _amount(line.get("gap_s")) or 0.0
        for name in COUNTS:
            count = _amount(line.get(name))
            if line["kind"] == "interval" and name == "samples":
                self.samples += _whole(count) or 0
            elif count is not None:
                self.counts[name] = max(count, self.counts.get(name, 0.0))
        missing = line.get("missing")
        for part, reason in missing.items() if isinstance(missing, dict) else ():
            if part in PARTS:
                self.missing[part] = _text(reason)
        for name in FIGURES:
            figure = interval_of(line.get(name))
            if figure is not None:
                self.figures[name] = figure
        self.cost_basis = _text(line.get("cost_basis") or "") or self.cost_basis
        mfu, forecast = _amount(line.get("mfu")), line.get("forecast")
        self.mfu = self.mfu if mfu is None else mfu
        self.forecast = forecast if isinstance(forecast, dict) else self.forecast

    def _device(self, name: str, stated: dict[str, Any], seconds: float, *, ended: bool) -> None:
        energy_j = _amount(stated.get("energy_j"))
        if energy_j is None or (name not in self.devices and len(self.devices) >= _MOST_DEVICES):
            return
        how = stated.get("how")
        device = self.devices.setdefault(name, Device(stated["part"] if stated.get("part") in PARTS else "other", HOWS[0]))
        device.how = max(device.how, how if how in HOWS else HOWS[-1], key=HOWS.index)
        device.energy_j = energy_j if ended else max(device.energy_j, energy_j)
        device.power_max_w = greatest(device.power_max_w, _amount(stated.get("power_max_w")))
        device.temperature_max_c = greatest(device.temperature_max_c, _number(stated.get("temperature_c")))
        utilisation = _amount(stated.get("utilisation"))
        if utilisation is not None:
            device.busy_s += min(utilisation, 1.0) * seconds
            device.watched_s += seconds


def fold(lines: Iterable[dict[str, Any]]) -> list[Process]:
    """Return a summary for each writer; lines in any order, each counted once however often it comes."""
    by_writer: dict[tuple[str, str, str], dict[int, dict[str, Any]]] = {}
    for line in lines:
        known = by_writer.setdefault((line["run_id"], line["node"], line["writer"]), {})
        known[line["seq"]] = max(line, known[line["seq"]], key=_canonical) if line["seq"] in known and line != known[line["seq"]] else line
    processes = []
    for (run_id, node, writer), numbered in sorted(by_writer.items()):
        process = Process(run_id, writer, node, numbered[min(numbered)]["process"])
        for seq in sorted(numbered):
            process.add(numbered[seq])
        processes.append(process)
    return processes


def interval_of(value: object) -> dict[str, float] | None:
    """Return *value* where it is an interval of three numbers in order, else None."""
    if not isinstance(value, dict):
        return None
    low, median, high = (_number(value.get(name)) for name in ("low", "median", "high"))
    if low is None or median is None or high is None or not low <= median <= high:
        return None
    return {"low": low, "median": median, "high": high}


def greatest(one: float | None, other: float | None) -> float | None:
    """Return the greater of two figures, either of which may be unknown."""
    return other if one is None else one if other is None else max(one, other)


def _canonical(line: dict[str, Any]) -> str:
    return json.dumps(line, sort_keys=True)


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or abs(value) > 1e300 or value != value:  # noqa: PLR0124  not a number
        return None
    return float(value)


def _amount(value: object) -> float | None:
    number = _number(value)
    return number if number is not None and number >= 0.0 else None


def _whole(value: object) -> int | None:
    number = _number(value)
    return int(number) if number is not None and abs(number) < 2**53 else None


def _text(value: object) -> str:
    return str(value)[:_LONGEST]
