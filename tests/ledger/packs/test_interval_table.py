"""The table of a pack says of each line what it adds, and gives it back."""

import pytest

from packed_stores import BEGAN_S, write_run
from traincarbon.ledger.folding import fold_files
from traincarbon.ledger.packs.interval_table import IntervalTables, schema
from traincarbon.ledger.packs.raw_lines import NotPackableError

pa = pytest.importorskip("pyarrow")


def table_of(file, process=None):
    (found,) = fold_files([file], "run")
    tables = IntervalTables("run/j.jsonl", process or found)
    with open(file, "rb") as stream:
        return pa.concat_tables([table for _, table in tables.tables(stream)]), tables, found


def test_a_row_is_a_line_with_the_energy_that_it_adds(tmp_path):
    table, tables, process = table_of(write_run(tmp_path, n=3))
    rows = table.to_pylist()
    assert table.schema == schema()
    assert [row["kind"] for row in rows] == ["start", "interval", "interval", "interval", "end"]
    assert [row["gpu_j"] for row in rows] == pytest.approx([0.0, 9021.0, 9021.0, 9021.0, 0.0])
    assert [row["energy_j"] for row in rows] == pytest.approx([0.0, 10530.0, 10530.0, 10530.0, 0.0])
    assert tables.energy_j == pytest.approx(sum(device.energy_j for device in process.devices.values()))
    assert rows[2]["devices"][0] == {
        "device": "gpu:GPU-1", "part": "gpu", "how": "counter", "energy_j": pytest.approx(9021.0), "total_j": pytest.approx(18042.0), "power_max_w": 300.7, "utilisation": 0.5,
    }  # fmt: skip
    assert (rows[1]["time"].timestamp(), rows[1]["duration_s"], rows[1]["tokens"], rows[1]["project"]) == (BEGAN_S + 30.0, 30.0, 1e3, "toy")
    assert (tables.n_lines, rows[0]["devices"]) == (5, [])


def test_lines_come_back_byte_by_byte(tmp_path):
    file = write_run(tmp_path)
    with open(file, "ab") as stream:
        stream.write(b'\0\0\n\nnot json\n{"half')
    table, tables, _ = table_of(file)
    with open(file, "rb") as stream:
        content = stream.read()
    assert b"".join(table["line"].to_pylist()) == content
    assert tables.size_b == len(content)
    assert table["seq"].to_pylist()[-4:] == [None] * 4


def test_a_table_that_says_something_else_than_the_summary_is_refused(tmp_path):
    file = write_run(tmp_path)
    (process,) = fold_files([file], "run")
    process.devices["gpu:GPU-1"].energy_j += 1.0
    with pytest.raises(NotPackableError, match="the energy of gpu:GPU-1 is not that of its last lines"):
        table_of(file, process)


def test_lines_out_of_order_are_refused(tmp_path):
    file = write_run(tmp_path)
    with open(file, "rb") as stream:
        lines = stream.readlines()
    with open(file, "wb") as stream:
        stream.writelines([lines[0], lines[2], lines[1], *lines[3:]])
    with pytest.raises(NotPackableError, match="not in order"):
        table_of(file)


def test_a_time_that_no_calendar_has_is_none(tmp_path):
    table, _, _ = table_of(write_run(tmp_path, n=2, began_s=9e14))
    assert table["time"].to_pylist() == [None] * 4


def test_a_journal_without_devices_has_rows_without_energy(tmp_path):
    table, tables, _ = table_of(write_run(tmp_path, devices={}))
    assert (tables.energy_j, set(table["energy_j"].to_pylist())) == (0.0, {0.0})
