r"""Compare a wall meter with the meters inside a machine, to learn the power of the whole machine from the inner meters.

.. math:: P_{wall} = a + g \, P_{inside}

Readings at one level of load give only the factor *g*; three or more, the highest at least 1.5 times the lowest, also give the idle part *a*.
"""

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from traincarbon.errors import CarbonError
from traincarbon.ledger.run import Run
from traincarbon.quantities import J_PER_KWH, S_PER_H, W_PER_KW
from traincarbon.reading import read_limited

CLASS_SIGMA = 0.01
"""Log-spread of a plug or panel meter of accuracy class 1 (IEC 62053-21: 1 %). Calibrated ones are better, plug meters at low loads worse."""

_FEWEST_AFFINE = 3
_LEAST_RANGE = 1.5
"""Least ratio of highest to lowest load that separates the idle part."""
_LONGEST_GAP = 0.1
"""Greatest share of a run between two readings of the wall meter."""
_MOST_W = 1e9
_LONGEST_B = 100_000_000


class WallMeter(NamedTuple):
    """Power at the wall from a machine's own meters: *idle_w* + *factor* × their mean power, within *sigma* (log-spread)."""

    idle_w: float
    factor: float
    sigma: float
    readings: int

    def wall_kwh(self, *, inside_kwh: float, duration_s: float) -> float:
        """Return the energy at the wall of a run with *inside_kwh* by the machine's meters over *duration_s*, in kWh."""
        return self.idle_w * duration_s / S_PER_H / W_PER_KW + self.factor * inside_kwh


def energy_at_wall(text: str, record: Run) -> float:
    """Return the energy at the wall of a run, in kWh, from a total like ``12.3`` or ``12.3 kWh``, or from a CSV file of ``time,watts``.

    Times are seconds since 1970 or ISO 8601. Power is interpolated between readings, and only the time of the run counts.

    Raises:
        CarbonError: it is neither, or the readings do not cover the run.
    """
    try:
        total_kwh = float(text.lower().removesuffix("kwh"))
    except ValueError:
        total_kwh = math.nan
    if not math.isnan(total_kwh):
        if not 0.0 < total_kwh < math.inf:
            raise CarbonError(f"{text!r} for run {record.run_id[:60]!r} is not an energy", hint="give kWh, or a CSV of time,watts")
        return total_kwh
    begin_s = _unix_time_s(record.started_at)
    readings = _read(text)
    return _integral_kwh(readings, begin_s, begin_s + record.duration_s, f"{text!r} for run {record.run_id[:60]!r}")


def fit_wall_meter(pairs: Sequence[tuple[float, float]]) -> WallMeter:
    """Return the relation of wall and inside from *pairs* of mean powers in W (wall, inside), by least squares of relative errors.

    Raises:
        CarbonError: the wall shows less than half of the power inside, or more than twenty times as much.
    """
    import numpy as np

    wall_w, inside_w = (np.array(column) for column in zip(*pairs, strict=True))
    logs = np.log(wall_w / inside_w)
    if not np.all(np.abs(logs - math.log(3.0)) <= math.log(6.7)):
        worst = int(np.argmax(np.abs(logs - math.log(3.0))))
        raise CarbonError(
            f"the wall meter shows {wall_w[worst]:.4g} W, the meters inside {inside_w[worst]:.4g} W", hint="is it in kWh, and for this machine alone?"
        )
    n = len(pairs)
    factor, idle_w, freedom = float(np.exp(logs.mean())), 0.0, max(n - 1, 1)
    if n >= _FEWEST_AFFINE and inside_w.max() >= _LEAST_RANGE * inside_w.min():
        solved = np.linalg.lstsq(np.stack((1.0 / wall_w, inside_w / wall_w), axis=1), np.ones(n), rcond=None)[0]
        if solved[0] >= 0.0 and solved[1] > 0.0:
            idle_w, factor, freedom = float(solved[0]), float(solved[1]), n - 2
    left = np.log(wall_w / (idle_w + factor * inside_w))
    return WallMeter(idle_w, factor, math.hypot(CLASS_SIGMA, math.sqrt(float(left @ left) / freedom)), n)


def meters_by_machine(records: Iterable[Run], wall_kwh: Mapping[str, float]) -> dict[str, WallMeter]:
    """Return the relation of wall and inside by hardware, from runs with a wall reading. *wall_kwh* is by run."""
    pairs: dict[str, list[tuple[float, float]]] = {}
    for record in records:
        wall, inside = wall_kwh.get(record.run_id), record.metered_kwh
        if wall is not None and inside and record.duration_s > 0.0:
            per_kwh = W_PER_KW * S_PER_H / record.duration_s
            pairs.setdefault(record.hw, []).append((wall * per_kwh, inside * per_kwh))
    return {hw: fit_wall_meter(found) for hw, found in pairs.items()}


