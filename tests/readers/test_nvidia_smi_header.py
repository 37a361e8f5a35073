"""The columns of logs of nvidia-smi."""

import pytest

from imports import read_text
from traincarbon.errors import CarbonError
from traincarbon.readers.nvidia_smi import read
from traincarbon.readers.nvidia_smi_header import columns_of, has_power, is_log


def row(second, watts=300.0, index=0):
    return f"2026/03/01 10:00:{second:02}.123, {index}, NVIDIA A100-SXM4-80GB, 97 %, 2 MiB, 27, {watts:.2f} W, 400.00 W"


def test_a_log_without_a_header_is_read_by_its_units():
    text = "".join(f"{row(second, watts, index)}\n" for second in range(0, 50, 10) for index, watts in ((0, 300.0), (1, 100.0)))
    (record,), left_out, _ = read_text(read, text, name="x.csv")
    assert (record.energy_j["gpu"], record.accelerators, record.hw, left_out) == (pytest.approx(400.0 * 40), 2, "NVIDIA A100-SXM4-80GB", [])


def test_a_number_that_is_no_index_tells_no_gpus_apart():
    assert columns_of("2026/03/01 10:00:00.123, 45, 300.00 W") == ["timestamp", "column 1", "power.draw"]
    assert columns_of("GPU-5f3c0000-0000-4000, 2026/03/01 10:00:00.123, 3 %, 00000000:01:00.0")[0] == "uuid"


@pytest.mark.parametrize(
    "line",
    [
        "timestamp, index, name, utilization.gpu [%], memory.used [MiB]",
        "timestamp, memory.used [MiB], memory.total [MiB]",
        "2026/03/01 10:00:00.123, 97 %, 2 MiB",
    ],
)
def test_a_log_without_power_says_what_to_ask_for(line):
    assert is_log(line)
    assert not has_power(line)
    with pytest.raises(CarbonError, match="no column of power") as caught:
        read_text(read, f"{line}\n{line}\n")
    assert "power.draw" in caught.value.hint


@pytest.mark.parametrize("line", ["1746556382.8,0, 0, 15360", "timestamp,project_name,run_id", "2026-03-01 10:00:00, 3 W"])
def test_logs_of_other_programs_are_no_logs_of_nvidia_smi(line):
    assert not is_log(line)


@pytest.mark.parametrize("column", ["power_draw_W", "power_w", "gpu_power_w", "Power (W)", "power_watts", "power.usage_W"])
def test_a_log_of_a_script_of_ones_own_is_read_if_its_power_names_the_unit(column):
    text = f"timestamp,{column}\n" + "".join(f"2025-10-13T14:56:{second:02}.862554+00:00,{100.0 + second}\n" for second in range(0, 50, 10))
    (record,), left_out, _ = read_text(read, text, name="power_log.csv")
    assert (record.energy_j["gpu"], record.duration_s, record.accelerators, left_out) == (pytest.approx(120.0 * 40), 40.0, 1, [])


def test_columns_of_several_gpus_are_gpus():
    text = "timestamp,gpu0_power_w,gpu1_power_w\n" + "".join(f"{1763638585 + second},200,{'N/A' if second == 20 else 100}\n" for second in range(0, 50, 10))
    (record,), *_ = read_text(read, text, name="power_log.csv")
    assert (record.accelerators, record.energy_j["gpu"]) == (2, pytest.approx(300.0 * 40))


def test_a_power_in_milliwatts_that_says_watts_is_set_aside_with_the_unit():
    text = "timestamp,gpu_power_w,gpu_energy_kwh\n" + "".join(f"2025-07-03T08:43:0{second}.98,6470000.00,0.001\n" for second in range(5))
    records, left_out, _ = read_text(read, text, name="gpu_log.csv")
    assert (records, "are they in milliwatts?" in left_out[0]) == ([], True)


@pytest.mark.parametrize("header", ["timestamp,GPU0,GPU1", "timestamp,power", "timestamp,hours,power_w", "time,power_w"])
def test_a_table_whose_power_has_no_unit_or_that_is_of_runs_is_no_log(header):
    assert not is_log(header)
