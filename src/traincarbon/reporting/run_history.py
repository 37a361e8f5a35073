"""What a run drew and did over time, from its journals: read once, line by line, into bins that grow wider as the run grows longer."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from traincarbon.ledger.journal import Line, read_lines

_MOST_BINS = 300
_FIRST_WIDTH_S = 1.0


class Trace(NamedTuple):
    """A run over time, in bins of equal width; None where nothing was recorded."""

    begin_s: float
    """When the first bin begins, on the wall clock, in seconds."""
    width_s: float
    power_w: dict[str, list[float | None]]
    """Draw by part: gpu, cpu, dram, server, other."""
    tokens_per_s: list[float | None]
    cost_basis: str = ""
    """What the tracker counted as cost, in its words."""

    @property
    def end_s(self) -> float:
        """When the last bin ends, on the wall clock, in seconds."""
        return self.begin_s + self.width_s * len(self.tokens_per_s)


class _Bins:
    """Amounts over time for any number of keys, on one grid that doubles its width rather than growing without bound."""

    def __init__(self) -> None:
        self.width_s = _FIRST_WIDTH_S
        self.lowest: int | None = None
        self.highest = 0
        self.amounts: dict[tuple[str, ...], dict[int, list[float]]] = {}

    def add(self, key: tuple[str, ...], from_s: float, to_s: float, amount: float) -> None:
        """Spread *amount* evenly over the time between, for *key*."""
        if not from_s < to_s:
            return
        self._reach(from_s, to_s)
        bins = self.amounts.setdefault(key, {})
        for at in range(int(from_s // self.width_s), int(to_s // self.width_s) + 1):
            seconds = min(to_s, (at + 1) * self.width_s) - max(from_s, at * self.width_s)
            if seconds > 0.0:
                entry = bins.setdefault(at, [0.0, 0.0])
                entry[0] += amount * seconds / (to_s - from_s)
                entry[1] += seconds

    def rates(self, keys: Iterable[tuple[str, ...]]) -> list[float | None]:
        """Return amount over time in each bin: of *keys* that differ in their last part alone the greatest, over the others the sum."""
        found: list[float | None] = []
        parted: dict[tuple[str, ...], list[dict[int, list[float]]]] = {}
        for key in keys:
            parted.setdefault(key[:-1], []).append(self.amounts[key])
        for at in range(self.lowest or 0, self.highest + 1 if self.lowest is not None else 0):
            rates = [max(seen) for group in parted.values() if (seen := [bins[at][0] / bins[at][1] for bins in group if at in bins])]
            found.append(sum(rates) if rates else None)
        return found

    def _reach(self, from_s: float, to_s: float) -> None:
        self._span(from_s, to_s)
        while self.lowest is not None and self.highest - self.lowest >= _MOST_BINS:
            self.width_s *= 2.0
            self.lowest, self.highest = self.lowest // 2, self.highest // 2
            for key, bins in self.amounts.items():
                wider: dict[int, list[float]] = {}
                for at, (amount, seconds) in bins.items():
                    entry = wider.setdefault(at // 2, [0.0, 0.0])
                    entry[0] += amount
                    entry[1] += seconds
                self.amounts[key] = wider

    def _span(self, from_s: float, to_s: float) -> None:
        low, high = int(from_s // self.width_s), int(to_s // self.width_s)
        self.lowest, self.highest = (low, high) if self.lowest is None else (min(self.lowest, low), max(self.highest, high))


def trace_of(files: Iterable[str], run_id: str) -> Trace | None:
    """Return the run over time, or None where its journals hold no interval, as those of an imported run."""
    bins, parts, basis = _Bins(), dict[str, str](), ""
    for file in files:
        for line, writer in _lines(file, run_id):
            parts.update(_add(line, writer, bins))
            basis = str(line.get("cost_basis") or basis)
    energy = [key for key in bins.amounts if key[0] == "energy"]
    if bins.lowest is None or not energy:
        return None
    power = {part: bins.rates([key for key in energy if parts[key[2]] == part]) for part in dict.fromkeys(parts.values())}
    tokens = bins.rates([key for key in bins.amounts if key[0] == "tokens"])
    return Trace(bins.lowest * bins.width_s, bins.width_s, power, tokens, basis)


class _Writer:
    """What the lines of one writer said last; its figures are cumulative."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.seq = -1
        self.energy_j: dict[str, float] = {}
        self.tokens = 0.0
        self.tokens_s: float | None = None


def _lines(file: str, run_id: str) -> Iterator[tuple[Line, _Writer]]:
    writers: dict[str, _Writer] = {}
    for line, _, _ in read_lines(file):
        if line is None or line["run_id"] != run_id:
            continue
        writer = writers.setdefault(line["writer"], _Writer(line["writer"]))
        if line["seq"] > writer.seq:
            writer.seq = line["seq"]
            yield line, writer


def _add(line: Line, writer: _Writer, bins: _Bins) -> Iterator[tuple[str, str]]:
    """Add what a line says since the one before; yield each device with the part that it is."""
    to_wall_s = line["wall_s"] - line["mono_s"]
    tokens = line.get("tokens")
    if writer.tokens_s is None:
        writer.tokens_s = line["mono_s"]
    if isinstance(tokens, (int, float)) and tokens > writer.tokens:
        bins.add(("tokens", line["node"], writer.name), writer.tokens_s + to_wall_s, line["mono_s"] + to_wall_s, tokens - writer.tokens)
        writer.tokens, writer.tokens_s = tokens, line["mono_s"]
    from_s, to_s, devices = line.get("from_s"), line.get("to_s"), line.get("devices")
    if line["kind"] != "interval" or not isinstance(devices, dict) or not isinstance(from_s, (int, float)) or not isinstance(to_s, (int, float)):
        return
    for name, device in devices.items():
        energy_j = device.get("energy_j") if isinstance(device, dict) else None
        if isinstance(energy_j, (int, float)) and energy_j >= writer.energy_j.get(name, 0.0):
            used_j = energy_j - writer.energy_j.get(name, 0.0)
            writer.energy_j[name] = energy_j
            bins.add(("energy", line["node"], name, writer.name), from_s + to_wall_s, to_s + to_wall_s, used_j)
            yield name, str(device.get("part", "other"))
