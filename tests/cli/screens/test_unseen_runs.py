"""The page of accuracy says what runs that nobody fitted are expected to give, beside the simple rule and the floor."""

import re

from traincarbon.cli.screens.unseen_runs import unseen_lines
from traincarbon.validation.accuracy import Backtest, Case


def case(id, organisation, error):
    rules = {"generation_mean": 150.0}
    return Case(id, "s", "accelerator_hours_h", 100.0, 50.0, error * 100.0, 200.0, 0.4, rules, family="dense-lm", organisation=organisation)


def test_the_nested_figures_the_pairs_and_the_floor_have_a_paragraph_each(shipped):
    tried = Backtest((case("a", "one", 1.0), case("b", "two", 1.2)), (), "built-in", is_built_in=True)
    nested, chosen, paired, floor = (line for line in unseen_lines(tried, shipped) if line)
    assert re.search(r"runs of language models have a median error of 0\.3\d, .*; (8|9)\d % lie in the 90 % interval\.$", nested)
    assert re.fullmatch(r"The forms chosen, by the number of organisations: .+ \(\d+\)\.", chosen)
    # (0 - 0.405 + 0.182 - 0.405) / 2 = -0.314
    assert paired.startswith("Paired over 2 organisations, the mean error of language models is 0.314 ± 0.091 (standard error) smaller")
    assert "two organisations with the same chip, family, kind and size differ by that" in floor
