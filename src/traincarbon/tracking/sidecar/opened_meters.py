"""The meters of a run: what they read, what they cannot read, and what the user is told about GPUs that are not read."""

from collections.abc import Mapping, Sequence

from traincarbon.meters.base import Meter, Unavailable
from traincarbon.meters.coverage import assumed_device, unread_device, unread_gpu
from traincarbon.meters.machine_share import MachineShare, busy_times, job_part, may_be_shared
from traincarbon.meters.registry import METERS, missing_parts, open_meters
from traincarbon.meters.threaded import ThreadedMeter
from traincarbon.quantities import Part
from traincarbon.tracking.settings import Settings
from traincarbon.tracking.sidecar.first_reading import EarlyReadings

_OF_MACHINE = ("cray", "hwmon", "ipmi", "rapl")
"""Meters whose sensors count all that runs on the machine."""
_UNKNOWN_PART = "the energy of processors and memory is that of the whole machine: nothing says which part of it this job has"


class OpenedMeters:
    """Meters opened side by side; some may still be opening, or fail now and answer later.

    Args:
        settings: Which meters to use.
        early: Those that were opened before.
        pid: The first process of the job, None for the whole machine.
        born_s: When the job began, if the model is to charge it from then on. [s]
    """

    def __init__(self, settings: Settings, early: EarlyReadings, *, pid: int | None, born_s: float | None) -> None:
        self._only: tuple[str, ...] | None = () if settings.is_outside else settings.meters or None
        self._early = early
        self.meters, self._missing = open_meters(only=self._only, pid=pid, born_s=born_s, opened=early.meters, keeps_trying=True)
        self.share, self.share_notes = _share_of_machine(self.meters)
        self._announced = ""
        self._state = self._stated()

    @property
    def earlier(self) -> EarlyReadings:
        """The early readings, without those of meters that are not used, whose devices would seem to use no energy."""
        is_used = any(meter in self.meters for meter in self._early.meters.values())
        return self._early if is_used else self._early._replace(readings=())

    @property
    def plug_in_notes(self) -> list[str]:
        """What the record says about meters of other packages that fail, hang or crash; one that states that there is nothing to read is no fault."""
        failures = dict.fromkeys([*self._missing, *(meter.failure for meter in self.meters if meter.failure is not None)])
        return [f"{each.name}: not metered: {each.reason}" for each in failures if each.is_there and each.name not in METERS]

    @property
    def are_unsettled(self) -> bool:
        """Whether a meter may soon read devices that are unknown now."""
        return any(meter.failure is not None and meter.failure.may_answer_later and not meter.assumed for meter in self.meters)

    def have_changed(self) -> bool:
        """Return whether other devices can be read, or not be read, than when this was asked last."""
        before, self._state = self._state, self._stated()
        return self._state != before

    def missing(self, parts: Mapping[str, object]) -> dict[str, str]:
        """Return why the parts that are not among *parts* are not measured."""
        failures = [meter.failure for meter in self.meters if meter.failure is not None]
        return missing_parts([*(each for each in self._missing if each.name not in {meter.name for meter in self.meters}), *failures], parts)

    def unread_gpu(self, parts: Mapping[str, object]) -> Unavailable | None:
        """Return the first GPU whose energy is neither measured nor assumed, None if there is none or the whole server is metered."""
        if "server" in parts:
            return None
        gpu = unread_device(self.meters)
        if gpu is None and "gpu" not in parts:
            gpu = unread_gpu(self._missing, only=self._only, opened=self._early.meters)
        return gpu

    def announcement(self, parts: Mapping[str, object]) -> str:
        """Return what to tell the user about GPUs that are not metered, "" if there are none or it was told."""
        gpu, assumed = self.unread_gpu(parts), None if "server" in parts else assumed_device(self.meters)
        text = ""
        if gpu is not None and any(isinstance(meter, ThreadedMeter) and meter.failure is gpu and meter.is_opening for meter in self.meters):
            text = f"a GPU is here, but not metered yet: {gpu.reason}. Energy, CO2e and cost are unknown until it does (if it never does: {gpu.hint})"
        elif gpu is not None:
            text = f"a GPU is here, but not metered, so energy, CO2e and cost will be unknown: {gpu.reason} (to meter it: {gpu.hint})"
        elif assumed is not None:
            text = f"a GPU is here, but not metered: {assumed.reason} (to meter it: {assumed.hint})"
        if text == self._announced:
            return ""
        self._announced = text
        return text

    def _stated(self) -> tuple[object, ...]:
        return tuple((meter.failure, meter.unread, tuple(meter.assumed), len(meter.names)) for meter in self.meters)


def _share_of_machine(meters: Sequence[Meter]) -> tuple[MachineShare | None, list[str]]:
    """Return the job's part of its machine where sensors measure processors or memory, None if it has all of it, and what the record says."""
    measured = {reading.part for meter in meters if meter.name in _OF_MACHINE for reading in meter.read()} - {Part.GPU}
    part = job_part() if measured else None
    if part is None:
        return None, [_UNKNOWN_PART] if measured and may_be_shared() else []
    if measured == {Part.SERVER}:
        return None, [
            f"the energy is that of the whole server, of which this job has {part.threads:g} of {part.of_threads:g} hardware threads ({part.said_by})"
        ]
    from traincarbon.database.load import open_database
    from traincarbon.database.select import sigma_of
    from traincarbon.meters.cpu_model import power_curve

    database = open_database()
    curve = power_curve(database)
    idle_over_busy = curve.idle_w / curve.busy_w if curve is not None else 1.0
    return MachineShare(part, idle_over_busy=idle_over_busy, sigma_ln=sigma_of(database, "machine_energy_share", "*"), busy=busy_times), [part.note]
