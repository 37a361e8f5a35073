import pytest

from made_runs import record
from traincarbon.calibration.wall_meter import (
    CLASS_SIGMA,
    WallMeter,
    as_entries,
    energy_at_wall,
    fit_wall_meter,
    meters_by_machine,
    wall_sigmas,
    with_predicted_wall,
)
from traincarbon.errors import CarbonError

START_S = 1767225600.0
"""2026-01-01T00:00:00Z, when the made runs begin."""


@pytest.fixture
def readings(tmp_path):
    def write(lines, head="time,watts"):
        file = tmp_path / "wall.csv"
        file.write_text("\n".join([head, *lines]))
        return str(file)

    return write


@pytest.mark.parametrize("text", ["12.5", "12.5 kWh", "12.5kwh", "1.25e1"])
def test_a_total_is_read_in_kwh(text):
    assert energy_at_wall(text, record()) == 12.5


@pytest.mark.parametrize("text", ["0", "-3", "inf", "1e400"])
def test_a_total_that_cannot_be_is_refused(text):
    with pytest.raises(CarbonError, match="is not an energy"):
        energy_at_wall(text, record())


def test_constant_readings_are_power_times_the_time_of_the_run(readings):
    run = record(hours_h=8.0, accelerators=8)
    lines = [f"{START_S + 100.0 * at},2000" for at in range(-5, 50)]
    assert energy_at_wall(readings(lines), run) == pytest.approx(2.0)


def test_what_lies_outside_of_the_run_does_not_count(readings):
    run = record(hours_h=8.0, accelerators=8)
    lines = [f"{START_S + 100.0 * at},{2000 if 0 <= at <= 36 else 9000}" for at in range(-50, 90)]
    assert energy_at_wall(readings(lines), run) == pytest.approx(2.0)


def test_times_may_be_iso_without_a_zone_in_utc_and_out_of_order(readings):
    run = record(hours_h=8.0, accelerators=8)
    lines = [f"2026-01-01T00:{minute:02d}:00,1000" for minute in range(59, -1, -1)] + ["2026-01-01T01:00:00+00:00,1000"]
    assert energy_at_wall(readings(lines), run) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("lines", "head", "message"),
    [
        ([], "time,watts", "do not cover the run"),
        ([f"{START_S},100"], "time,watts", "do not cover the run"),
        ([f"{START_S + at},100" for at in range(0, 1800, 60)], "time,watts", "do not cover the run"),
        ([f"{START_S - 86400.0 + at},100" for at in range(0, 3600, 60)], "time,watts", "do not cover the run"),
        (["noon,100"], "time,watts", "line 2: 'noon,100' is not a reading"),
        ([f"{START_S}"], "time,watts", "line 2: '1767225600.0' is not a reading"),
        ([f"{START_S},-5"], "time,watts", "line 2: -5 W is impossible"),
        ([f"{START_S},nan"], "time,watts", "line 2: nan W is impossible"),
        ([], "zeit,leistung", "does not start with the columns time,watts"),
    ],
)
def test_readings_that_tell_nothing_are_refused_with_the_line(readings, lines, head, message):
    with pytest.raises(CarbonError, match=message):
        energy_at_wall(readings(lines, head), record(hours_h=8.0, accelerators=8))


def test_a_file_that_is_not_there_is_an_error():
    with pytest.raises(CarbonError, match="cannot read 'nowhere.csv'"):
        energy_at_wall("nowhere.csv", record())


def test_one_reading_gives_a_factor_as_sure_as_the_meter():
    meter = fit_wall_meter([(1100.0, 1000.0)])
    assert (meter.idle_w, meter.factor, meter.readings) == (0.0, pytest.approx(1.1), 1)
    assert meter.sigma == pytest.approx(CLASS_SIGMA)


def test_readings_at_several_loads_part_the_idle_draw_from_the_factor():
    meter = fit_wall_meter([(200.0 + 1.1 * inside, inside) for inside in (500.0, 1000.0, 2000.0)])
    assert (meter.idle_w, meter.factor) == (pytest.approx(200.0), pytest.approx(1.1))
    assert meter.sigma == pytest.approx(CLASS_SIGMA, rel=1e-3)


def test_readings_at_one_load_cannot_part_them():
    meter = fit_wall_meter([(1300.0, 1000.0), (1320.0, 1010.0), (1290.0, 990.0)])
    assert meter.idle_w == 0.0
    assert meter.factor == pytest.approx(1.303, rel=0.01)


def test_readings_that_scatter_are_less_sure():
    assert fit_wall_meter([(1200.0, 1000.0), (1400.0, 1000.0)]).sigma > 0.1


@pytest.mark.parametrize("wall_w", [10.0, 1e5])
def test_a_wall_far_from_what_is_inside_is_refused(wall_w):
    with pytest.raises(CarbonError, match="the wall meter shows"):
        fit_wall_meter([(wall_w, 1000.0)])


def test_other_runs_on_the_machine_are_corrected_by_it():
    wall = {"a": 3.0}
    runs = [record("a", hours_h=8.0, gpu_kwh=2.0), record("b", hours_h=16.0, gpu_kwh=5.0), record("whole", gpu_kwh=1.0, other_kwh=1.0), record("none")]
    meters = meters_by_machine(runs, wall)
    assert meters["dgx-a100"].factor == pytest.approx(1.5)
    assert with_predicted_wall(runs, wall, meters) == {"a": 3.0, "b": pytest.approx(7.5)}


def test_a_corrected_total_counts_the_idle_draw_over_the_time_of_the_run():
    assert WallMeter(100.0, 1.2, 0.01, 3).wall_kwh(inside_kwh=2.0, duration_s=7200.0) == pytest.approx(0.2 + 2.4)


def test_a_meter_is_kept_with_its_error_bar():
    assert as_entries({"box": WallMeter(100.0, 1.2, 0.03, 4)}) == [{"hw": "box", "idle_w": 100.0, "factor": 1.2, "sigma": 0.03, "readings": 4}]


def test_readings_in_another_encoding_are_refused_in_words(tmp_path):
    file = tmp_path / "wall.csv"
    file.write_bytes("time,watts\n0,5é\n".encode("utf-16"))
    with pytest.raises(CarbonError, match="it is not in UTF-8"):
        energy_at_wall(str(file), record())


def test_all_figures_of_a_meter_may_be_off_together_by_its_error_bar():
    records = [record("read"), record("made-out"), record("elsewhere", hw="dgx-h100"), record("inside")]
    meters = {"dgx-a100": WallMeter(0.0, 1.5, 0.04, 3)}
    assert wall_sigmas(records, {"read": 1.0, "made-out": 2.0, "elsewhere": 3.0}, meters) == {"read": 0.04, "made-out": 0.04}
