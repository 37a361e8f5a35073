"""Logs of carbontracker."""

import pytest

from imports import kept, read_kept, read_text
from traincarbon.errors import CarbonError
from traincarbon.readers.carbontracker_log import is_carbontracker, read
from traincarbon.readers.formats import merged, read_file
from traincarbon.readers.imported import NO_ZONE, ZERO

STANDARD = "toy_10126.884094_2026-11-25T132728Z_carbontracker.log"
OUTPUT = "toy_10126.884094_2026-11-25T132728Z_carbontracker_output.log"


def text_of(name):
    with open(kept(name), encoding="utf-8") as stream:
        return stream.read()


def test_the_log_of_epochs_gives_energy_by_part():
    (record,), left_out, notes = read_kept(STANDARD)
    assert record.run_id == "carbontracker-toy_10126.884094_2026-11-25T132728Z"
    assert record.energy_j == {"gpu": None, "cpu": 3 * 3.0 * 60.0, "dram": None, "other": None}
    assert (record.how, record.duration_s, record.state, record.started_at) == ({"cpu": "modelled"}, 9.0, "finished", "2026-11-25T13:27:28.000000Z")
    assert record.versions == {"carbontracker": "2.4.7"}
    assert (record.facility_energy_kwh, left_out, notes) == (None, [], [NO_ZONE])


def test_the_log_of_output_gives_the_energy_of_the_facility_but_no_carbon_of_the_world():
    (record,), _, _ = read_kept(OUTPUT)
    assert record.facility_energy_kwh["median"] == 0.000237018182
    assert record.operational_kgco2e is None
    assert record.metered_kwh is None


def test_both_logs_are_one_run():
    (record,) = merged([*read_kept(STANDARD).records, *read_kept(OUTPUT).records])
    assert (record.energy_j["cpu"], record.facility_energy_kwh["median"], record.state) == (540.0, 0.000237018182, "finished")
    assert record.facility_energy_kwh["median"] / record.metered_kwh == pytest.approx(1.58, rel=1e-3)


def test_under_other_names_both_logs_are_still_one_run():
    ids = {read_text(read, text_of(name), name="log.txt").records[0].run_id for name in (STANDARD, OUTPUT)}
    assert len(ids) == 1


def test_a_gpu_is_by_power_and_epochs_that_nobody_looked_at_are_said():
    (record,), _, notes = read_kept("gpu-16587.910585_2026-11-25T134040Z_carbontracker_output.log")
    assert "2 of its 10 epochs were metered" in notes[-1]
    (record,), _, _ = read_kept("gpu-16587.910585_2026-11-25T134040Z_carbontracker.log")
    assert (record.energy_j["gpu"], record.energy_j["cpu"]) == (900.0, 360.0)
    assert (record.how, record.accelerators, record.hw) == ({"gpu": "power", "cpu": "modelled"}, 1, "NVIDIA A100")


def test_a_training_that_was_stopped_was_killed():
    assert read_kept("stop-16606.704960_2026-11-25T134047Z_carbontracker.log").records[0].state == "killed"


def test_one_figure_for_several_devices_is_their_mean():
    """Version 2.4 logs 200 W for two GPUs of which a replayed NVML lets one draw 300 W and the other 100 W."""
    text = text_of("gpu-16587.910585_2026-11-25T134040Z_carbontracker.log").replace("NVIDIA A100.", "NVIDIA A100, NVIDIA A100.")
    (record,), _, notes = read_text(read, text, name="x")
    assert (record.energy_j["gpu"], record.accelerators, record.energy_j["cpu"]) == (2 * 900.0, 2, 360.0)
    assert "the mean power of its 2 devices, which counts 2 times" in notes[-1]
    output = text_of("gpu-16587.910585_2026-11-25T134040Z_carbontracker_output.log").replace("NVIDIA A100.", "NVIDIA A100, NVIDIA A100.")
    assert read_text(read, output, name="x").records[0].facility_energy_kwh is None


def test_figures_of_each_device_add_up():
    text = text_of("gpu-16587.910585_2026-11-25T134040Z_carbontracker.log").replace("NVIDIA A100.", "NVIDIA A100, NVIDIA A100.")
    for power in ("[150.0 100.0]", "[150.0, 100.0]"):
        assert read_text(read, text.replace("150.0", power), name="x").records[0].energy_j["gpu"] == 2 * 3.0 * 250.0


