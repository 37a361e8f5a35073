"""A record that names GPUs and states no energy of them has no total that leaves them out."""

import io

import pytest

from traincarbon.readers import codecarbon_csv
from traincarbon.readers.formats import merged
from traincarbon.readers.imported import ImportOptions
from traincarbon.readers.incomplete import NOTE, without_hole

HEAD = "timestamp,project_name,run_id,duration,emissions,cpu_energy,gpu_energy,ram_energy,energy_consumed,gpu_count,gpu_model\n"


def read(row):
    found = codecarbon_csv.read(io.StringIO(HEAD + row), ImportOptions())
    assert not found.left_out
    return found.records[0]


def test_a_gpu_that_is_named_without_energy_makes_totals_unknown():
    record = without_hole(read("2024-01-01T00:00:00,p,r,3600,0.1,0.2,0.0,0.1,0.3,1,1 x NVIDIA GeForce GTX 1050 Ti\n"))
    assert (record.facility_energy_kwh, record.operational_kgco2e, record.metered_kwh, record.unread_gpu) == (None, None, None, True)
    assert (record.energy_j["cpu"], record.energy_j["dram"]) == (pytest.approx(720_000.0), pytest.approx(360_000.0))
    assert (record.notes, "gpu" in record.missing) == ((NOTE,), True)
    assert without_hole(record) == record


@pytest.mark.parametrize(
    "row",
    [
        "2024-01-01T00:00:00,p,r,3600,0.1,0.2,0.5,0.1,0.8,1,1 x NVIDIA A100\n",
        "2024-01-01T00:00:00,p,r,3600,0.1,0.2,0.0,0.1,0.3,0,\n",
        "2024-01-01T00:00:00,p,r,3600,0.1,0.2,,0.1,0.3,,\n",
        "2024-01-01T00:00:00,p,r,3600,0.1,0.2,0.0,0.1,5.3,4,4 x NVIDIA A100\n",
    ],
)
def test_totals_stay_where_no_gpu_is_missing(row):
    record = read(row)
    assert without_hole(record) == record
    assert record.facility_energy_kwh is not None


def test_energy_of_the_gpu_in_another_file_of_the_run_fills_the_hole():
    cpu = read("2024-01-01T00:00:00,p,r,3600,0.1,0.2,0.0,0.1,0.3,1,A100\n")
    gpu = read("2024-01-01T00:00:00,p,r,3500,0.1,0.0,0.5,0.0,0.5,1,A100\n")
    assert merged([cpu])[0].unread_gpu
    (record,) = merged([cpu, gpu])
    assert record.energy_j["gpu"] == pytest.approx(1.8e6)
    assert NOTE not in record.notes
