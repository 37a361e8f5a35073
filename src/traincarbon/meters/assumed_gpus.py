"""GPUs that the kernel lists and that no library reads, with assumed power, as a meter."""

import os
import time
from collections.abc import Callable, Iterable, Mapping

from traincarbon.meters.base import Reading, SensorMeter
from traincarbon.meters.gpu import AssumedPower
from traincarbon.meters.nvidia_driver import AMD, NVIDIA, KernelGpu, kernel_gpus
from traincarbon.meters.power import PowerIntegral
from traincarbon.quantities import EnergySource, Part

_VENDORS = {"nvml": (NVIDIA, "CUDA_VISIBLE_DEVICES"), "amd": (AMD, "ROCR_VISIBLE_DEVICES")}
"""Meter to the maker of its GPUs and the variable that chooses among them."""
_INTERVAL_S = 10.0


class AssumedGpus(SensorMeter):
    """States the assumed energy of GPUs, from when it is made.

    Args:
        name: The meter that would read them.
        powers: Device to its assumed power.
        clock: Returns the time.
    """

    max_interval_s = _INTERVAL_S

    def __init__(self, name: str, powers: Mapping[str, AssumedPower], *, names: Mapping[str, str], clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(clock, names=names)
        self.name = name
        self.assumed = {device: power.text for device, power in powers.items()}
        self._powers = powers
        self._integrals = {device: PowerIntegral() for device in powers}
        self.read()

    def _read(self) -> Iterable[Reading]:
        return [self._reading(device, power, self._clock()) for device, power in self._powers.items()]

    def _reading(self, device: str, power: AssumedPower, now: float) -> Reading:
        integral = self._integrals[device]
        integral.add(power.power_w, time_s=now)
        return Reading(device, Part.GPU, integral.energy_j, now, EnergySource.ASSUMED, power.power_w, sigma_ln=power.sigma_ln)


def assumed_gpus(
    name: str,
    *,
    environ: Mapping[str, str] = os.environ,
    listed: Callable[..., list[KernelGpu]] = kernel_gpus,
    clock: Callable[[], float] = time.monotonic,
) -> AssumedGpus | None:
    """Return the GPUs that the meter *name* would read with assumed power; None if there are none, or the database does not know all of them."""
    if name not in _VENDORS:
        return None
    vendor, variable = _VENDORS[name]
    gpus = listed(visible_devices=environ.get(variable), vendor=vendor)
    if not gpus:
        return None
    from traincarbon.meters.assumed_power import assumed_power, hardware_of_pci_id

    names = {gpu.device: gpu.name or hardware_of_pci_id(gpu.pci_id) for gpu in gpus}
    powers = {device: power for device, product in names.items() if (power := assumed_power(product)) is not None}
    return AssumedGpus(name, powers, names=names, clock=clock) if len(powers) == len(gpus) else None
