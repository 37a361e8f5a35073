"""The contract that every meter keeps, each over a source of its kind."""

import math

PARTS = {"gpu", "cpu", "dram", "server", "other"}
HOW = {"counter", "power", "modelled"}


def test_each_device_has_one_reading_with_a_known_part_and_a_known_way(case):
    readings = case.meter.read()
    assert readings
    assert len({reading.device for reading in readings}) == len(readings)
    for reading in readings:
        assert reading.part in PARTS
        assert reading.how in HOW
        assert reading.device.startswith(f"{reading.part}:")


def test_a_modelled_figure_has_a_spread_and_a_measured_one_has_none(case):
    for reading in case.meter.read():
        assert (reading.sigma_ln > 0.0) == (reading.how == "modelled")


def test_nothing_is_counted_before_it_was_opened(case):
    assert [reading.energy_j for reading in case.meter.read()] == [0.0] * len(case.meter.read())


def test_energy_and_time_never_fall(case):
    before = case.meter.read()
    for step_s in (0.005, 0.3, 1.0, 0.0, 7.0, 2.0):
        case.advance(step_s)
        after = case.meter.read()
        assert [reading.device for reading in after] == [reading.device for reading in before]
        for earlier, later in zip(before, after, strict=True):
            assert later.energy_j >= earlier.energy_j
            assert later.time_s >= earlier.time_s
        before = after


def test_what_is_told_is_finite_and_within_bounds(case):
    case.advance(2.0)
    for reading in case.meter.read():
        told = [reading.power_w, reading.temperature_c, reading.clock_hz, reading.memory_used_b]
        assert all(value is None or (math.isfinite(value) and value >= 0.0) for value in told)
        assert reading.utilisation is None or 0.0 <= reading.utilisation <= 1.0


def test_it_says_how_soon_it_must_be_read_again(case):
    for _ in range(3):
        assert 0.0 < case.meter.max_interval_s <= 60.0
        case.advance(case.meter.max_interval_s)
        case.meter.read()


def test_a_broken_source_raises_nothing_and_its_energy_stands_still(case):
    case.advance(1.0)
    before = {reading.device: reading.energy_j for reading in case.meter.read()}
    case.fail()
    for _ in range(3):
        case.advance(0.1)
        case.meter.read()
    if case.meter.name not in ("ipmi", "replay"):  # the one answers later, the other cannot break
        assert len([note for note in case.meter.notes if "GPU" not in note]) <= 1 + len(before)
        assert {reading.device: reading.energy_j for reading in case.meter.read()} == before
        assert case.meter.notes


def test_notes_are_taken_away_by_who_reads_them(case):
    case.meter.notes.clear()
    case.advance(1.0)
    case.meter.read()
    assert case.meter.notes == []


def test_closing_twice_is_safe_and_the_readings_stand_still(case):
    case.advance(1.0)
    last = case.meter.read()
    case.meter.close()
    case.meter.close()
    case.advance(5.0)
    assert [reading.energy_j for reading in case.meter.read()] == [reading.energy_j for reading in last]
