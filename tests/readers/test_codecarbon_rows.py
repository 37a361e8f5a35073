"""Rows that CodeCarbon's appending has damaged."""

import pytest

from imports import read_text
from traincarbon.readers.codecarbon_csv import COLUMNS, read
from traincarbon.readers.codecarbon_rows import mended

CELLS = {
    "timestamp": "2026-11-24T10:00:30", "project_name": "bert", "run_id": "one", "experiment_id": "e1", "duration": "3600", "emissions": "0.002",
    "emissions_rate": "6.5e-07", "cpu_power": "40", "gpu_power": "300", "ram_power": "10", "cpu_energy": "0.04", "gpu_energy": "2.4",
    "ram_energy": "0.01", "energy_consumed": "2.45", "water_consumed": "0", "country_name": "France", "country_iso_code": "FRA", "region": "paris",
    "os": "Linux", "python_version": "3.11.7", "codecarbon_version": "3.3.2", "cpu_count": "16", "cpu_model": "AMD EPYC 7742", "gpu_count": "8",
    "gpu_model": "8 x NVIDIA H100", "longitude": "2.3", "latitude": "48.8", "ram_total_size": "1000.5", "tracking_mode": "machine",
    "cpu_utilization_percent": "1", "gpu_utilization_percent": "2", "ram_utilization_percent": "3", "ram_used_gb": "4", "on_cloud": "N", "pue": "1.2",
    "wue": "0",
}  # fmt: skip


def cells(**changed):
    return [{**CELLS, **changed}.get(column, "") for column in COLUMNS]


def read_lines(*lines, end="\n"):
    return read_text(read, "\n".join([",".join(COLUMNS), *(",".join(line) for line in lines)]) + end)


@pytest.mark.parametrize("empty", [("region",), ("region", "longitude", "latitude", "cloud_provider", "cloud_region"), ("experiment_id", "region")])
def test_a_row_without_its_empty_cells_keeps_energy_time_and_carbon(empty):
    short = [cell for column, cell in zip(COLUMNS, cells(), strict=True) if column not in empty]
    records, left_out, _ = read_lines(cells(run_id="zero"), short)
    assert ([record.run_id for record in records], left_out) == (["zero", "one"], [])
    assert records[1].energy_j == records[0].energy_j
    assert (records[1].accelerators, records[1].hw, records[1].duration_s) == (8, "8 x NVIDIA H100", 3600.0)
    assert records[1].operational_kgco2e["median"] == 0.002
    assert [f"{len(short)} of {len(COLUMNS)} cells" in note for note in records[1].notes] == [True]
    assert records[0].notes == ()


def test_the_place_that_codecarbon_writes_when_it_finds_none_is_seen_in_a_shifted_row_too():
    changed = cells(country_name="Canada", country_iso_code="CAN", region="quebec", latitude="46.8", longitude="-71.2")
    (record,), left_out, _ = read_lines([cell for cell in changed if cell])
    assert (left_out, record.operational_kgco2e) == ([], None)
    assert any("when it finds none" in note for note in record.notes)


def test_a_row_whose_parts_do_not_add_up_is_left_out_as_its_cells_may_be_others():
    short = cells(cpu_energy="9")[:-5]
    assert mended(list(COLUMNS), short) == []
    assert "more or fewer cells" in read_lines(short).left_out[0]


def test_two_rows_on_one_line_are_two():
    glued = [*cells()[:-1], "0" + cells()[0], *cells(run_id="two")[1:]]
    records, left_out, _ = read_lines(glued)
    assert ([record.run_id for record in records], left_out) == (["one", "two"], [])
    assert records[0].energy_j == records[1].energy_j
