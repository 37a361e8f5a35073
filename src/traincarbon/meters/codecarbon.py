"""Read what CodeCarbon can measure through its hardware classes: EMI on Windows, powermetrics on a Mac, and so on."""

import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from traincarbon.extras import install_command
from traincarbon.meters.base import Meter, Reading, SensorMeter, Unavailable
from traincarbon.quantities import J_PER_KWH, EnergySource, Part

_INTERVAL_S = 5.0


class Piece(NamedTuple):
    """One of CodeCarbon's hardware objects, with our name for its device."""

    hardware: Any
    device: str
    part: Part
    how: EnergySource


class CodeCarbonMeter(SensorMeter):
    """Adds up the energies that CodeCarbon's objects report since they were last asked."""

    name = "codecarbon"
    max_interval_s = _INTERVAL_S

    def __init__(self, pieces: list[Piece], *, clock: Callable[[], float]) -> None:
        super().__init__(clock, names={piece.device: str(piece.hardware) for piece in pieces})
        self._pieces = pieces
        self._energy_j = dict.fromkeys(self.names, 0.0)
        self._power_w: dict[str, float | None] = dict.fromkeys(self.names)
        self._failed: set[str] = set()
        self._before_s = clock()
        for piece in pieces:
            piece.hardware.start()

    def _read(self) -> Iterable[Reading]:
        now = self._clock()
        took_s, self._before_s = now - self._before_s, now
        return [self._reading(piece, took_s, now) for piece in self._pieces]

    def _reading(self, piece: Piece, took_s: float, now: float) -> Reading:
        device = piece.device
        try:
            step_j, power_w = _asked(piece.hardware, took_s)
        except Exception as error:  # noqa: BLE001  around a meter's read: CodeCarbon may raise anything
            if device not in self._failed:
                self.notes.append(f"{device}: CodeCarbon cannot read it ({type(error).__name__}: {error}): its energy stands still")
            self._failed.add(device)
            return Reading(device, piece.part, self._energy_j[device], now, piece.how)
        if device in self._failed:
            self._failed.remove(device)
            self.notes.append(f"{device}: is read again")
        self._energy_j[device] += step_j
        return Reading(device, piece.part, self._energy_j[device], now, piece.how, power_w)


def probe(*, clock: Callable[[], float] = time.monotonic) -> Meter | Unavailable:
    """Return a meter of what CodeCarbon can measure here, without its models and guesses, or the reason why there is none."""
    try:
        pieces = _pieces()
        if not pieces:
            return Unavailable("codecarbon", "CodeCarbon finds no sensor here, only models", "see carbon doctor for what is needed")
        return CodeCarbonMeter(pieces, clock=clock)
    except ImportError:
        return Unavailable("codecarbon", "CodeCarbon is not installed", install_command(extra="codecarbon"))
    except Exception as error:  # noqa: BLE001  around a meter's read: CodeCarbon may raise anything
        return Unavailable("codecarbon", f"CodeCarbon fails: {type(error).__name__}: {error}", "try: codecarbon detect")


def _asked(hardware: Any, took_s: float) -> tuple[float, float]:
    power, energy = hardware.measure_power_and_energy(took_s)
    step_j, power_w = energy.kWh * J_PER_KWH, float(power.W)
    if not (step_j >= 0.0 and power_w >= 0.0):
        raise ValueError(f"{step_j:.0f} J, {power_w:.0f} W")
    return step_j, power_w


def _pieces() -> list[Piece]:
    from codecarbon.core import cpu, gpu, powermetrics
    from codecarbon.external import hardware

    folder = tempfile.gettempdir()
    found: list[Piece] = []
    if sys.platform.startswith("linux") and cpu.is_rapl_available():
        found.append(Piece(hardware.CPU.from_utils(folder, "intel_rapl"), "cpu:codecarbon", Part.CPU, EnergySource.COUNTER))
    elif sys.platform == "darwin" and powermetrics.is_powermetrics_available():
        for chip, part in (("CPU", Part.CPU), ("GPU", Part.GPU)):
            piece = hardware.AppleSiliconChip.from_utils(folder, chip_part=chip)
            found.append(Piece(piece, f"{part}:codecarbon", part, EnergySource.POWER))
    elif sys.platform == "win32":
        from codecarbon.core import windows_emi

        if windows_emi.is_emi_available():
            found.append(Piece(hardware.CPU.from_utils(folder, "windows_emi"), "cpu:codecarbon", Part.CPU, EnergySource.COUNTER))
    if gpu.is_nvidia_system() or gpu.is_rocm_system():
        found.append(Piece(hardware.GPU.from_utils(), "gpu:codecarbon", Part.GPU, EnergySource.COUNTER))
    return found
