"""The names under which trainings keep their size."""

import pytest

from traincarbon.errors import CarbonError
from traincarbon.readers.column_names import ACCELERATORS, PARAMS, TOKENS, check_columns, column_of, energy_of, first_count, readable_size_of, size_of
from traincarbon.readers.imported import ImportOptions
from traincarbon.readers.table import Row


def row(**cells):
    return Row(2, {name.replace("__", "."): value for name, value in cells.items()})


@pytest.mark.parametrize("column", ["n_params", "params.n_params", "config/model/n_params", "config.model.n_params", "N-Params", "N Params"])
def test_a_name_is_known_alone_and_as_the_last_of_several_words(column):
    assert column_of(Row(2, {"loss": "1", column: "1e6"}), PARAMS) == column


def test_no_part_of_a_word_is_taken_for_it():
    assert (
        column_of(Row(2, {"lr_params": "1", "max_tokens": "4096", "params.lr": "1", "tokens_per_s": "1", "gpu_hours": "3"}), (*PARAMS, *TOKENS, *ACCELERATORS))
        == ""
    )


def test_what_was_counted_comes_before_what_was_to_be_seen():
    assert size_of(row(tokens="2e9", tokens_seen="1e9"), ImportOptions()).tokens == 1e9
    assert size_of(row(tokens="2e9", tokens_seen=""), ImportOptions()).tokens == 2e9


def test_the_shortest_of_several_columns_counts():
    assert column_of(Row(2, {"config.teacher.n_params": "7e9", "config.n_params": "1e9"}), PARAMS) == "config.n_params"


def test_the_user_says_which_columns_count():
    options = ImportOptions(params_column="size", tokens_column="budget")
    size = size_of(row(size="1.2B", budget="20e9", n_params="5", tokens="6"), options)
    assert (size.params, size.tokens) == (1.2e9, 20e9)


def test_a_column_of_the_user_that_is_not_there_is_refused():
    with pytest.raises(CarbonError, match="--tokens-column 'budget'"):
        check_columns(["size"], ImportOptions(params_column="size", tokens_column="budget"))


def test_nothing_is_known_of_a_row_that_says_nothing():
    assert size_of(row(loss="1"), ImportOptions()) == (None, None, None, "")
    assert size_of(row(n_params="0", num_gpus="0"), ImportOptions()) == (None, None, None, "")


def test_a_handful_of_parameters_is_in_another_unit():
    with pytest.raises(ValueError, match=r"column n_params: 7 is too few; is it in billions\? Write 7e9 or 7B"):
        size_of(row(n_params="7"), ImportOptions())


def test_logged_energy_counts_as_modelled_and_the_rest_is_other():
    assert energy_of(row(energy_kwh="3", gpu_energy_kwh="2")) == {"gpu": (7.2e6, "modelled"), "other": (3.6e6, "modelled")}
    assert energy_of(row(metrics__energy_consumed="1")) == {"other": (3.6e6, "modelled")}
    assert energy_of(row(loss="1")) == {}


def test_a_count_is_whole_and_zero_is_none():
    assert first_count(Row(2, {"config.num_gpus": "16"}), ("num_gpus",)) == 16
    assert first_count(Row(2, {"gpus": "0"}), ("gpus",)) is None
    assert first_count(Row(2, {}), ("gpus",)) is None
    with pytest.raises(ValueError, match=r"column gpus: 7\.5 is not a count"):
        first_count(Row(2, {"gpus": "7.5"}), ("gpus",))


@pytest.mark.parametrize(("cell", "said"), [("-1", True), ("auto", True), ("0", False), ("", False), ("4", False)])
def test_a_number_of_accelerators_that_a_framework_chose_is_unknown_and_said(cell, said):
    size, notes = readable_size_of(Row(1, {"gpus": cell}), ImportOptions())
    assert size.accelerators == (4 if cell == "4" else None)
    assert notes == ([f"column gpus: {cell!r} leaves the number of accelerators to the framework, so it is unknown"] if said else [])
