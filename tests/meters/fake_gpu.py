"""A board of 300 W that is told what to answer, and how to read its meter."""

from traincarbon.meters.gpu import Details, GpuError


class FakeGpu:
    """A board of 300 W that is told what to answer."""

    name = "Acme One"
    limit_w = 400.0
    unit_j = 1e-3
    share = 1.0
    sigma_ln = 0.0

    def __init__(self, clock, device="gpu:0", *, counter=True, power=True):
        self.clock = clock
        self.device = device
        self.counter = counter
        self.power = power
        self.shown_w = 300.0
        self.mute: set[str] = set()
        self.lost = False
        self.asked = 0
        self.reopened: list[float] = []

    def counts(self):
        if self.lost or "energy" in self.mute:
            raise GpuError("GPU is lost")
        return round(300_000 * self.clock()) if self.counter else None

    def power_w(self):
        if self.lost or "power" in self.mute:
            raise GpuError("GPU is lost")
        return self.shown_w if self.power else None

    def details(self):
        self.asked += 1
        return Details(0.5, 40.0, 1e9, 1e9)

    def reopen(self):
        self.reopened.append(self.clock())


def run(meter, clock, *, seconds, every_s=1.0):
    for _ in range(round(seconds / every_s)):
        clock.now_s += every_s
        readings = meter.read()
    return readings


def dense(meter, clock, *, seconds):
    """Read as often as the meter asks for it."""
    end_s = clock.now_s + seconds
    while clock.now_s < end_s:
        clock.now_s = min(clock.now_s + min(meter.max_interval_s, 1.0), end_s)
        readings = meter.read()
    return readings
