"""CodeCarbon's emissions.csv of every layout, in and out."""

import csv
import io
from datetime import timedelta, timezone

import pytest

from imports import kept, read_kept, read_text
from journals import WALL_S, device, line, lines_of
from traincarbon.errors import CarbonError
from traincarbon.ledger.record import merge
from traincarbon.readers.codecarbon_csv import COLUMNS, dump, is_codecarbon, read
from traincarbon.readers.formats import read_file
from traincarbon.readers.imported import NO_ZONE, ImportOptions

V1 = "timestamp,experiment_id,project_name,duration,emissions,energy_consumed,country_name,country_iso_code,region,on_cloud,cloud_provider,cloud_region"
V2_1 = (
    "timestamp,project_name,run_id,duration,emissions,emissions_rate,cpu_power,gpu_power,ram_power,cpu_energy,gpu_energy,ram_energy,energy_consumed,country_name,"
    "country_iso_code,region,cloud_provider,cloud_region,os,python_version,cpu_count,cpu_model,gpu_count,gpu_model,longitude,latitude,ram_total_size,tracking_mode,on_cloud"
)
V2_3 = V2_1.replace("python_version,", "python_version,codecarbon_version,") + ",pue"
V3_0 = V2_3.replace("run_id,", "run_id,experiment_id,")
FULL = {
    "timestamp": "2026-11-24T10:00:30", "project_name": "bert", "run_id": "5b0fa12a-3dd7-45bb-9766-cc326314d9f1", "experiment_id": "e1", "duration": "30.5", "emissions": "0.002",
    "emissions_rate": "6.5e-05", "cpu_power": "42.5", "gpu_power": "300.0", "ram_power": "10.0", "cpu_energy": "0.0004", "gpu_energy": "0.003", "ram_energy": "0.0001",
    "energy_consumed": "0.0035", "country_name": "France", "country_iso_code": "FRA", "region": "paris", "os": "Linux-6.1", "python_version": "3.11.7",
    "codecarbon_version": "3.3.2", "cpu_count": "16", "cpu_model": "AMD EPYC 7742", "gpu_count": "8.0", "gpu_model": "8 x NVIDIA H100", "longitude": "2.3", "latitude": "48.8",
    "ram_total_size": "1000.5", "tracking_mode": "machine", "on_cloud": "N", "pue": "1.0", "wue": "0",
}  # fmt: skip


def load(content, **options):
    reading = read_text(read, content.decode("utf-8-sig"), **options)
    return reading.records, reading.left_out


def table(header, *rows):
    columns = header.split(",")
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, columns, restval="", extrasaction="ignore")
    writer.writeheader()
    writer.writerows({**FULL, **row} for row in rows or ({},))
    return stream.getvalue().encode()


@pytest.mark.parametrize("header", [V2_1, V2_3, V3_0, ",".join(COLUMNS)], ids=["2.1", "2.3", "3.0", "3.3"])
def test_every_layout_since_version_2_gives_the_same_run(header):
    (record,), faults = load(table(header))
    assert not faults
    assert (record.run_id, record.project, record.state, record.exit_code) == (FULL["run_id"], "bert", "finished", None)
    assert (record.started_at, record.duration_s) == ("2026-11-24T09:59:59.500000Z", 30.5)
    assert record.energy_j == pytest.approx({"gpu": 10800.0, "cpu": 1440.0, "dram": 360.0, "other": None})
    assert (record.accelerators, record.hw, record.versions["python"]) == (8, "8 x NVIDIA H100", "3.11.7")
    assert record.facility_energy_kwh == {"low": 0.0035, "median": 0.0035, "high": 0.0035}
    assert record.operational_kgco2e["median"] == 0.002


def test_version_1_knows_only_the_sum():
    rows = table(V1, {}, {"experiment_id": "", "timestamp": "2026-11-25T10:00:00"})
    (first, second), faults = load(rows)
    assert not faults
    assert first.run_id == "e1"
    assert second.run_id.startswith("codecarbon-")
    assert second.run_id == load(rows)[0][1].run_id
    assert first.energy_j == pytest.approx({"gpu": None, "cpu": None, "dram": None, "other": 12600.0})
    assert set(first.missing) == {"gpu", "cpu", "dram"}


