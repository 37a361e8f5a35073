"""Records go out as JSON, CSV and Parquet and come back as they were."""

import csv
import io
import json
import sys
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journals import WALL_S, attempt_lines, lines_of
from traincarbon.errors import CarbonError
from traincarbon.extras import install_command
from traincarbon.formatting import json_text
from traincarbon.ledger import exchange
from traincarbon.ledger.exchange import COLUMNS, FORMATS, cell_of, dump, is_ours, load, pieces, text_of
from traincarbon.ledger.record import merge
from traincarbon.ledger.run import Run

FIGURE = {"low": 0.1, "median": 0.2, "high": 0.30000000000000004}
RECORD = merge(
    lines_of(start={"project": 'p, "q"\n', "versions": {"traincarbon": "0.1.0"}, "plan": {"params": 7e9}, "missing": {"dram": "no, none"}}, figures={"cost_usd": FIGURE, "tokens": 1e9}),
    now_s=WALL_S,
)  # fmt: skip
numbers = st.floats(0.0, 1e12)
texts = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cf", "Zl", "Zp", "Co", "Cn")) | st.sampled_from("\u200c\u200d"), max_size=30)
any_text = st.text(st.characters(exclude_categories=("Cs",)), max_size=30)


@st.composite
def records(draw):
    figure = st.none() | st.tuples(numbers, numbers, numbers).map(lambda three: dict(zip(("low", "median", "high"), sorted(three), strict=True)))
    return Run.from_dict(
        {
            "schema": "traincarbon/run/1", "run_id": draw(texts.filter(str.strip)), "state": draw(st.sampled_from(["finished", "killed"])), "project": draw(texts),
            "argv": draw(st.lists(any_text, max_size=3)), "exit_code": draw(st.none() | st.integers(-5, 255)), "duration_s": draw(numbers), "tokens": draw(st.none() | numbers),
            "energy_j": draw(st.dictionaries(st.sampled_from(["gpu", "cpu", "dram", "other"]), st.none() | numbers)), "cost_usd": draw(figure),
            "accelerators": draw(st.none() | st.integers(0, 10**6)), "plan": draw(st.none() | st.dictionaries(any_text, numbers | any_text, min_size=1)), "hw": draw(texts),
            "how": {"gpu": "counter"}, "missing": draw(st.dictionaries(st.just("dram"), texts.filter(bool))),
        }
    )  # fmt: skip


@pytest.mark.parametrize("format", ["json", "csv"])
@given(st.lists(records(), max_size=4))
def test_what_goes_out_comes_back_to_the_last_digit(format, written):
    assert [record.to_dict() for record in load(dump(written, format))] == [record.to_dict() for record in written]


def test_the_json_of_one_record_can_be_read_too():
    assert load(json.dumps(RECORD.to_dict()).encode())[0].to_dict() == RECORD.to_dict()


def test_the_csv_has_a_column_for_each_part_and_empty_cells_for_what_is_not_known():
    (row,) = csv.DictReader(io.StringIO(dump([RECORD], "csv").decode()))
    assert tuple(row) == COLUMNS
    assert (row["energy_j.gpu"], row["energy_j.dram"], row["missing.dram"], row["embodied_kgco2e.median"], row["mfu"]) == ("1500.0", "", "no, none", "", "")
    assert (row["cost_usd.high"], row["exit_code"], row["argv"]) == ("0.30000000000000004", "0", '["train.py"]')


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(1)", "'quoted"])
def test_no_cell_is_run_by_a_spreadsheet(text):
    assert cell_of(text) == f"'{text}"
    assert text_of(cell_of(text)) == text


@pytest.mark.parametrize("text", ["👩\u200d🚀 on the moon", "学習\u3000全角", "10\u00a0000 pas", "می\u200cخواهم"])
def test_letters_of_all_scripts_go_out_as_they_are(text):
    assert text_of(cell_of(text)) == text


def test_what_drives_a_terminal_comes_back_where_json_can_escape_it():
    argv = ["train.py", "a\x1b[2Jb", "x\ny", "\u202egnp.exe", "\0", "\U000e0001"]
    record = Run.from_dict({**RECORD.to_dict(), "argv": argv})
    content = dump([record], "csv")
    assert all(letter.isprintable() or letter == "\n" for letter in content.decode())
    assert load(content)[0].argv == tuple(argv)


def test_no_cell_drives_a_terminal():
    assert cell_of("a\x1b[2Jb\u202ec\0") == "a�[2Jb�c�"


def test_numbers_are_exact_and_the_unknown_is_empty():
    assert [cell_of(value) for value in (0.1 + 0.2, 7, None, -1.5, "")] == ["0.30000000000000004", "7", "", "-1.5", ""]


def test_parquet_keeps_kinds_and_the_unknown():
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    table = parquet.read_table(io.BytesIO(dump([RECORD, RECORD], "parquet")))
    assert tuple(table.column_names) == COLUMNS
    row = table.to_pylist()[1]
    assert (row["run_id"], row["energy_j.gpu"], row["energy_j.dram"], row["samples"], row["cost_usd.high"]) == ("run", 1500.0, None, 15, 0.30000000000000004)
    assert str(table.schema.field("accelerators").type) == "int64"


