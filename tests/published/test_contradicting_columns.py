"""Columns of a published run that contradict each other; the damage of single units is in test_runs_file.py."""

import pytest

from traincarbon.errors import DatabaseError
from traincarbon.published.contradicting_columns import check_together

LLAMA = {"total_params": 65.2e9, "tokens": 1.4e12}


@pytest.mark.parametrize(
    ("numbers", "family"),
    [
        ({**LLAMA, "training_flops": 5.5e24}, "dense-lm"),
        ({**LLAMA, "training_flops": 5e22}, ""),
        ({**LLAMA, "active_params": 6.5e9, "training_flops": 5.5e23}, "moe-lm"),
        ({**LLAMA, "training_flops": 2.8e24}, "seq2seq"),
    ],
)
def test_flop_ten_times_those_of_parameters_and_tokens_are_refused(numbers, family):
    with pytest.raises(DatabaseError, match="training_flops: .* contradicts parameters × tokens, which give"):
        check_together(numbers, family)


@pytest.mark.parametrize(
    ("numbers", "family"),
    [
        ({**LLAMA, "training_flops": 5.5e23}, "dense-lm"),
        ({**LLAMA, "training_flops": 5.5e24, "teacher_params": 2e12}, "dense-lm"),
        ({**LLAMA, "training_flops": 5.5e24}, "vision"),
        ({**LLAMA, "training_flops": 5.5e24}, "protein"),
        ({"training_flops": 5.5e24, "tokens": 1e12}, "dense-lm"),
    ],
)
def test_flop_that_may_be_are_kept(numbers, family):
    check_together(numbers, family)


def test_hours_that_contradict_days_and_count_are_refused():
    with pytest.raises(DatabaseError, match="column accelerator_hours: 100 contradicts wallclock_days, 10 days on 64 accelerators"):
        check_together({"accelerator_hours": 100.0, "wallclock_days": 10.0, "accelerators": 64.0}, "")