def test_the_pue_is_taken_out_of_the_parts_and_left_in_the_facility():
    (record,), _ = load(table(V3_0, {"pue": "1.5"}))
    assert record.energy_j["gpu"] == pytest.approx(7200.0)
    assert record.facility_energy_kwh["median"] == 0.0035


def test_a_part_of_nothing_was_not_measured():
    (record,), _ = load(table(V3_0, {"gpu_energy": "0.0", "gpu_count": "", "gpu_model": "", "energy_consumed": "0.0005"}))
    assert (record.energy_j["gpu"], record.accelerators, record.hw) == (None, None, "")
    assert record.missing["gpu"] == "CodeCarbon states no energy for it"


def test_of_the_flushes_of_a_run_the_longest_counts():
    (record,), faults = load(table(V3_0, {"duration": "10", "gpu_energy": "0.001"}, {"duration": "30.5"}, {"duration": "20", "gpu_energy": "0.002"}))
    assert not faults
    assert (record.duration_s, record.energy_j["gpu"]) == (30.5, pytest.approx(10800.0))


def test_rows_that_cannot_be_read_are_named_and_the_rest_is_taken():
    content = table(
        V3_0,
        {"run_id": "good"},
        {"run_id": "bad", "duration": "x"},
        {"run_id": "when", "timestamp": "yesterday"},
        {"run_id": "inf", "emissions": "inf"},
        {"run_id": "neg", "gpu_energy": "-1"},
    )
    found, faults = load(content + b"2026-11-24T10:00:30,bert,torn,e1,3")
    assert [record.run_id for record in found] == ["good", "inf", "neg"]
    assert len(faults) == 3
    assert (found[1].operational_kgco2e, found[1].notes) == (None, ("column emissions: 'inf' is not a finite number",))
    assert (found[2].energy_j["gpu"], found[2].energy_j["cpu"], found[2].facility_energy_kwh, found[2].operational_kgco2e) == (None, 1440.0, None, None)
    assert found[2].missing["gpu"] == "CodeCarbon states a negative energy"
    assert faults[-1] == "line 7: it is cut off, as the last line of the file"
    assert faults[0].startswith("line 3, run 'bad': column duration: 'x' is not a number")


@pytest.mark.parametrize("hostile", ["=cmd|' /C calc'!A0", "<script>", "x" * 10_000, "'; DROP TABLE runs; --", 'a,b"c'])
def test_hostile_names_are_names(hostile):
    (record,), faults = load(table(V3_0, {"project_name": hostile, "run_id": hostile}))
    assert not faults
    assert record.project == hostile[:2000]
    (row,) = csv.DictReader(io.StringIO(dump([record]).decode()))
    assert not row["project_name"].startswith("=")


def test_a_byte_order_mark_windows_lines_and_other_orders_of_columns_are_read():
    header = ",".join(sorted(V3_0.split(",")))
    content = table(header).replace(b"\n", b"\r\n").replace(b"\r\r", b"\r")
    (record,), faults = load(b"\xef\xbb\xbf" + content)
    assert (record.run_id, faults) == (FULL["run_id"], [])


def test_a_real_file_gives_the_run_that_made_it():
    reading = read_kept("emissions.csv")
    (record,) = reading.records
    assert (record.project, record.duration_s, record.versions["codecarbon"]) == ("toy", 6.005688685999985, "3.3.2")
    assert record.energy_j == {"gpu": None, "cpu": 2.87546702952364e-06 * 3.6e6, "dram": pytest.approx(3.333710059999931e-05 * 3.6e6), "other": None}
    assert (record.started_at, reading.left_out, reading.notes) == ("2026-11-25T13:27:43.994311Z", [], [NO_ZONE])


def test_a_clock_without_a_zone_is_in_that_of_the_user():
    options = ImportOptions(zone=timezone(timedelta(hours=2)))
    reading = read_file(kept("emissions.csv"), options=options)
    assert (reading.records[0].started_at, reading.notes) == ("2026-11-25T11:27:43.994311Z", [])


