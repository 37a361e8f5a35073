"""Reading what real trainings reported: strict, row by row, without losing the good ones."""

import csv
import io

import pytest

from traincarbon.errors import CarbonError, DatabaseError
from traincarbon.published.runs_file import NUMBERS, OPTIONAL_NUMBERS, TEXTS, read_runs

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
    runs, aside = read_runs(write(tmp_path, {**LLAMA, **cells}, columns=(*COLUMNS, *OPTIONAL_NUMBERS)))
    assert not aside
    return runs[0]


def test_all_of_our_own_rows_are_read():
    runs, aside = read_runs()
    assert (len(runs), aside) == (638, [])


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
    assert only(tmp_path, kind="lora").implied_mfu(312e12) == pytest.approx(whole * 4 / 6)
    assert only(tmp_path, kind="finetune").implied_mfu(312e12) == pytest.approx(whole)


@pytest.mark.parametrize(
    ("model", "kind"),
    [("LLaMA LoRA", "lora"), ("llama2_70b_lora", "lora"), ("QLoRA 7B", "lora"), ("Flora 7B", "finetune"), ("Explorative 7B", "finetune")],
)
def test_a_file_that_knows_no_adapters_may_name_them_in_the_model(tmp_path, model, kind):
    assert only(tmp_path, model=model, kind="finetune").kind == kind


def test_stated_flop_count_in_place_of_parameters_and_tokens(tmp_path, shipped):
    whole = only(tmp_path).implied_mfu(312e12)
    run = only(tmp_path, training_flops="2.73816e23")
    assert run.implied_mfu(312e12) == pytest.approx(whole / 2, rel=1e-3)
    assert (run.plan(shipped).flop, run.plan(shipped).tokens) == (2.73816e23, None)
    alone = only(tmp_path, training_flops="1e22", total_params="", tokens="")
    assert alone.plan(shipped).params is None
    assert alone.implied_mfu(312e12) == pytest.approx(1e22 / (1022362 * 3600 * 312e12))


def test_multiply_adds_of_samples_count_in_place_of_parameters_and_tokens(tmp_path, shipped):
    # ResNet-50 on ImageNet, 90 epochs: 6 × 4.1e9 × 1.28e6 × 90
    run = only(tmp_path, family="vision", total_params="25.6e6", tokens="", samples="115.2e6", gmac_per_sample="4.1")
    assert run.work_flop == pytest.approx(2.834e18, rel=1e-3)
    assert (run.plan(shipped).samples, run.plan(shipped).gmac_per_sample) == (115.2e6, 4.1)
    assert only(tmp_path, samples="115.2e6").work_flop == only(tmp_path).work_flop


def test_a_teacher_adds_its_forward_passes(tmp_path, shipped):
    student, taught = only(tmp_path), only(tmp_path, teacher_params="70e9")
    assert taught.work_flop - student.work_flop == pytest.approx(2.0 * 70e9 * 1.4e12)
    assert taught.plan(shipped).teacher_params == 70e9


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
