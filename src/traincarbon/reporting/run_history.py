"""Power and progress of a run over time, read from its journals line by line into bins that widen as the run gets longer."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from traincarbon.decode import number, table
from traincarbon.extras import MissingExtraError
from traincarbon.ledger.index_progress import Progress, Tell
from traincarbon.ledger.journal_lines import Line, read_lines
from traincarbon.ledger.packs.unpacking import as_written

_MOST_BINS = 300
_FIRST_WIDTH_S = 1.0


class RunHistory(NamedTuple):
    """A run over time, in bins of equal width; None where nothing was recorded.

    Attributes:
        begin_s: When the first bin begins, on the wall clock. [s]
        width_s: Width of a bin. [s]
        power_w: Mean power by part: gpu, cpu, dram, server, other. [W]
        tokens_per_s: Tokens per second.
    """

    begin_s: float
    width_s: float
    power_w: dict[str, list[float | None]]
    tokens_per_s: list[float | None]

    @property
    def end_s(self) -> float:
        """When the last bin ends, in seconds on the wall clock."""
        return self.begin_s + self.width_s * len(self.tokens_per_s)


class _Key(NamedTuple):
    """What is added up over time: energy or tokens of a node, by device and by the process that reported it."""

    kind: str
    node: str
    device: str
    writer: str


class _Amount(NamedTuple):
    """What was added to a bin, and the seconds over which it came."""

    amount: float = 0.0
    seconds: float = 0.0

    def plus(self, amount: float, seconds: float) -> "_Amount":
        return _Amount(self.amount + amount, self.seconds + seconds)


class _Bins:
    """Amounts over time for any number of keys, on one grid that doubles its width instead of growing without bound."""

    def __init__(self) -> None:
        self.width_s = _FIRST_WIDTH_S
        self.lowest: int | None = None
        self.highest = 0
        self.amounts: dict[_Key, dict[int, _Amount]] = {}

    def add(self, key: _Key, from_s: float, to_s: float, amount: float) -> None:
        """Spread *amount* evenly over a span of time."""
        if not from_s < to_s:
            return
        self._extend(from_s, to_s)
        bins = self.amounts.setdefault(key, {})
        for at in range(int(from_s // self.width_s), int(to_s // self.width_s) + 1):
            seconds = min(to_s, (at + 1) * self.width_s) - max(from_s, at * self.width_s)
            if seconds > 0.0:
                bins[at] = bins.get(at, _Amount()).plus(amount * seconds / (to_s - from_s), seconds)

    def rates(self, keys: Iterable[_Key]) -> list[float | None]:
        """Return the rate in each bin: the sum over devices, of each the highest that any writer reported."""
        by_device: dict[tuple[str, str], list[dict[int, _Amount]]] = {}
        for key in keys:
            by_device.setdefault((key.node, key.device), []).append(self.amounts[key])
        found: list[float | None] = []
        for at in range(self.lowest or 0, self.highest + 1 if self.lowest is not None else 0):
            rates = [max(seen) for writers in by_device.values() if (seen := [bins[at].amount / bins[at].seconds for bins in writers if at in bins])]
            found.append(sum(rates) if rates else None)
        return found

    def _extend(self, from_s: float, to_s: float) -> None:
        """Make the grid hold a span of time, with wider bins where there would be too many."""
        low, high = int(from_s // self.width_s), int(to_s // self.width_s)
        self.lowest, self.highest = (low, high) if self.lowest is None else (min(self.lowest, low), max(self.highest, high))
        while self.highest - self.lowest >= _MOST_BINS:
            self.width_s *= 2.0
            self.lowest, self.highest = self.lowest // 2, self.highest // 2
            for key, bins in self.amounts.items():
                wider: dict[int, _Amount] = {}
                for at, added in bins.items():
                    wider[at // 2] = wider.get(at // 2, _Amount()).plus(*added)
                self.amounts[key] = wider


def history_of(files: Iterable[str], run_id: str, *, tell: Tell | None = None) -> RunHistory | None:
    """Return the run over time, None where its journals hold no interval, as those of an imported run.

    Args:
        files: Its journals, and the packs that hold some.
        run_id: The run.
        tell: Called with a line now and then while they are read for longer than a second.

    Raises:
        CarbonError: there is no room to unpack its journals.
    """
    bins, parts = _Bins(), dict[str, str]()
    try:
        with as_written(files, run_id) as journals:
            progress = Progress(tell, whole_b=sum(os.path.getsize(each.file) for each in journals if os.path.isfile(each.file)))
            for each in journals:
                for line, writer in _lines(each.file, run_id, progress):
                    parts.update(_add(line, writer, bins))
    except MissingExtraError as error:  # what was packed is there, and cannot be opened here
        if tell is not None:
            tell(f"no power over time: {error}; {error.hint}")
        return None
    energy = [key for key in bins.amounts if key.kind == "energy"]
    if bins.lowest is None or not energy:
        return None
    power = {part: bins.rates([key for key in energy if parts[key.device] == part]) for part in dict.fromkeys(parts.values())}
    tokens = bins.rates([key for key in bins.amounts if key.kind == "tokens"])
    return RunHistory(bins.lowest * bins.width_s, bins.width_s, power, tokens)


@dataclass(slots=True)
class _Writer:
    """The last values that one process reported; energy and tokens are cumulative."""

    name: str
    seq: int = -1
    energy_j: dict[str, float] = field(default_factory=dict)
    tokens: float = 0.0
    tokens_s: float | None = None


def _lines(file: str, run_id: str, progress: Progress) -> Iterator[tuple[Line, _Writer]]:
    """Yield the lines of a run in a journal, each once, with the process that wrote it."""
    writers: dict[str, _Writer] = {}
    before_b = 0
    for line, _, read_b in read_lines(file):
        progress.add(read_b - before_b)
        before_b = read_b
        if line is None or line["run_id"] != run_id:
            continue
        writer = writers.setdefault(line["writer"], _Writer(line["writer"]))
        if line["seq"] > writer.seq:
            writer.seq = line["seq"]
            yield line, writer


def _add(line: Line, writer: _Writer, bins: _Bins) -> Iterator[tuple[str, str]]:
    """Add what a line reports since the one before; yield each device with its part."""
    mono_s, node = line["mono_s"], str(line["node"])
    to_wall_s = line["wall_s"] - mono_s
    tokens = number(line.get("tokens"))
    if writer.tokens_s is None:
        writer.tokens_s = mono_s
    if tokens is not None and tokens > writer.tokens:
        bins.add(_Key("tokens", node, "", writer.name), writer.tokens_s + to_wall_s, mono_s + to_wall_s, tokens - writer.tokens)
        writer.tokens, writer.tokens_s = tokens, mono_s
    from_s, to_s = number(line.get("from_s")), number(line.get("to_s"))
    if line["kind"] != "interval" or from_s is None or to_s is None:
        return
    for name, stated in table(line.get("devices")).items():
        device, before_j = table(stated), writer.energy_j.get(name, 0.0)
        energy_j = number(device.get("energy_j"))
        if energy_j is not None and energy_j >= before_j:
            writer.energy_j[name] = energy_j
            bins.add(_Key("energy", node, name, writer.name), from_s + to_wall_s, to_s + to_wall_s, energy_j - before_j)
            yield name, str(device.get("part", "other"))
