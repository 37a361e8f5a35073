"""Reading what real trainings reported: strict, row by row, without losing the good ones."""

import csv
import io

import pytest

from traincarbon.errors import CarbonError, DatabaseError
from traincarbon.published.runs_file import NUMBERS, TEXTS, read_runs

COLUMNS = (*TEXTS, *NUMBERS)
LLAMA = {
    "id": "a",
    "kind": "run",
    "model": "LLaMA 65B",
    "family": "dense-lm",
    "hardware": "a100",
    "precision": "bf16",
    "total_params": "65.2e9",
    "tokens": "1.4e12",
    "accelerator_hours": "1022362",
}


def write(tmp_path, *rows, columns=COLUMNS):
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    file = tmp_path / "runs.csv"
    file.write_text(stream.getvalue(), encoding="utf-8")
    return str(file)


def only(tmp_path, **cells):
    runs, aside = read_runs(write(tmp_path, {**LLAMA, **cells}))
    assert not aside
    return runs[0]


def test_all_of_our_own_rows_are_read():
    runs, aside = read_runs()
    assert (len(runs), aside) == (340, [])


def test_a_bad_row_is_set_aside_with_its_line_and_the_good_ones_are_kept(tmp_path):
    runs, aside = read_runs(write(tmp_path, LLAMA, {**LLAMA, "id": "b", "tokens": "many"}))
    assert [run.id for run in runs] == ["a"]
    assert aside == [("b", "column tokens: 'many' is not a number; it holds a count: 300e9 for 300 billion", 3)]
    assert aside[0].to_dict()["reason"] == f"line 3: {aside[0].reason}"


def test_a_file_without_runs_is_refused_but_not_one_of_bad_rows(tmp_path):
    with pytest.raises(DatabaseError, match="but no runs"):
        read_runs(write(tmp_path))
    runs, aside = read_runs(write(tmp_path, {**LLAMA, "tokens": "many"}))
    assert (runs, len(aside)) == ([], 1)


def test_the_utilisation_of_llama_65b_is_worked_by_hand(tmp_path):
    # 6 x 65.2e9 x 1.4e12 / (1,022,362 x 3600 x 312e12) = 0.4769
    assert only(tmp_path).implied_mfu(312e12) == pytest.approx(0.4769, abs=1e-4)


def test_hours_follow_from_days_and_accelerators(tmp_path):
    assert only(tmp_path, accelerator_hours="", wallclock_days="21", accelerators="2048").hours_h == 21 * 24 * 2048


def test_an_encoder_decoder_counts_half_and_adapters_two_thirds(tmp_path):
    whole = only(tmp_path).implied_mfu(312e12)
    assert only(tmp_path, family="seq2seq").implied_mfu(312e12) == pytest.approx(whole / 2)
    assert only(tmp_path, model="LLaMA LoRA").implied_mfu(312e12) == pytest.approx(whole * 4 / 6)


def test_a_mixture_of_experts_counts_its_active_parameters(tmp_path):
    assert only(tmp_path, family="moe-lm", active_params="6.52e9").implied_mfu(312e12) == pytest.approx(0.4769 / 10, abs=1e-4)


def test_throughput_with_recomputation_is_brought_down_to_model_flop(tmp_path):
    bench = {"kind": "bench", "tokens": "", "accelerator_hours": "", "achieved_tflops_per_accelerator": "156"}
    assert only(tmp_path, **bench).implied_mfu(312e12) == 0.5
    assert only(tmp_path, **bench, recompute="full").implied_mfu(312e12) == 0.375


def test_a_run_without_hours_has_no_utilisation(tmp_path):
    assert only(tmp_path, accelerator_hours="").implied_mfu(312e12) is None


def test_the_plan_of_a_run_states_what_one_knew_beforehand(tmp_path, shipped):
    plan = only(tmp_path, accelerators="2048", pue="1.1", year="2023").plan(shipped)
    assert plan.to_dict() == {
        "params": 65.2e9, "tokens": 1.4e12, "hw": "a100-sxm4-80gb", "accelerators": 2048.0, "start": "2023", "precision": "bf16", "kind": "pretrain", "family": "decoder", "pue": 1.1, "calibration": "none",
    }  # fmt: skip


def test_a_timed_entry_has_no_stops(tmp_path, shipped):
    assert only(tmp_path, kind="segment").plan(shipped).goodput == 1.0


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"hardware": ""}, "no hardware"),
        ({"hardware": "abacus"}, "no hardware 'abacus'"),
        ({"tokens": ""}, "no tokens"),
        ({"total_params": ""}, "no params"),
        ({"family": "moe-lm"}, "no active parameters"),
        ({"precision": "int8"}, "no peak rate at int8"),
    ],
)
def test_a_row_that_states_too_little_says_what_is_missing(tmp_path, shipped, cells, reason):
    with pytest.raises(CarbonError, match=reason):
        only(tmp_path, **cells).plan(shipped)


def test_blooms_utilisation_is_that_of_the_literature():
    bloom = next(run for run in read_runs()[0] if run.id == "bloom-176b")
    assert bloom.implied_mfu(312e12) == pytest.approx(0.318, abs=1e-3)
