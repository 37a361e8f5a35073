"""The rows of the panel: what is known, in at most eight lines that fit."""

import pytest

from made_states import gpu, interval, state
from traincarbon.decode import decode, encode
from traincarbon.errors import CarbonError
from traincarbon.tracking.display.panel import MOST_ROWS, rows
from traincarbon.tracking.display.power_history import History
from traincarbon.tracking.live_state import BudgetState, LiveState

pytest.importorskip("rich", reason="rich is not installed")


def drawn(shown, *, width=79, history=None, most=MOST_ROWS):
    return [row.plain for row in rows(shown, history or History(), width=width, most=most)]


def styles(row):
    return {str(span.style) for span in row.spans}


def test_a_server_of_eight_is_seen_whole_in_eighty_columns():
    assert drawn(state()) == [
        "── 20261124-163653-837566 · nlp ────────────────── 5.61 kW · running 0:12:03 ──",
        "gpu0 640 W 97% gpu1 650 W 96% gpu2 660 W 95% gpu3 670 W 94% gpu4 680 W 93%",
        "gpu5 690 W 92% gpu6 700 W 91% gpu7 710 W 90% cpu  182 W 20% dram  28 W",
        "so far   facility 1.31 kWh  CO2e 405 g  rent $3.05  metered 1.13 kWh",
        "training ███░░░░░░░  34 %  23 min left  41,200 tokens/s  MFU 41.2 %  loss 2.314",
        "budget   ███▒▒▒▒▒▒▒░░░ 26 % of 5 kWh → 77 %  █████▒▒▒▒▒▒▒▒░░ 31 % of $10 → 90 %",
        "forecast 35.4 min −11 %  3.84 kWh −12 %  1.40 kg CO2e +30 %  $8.98 −8 %",
        "note     gpu 3 was lost for 12 s",
    ]


def test_one_accelerator_has_temperature_memory_and_the_last_minute_as_bars():
    history = History()
    for second in range(60):
        history.add(state(1, elapsed_s=700.0 + second, power_w=320.0 if second < 30 else 640.0))
    shown = drawn(state(1, elapsed_s=759.0), width=119, history=history)
    assert shown[1] == "gpu  ▄▄▄▄▄▄▄▄▅▇▇▇▇▇▇▇▇ 640 W  97 %  60 °C  62 GB  cpu  ▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇ 182 W  20 %"
    assert shown[3].endswith("metered 171 Wh  hardware 9 g")
    assert shown[6].endswith("$1.12 −8 %  against plan")


def test_a_long_note_takes_the_rows_that_are_left_and_says_how_many_others_there_are():
    long = "the power of gpu 3 was not read for 41 s, and what it used then is taken from the readings before and after it"
    shown = drawn(state(1, devices=state(1).devices[:1], notes=("an older note", long), budgets=()))
    assert shown[-2:] == [
        "note     the power of gpu 3 was not read for 41 s, and what it used then is",
        "         taken from the readings before and after it  (and 1 more)",
    ]
    longer = drawn(state(1, devices=state(1).devices[:1], notes=("older", "word " * 100), budgets=()))
    assert len(longer) <= MOST_ROWS
    assert longer[-1].endswith("…  (and 1 more)")


def test_what_is_too_small_to_be_written_has_no_brackets():
    tiny = {name: interval(1e-9) for name in ("facility_energy_kwh", "total_kgco2e", "cost_usd")}
    assert not any("()" in row for shown in (state(plan={}, forecast=tiny), state(plan=tiny, forecast={})) for row in drawn(shown))


