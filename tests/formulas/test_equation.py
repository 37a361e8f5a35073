"""What every formula carries: its equation, its source, the sections of its docstring, and its bounds."""

import importlib
import inspect
import math
import pkgutil
import random
import re
import tomllib
from pathlib import Path

import numpy as np
import pytest

from traincarbon import formulas
from traincarbon.database.load import builtin_root
from traincarbon.errors import OutOfRangeError
from traincarbon.formulas.equation import equation, kept_for_the_same, require
from traincarbon.formulas.evaluation import evaluate
from traincarbon.formulas.layout import Layout, Machine, Shape, Sustained
from traincarbon.formulas.scaling import Law
from traincarbon.uncertain import Uncertain

NO_PUBLICATION = ("definition", "fit-power", "fit-mfu", "fit-batch", "fit-making")
"""Sources that are no publication: a definition, and the laws fitted in docs/method.md."""

MODULES = [
    importlib.import_module(f"traincarbon.formulas.{module.name}")
    for module in pkgutil.iter_modules(formulas.__path__)
    if module.name not in ("equation", "evaluation", "ownership")
]
PARTS = (
    *("tensor_s", "context_s", "experts_s", "stage_hop_s", "data_parallel_s", "local_params", "larger", "smaller", "ceiling"),
    *("layer_time", "time_by_term", "least_step_s", "memory_by_purpose", "state_by_purpose", "activations_b", "exposed_part_s"),
    *("layer_lines", "layer_activations", "gradients_s", "turn_gather_s", "step_lines", "head_s", "optimiser_s"),
)
"""Parts of a step that are no equation of one line."""
FORMULAS = [
    item
    for module in MODULES
    for name, item in vars(module).items()
    if inspect.isfunction(item) and item.__module__ == module.__name__ and name[0] != "_" and name not in PARTS
]
every_formula = pytest.mark.parametrize("formula", FORMULAS, ids=lambda formula: formula.__name__)


def sections(formula) -> dict[str, str]:
    """Return the sections of a docstring by their titles."""
    parts = re.split(r"^(Args|Returns|Raises|Example|References):\n", inspect.getdoc(formula), flags=re.MULTILINE)
    return dict(zip(["summary", *parts[1::2]], [parts[0], *parts[2::2]], strict=True))


UNIT_SHARES = ("mfu", "utilisation", "discount", "goodput", "overlap", "exponent", "mask_ratio", "value_retained", "padding")
LAYOUTS = [
    Layout(sequences=64.0),
    Layout(sequences=256.0, tp=4.0, pp=2.0, dp=8.0, interleave=2.0, overlap_data=0.8, sequence_parallel=1.0),
    Layout(sequences=512.0, dp=64.0, sharded_weights=1.0, recompute_layers=1.0, flash=0.0, overlap_data=1.0),
    Layout(sequences=256.0, dp=8.0, pp=4.0, micro_batch=2.0, recompute_attention=1.0, sharded_optimiser=1.0),
]
OBJECTS = {
    "law": lambda chance: Law(
        chance.uniform(1.5, 2.0), chance.uniform(300.0, 600.0), chance.uniform(0.3, 0.4), chance.uniform(1e3, 3e3), chance.uniform(0.3, 0.4)
    ),
    "shape": lambda chance: Shape(24.0, 2048.0, 16.0, 16.0, 2048.0, chance.uniform(4e3, 9e3), 2.0, chance.uniform(3e4, 6e4), 2048.0),
    "layout": lambda chance: chance.choice(LAYOUTS),
    "machine": lambda chance: Machine(chance.uniform(1e14, 1e15), 312e12, 2e12, 300e9, 25e9, 8.0),
    "sustained": lambda chance: Sustained(chance.uniform(0.5, 0.9), 192.0, 0.4, 0.85, 2.0, 0.76, 8e-5, 0.8, 2e-5, 1e-5, 0.15),
}
RANGES = {
    "pue": (1.0, 2.0),
    "upstream_factor": (1.0, 2.0),
    "max_power_w": (1e3, 1e4),
    "accelerator_count": (1.0, 4.0),
    "board_power_w": (10.0, 200.0),
    "interconnect_share": (0.0, 0.9),
    "attempts": (1.0, 5.0),
    "pp": (1.0, 16.0),
    "interleave": (1.0, 4.0),
    "latent_video_tokens.frames": (1.0, 200.0),
    "params_of_loss.loss": (2.1, 4.0),
    "tokens_of_loss.loss": (2.5, 4.0),
    "tokens_of_loss.params": (1e9, 1e12),
}
"""Valid ranges by parameter; all others are shares or any positive number."""


def random_inputs(formula, chance):
    """Return random inputs in the valid range of a formula."""
    found = {}
    for name in inspect.signature(formula).parameters:
        bounds = RANGES.get(f"{formula.__name__}.{name}", RANGES.get(name))
        if name in OBJECTS:
            found[name] = OBJECTS[name](chance)
        elif bounds is not None:
            found[name] = chance.uniform(*bounds)
        elif name.endswith(("share", "mfu")) or name in UNIT_SHARES:
            found[name] = chance.uniform(0.01, 1.0)
        else:
            found[name] = 10.0 ** chance.uniform(-1.0, 2.0)
    return found


def names_of(inputs, result):
    """Return every name that an equation may use: the inputs, what they hold, and the terms of a result of several."""
    names = dict(inputs)
    for holder in (*inputs.values(), result):
        if isinstance(holder, tuple):
            names |= {name: getattr(holder, name) for name in dir(holder) if name[0] != "_" and not callable(getattr(holder, name))}
    return names


