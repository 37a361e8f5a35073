"""What a row describes decides how it is used."""

from traincarbon.published.run_kinds import RunKind


def test_sums_and_price_tables_are_no_training():
    assert {kind for kind in RunKind if not kind.is_training} == {RunKind.PROJECT, RunKind.ESTIMATE}


def test_adapters_are_a_fine_tuning_too():
    assert {kind for kind in RunKind if kind.is_finetuning} == {RunKind.FINETUNE, RunKind.LORA}