def test_parquet_comes_back_to_the_last_digit():
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    assert [record.to_dict() for record in load(dump([RECORD], "parquet"))] == [RECORD.to_dict()]


@pytest.mark.parametrize("content", [b"PAR1", b"PAR1 and so on PAR1"])
def test_parquet_that_is_cut_off_is_refused(content):
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    with pytest.raises(CarbonError, match="no runs in Parquet"):
        load(content)


def test_without_pyarrow_parquet_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(CarbonError, match="needs pyarrow") as raised:
        dump([RECORD], "parquet")
    assert raised.value.hint == f"{install_command(extra='parquet')}, or use CSV or JSON"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff\xfe", "not in UTF-8"),
        (b"{", "not JSON"),
        (b"[1]", "does not hold records"),
        (b"[{}]", "its schema is 'None'"),
        (b"", "holds no runs"),
        (b"a,b\n1,2\n", "holds no runs"),
        (b"run_id,state,energy_j.gpu\nr,finished\n", "row 2 has more or fewer cells"),
        (b"run_id,state,energy_j.gpu\nr,finished,1,2\n", "row 2 has more or fewer cells"),
        (b"run_id,state,energy_j.gpu\nr,finished,much\n", "row 2, energy_j.gpu: 'much' cannot be read"),
        (b'run_id,state,energy_j.gpu,plan\nr,finished,1,"{"\n', "row 2, plan"),
        (b'run_id,state,energy_j.gpu\n"r,finished,1\n', "not CSV"),
        (b"run_id,state,energy_j.gpu\nr,finished,-1\n", "which is negative"),
        (b"run_id,state,energy_j.gpu\nr,finished,nan\n", "not a number"),
    ],
)
def test_a_file_that_cannot_be_read_says_where_and_why(content, words):
    with pytest.raises(CarbonError) as raised:
        load(content)
    assert words in str(raised.value)
    assert raised.value.hint


def test_a_csv_with_some_of_the_columns_is_enough():
    (record,) = load("\ufeffrun_id,state,energy_j.gpu\r\nr,finished,3.5\r\n".encode())
    assert (record.run_id, record.energy_j["gpu"], record.energy_j["cpu"]) == ("r", 3.5, None)


def test_ours_is_told_from_others_by_the_first_line():
    assert is_ours(",".join(COLUMNS))
    assert not is_ours("timestamp,project_name,run_id,duration")


@pytest.mark.parametrize("format", ["json", "csv", "parquet"])
def test_phases_attempts_and_waste_come_back_from_each_format(format):
    if format == "parquet":
        pytest.importorskip("pyarrow")
    first = attempt_lines(0.0, 1000.0, number=1, steps=500.0, state="killed")
    first[1]["phases"] = {"eval": {"duration_s": 100.0, "energy_j": 5e4, "tokens": 0.0}}
    record = merge([*first, *attempt_lines(1100.0, 1000.0, number=2, steps=400.0, start=300.0)], now_s=2e9)
    (found,) = load(dump([record], format))
    assert (len(found.phases), len(found.attempts), found.waste.repeated_steps) == (2, 2, 200.0)
    assert found.to_dict() == record.to_dict()


@pytest.mark.parametrize("format", FORMATS)
def test_how_long_each_device_was_metered_and_the_notes_come_back_from_each_format(format):
    lines = lines_of(intervals=4, devices=("gpu:0", "gpu:1"))
    for one in lines:
        for name, stated in one.get("devices", {}).items():
            stated["gap_s"] = 5.0 if name == "gpu:1" else 0.0
    (found,) = load(dump([merge(lines)], format))
    assert [(use.device, use.metered_s, use.gaps_s) for use in found.by_device] == [("gpu:0", 20.0, 0.0), ("gpu:1", 15.0, 5.0)]
    assert (found.gaps_s, found.notes) == (5.0, ("gpu:1 was metered for 75.0 % of the run",))


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("n", [0, 1, 3, 7])
def test_a_file_in_pieces_is_the_file_and_holds_few_records_at_once(format, n, monkeypatch):
    monkeypatch.setattr(exchange, "_AT_A_TIME", 3)
    records = [replace(RECORD, run_id=f"run-{number}", project="toy") for number in range(n)]
    ahead, most_ahead, given = 0, 0, []

    def counted():
        nonlocal ahead, most_ahead
        for record in records:
            ahead += 1
            most_ahead = max(most_ahead, ahead)
            yield record

    for piece in pieces(counted(), format):
        given.append(piece)
        ahead = 0
    content = b"".join(given)
    if format != "parquet":
        assert content == dump(records, format)
    if format == "json":
        assert content.decode() == json_text([record.to_dict() for record in records], indent=2) + "\n"
    assert [record.to_dict() for record in load(content)] == [record.to_dict() for record in records]
    assert most_ahead <= 3
