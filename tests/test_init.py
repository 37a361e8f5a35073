"""The public face: these names, no others, and nothing heavy behind them until it is asked for."""

import ast
import inspect
import pickle
import pydoc
import subprocess
import sys
from typing import Any

import pytest

import traincarbon

HEAVY = ("click", "numpy", "pandas", "codecarbon", "rich", "tomllib", "csv", "sqlalchemy", "pynvml")


def loaded_by(code: str) -> set[str]:
    """Return the modules that a fresh interpreter holds after *code*."""
    shown = subprocess.run([sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules)"], capture_output=True, text=True, check=True)
    return set(shown.stdout.splitlines()[-1].split())


PUBLIC = [
    "Advice",
    "AmbiguousError",
    "CarbonError",
    "Comparison",
    "Database",
    "DatabaseError",
    "Estimate",
    "Interval",
    "NotFoundError",
    "Optimum",
    "OutOfRangeError",
    "Plan",
    "PlanError",
    "PlanFields",
    "QuantityError",
    "Run",
    "Uncertain",
    "advise",
    "bench",
    "calculator",
    "calibrate",
    "compare",
    "diff",
    "disclose",
    "estimate",
    "open_database",
    "optimise",
    "phase",
    "progress",
    "report",
    "runs",
    "serve",
    "steps",
    "sweep",
    "track",
    "validate",
]
VERBS = [name for name in PUBLIC if name.islower() and name != "runs"]
COMMANDS_IN_PYTHON = {
    "estimate",
    "compare",
    "diff",
    "advise",
    "sweep",
    "optimise",
    "report",
    "calculator",
    "validate",
    "track",
    "calibrate",
    "runs",
    "bench",
    "serve",
    "disclose",
}


@pytest.mark.parametrize("name", [name for name in PUBLIC if name != "runs"])
def test_every_public_name_can_be_had(name):
    assert getattr(traincarbon, name).__name__ == name
    assert callable(getattr(traincarbon, name))


def test_the_public_face_is_frozen_and_in_order():
    assert traincarbon.__all__ == PUBLIC


def test_type_checkers_see_each_public_name_in_the_module_that_it_is_loaded_from():
    checked = next(node for node in ast.parse(inspect.getsource(traincarbon)).body if isinstance(node, ast.If))
    seen = {alias.name: node.module for node in checked.body for alias in node.names}
    assert seen == {name: f"traincarbon.{module}" if module else "traincarbon" for name, module in traincarbon._MODULES.items()}


@pytest.mark.parametrize("name", VERBS)
def test_a_verb_is_a_plain_function_with_a_full_signature_and_help(name):
    function = getattr(traincarbon, name)
    assert inspect.isfunction(inspect.unwrap(function))
    assert pickle.loads(pickle.dumps(function)) is function
    for parameter in inspect.signature(function).parameters.values():
        assert parameter.annotation is not parameter.empty, f"{parameter.name} of {name} has no type"
        assert parameter.annotation is not Any, f"{parameter.name} of {name} may be anything"
    shown = pydoc.plain(pydoc.render_doc(function))
    assert shown.startswith(f"Python Library Documentation: function {name} in module traincarbon.")
    assert "Args:" in shown
    assert "Raises:" in shown or name in ("progress", "phase", "steps")


@pytest.mark.parametrize("name", ["estimate", "compare", "advise", "optimise"])
@pytest.mark.parametrize(("typed", "meant"), [("toknes", "tokens"), ("active-params", "active_params"), ("Region_", "region")])
def test_a_misspelt_field_is_answered_with_the_one_that_was_meant(name, typed, meant):
    with pytest.raises(traincarbon.PlanError, match=f"unknown key '{typed}'") as caught:
        getattr(traincarbon, name)(params=7e9, **{typed: 1e12})
    assert caught.value.hint == f"did you mean {meant}?"


def test_every_command_but_those_of_this_machine_has_a_function():
    from traincarbon.cli import COMMANDS

    assert COMMANDS.keys() - {"doctor", "db", "mcp"} == COMMANDS_IN_PYTHON
    assert set(PUBLIC) >= COMMANDS_IN_PYTHON


@pytest.mark.parametrize(
    "first", ["traincarbon.Plan", "from traincarbon.estimation.plan import Plan", "import traincarbon.estimation.chain", "traincarbon.estimate"]
)
def test_estimate_is_a_function_whatever_was_imported_before(first):
    code = f"import traincarbon; {first}; print(traincarbon.estimate(params=7e9, tokens=1e12, hw='dgx-a100').plan.hw)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "dgx-a100\n"


def test_the_package_is_a_command():
    shown = subprocess.run([sys.executable, "-m", "traincarbon", "--version"], capture_output=True, text=True, check=True)
    assert shown.stdout == f"carbon {traincarbon.__version__}\n"


def test_all_errors_are_public():
    from traincarbon import errors

    tree = {name for name, item in vars(errors).items() if isinstance(item, type)}
    assert tree <= set(traincarbon.__all__)


def test_the_directory_shows_the_public_face():
    assert set(dir(traincarbon)) == {*traincarbon.__all__, "__version__"}


def test_an_unknown_name_is_an_attribute_error_that_shows_it():
    with pytest.raises(AttributeError, match="'estimat'"):
        traincarbon.estimat  # noqa: B018


def test_the_version_has_three_numbers():
    parts = traincarbon.__version__.split(".")
    assert len(parts) == 3
    assert all(part.isdigit() for part in parts)


def test_importing_the_package_loads_nothing_heavy():
    assert loaded_by("import traincarbon").isdisjoint(HEAVY)


def test_a_name_is_loaded_when_it_is_first_asked_for():
    before = loaded_by("import traincarbon")
    after = loaded_by("import traincarbon; traincarbon.Plan")
    assert "traincarbon.estimation.plan" not in before
    assert "traincarbon.estimation.plan" in after


def test_an_estimate_loads_neither_numbers_nor_tables_nor_figures():
    code = "import traincarbon; traincarbon.estimate(params=7e9, tokens=1e12, hw='dgx-a100').to_dict()"
    assert loaded_by(code).isdisjoint({"click", "numpy", "pandas", "codecarbon", "rich", "sqlalchemy", "pynvml"})


@pytest.mark.parametrize(
    "code",
    [
        "import traincarbon, traincarbon.estimation.plan; traincarbon.estimate(params=1e9, tokens=1e10, hw='h100')",
        "import traincarbon; traincarbon.Plan(); traincarbon.estimate(params=1e9, tokens=1e10, hw='h100')",
        "from traincarbon import Plan, estimate; estimate(Plan(params=1e9, tokens=1e10, hw='h100'))",
        "import traincarbon.estimation.plan as plan; plan.Plan(); import traincarbon; traincarbon.estimate(params=1e9, tokens=1e10, hw='h100')",
    ],
)
def test_estimate_can_be_called_whatever_was_imported_before(code):
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)