@pytest.mark.parametrize(
    ("power", "reason"),
    [("None", "carbontracker logged no power for it"), ("0.0", "carbontracker logged 0 W in some epochs, which it also does without permission to read")],
)
def test_power_that_was_not_read_is_missing(power, reason):
    (record,), _, _ = read_text(read, text_of(STANDARD).replace("cpu: 60.0", f"cpu: {power}", 1), name="x")
    assert (record.energy_j["cpu"], record.missing["cpu"]) == (None, reason)
    assert reason != ZERO


def test_a_log_that_is_cut_off_has_the_epochs_that_are_whole():
    text = text_of(STANDARD)
    (record,), _, _ = read_text(read, text[: text.index("Epoch 3")] + "Epoch 3:\n2026-11-25 13:27:38 - Duration: 0:0", name="x")
    assert (record.duration_s, record.energy_j["cpu"], record.state) == (6.0, 360.0, "lost")


def test_a_log_without_an_epoch_is_left_out():
    text = text_of(STANDARD)
    records, left_out, _ = read_text(read, text[: text.index("Epoch 1")], name="x")
    assert records == []
    assert "no epoch was logged" in left_out[0]


def test_a_clock_that_no_calendar_has_is_left_out():
    records, left_out, _ = read_text(read, text_of(STANDARD).replace("2026-11-25", "2026-13-45"), name="x")
    assert records == []
    assert "'2026-13-45 13:27:28' is no date and time" in left_out[0]


def test_carbon_of_a_place_that_was_found_is_taken():
    text = text_of(OUTPUT).replace("445.00", "52.10")
    assert read_text(read, text, name="x").records[0].operational_kgco2e["median"] == pytest.approx(0.105473091043e-3)


def test_a_log_that_is_too_long_is_refused_rather_than_read_in_part(monkeypatch):
    monkeypatch.setattr("traincarbon.readers.carbontracker_log._LONGEST", 512)
    with pytest.raises(CarbonError, match="longer than 0 MB"):
        read_text(read, text_of(STANDARD), name="x")


def test_another_file_is_refused():
    assert is_carbontracker(text_of(OUTPUT))
    assert not is_carbontracker("2026-11-25 13:27:28 - something else")
    with pytest.raises(CarbonError, match="not a log of carbontracker"):
        read_text(read, "a,b\n1,2\n")
    assert read_file(kept(STANDARD), format="carbontracker").records


@pytest.mark.parametrize("name", ["toy_10126.884094_2026-11-25T132728Z_carbontracker.log", "gpu-16587.910585_2026-11-25T134040Z_carbontracker_output.log"])
def test_lines_that_end_as_windows_ends_them_are_read_the_same(name):
    options, plain = read_text(read, text_of(name).replace("\n", "\r\n"), name=name), read_text(read, text_of(name), name=name)
    assert options == plain
    assert len(options.records) == 1


def test_the_first_versions_do_not_state_theirs():
    text = "\n" + "\n".join(text_of(STANDARD).splitlines()[2:]) + "\n"
    assert "carbontracker version" not in text
    assert is_carbontracker(text)
    (record,), _, _ = read_text(read, text, name="x")
    assert (record.energy_j["cpu"], record.versions) == (540.0, {})


def test_two_trackers_in_one_log_are_two_runs():
    text = text_of(STANDARD)
    records, left_out, notes = read_text(read, text + text.replace("13:27", "14:27"), name="x")
    assert ([record.energy_j["cpu"] for record in records], left_out) == ([540.0, 540.0], [])
    assert len({record.run_id for record in records}) == 2
    assert "the log holds 2 trackers, each of which is a run" in notes


def test_processes_that_began_in_one_second_are_told_apart_by_the_name_of_the_file():
    ids = {read_text(read, text_of(STANDARD), name=f"{pid}_2026-11-25T132728Z_carbontracker.log").records[0].run_id for pid in (101, 102)}
    assert len(ids) == 2


def test_a_chip_of_apple_is_one_accelerator():
    text = text_of("gpu-16587.910585_2026-11-25T134040Z_carbontracker.log").replace("NVIDIA A100.", "GPU, ANE.")
    (record,), _, _ = read_text(read, text, name="x")
    assert (record.accelerators, record.hw, record.energy_j["gpu"]) == (1, "Apple", 900.0)


def test_a_power_that_no_gpu_draws_is_set_aside():
    text = text_of("gpu-16587.910585_2026-11-25T134040Z_carbontracker.log").replace("150.0", "4294967.295")
    (record,), _, _ = read_text(read, text, name="x")
    assert (record.energy_j["gpu"], record.energy_j["cpu"]) == (None, 360.0)
    assert "no energy of gpu" in record.notes[0]
