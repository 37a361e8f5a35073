"""A GPU is shown as idle after a minute without work, and no longer."""

from traincarbon.tracking.live_state import DeviceState
from traincarbon.tracking.value.idle_watch import IdleWatch


def gpu(number, busy, power_w=90.0):
    return DeviceState(f"gpu:{number}", "gpu", power_w, busy)


def test_a_gpu_is_idle_after_a_minute_and_works_at_once():
    watch = IdleWatch()
    seen = [
        watch.idle([gpu(0, 0.9), gpu(1, busy)], now_s=now_s, idle_w=None) for now_s, busy in ((0.0, 0.0), (59.0, 0.0), (60.0, 0.0), (61.0, 0.5), (70.0, 0.0))
    ]
    assert seen == [0, 0, 1, 0, 0]


def test_without_evidence_no_gpu_is_idle():
    watch = IdleWatch()
    devices = [gpu(0, None), gpu(1, 0.0, power_w=None), DeviceState("cpu:0", "cpu", 50.0, 0.0)]
    assert [watch.idle(devices, now_s=now_s, idle_w=None) for now_s in (0.0, 100.0)] == [0, 0]
    assert [watch.idle([gpu(0, None)], now_s=now_s, idle_w=80.0) for now_s in (200.0, 300.0)] == [0, 1]
