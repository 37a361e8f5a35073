"""The plans of a sweep as a file states them."""

import numpy as np
import pytest

from traincarbon.errors import CarbonError, PlanError
from traincarbon.explore.sweeps.grid import Grid

BASE = {"hw": "dgx-a100", "tokens": 1e12}


def test_a_grid_has_all_combinations_with_the_last_number_fastest():
    grid = Grid.from_toml('hw = ["dgx-a100", "dgx-h100"]\ntokens = 1e12\nparams = [1e9, 2e9]\nservers = [1, 2, 3]')
    rows = grid.rows(0, grid.count)
    assert grid.count == 12
    assert rows.groups.tolist() == [0] * 6 + [1] * 6
    assert rows.numbers["params"].tolist() == [1e9, 1e9, 1e9, 2e9, 2e9, 2e9] * 2
    assert rows.numbers["servers"].tolist() == [1.0, 2.0, 3.0] * 4
    assert [grid.named(group)["hw"] for group in (0, 1)] == ["dgx-a100", "dgx-h100"]


def test_any_range_of_plans_is_that_of_the_whole():
    grid = Grid.from_dict({**BASE, "region": ["sweden", "france"], "params": {"from": 1e9, "to": 1e11, "n": 7}, "servers": [1, 2, 3]})
    whole, part = grid.rows(0, grid.count), grid.rows(5, 30)
    assert np.array_equal(part.groups, whole.groups[5:30])
    assert all(np.array_equal(part.numbers[name], whole.numbers[name][5:30]) for name in whole.numbers)


def test_a_hypercube_has_one_plan_in_each_part_of_each_axis():
    grid = Grid.from_dict({**BASE, "params": {"from": 0.5, "to": 1000.5}, "electricity_price": {"from": 0.0, "to": 1.0}, "method": "latin", "samples": 1000})
    numbers = grid.rows(0, 1000).numbers
    assert sorted(np.floor(numbers["params"] - 0.5).tolist()) == list(range(1000))
    assert np.sort(numbers["electricity_price"]) == pytest.approx((np.arange(1000) + 0.5) / 1000)
    assert abs(np.corrcoef(numbers["params"], numbers["electricity_price"])[0, 1]) < 0.1


def test_a_hypercube_draws_from_lists_in_equal_shares_and_counts_are_whole():
    stated = {"tokens": 1e12, "hw": ["dgx-a100", "dgx-h100"], "params": 7e9, "servers": {"from": 1, "to": 9}, "method": "latin", "samples": 1000}
    rows = Grid.from_dict(stated).rows(0, 1000)
    assert np.bincount(rows.groups).tolist() == [500, 500]
    assert set(rows.numbers["servers"].tolist()) == {float(count) for count in range(1, 10)}


def test_seeds_give_other_hypercubes_and_one_seed_the_same():
    def drawn(seed):
        return (
            Grid.from_dict({**BASE, "params": {"from": 1e9, "to": 1e12}, "servers": [1, 2], "method": "latin", "samples": 50, "seed": seed})
            .rows(0, 50)
            .numbers["params"]
        )

    assert np.array_equal(drawn(1), drawn(1))
    assert not np.array_equal(drawn(1), drawn(2))


def test_samples_without_a_method_are_those_of_the_data():
    grid = Grid.from_dict({"hw": "h100", "params": [1e8, 1e9], "samples": 1e6, "seq_len": 1024})
    assert grid.count == 2
    assert grid.fixed["samples"] == 1e6


def test_what_a_grid_states_can_be_read_again():
    stated = {**BASE, "region": ["sweden", "france"], "mfu": "0.3..0.5", "params": {"from": 1e9, "to": 3e11, "n": 7, "scale": "log"}, "servers": [1, 2, 3]}
    grid = Grid.from_dict(stated)
    again = Grid.from_dict(grid.to_dict())
    assert again.to_dict() == grid.to_dict()
    assert np.array_equal(again.rows(0, 42).numbers["params"], grid.rows(0, 42).numbers["params"])


def test_other_names_of_fields_work():
    assert Grid.from_dict({"hardware": ["a100", "h100"], "params": 1e9, "tokens": 1e9, "gpus": 8}).fields == ("params", "tokens", "hw", "accelerators")


@pytest.mark.parametrize(
    ("stated", "says"),
    [
        ({**BASE, "params": 1e9}, "nothing varies"),
        ({**BASE, "params": {"from": 1e9, "to": 1e12}}, "has no n"),
        (
            {**BASE, "params": {"from": 1, "to": 1e12, "n": 10**6}, "mfu": {"from": 0.1, "to": 0.5, "n": 10**6}},
            "1,000,000,000,000 plans: about 98 TB of medians, more with --intervals",
        ),
        ({**BASE, "params": {"from": 1, "to": 1e12, "n": 10**12}, "mfu": {"from": 0.1, "to": 0.5, "n": 10**12}}, "more than"),
        ({**BASE, "parms": [1, 2]}, "unknown key 'parms'"),
        ({**BASE, "params": [1e9, -1]}, "params is -1"),
        ({**BASE, "params": [1e9, 2e9], "method": "sobol"}, "sobol"),
        ({**BASE, "params": [1e9, 2e9], "method": "latin"}, "needs samples"),
        ({**BASE, "params": [1e9, 2e9], "method": "latin", "samples": 1.5}, "samples is 1.5"),
        ({**BASE, "params": [1e9, 2e9], "seed": "x"}, "seed"),
        ({"hw": [f"h{k}" for k in range(999)], "region": [f"r{k}" for k in range(999)], "params": 1e9, "tokens": 1e9}, "combinations"),
    ],
)
def test_what_is_no_grid_is_refused_with_a_hint(stated, says):
    with pytest.raises(CarbonError, match=says) as caught:
        Grid.from_dict(stated)
    assert caught.value.hint


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "cut.toml").write_text('hw = "h100')
    for name, says in (("cut.toml", "not TOML"), ("none.toml", "cannot read"), (".", "cannot read")):
        with pytest.raises(PlanError, match=says):
            Grid.read(tmp_path / name)


def test_the_configuration_of_a_model_may_stand_beside_the_grid(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "grid.toml").write_text('hw = "h100"\nmodel = ["config.json", "llama-3-8b"]\ntokens = 1e12')
    assert Grid.read(tmp_path / "grid.toml").names[0].values == (str(tmp_path / "config.json"), "llama-3-8b")
