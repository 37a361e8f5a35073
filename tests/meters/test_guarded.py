"""A meter that may fail in any way gives checked readings."""

import pytest

from traincarbon.meters.base import Reading, Unavailable
from traincarbon.meters.guarded import guarded


class Odd:
    """A meter that lacks everything but the least."""

    def __init__(self):
        self.name, self.max_interval_s, self.notes, self.energy_j, self.error = "odd", 1.0, [], 1.0, None

    def read(self):
        if self.error is not None:
            raise self.error
        return (Reading("gpu:0", "gpu", self.energy_j, 0.0, "counter"),)

    def close(self):
        raise SystemExit


@pytest.mark.parametrize("error", [RuntimeError("no"), SystemExit(1), GeneratorExit])
def test_an_error_is_a_note_and_the_readings_stay(error):
    odd = Odd()
    meter = guarded("odd", lambda: odd)
    meter.read()
    if error is GeneratorExit:
        odd.energy_j = 0.0  # energy that falls
    else:
        odd.error = error
    assert [meter.read()[0].energy_j for _ in range(2)] == [1.0, 1.0]
    assert len(meter.notes) == 1
    meter.close()


def test_a_probe_that_ends_the_process_is_a_reason():
    def probe():
        raise SystemExit(3)

    found = guarded("odd", probe)
    assert isinstance(found, Unavailable)
    assert found.reason == "it fails: SystemExit: 3"