def test_what_is_not_known_has_no_row():
    assert drawn(LiveState("run")) == ["── run ─────────────────────────────────────────────────────────── running – ──"]


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -1.0, 0.0, 1e400, 10**400, "7", None, True, 1e300, -1e300, 1e-300])
def test_no_number_breaks_a_row(number):
    """A number is refused where the state is received, or it is drawn."""
    interval = dict.fromkeys(["low", "median", "high"], number)
    named = dict.fromkeys(("duration_s", "facility_energy_kwh", "total_kgco2e", "cost_usd"), interval)
    values = {
        "elapsed_s": number, "progress": dict.fromkeys(["loss", "share_done", "left_s", "mfu", "j_per_token"], number) | {"counts": {"tokens": number}},
        "devices": [{"device": "gpu:0", "part": "gpu", "power_w": number, "utilisation": number, "temperature_c": number, "memory_used_b": number}],
        "budgets": [{"name": "kwh", "limit": 1.0, "spent": number, "forecast": interval}], "results": named, "forecast": named, "plan": named,
    }  # fmt: skip
    history = History()
    for name, value in values.items():
        try:
            shown = decode(LiveState, {**encode(state()), name: value})
        except CarbonError:
            continue
        history.add(shown)
        for row in rows(shown, history, width=79):
            assert row.cell_len <= 79
            assert "nan" not in row.plain
            assert "inf" not in row.plain


@pytest.mark.parametrize("name", ["x" * 10_000, "a\x1b[2Jb\n\0", "\u202eevil", "<script>", "[red]no[/red]", ":smile:", "漢" * 200, "مرحبا", "e\u0301" * 90])
@pytest.mark.parametrize("width", [60, 79, 160])
def test_a_hostile_name_stays_in_its_row_and_drives_nothing(name, width):
    devices = (gpu(0)._replace(device=name, part=name),)
    for row in rows(state(run_id=name, project=name, devices=devices, notes=(name,)), History(), width=width):
        assert row.cell_len <= width
        assert row.plain.isprintable()


@pytest.mark.parametrize("accelerators", [0, 1, 2, 3, 4, 7, 8, 16, 64, 1000])
@pytest.mark.parametrize("width", [59, 79, 99, 160])
def test_any_number_of_devices_fits_any_width(accelerators, width):
    shown = rows(state(accelerators), History(), width=width)
    assert len(shown) <= MOST_ROWS
    assert all(row.cell_len <= width for row in shown)


def test_in_a_low_terminal_what_matters_most_is_kept():
    assert [row.split(" ")[0] for row in drawn(state(), most=4)] == ["──", "so", "training", "budget"]


@pytest.mark.parametrize(
    ("spent", "forecast", "style"), [(0.5, 0.79, "green"), (0.5, 0.8, "yellow"), (0.81, 0.81, "yellow"), (0.3, 1.0, "red"), (1.2, 1.2, "red")]
)
def test_a_budget_turns_yellow_at_four_fifths_and_red_when_it_is_used_up_or_will_be(spent, forecast, style):
    budgets = (BudgetState("kwh", 10.0, spent * 10.0, interval(forecast * 10.0)),)
    (row,) = [row for row in rows(state(budgets=budgets), History(), width=79) if row.plain.startswith("budget")]
    assert style in styles(row)
    assert not {"green", "yellow", "red"} - {style} & styles(row)


def test_a_forecast_above_the_plans_interval_is_marked_and_without_a_plan_has_its_own():
    (row,) = [row for row in rows(state(), History(), width=79) if row.plain.startswith("forecast")]
    assert [row.plain[span.start : span.end] for span in row.spans if span.style == "yellow"] == ["1.40 kg CO2e +30 %"]
    assert drawn(state(plan={}))[-2] == "forecast 35.4 min (33 – 38)  3.84 kWh (3.5 – 4.2)  1.40 kg CO2e (1.3 – 1.5)"
    assert drawn(state(forecast={}))[-2] == "plan     40 min (32 – 48)  4.34 kWh (3.5 – 5.2)  1.08 kg CO2e (0.99 – 1.2)"


def test_the_title_shows_phase_and_idle_gpus_in_eighty_columns():
    (title, *_), (marked, *_) = drawn(state(phase="eval", idle_gpus=1)), rows(state(phase="eval", idle_gpus=1), History(), width=79)
    assert title == "── 20261124-163653-8… ── 1 of 8 GPUs idle · 5.61 kW · eval · running 0:12:03 ──"
    assert "yellow" in styles(marked)
    assert len(drawn(state(phase="evaluation on a long held-out set", idle_gpus=1))[0]) == 79
