"""GPUs are opened before the job is known, unless a trace replaces all meters."""

from traincarbon.meters.base import Reading, Unavailable
from traincarbon.meters.threaded import TimedOut
from traincarbon.tracking.sidecar import first_reading


class Boards:
    name = "nvml"

    def read(self):
        return (Reading("gpu:0", "gpu", 5.0, 1.0, "counter", 300.0), Reading("gpu:1", "gpu", 6.0, 1.0, "counter", 200.0))


def test_boards_are_opened_and_read_at_once(monkeypatch):
    monkeypatch.delenv("CARBON_REPLAY", raising=False)
    boards = Boards()
    monkeypatch.setattr(first_reading, "probed", lambda name, **_: boards if name == "nvml" else None)
    found = first_reading.read_early()
    assert found.meters == {"nvml": boards}
    assert [(reading.device, reading.energy_j) for reading in found.readings] == [("gpu:0", 5.0), ("gpu:1", 6.0)]


def test_without_gpus_the_reason_is_kept_for_later(monkeypatch):
    monkeypatch.delenv("CARBON_REPLAY", raising=False)
    monkeypatch.setattr(first_reading, "probed", lambda name, **_: Unavailable(name, "no driver", "load it"))
    found = first_reading.read_early()
    assert found.meters == {"nvml": Unavailable("nvml", "no driver", "load it")}
    assert found.readings == ()


def test_those_that_have_not_answered_yet_are_opened_again_later(monkeypatch):
    monkeypatch.delenv("CARBON_REPLAY", raising=False)
    monkeypatch.setattr(first_reading, "probed", lambda name, *, wait_s: TimedOut(name, f"its library does not answer within {wait_s:g} s", ""))
    assert first_reading.read_early() == first_reading.EarlyReadings({}, ())


def test_a_trace_takes_the_place_of_all_boards(monkeypatch):
    monkeypatch.setenv("CARBON_REPLAY", "trace.csv")
    monkeypatch.setattr(first_reading, "probed", lambda *_, **__: Boards())
    assert first_reading.read_early() == first_reading.EarlyReadings({}, ())
