"""Tables of runs that someone wrote by hand."""

from datetime import timedelta, timezone

import pytest

from imports import read_text
from traincarbon.errors import CarbonError
from traincarbon.readers.handwritten_csv import is_handwritten, read
from traincarbon.readers.imported import NO_ZONE

HEADER = "name,params,tokens,hw,accelerators,hours,energy_kwh"
GOOD = "good,1B,20B,a100,8,100,350"


def read_rows(*rows, header=HEADER, **options):
    return read_text(read, "\n".join([header, *rows, ""]), **options)


def test_a_row_is_a_run():
    (record,), left_out, notes = read_rows(GOOD)
    assert (record.run_id, record.state, record.params, record.tokens) == ("good", "finished", 1e9, 20e9)
    assert (record.hw, record.accelerators, record.nodes, record.duration_s, record.started_at) == ("a100", 8, 1, 360_000.0, "")
    assert (record.energy_j["other"], record.how) == (350 * 3.6e6, {"other": "modelled"})
    assert record.missing["gpu"] == "the table states only the total, which is under other"
    assert (left_out, notes) == ([], [])


def test_all_columns_are_read():
    header = (
        "run,project,state,started,params,tokens,hardware,servers,gpus,days,how,energy_kwh,gpu_energy_kwh,cpu_energy_kwh,dram_energy_kwh,"
        "facility_energy_kwh,co2e_kg,embodied_kgco2e,cost_usd,mfu"
    )
    (record,), left_out, notes = read_rows("a,p,killed,2026-10-01T08:00:00,1e9,2e10,h100,2,16,2,counter,500,400,50,20,600,180,30,2000,0.4", header=header)
    assert record.energy_j == pytest.approx({"gpu": 1.44e9, "cpu": 1.8e8, "dram": 7.2e7, "other": 1.08e8})
    assert set(record.how.values()) == {"counter"}
    assert (record.project, record.state, record.nodes, record.accelerators, record.duration_s) == ("p", "killed", 2, 16, 172_800.0)
    figures = [getattr(record, name)["median"] for name in ("facility_energy_kwh", "operational_kgco2e", "embodied_kgco2e", "cost_usd")]
    assert (figures, record.mfu, record.started_at) == ([600.0, 180.0, 30.0, 2000.0], 0.4, "2026-10-01T08:00:00.000000Z")
    assert (left_out, notes) == ([], [NO_ZONE])


def test_accelerator_hours_are_shared_by_the_accelerators():
    (record,), _, _ = read_rows("a,8,800", header="name,accelerators,gpu_hours")
    assert record.duration_s == 360_000.0


def test_a_blank_is_missing_and_a_zero_of_energy_is_too():
    for energy in ("", "0", "n/a"):
        (record,), _, _ = read_rows(f"a,,,,,1,{energy}")
        assert (record.metered_kwh, record.params, record.tokens, record.hw, record.accelerators) == (None, None, None, "", None)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_cells_may_be_parted_as_spreadsheets_do(separator):
    (record,), _, _ = read_rows(GOOD.replace(",", separator), header="\ufeff" + HEADER.replace(",", separator).title())
    assert (record.run_id, record.params) == ("good", 1e9)


def test_a_comma_among_semicolons_is_not_guessed_at():
    _, left_out, _ = read_rows("a;1,500", header="name;hours")
    assert "column hours: '1,500' has a comma" in left_out[0]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("x,7,20B,a100,8,100,350", "column params: 7 is too few; is it in billions? Write 7e9 or 7B"),
        ("x,1B,300,a100,8,100,350", "column tokens: 300 is too few"),
        ("x,1B,20B,a100,8,100,350000", "is it in Wh?"),
        ("x,1B,20B,a100,8,100,1260000000", "is it in J?"),
        ("x,1B,20B,a100,8,100,0.35", "is it in MWh?"),
        ("x,1000B,20000B,a100,8,1,", "are these hours of wall-clock time?"),
        ("x,1B,20B,a100,8,,350", "column hours is empty"),
        ("x,1B,20B,a100,8,0,350", "a run cannot take 0 hours"),
        ("x,1B,20B,a100,8,-1,350", "column hours: -1 is negative"),
        ("x,1B,20B,a100,8,abc,350", "column hours: 'abc' is not a number"),
        ("x,1B,20B,a100,8,1e400,350", "column hours: '1e400' is not a finite number"),
        ('x,1B,20B,a100,8,100,"3,5"', "write 1.5, not 1,5"),
        (",1B,20B,a100,8,100,350", "column name is empty"),
        ("good,1B,20B,a100,8,100,350", "line 2 has a run with this name already"),
        ("x,1B", "more or fewer cells"),
    ],
)
def test_a_row_that_cannot_be_is_named_and_the_others_are_read(bad, reason):
    records, left_out, _ = read_rows(GOOD, bad)
    assert [record.run_id for record in records] == ["good"]
    assert left_out[0].startswith("line 3")
    assert reason in left_out[0]