def test_what_is_no_emissions_csv_is_refused():
    assert not is_codecarbon("run_id,state,energy_j.gpu")
    with pytest.raises(CarbonError, match=r"not an emissions\.csv"):
        load(b"a,b\n1,2\n")


def test_a_run_of_ours_goes_out_in_their_columns():
    figures = {name: {"low": 1.0, "median": 2.0, "high": 3.0} for name in ("operational_kgco2e",)}
    record = merge(
        [
            *lines_of(end=False, power_w=240e3),
            line("end", seq=9, mono_s=15.0, exit_code=0, facility_energy_kwh={"low": 1.0, "median": 1.5, "high": 2.0}, **figures),
        ],
        now_s=WALL_S,
    )
    (row,) = csv.DictReader(io.StringIO(dump([record]).decode()))
    assert tuple(row) == COLUMNS
    assert (row["run_id"], row["duration"], row["emissions"], row["energy_consumed"], row["pue"]) == ("run", "15.0", "2.0", "1.5", "1.5")
    assert (float(row["gpu_energy"]), float(row["gpu_power"])) == pytest.approx((1.5, 360e3))
    assert (row["cpu_energy"], row["ram_energy"], row["country_name"], row["longitude"], row["water_consumed"]) == ("", "", "", "", "")
    assert row["timestamp"] == "2026-09-21T14:13:35"


def test_a_run_goes_out_and_comes_back():
    lines = [
        *lines_of(end=False, start={"project": "p", "versions": {"python": "3.12"}}),
        line(
            "interval",
            seq=8,
            mono_s=15.0,
            devices={"gpu:0": device(6e3), "cpu:0": device(3e3, part="cpu"), "dram:0": device(2e2, part="dram"), "rest": device(1e2, part="other")},
        ),
        line(
            "end",
            seq=9,
            mono_s=15.0,
            exit_code=0,
            facility_energy_kwh={"low": 0.0029, "median": 0.003, "high": 0.0031},
            operational_kgco2e={"low": 0.001, "median": 0.002, "high": 0.003},
        ),
    ]
    record = merge(lines, now_s=WALL_S)
    (back,), faults = load(dump([record]))
    assert not faults
    assert back.energy_j == pytest.approx(record.energy_j, rel=1e-9)
    assert (back.run_id, back.project, back.duration_s, back.hw, back.accelerators, back.versions) == ("run", "p", 15.0, "box", 1, {"python": "3.12"})
    assert back.started_at == record.started_at
    assert back.facility_energy_kwh["median"] == pytest.approx(0.003)
    assert back.operational_kgco2e["median"] == 0.002


def test_their_file_goes_through_us_with_energy_time_and_emissions_as_they_were():
    content = table(",".join(COLUMNS), {"pue": "1.2"}, {"run_id": "two", "gpu_energy": "", "energy_consumed": "0.0005", "emissions": "0.0002"})
    first = list(csv.DictReader(io.StringIO(content.decode())))
    second = list(csv.DictReader(io.StringIO(dump(load(content)[0]).decode())))
    for before, after in zip(first, second, strict=True):
        for name in ("timestamp", "project_name", "run_id", "gpu_model", "codecarbon_version", "python_version", "os"):
            assert after[name] == before[name], name
        for name in ("duration", "emissions", "cpu_energy", "gpu_energy", "ram_energy", "energy_consumed", "pue", "gpu_count"):
            assert (after[name] and float(after[name])) == (before[name] and pytest.approx(float(before[name]), rel=1e-9)), name


TASKS = "task_name,timestamp,project_name,run_id,duration,emissions,cpu_energy,gpu_energy,ram_energy,energy_consumed,gpu_count,gpu_model"


def test_the_tasks_of_a_run_are_its_phases_and_add_up():
    rows = [
        {"task_name": name, "run_id": "r", "timestamp": f"2026-05-01T1{hour}:00:00", "duration": duration, "emissions": "0.01", "cpu_energy": "0.02",
         "gpu_energy": "0.05", "ram_energy": "0.005", "energy_consumed": "0.075", "gpu_count": "1", "gpu_model": "1 x NVIDIA A100-SXM4-80GB"}
        for name, hour, duration in (("load", 0, "600"), ("train", 2, "1800"), ("eval", 3, "900"), ("eval", 3, "800"))
    ]  # fmt: skip
    (record,), faults = load(table(TASKS, *rows))
    assert not faults
    assert (record.run_id, record.metered_kwh, record.duration_s, record.started_at) == ("r", pytest.approx(0.225), 3300.0, "2026-05-01T09:50:00.000000Z")
    assert [(phase.name, phase.duration_s) for phase in record.phases] == [("load", 600.0), ("train", 1800.0), ("eval", 900.0)]
    assert (record.facility_energy_kwh["median"], record.operational_kgco2e["median"]) == pytest.approx((0.225, 0.03))


