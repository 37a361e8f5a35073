r"""A meter at the wall against the meters inside: what all of a machine draws, and how far its own figures are from it.

.. math:: P_{wall} = a + g \, P_{inside}

Of readings of one level of load only the factor *g* can be told; three at levels half as far apart again tell the idle part *a* too.
"""

import csv
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from traincarbon.errors import CarbonError
from traincarbon.ledger.record import RunRecord
from traincarbon.quantities import S_PER_H, W_PER_KW

CLASS_SIGMA = 0.01
"""Log-spread of a plug or panel meter of accuracy class 1 (IEC 62053-21: 1 %); calibrated ones are better, plug meters at low loads worse."""

_FEWEST_AFFINE = 3
_LEAST_RANGE = 1.5
"""Highest over lowest load from which the idle part is told apart."""
_LONGEST_GAP = 0.1
"""Share of a run that may pass without a reading at the wall."""
_MOST_W = 1e9
_J_PER_KWH = 3.6e6


class Meter(NamedTuple):
    """What the wall says of a machine's own meters: *idle_w* + *factor* × their mean power, within *sigma* (log-spread)."""

    idle_w: float
    factor: float
    sigma: float
    readings: int

    def wall_kwh(self, *, inside_kwh: float, duration_s: float) -> float:
        """Return what the wall would have counted of a run: *inside_kwh* by the machine's meters over *duration_s*, in kWh."""
        return self.idle_w * duration_s / S_PER_H / W_PER_KW + self.factor * inside_kwh


def energy_at_wall(text: str, record: RunRecord) -> float:
    """Return the energy at the wall that *text* states for a run, in kWh: a total, as ``12.3`` or ``12.3 kWh``, or a CSV of ``time,watts``.

    Times are seconds since 1970 or ISO 8601; between readings the power is taken as a line, and only what lies within the run counts.

    Raises:
        CarbonError: it is neither, or the readings do not cover the run.
    """
    try:
        total_kwh = float(text.lower().removesuffix("kwh"))
    except ValueError:
        total_kwh = math.nan
    if not math.isnan(total_kwh):
        if not 0.0 < total_kwh < math.inf:
            raise CarbonError(f"{text!r} at the wall of run {record.run_id[:60]!r}: no amount of energy", hint="give kWh, or a CSV of time,watts")
        return total_kwh
    begin_s = _instant(record.started_at)
    readings = _read(text)
    return _integral_kwh(readings, begin_s, begin_s + record.duration_s, f"{text!r} for run {record.run_id[:60]!r}")


def meter_of(pairs: Sequence[tuple[float, float]]) -> Meter:
    """Return the relation of wall and inside from *pairs* of mean powers in W (wall, inside), by least squares of relative errors.

    Raises:
        CarbonError: the wall shows less than half of what is inside it, or twenty times as much.
    """
    import numpy as np

    wall_w, inside_w = (np.array(column) for column in zip(*pairs, strict=True))
    logs = np.log(wall_w / inside_w)
    if not np.all(np.abs(logs - math.log(3.0)) <= math.log(6.7)):
        worst = int(np.argmax(np.abs(logs - math.log(3.0))))
        raise CarbonError(
            f"the wall shows {wall_w[worst]:.4g} W where the meters inside show {inside_w[worst]:.4g} W", hint="is it in kWh, and of this machine alone?"
        )
    n = len(pairs)
    factor, idle_w, freedom = float(np.exp(logs.mean())), 0.0, max(n - 1, 1)
    if n >= _FEWEST_AFFINE and inside_w.max() >= _LEAST_RANGE * inside_w.min():
        solved = np.linalg.lstsq(np.stack((1.0 / wall_w, inside_w / wall_w), axis=1), np.ones(n), rcond=None)[0]
        if solved[0] >= 0.0 and solved[1] > 0.0:
            idle_w, factor, freedom = float(solved[0]), float(solved[1]), n - 2
    left = np.log(wall_w / (idle_w + factor * inside_w))
    return Meter(idle_w, factor, math.hypot(CLASS_SIGMA, math.sqrt(float(left @ left) / freedom)), n)