@pytest.mark.parametrize(
    ("column", "cell", "reason"),
    [
        ("mfu", "45", "write 0.45 for 45 %"),
        ("state", "good", "none of finished, failed, killed"),
        ("how", "guess", "none of counter, power, modelled"),
        ("gpu_energy_kwh", "9", "less than the sum of its parts"),
        ("co2e_kg", "500", "is it in grams?"),
        ("started", "soon", "'soon' is no date and time"),
    ],
)
def test_words_and_shares_are_checked(column, cell, reason):
    _, left_out, _ = read_rows(f"a,10,5,{cell}", header=f"name,hours,energy_kwh,{column}")
    assert reason in left_out[0]


def test_accelerator_hours_alone_do_not_say_how_long():
    _, left_out, _ = read_rows("a,800", header="name,gpu_hours")
    assert "column accelerators is empty" in left_out[0]


def test_columns_that_are_not_read_are_named():
    assert read_rows("a,1,x", header="name,hours,memo").notes == ["ignored columns: memo"]


def test_the_user_says_which_columns_count_and_when_the_clock_is():
    header = "name,hours,size,budget,started"
    (record,), _, notes = read_rows(
        "a,1,1B,20B,2026-10-01T08:00", header=header, params_column="size", tokens_column="budget", zone=timezone(timedelta(hours=1))
    )
    assert (record.params, record.tokens, record.started_at, notes) == (1e9, 20e9, "2026-10-01T07:00:00.000000Z", [])
    with pytest.raises(CarbonError, match="no such column"):
        read_rows("a,1,1B,20B,", header=header, params_column="sizes")


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", "\u202eevil", "=cmd|' /C calc'!A0", "x" * 10_000, "'; DROP TABLE runs; --"])
def test_hostile_names_are_names(hostile):
    (record,), left_out, _ = read_rows(f'"{hostile}",1', header="name,hours")
    assert (record.run_id, left_out) == (hostile[:2000], [])


def test_a_last_line_needs_no_end_as_people_forget_it():
    assert len(read_text(read, f"{HEADER}\n{GOOD}").records) == 1


def test_a_table_is_known_by_a_name_and_a_time():
    assert is_handwritten("Name;Hours\n")
    assert is_handwritten("run_id,gpu_hours,accelerators")
    assert not is_handwritten("name,loss")
    assert not is_handwritten("")


def test_a_layout_is_kept_as_the_plan_of_the_run():
    (record,), left_out, notes = read_rows("a,64,8,2,1,32,4M,2048", header="name,accelerators,hours,TP,pp,dp,batch_tokens,seq_len")
    assert record.plan == {"tp": 2.0, "pp": 1.0, "dp": 32.0, "batch_tokens": 4e6, "seq_len": 2048.0}
    assert (left_out, notes) == ([], [])


def test_a_degree_that_cannot_be_is_named_with_its_line():
    _, left_out, _ = read_rows("a,64,8,1.5", header="name,accelerators,hours,pp")
    assert left_out == ["line 2, run 'a': column pp is 1.5; it must be a whole number from 1 to 1e+12"]


@pytest.mark.parametrize(
    ("column", "cell", "said"),
    [
        ("accelerators", "2.5", "column accelerators: 2.5 is not a count; write a whole number"),
        ("nodes", "1e30", "column nodes: 1e+30 is not a count; write a whole number"),
        ("started", "2026-13-45", "column started: '2026-13-45' is no date and time"),
        ("date", "soon", "column date: 'soon' is no date and time"),
    ],
)
def test_what_is_no_count_or_date_is_named_with_its_column(column, cell, said):
    records, left_out, _ = read_rows(f"a,8,{cell}", header=f"name,hours,{column}")
    assert (records, left_out) == ([], [f"line 2, run 'a': {said}"])


def test_headers_may_have_blanks_and_units():
    text = "Name,GPU Hours,GPUs,hw,Power (W),Energy (kWh),CO2e [kg]\nm,184320,256,a100-sxm4-80gb,400,73728,20000\n"
    assert is_handwritten(text)
    (record,), left_out, notes = read_text(read, text)
    assert (record.run_id, record.duration_s, record.accelerators, record.hw) == ("m", 720.0 * 3600.0, 256, "a100-sxm4-80gb")
    assert (record.metered_kwh, record.operational_kgco2e["median"], left_out) == (pytest.approx(73728.0), 20000.0, [])
    assert notes == ["ignored columns: Power (W)"]


@pytest.mark.parametrize(
    ("header", "cell", "seconds"), [("hours", "1:30:00", 5400.0), ("Duration", "2h 30min", 9000.0), ("Training time", "1-00:00:00", 86_400.0)]
)
def test_a_time_may_be_a_clock_or_have_a_unit(header, cell, seconds):
    (record,), left_out, _ = read_rows(f"a,{cell}", header=f"name,{header}")
    assert (record.duration_s, left_out) == (seconds, [])


def test_a_time_without_a_unit_is_not_guessed():
    _, left_out, _ = read_rows("a,12", header="name,duration")
    assert "column duration: '12' has no unit" in left_out[0]


@pytest.mark.parametrize("before", ["\n\n", "sep=,\n", "\ufeffsep=,\n", ",,,,,,\n"])
def test_lines_before_the_header_do_not_matter_and_lines_are_counted_from_the_first(before):
    text = f"{before}{HEADER}\n{GOOD}\nx,7,20B,a100,8,100,350\n"
    assert is_handwritten(text)
    records, left_out, _ = read_text(read, text)
    assert len(records) == 1
    assert left_out[0].startswith(f"line {before.count(chr(10)) + 3},")
