"""Tables of Eco2AI and of programs made from it."""

import pytest

from imports import read_text
from traincarbon.readers.eco2ai_csv import is_eco2ai, read
from traincarbon.readers.handwritten_csv import is_handwritten
from traincarbon.readers.imported import NO_ZONE

HEADER = "id,project_name,experiment_description,epoch,start_time,duration(s),power_consumption(kWh),CO2_emissions(kg),CPU_name,GPU_name,OS,region/country,cost"


def row(id="r", epoch="N/A", start="2023-12-03 16:34:17", duration="3600", kwh="0.2", co2="0.1", gpu="NVIDIA A100 2 device(s)"):
    return f'{id},p,d,{epoch},{start},{duration},{kwh},{co2},"Intel(R) Core(TM) i7-10870H CPU @ 2.20GHz/1 device(s), TDP:45.0",{gpu},Linux,IN/Delhi,0'


def read_rows(*rows, header=HEADER):
    return read_text(read, "\n".join([header, *rows, ""]))


def test_a_row_is_a_run_with_one_sum_of_energy():
    assert is_eco2ai(HEADER)
    assert not is_handwritten(HEADER)
    (record,), left_out, notes = read_rows(row())
    assert (record.run_id, record.duration_s, record.started_at) == ("eco2ai-r", 3600.0, "2023-12-03T16:34:17.000000Z")
    assert (record.energy_j["other"], record.operational_kgco2e["median"]) == (pytest.approx(720_000.0), 0.1)
    assert (record.accelerators, record.hw, left_out, notes) == (2, "NVIDIA A100", [], [NO_ZONE])


def test_the_epochs_of_a_run_add_up_and_a_row_that_grew_counts_once():
    rows = [row(epoch="epoch: 1"), row(epoch="epoch: 1", duration="1800", kwh="0.1"), row(epoch="epoch: 2", start="2023-12-03 17:34:17", duration="1800")]
    (record,), _, _ = read_rows(*rows)
    assert (record.duration_s, record.energy_j["other"], record.operational_kgco2e["median"]) == (5400.0, pytest.approx(1_440_000.0), pytest.approx(0.2))


def test_no_gpu_is_none():
    (record,), _, _ = read_rows(row(gpu=" 0 device(s)"))
    assert (record.accelerators, record.hw) == (None, "")


def test_the_first_version_has_no_id_and_another_unit_in_its_header():
    header = "project_name,experiment_description(model type etc.),start_time,duration(s),power_consumption(kWTh),CO2_emissions(kg),CPU_name,GPU_name,OS,region/country"
    (record,), left_out, _ = read_rows('"p","d",2022-05-01 10:00:00,100,0.001,0.0005,"Xeon/1 device(s), TDP:100", 0 device(s),Linux,RU', header=header)
    assert (record.energy_j["other"], record.run_id[:7], left_out) == (pytest.approx(3600.0), "eco2ai-", [])


def test_a_program_made_from_it_states_parts_and_impossible_ones_are_set_aside():
    header = "id,project_name,start_time,duration(s),cpu_power_consumption(kWh),ram_power_consumption(kWh),power_consumption(kWh),CPU_name,OS"
    records, _, _ = read_rows("a,p,2023-10-23 23:12:36,60,0.0005,0.0001,0.0006,AMD,W", "b,p,2023-10-23 23:12:36,6.5,1.3,0.0,1.3,AMD,W", header=header)
    assert records[0].energy_j == {"gpu": None, "cpu": pytest.approx(1800.0), "dram": pytest.approx(360.0), "other": None}
    assert (records[1].energy_j["cpu"], "is it in" in records[1].missing["cpu"]) == (None, True)


def test_a_row_without_a_time_is_named():
    _, left_out, _ = read_rows(row(duration=""), row(start="soon"))
    assert "duration(s) is empty" in left_out[0]
    assert "'soon' is no date and time" in left_out[1]
