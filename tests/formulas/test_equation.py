"""What every formula carries: its equation, its source, the sections of its docstring, and its bounds."""

import importlib
import inspect
import math
import pkgutil
import re
import tomllib
from pathlib import Path

import numpy as np
import pytest

from traincarbon import formulas
from traincarbon.database.load import builtin_root
from traincarbon.errors import OutOfRangeError
from traincarbon.formulas.equation import equation, require
from traincarbon.uncertain import Uncertain

NO_PUBLICATION = ("definition", "fit-power", "fit-mfu")
"""Sources that are no publication: a definition, and the laws fitted in docs/method.md."""

MODULES = [importlib.import_module(f"traincarbon.formulas.{module.name}") for module in pkgutil.iter_modules(formulas.__path__) if module.name != "equation"]
FORMULAS = [
    item for module in MODULES for name, item in vars(module).items() if inspect.isfunction(item) and item.__module__ == module.__name__ and name[0] != "_"
]
every_formula = pytest.mark.parametrize("formula", FORMULAS, ids=lambda formula: formula.__name__)


def sections(formula) -> dict[str, str]:
    """Return the sections of a docstring by their titles."""
    parts = re.split(r"^(Args|Returns|Raises|Example|References):\n", inspect.getdoc(formula), flags=re.MULTILINE)
    return dict(zip(["summary", *parts[1::2]], [parts[0], *parts[2::2]], strict=True))


def test_there_are_formulas_in_every_module_but_that_of_the_layouts():
    assert {formula.__module__.rpartition(".")[2] for formula in FORMULAS} == {module.__name__.rpartition(".")[2] for module in MODULES} - {"layout"}


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