def test_the_text_of_every_equation_gives_what_its_function_computes():
    checked = 0
    for formula in FORMULAS:
        chance = random.Random(formula.__name__)
        for _ in range(60):
            inputs = random_inputs(formula, chance)
            result = formula(**inputs)
            value = evaluate(formula.equation, names_of(inputs, result))
            expected = next((getattr(result, total) for total in ("total_s", "total_b") if hasattr(result, total)), result)
            assert value == pytest.approx(expected, rel=1e-9, abs=1e-15), (formula.__name__, inputs)
        checked += 1
    print(f"{checked} equations evaluated, 60 times each")
    assert checked == len(FORMULAS) == 105


def test_there_are_formulas_in_every_module_but_those_of_layers_layouts_and_bounds():
    assert {formula.__module__.rpartition(".")[2] for formula in FORMULAS} == {module.__name__.rpartition(".")[2] for module in MODULES} - {
        "layer",
        "layout",
        "step_bound",
    }


@every_formula
def test_a_formula_states_its_equation_in_one_line(formula):
    assert "\n" not in formula.equation
    assert formula.equation.strip() == formula.equation != ""


@every_formula
def test_a_formula_takes_its_quantities_by_name_only(formula):
    assert {parameter.kind for parameter in inspect.signature(formula).parameters.values()} == {inspect.Parameter.KEYWORD_ONLY}


@every_formula
def test_the_docstring_has_its_sections_in_order(formula):
    order = ["summary", "Args", "Returns", "Raises", "Example", "References"]
    found = list(sections(formula))
    assert found == [name for name in order if name in found]
    assert set(found) >= set(order[:5])
    assert ("References" in found) == (formula.source != "definition")


@every_formula
def test_the_summary_is_a_sentence_and_the_equation_is_drawn(formula):
    summary = sections(formula)["summary"]
    assert summary.splitlines()[0].startswith("Return ")
    assert summary.splitlines()[0].endswith(".")
    assert ".. math:: " in summary


@every_formula
def test_every_argument_is_described_with_its_unit(formula):
    described = re.findall(r"^ {4}(\w+): .*(?:\n {8}.*)*", sections(formula)["Args"], flags=re.MULTILINE)
    assert described == list(inspect.signature(formula).parameters)
    for text in re.split(r"\n(?= {4}\w)", sections(formula)["Args"].rstrip()):
        assert re.search(r"\. \[[^\]]+\]$", text), text


@every_formula
def test_the_returned_unit_is_stated(formula):
    assert re.search(r"\. \[[^\]]+\]$", sections(formula)["Returns"].strip())


@every_formula
def test_the_errors_are_named_and_the_example_is_run(formula):
    assert sections(formula)["Raises"].strip().startswith("OutOfRangeError: ")
    assert f">>> {formula.__name__}(" in sections(formula)["Example"] or f"{formula.__name__}(" in sections(formula)["Example"]


@every_formula
def test_the_source_is_in_the_bibliography(formula):
    bibliography = tomllib.loads((Path(builtin_root()) / "sources.toml").read_text("utf-8"))
    assert formula.source in (*bibliography, *NO_PUBLICATION)


def test_the_decorator_attaches_and_changes_nothing_else():
    def double(*, x):
        return 2.0 * x

    decorated = equation("2 × x", source="definition")(double)
    assert decorated is double
    assert (decorated.equation, decorated.source, decorated(x=2.0)) == ("2 × x", "definition", 4.0)


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, -math.inf])
@pytest.mark.parametrize("wrap", [float, np.float64, np.array, lambda v: np.array([1.0, v]), lambda v: Uncertain(v, {"a": 0.1})])
def test_a_bound_refuses_alone_within_an_array_and_as_a_median(value, wrap):
    with pytest.raises(OutOfRangeError, match=f"^width is {value:g}$") as caught:
        require(above=0.0, width=wrap(value))
    assert caught.value.hint == "it must be above 0"


@pytest.mark.parametrize("value", [1e-300, 1.0, np.array([1.0, 2.0]), Uncertain(3.0, {"a": 0.1}), 1])
def test_a_bound_lets_through_what_is_inside(value):
    require(above=0.0, at_most=3.0, width=value)


def test_a_bound_may_be_reached_or_not():
    require(at_least=0.0, at_most=1.0, share=0.0)
    require(at_least=0.0, at_most=1.0, share=1.0)
    with pytest.raises(OutOfRangeError) as caught:
        require(above=0.0, at_most=1.0, share=1.0000001)
    assert caught.value.hint == "it must be above 0 and at most 1"


def test_the_first_quantity_that_is_out_is_the_one_named():
    with pytest.raises(OutOfRangeError, match="second"):
        require(at_least=0.0, first=1.0, second=-1.0, third=-2.0)


def test_the_worst_of_an_array_is_shown():
    with pytest.raises(OutOfRangeError, match="width is -7"):
        require(above=0.0, width=np.array([1.0, -7.0, 2.0]))


def test_an_answer_is_kept_for_the_very_same_numbers_and_for_no_arrays():
    asked = []

    @kept_for_the_same
    def total(first, second):
        asked.append((first, second))
        return first + second

    one, two, row = Uncertain(1.0, {"a": 0.1}), 2.0, np.array([1.0, 2.0])
    assert [total(one, two) == total(one, two), len(asked)] == [True, 1]
    assert total(two, one) == total(one, two)
    assert total(Uncertain(1.0, {"a": 0.3}), two).spreads != total(one, two).spreads
    asked.clear()
    for _ in range(2):
        assert total(row, two).tolist() == [3.0, 4.0]
    row += 1.0
    assert total(row, two).tolist() == [4.0, 5.0]
    assert len(asked) == 3