def with_predicted_wall(records: Iterable[Run], wall_kwh: Mapping[str, float], meters: Mapping[str, WallMeter]) -> dict[str, float]:
    """Return *wall_kwh* with predictions for other runs on the same hardware, except for runs whose whole servers were metered."""
    found = dict(wall_kwh)
    for record in records:
        meter, inside = meters.get(record.hw), record.metered_kwh
        if record.run_id not in found and meter is not None and inside and record.energy_j.get("other") is None:
            found[record.run_id] = meter.wall_kwh(inside_kwh=inside, duration_s=record.duration_s)
    return found


def wall_sigmas(records: Iterable[Run], wall_kwh: Mapping[str, float], meters: Mapping[str, WallMeter]) -> dict[str, float]:
    """Return the log-spread that all energies from one wall meter share, by run with a read or predicted one."""
    return {record.run_id: meters[record.hw].sigma for record in records if record.run_id in wall_kwh and record.hw in meters}


def as_entries(meters: Mapping[str, WallMeter]) -> list[dict[str, str | float]]:
    """Return *meters* in the form that a calibration stores."""
    return [{"hw": hw, **meter._asdict()} for hw, meter in meters.items()]


def _read(file: str) -> list[tuple[float, float]]:
    """Return the readings of a CSV by time.

    Raises:
        CarbonError: the file cannot be read, or a line is not a reading.
    """
    try:
        text = read_limited(file, most_b=_LONGEST_B).decode("utf-8-sig")
        lines = list(csv.reader(io.StringIO(text, newline="")))
    except (OSError, ValueError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "it is not in UTF-8" if isinstance(error, UnicodeError) else str(error)
        raise CarbonError(f"cannot read {file!r}: {reason}", hint="give kWh, or a CSV file with the columns time,watts") from error
    head = [cell.strip().lower() for cell in lines[0]] if lines else []
    if head[:2] != ["time", "watts"]:
        raise CarbonError(f"{file} does not start with the columns time,watts", hint="make time,watts its first line")
    readings = []
    for number, cells in enumerate(lines[1:], 2):
        if not any(cells):
            continue
        try:
            watts = float(cells[1])
            readings.append((_unix_time_s(cells[0].strip()), watts))
        except (ValueError, IndexError, CarbonError) as error:
            raise CarbonError(
                f"{file}, line {number}: {','.join(cells)[:60]!r} is not a reading", hint="write lines like 2026-11-25T12:00:00Z,412.5"
            ) from error
        if not 0.0 <= watts < _MOST_W:
            raise CarbonError(f"{file}, line {number}: {cells[1][:20]} W is impossible", hint="watts must be positive and below 1e9")
    return sorted(set(readings))


def _unix_time_s(text: str) -> float:
    """Return seconds since 1970. A time without a zone is UTC.

    Raises:
        CarbonError: it is not a time.
    """
    from datetime import UTC, datetime

    try:
        seconds = float(text)
    except ValueError:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError as error:
            raise CarbonError(f"{text[:40]!r} is not a time", hint="write 2026-11-25T12:00:00Z, or seconds since 1970") from error
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    if not math.isfinite(seconds):
        raise CarbonError(f"{text[:40]!r} is not a time", hint="write seconds since 1970")
    return seconds


def _integral_kwh(readings: Sequence[tuple[float, float]], begin_s: float, end_s: float, what: str) -> float:
    """Return the integral of the interpolated readings from *begin_s* to *end_s*.

    Raises:
        CarbonError: the readings leave a gap of more than a tenth of the run.
    """
    import numpy as np

    times, watts = np.array(readings, dtype=float).reshape(-1, 2).T
    marks = np.concatenate(([begin_s], times[(times > begin_s) & (times < end_s)], [end_s]))
    if float(np.diff(marks).max()) > _LONGEST_GAP * (end_s - begin_s):
        raise CarbonError(f"{what}: the readings do not cover the run", hint="start the logger before the run and stop it afterwards; do the clocks agree?")
    power_w = np.interp(marks, times, watts)
    return float(np.sum((power_w[1:] + power_w[:-1]) / 2.0 * np.diff(marks))) / J_PER_KWH