def meters_by_machine(records: Sequence[RunRecord], wall_kwh: Mapping[str, float]) -> dict[str, Meter]:
    """Return by hardware what the runs with a reading at the wall say of its meters; *wall_kwh* is by run."""
    pairs: dict[str, list[tuple[float, float]]] = {}
    for record in records:
        wall, inside = wall_kwh.get(record.run_id), record.metered_kwh
        if wall is not None and inside and record.duration_s > 0.0:
            per_kwh = W_PER_KW * S_PER_H / record.duration_s
            pairs.setdefault(record.hw, []).append((wall * per_kwh, inside * per_kwh))
    return {hw: meter_of(found) for hw, found in pairs.items()}


def with_meters(records: Sequence[RunRecord], wall_kwh: Mapping[str, float], meters: Mapping[str, Meter]) -> dict[str, float]:
    """Return *wall_kwh*, and for the other runs on the same hardware what the wall would have shown of them; whole servers that were metered stay."""
    found = dict(wall_kwh)
    for record in records:
        meter, inside = meters.get(record.hw), record.metered_kwh
        if record.run_id not in found and meter is not None and inside and record.energy_j.get("other") is None:
            found[record.run_id] = meter.wall_kwh(inside_kwh=inside, duration_s=record.duration_s)
    return found


def sigmas(records: Sequence[RunRecord], wall_kwh: Mapping[str, float], meters: Mapping[str, Meter]) -> dict[str, float]:
    """Return by run with a figure at the wall, read or made out, how far all figures by that meter may be off together, as a log-spread."""
    return {record.run_id: meters[record.hw].sigma for record in records if record.run_id in wall_kwh and record.hw in meters}


def as_entries(meters: Mapping[str, Meter]) -> list[dict[str, Any]]:
    """Return *meters* as they stand in a calibration."""
    return [{"hw": hw, **meter._asdict()} for hw, meter in meters.items()]


def _read(file: str) -> list[tuple[float, float]]:
    """Return the readings of a CSV by time.

    Raises:
        CarbonError: the file cannot be read, or a line is no reading.
    """
    try:
        with open(file, encoding="utf-8-sig", newline="") as stream:
            lines = list(csv.reader(stream))
    except (OSError, ValueError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "it is not in UTF-8" if isinstance(error, UnicodeError) else str(error)
        raise CarbonError(f"cannot read {file!r}: {reason}", hint="give kWh, or a CSV file with the columns time,watts") from error
    head = [cell.strip().lower() for cell in lines[0]] if lines else []
    if head[:2] != ["time", "watts"]:
        raise CarbonError(f"{file} does not begin with the columns time,watts", hint="write: time,watts")
    readings = []
    for number, cells in enumerate(lines[1:], 2):
        if not any(cells):
            continue
        try:
            watts = float(cells[1])
            readings.append((_instant(cells[0].strip()), watts))
        except (ValueError, IndexError, CarbonError) as error:
            raise CarbonError(f"{file}, line {number}: {','.join(cells)[:60]!r} is no reading", hint="a line is like 2026-11-25T12:00:00Z,412.5") from error
        if not 0.0 <= watts < _MOST_W:
            raise CarbonError(f"{file}, line {number}: {cells[1][:20]} W cannot be", hint="watts at the wall are not negative")
    return sorted(set(readings))


def _instant(text: str) -> float:
    """Return seconds since 1970; a time without a zone is UTC.

    Raises:
        CarbonError: it is no instant.
    """
    from datetime import UTC, datetime

    try:
        seconds = float(text)
    except ValueError:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError as error:
            raise CarbonError(f"{text[:40]!r} is no time", hint="write 2026-11-25T12:00:00Z, or seconds since 1970") from error
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    if not math.isfinite(seconds):
        raise CarbonError(f"{text[:40]!r} is no time", hint="write seconds since 1970")
    return seconds


def _integral_kwh(readings: Sequence[tuple[float, float]], begin_s: float, end_s: float, what: str) -> float:
    """Return the area under the lines between readings from *begin_s* to *end_s*.

    Raises:
        CarbonError: the readings leave out more than a tenth of the run.
    """
    import numpy as np

    times, watts = np.array(readings, dtype=float).reshape(-1, 2).T
    marks = np.concatenate(([begin_s], times[(times > begin_s) & (times < end_s)], [end_s]))
    if float(np.diff(marks).max()) > _LONGEST_GAP * (end_s - begin_s):
        raise CarbonError(f"{what}: the readings do not cover the run", hint="start the logger before the run, and stop it after; are the clocks the same?")
    drawn = np.interp(marks, times, watts)
    return float(np.sum((drawn[1:] + drawn[:-1]) / 2.0 * np.diff(marks))) / _J_PER_KWH
