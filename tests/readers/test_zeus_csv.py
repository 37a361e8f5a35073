"""Logs of ZeusMonitor."""

import pytest

from imports import read_text
from traincarbon.readers.zeus_csv import is_zeus, read

HEADER = "start_time,window_name,elapsed_time,gpu0_energy,gpu1_energy"


def read_rows(*rows, **options):
    return read_text(read, "\n".join([HEADER, *rows, ""]), name="log.csv", **options)


def test_windows_add_up_by_name():
    assert is_zeus(HEADER)
    (record,), left_out, notes = read_rows("1790000000,epoch,60,12000,18000", "1790000060,eval,30,3000,3000", "1790000100,epoch,60,12000,18000")
    assert (record.energy_j["gpu"], record.duration_s, record.accelerators) == (66_000.0, 150.0, 2)
    assert [(phase.name, phase.duration_s, phase.energy_j) for phase in record.phases] == [("epoch", 120.0, 60_000.0), ("eval", 30.0, 6000.0)]
    assert (record.run_id, left_out, notes) == ("zeus-log-20260921T141320", [], [])


def test_windows_within_others_do_not_count_again():
    (record,), _, notes = read_rows("1790000010,step,10,1000,1000", "1790000030,step,10,1000,1000", "1790000000,all,60,12000,18000")
    assert (record.energy_j["gpu"], record.duration_s) == (30_000.0, 60.0)
    assert notes == ["2 windows lie within others and do not count again"]


@pytest.mark.parametrize("row", [",a,60,1,1", "1790000000,a,,1,1", "1790000000,a,60,x,1", "1790000000,a,60,-1,1"])
def test_a_row_that_cannot_be_read_is_named(row):
    records, left_out, _ = read_rows("1790000000,ok,60,6000,6000", row)
    assert (len(records), left_out[0].startswith("line 3, run 'a'")) == (1, True)


def test_kilojoules_for_joules_are_told():
    (record,), _, _ = read_rows("1790000000,a,3600,700,700", hw="a100-sxm4-80gb")
    assert (record.energy_j["gpu"], record.missing["gpu"][-18:]) == (None, "draws at least 54 W, idle; is it in Wh?"[-18:])


def test_other_tables_are_none():
    assert not is_zeus("start_time,window_name,elapsed_time")
    assert not is_zeus("name,hours")