def test_the_place_that_codecarbon_writes_when_it_finds_none_is_no_place():
    quebec = {"country_name": "Canada", "country_iso_code": "CAN", "region": "quebec", "latitude": "46.8", "longitude": "-71.2"}
    (record,), _ = load(table(V3_0, quebec))
    assert (record.operational_kgco2e, record.facility_energy_kwh["median"]) == (None, 0.0035)
    assert "is the place that CodeCarbon writes when it finds none" in record.notes[0]
    (montreal,), _ = load(table(V3_0, {**quebec, "latitude": "45.5", "longitude": "-73.6"}))
    assert montreal.operational_kgco2e["median"] == 0.002
    (nowhere,), _ = load(table(V3_0, {"country_name": "", "country_iso_code": ""}))
    assert nowhere.operational_kgco2e is None


def test_a_processor_that_draws_more_than_it_can_is_set_aside_and_the_rest_of_the_run_stays():
    row = {"duration": "3600", "cpu_energy": "0.84", "gpu_energy": "0.05", "ram_energy": "0.02", "energy_consumed": "0.91", "cpu_model": "i7-5820K"}
    (record,), _ = load(table(V3_0, {**row, "gpu_count": "1", "gpu_model": "1 x NVIDIA GeForce GTX 1080 Ti"}))
    assert (record.energy_j["cpu"], record.energy_j["gpu"], record.facility_energy_kwh) == (None, pytest.approx(180_000.0), None)
    assert record.missing["cpu"] == "0.84 kWh in 1 h is 840 W; the i7-5820k draws at most 420 W; is it in Wh?"


def test_a_gpu_of_a_thousand_megawatts_is_set_aside():
    row = {"duration": "36", "cpu_energy": "0.84e-3", "gpu_energy": "49000", "ram_energy": "0", "energy_consumed": "49000.00084", "gpu_count": "1"}
    (record,), _ = load(table(V3_0, {**row, "gpu_model": "1 x NVIDIA GeForce GTX 1080 Ti"}))
    assert (record.energy_j["gpu"], record.facility_energy_kwh, record.operational_kgco2e) == (None, None, None)
    assert "49,000 kWh in 36 s is 4.9 GW; 1 × gtx-1080-ti draws at most 500 W" in record.notes[0]


def test_without_the_id_of_a_run_those_of_one_experiment_are_told_apart_by_their_beginning():
    rows = table(V1, {}, {"duration": "40.5", "timestamp": "2026-11-24T10:00:40"}, {"timestamp": "2026-11-25T10:00:00"})
    records, _ = load(rows)
    assert [(record.run_id, record.duration_s) for record in records] == [("e1", 40.5), ("e1-20261125T095929", 30.5)]


def test_rows_of_files_that_were_put_together_are_all_read():
    content = table(V2_1, {"run_id": "a"}) + table(",".join(COLUMNS), {"run_id": "b", "pue": "1.5"})
    found, faults = load(content)
    assert ([record.run_id for record in found], faults) == (["a", "b"], [])
    assert found[1].energy_j["gpu"] == pytest.approx(7200.0)


def test_a_side_cell_that_cannot_be_read_drops_no_run():
    (record,), faults = load(table(V3_0, {"gpu_count": "two", "pue": "?"}))
    assert not faults
    assert (record.energy_j["gpu"], record.accelerators) == (pytest.approx(10800.0), None)
    assert len(record.notes) == 2


def test_a_last_row_that_an_editor_saved_without_an_end_is_read():
    (record,), faults = load(table(V3_0).rstrip())
    assert (record.run_id, faults) == (FULL["run_id"], [])
