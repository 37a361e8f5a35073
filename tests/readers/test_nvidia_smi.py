"""Logs of nvidia-smi; no GPU made these files, they follow the program's manual."""

from datetime import UTC

import pytest

from imports import read_text
from traincarbon.errors import CarbonError
from traincarbon.readers.imported import NO_ZONE
from traincarbon.readers.nvidia_smi import is_nvidia_smi, read

HEADER = "timestamp, name, power.draw [W]"


def lines(*rows, header=HEADER):
    return "\n".join([header, *rows, ""])


def sample(second, power="300.00 W", millisecond=123):
    return f"2026/03/01 10:00:{second:02}.{millisecond:03}, NVIDIA A100-SXM4-80GB, {power}"


def test_a_log_is_the_integral_of_its_samples():
    text = lines(*(sample(second) for second in range(0, 60, 10)))
    assert is_nvidia_smi(text)
    (record,), left_out, notes = read_text(read, text, name="power.csv")
    assert (record.energy_j["gpu"], record.duration_s, record.samples) == (pytest.approx(15_000.0), 50.0, 6)
    assert (record.hw, record.accelerators, record.how) == ("NVIDIA A100-SXM4-80GB", 1, {"gpu": "power"})
    assert (record.run_id, record.state) == ("nvidia-smi-power-20260301T100000", "lost")
    assert (left_out, notes) == ([], [NO_ZONE])


def test_gpus_without_an_index_are_told_apart_by_their_order():
    rows = [sample(second, f"{power}.00 W", millisecond) for second in range(0, 50, 10) for millisecond, power in ((100, 300), (103, 200), (107, 100))]
    (record,), _, _ = read_text(read, lines(*rows), name="x.csv")
    assert (record.accelerators, record.energy_j["gpu"]) == (3, pytest.approx(600.0 * 40.0))


def test_gpus_are_told_apart_by_their_index():
    header = "index, timestamp, power.draw.instant [W], power.draw.average [W]"
    rows = [f"{gpu}, 2026/03/01 10:00:{second:02}.000, 1.00 W, 250.00 W" for second in (0, 20) for gpu in (0, 1)]
    (record,), _, _ = read_text(read, lines(*rows, header=header), name="x.csv", zone=UTC)
    assert (record.accelerators, record.energy_j["gpu"]) == (2, 10_000.0)


@pytest.mark.parametrize("cell", ["[N/A]", "[Not Supported]", "[Unknown Error]", "4294967.29 W"])
def test_a_cell_without_a_power_is_no_sample(cell):
    (record,), left_out, _ = read_text(read, lines(sample(0), sample(10, cell), sample(20)), name="x.csv")
    assert (record.energy_j["gpu"], record.samples, left_out) == (6000.0, 2, [])


def test_without_units_and_with_a_last_line_that_is_cut_off_the_rest_is_read():
    text = lines(sample(0, "300.00"), sample(10, "300.00")) + "2026/03/01 10:0"
    (record,), left_out, _ = read_text(read, text, name="x.csv")
    assert (record.energy_j["gpu"], left_out) == (3000.0, ["line 4: it is cut off, as the last line of the file"])


def test_a_gpu_that_states_no_power_has_no_energy():
    records, _, notes = read_text(read, lines(sample(0, "[N/A]")), name="x.csv")
    assert (records, notes) == ([], ["it holds no power"])


def test_one_sample_is_no_run():
    records, left_out, _ = read_text(read, lines(sample(0)), name="x.csv")
    assert (records, left_out) == ([], ["it has only one sample of power"])


DMON = """#Date       Time        gpu    pwr  gtemp
#YYYYMMDD   HH:MM:SS    Idx      W      C
 20260301   23:59:50      0    100     40
 20260301   23:59:50      1    200     40
#Date       Time        gpu    pwr  gtemp
#YYYYMMDD   HH:MM:SS    Idx      W      C
 20260302   00:00:00      0    100     40
 20260302   00:00:00      1      -     40
 20260302   00:00:10      0    100     40
 20260302   00:00:10      1    200     40
"""


def test_dmon_with_date_and_time_is_read():
    assert is_nvidia_smi(DMON)
    (record,), left_out, _ = read_text(read, DMON, name="dmon.log")
    assert (record.energy_j["gpu"], record.duration_s, record.accelerators, left_out) == (2000.0 + 4000.0, 20.0, 2, [])
    assert record.started_at == "2026-03-01T23:59:50.000000Z"


def test_dmon_with_the_time_of_day_alone_goes_over_midnight():
    text = "\n".join(line[:1] + line[12:] if line.startswith(("#", " ")) else line for line in DMON.splitlines()) + "\n"
    (record,), _, _ = read_text(read, text, name="dmon.log")
    assert (record.energy_j["gpu"], record.duration_s, record.started_at) == (6000.0, 20.0, "")


def test_dmon_without_times_is_refused():
    with pytest.raises(CarbonError, match="has no times"):
        read_text(read, "# gpu   pwr\n# Idx     W\n    0   100\n")


def test_other_tables_are_none():
    assert not is_nvidia_smi("timestamp,project_name,run_id")
    assert not is_nvidia_smi("# a comment\n")
