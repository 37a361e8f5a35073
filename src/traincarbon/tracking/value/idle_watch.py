"""Which GPUs have been idle for a while, while the run goes on."""

from collections.abc import Iterable

from traincarbon.ledger.idle import is_idle
from traincarbon.quantities import Part
from traincarbon.tracking.live_state import DeviceState

_LONG_S = 60.0
"""A GPU is shown as idle after so long."""


class IdleWatch:
    """Follows the readings of the GPUs."""

    def __init__(self) -> None:
        self._since_s: dict[str, float] = {}

    def idle(self, devices: Iterable[DeviceState], *, now_s: float, idle_w: float | None) -> int:
        """Return how many GPUs have been idle for a minute.

        Args:
            devices: Their latest readings.
            now_s: When they were read. [s]
            idle_w: Power of a GPU without work, None where that is not known. [W]
        """
        count = 0
        for device in devices:
            known = device.part == Part.GPU and device.power_w is not None
            if known and is_idle(utilisation=device.utilisation, power_w=device.power_w or 0.0, idle_w=idle_w):
                count += now_s - self._since_s.setdefault(device.device, now_s) >= _LONG_S
            else:
                self._since_s.pop(device.device, None)
        return count
