"""The public face: these names, no others, and nothing heavy behind them until it is asked for."""

import subprocess
import sys

import pytest

import traincarbon

HEAVY = ("click", "numpy", "pandas", "plotly", "codecarbon", "rich", "tomllib", "csv", "sqlalchemy", "pynvml")


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
    "NotFoundError",
    "Optimum",
    "OutOfRangeError",
    "Plan",
    "PlanError",
    "QuantityError",
    "Uncertain",
    "advise",
    "compare",
    "estimate",
    "open_database",
    "optimise",
    "progress",
    "track",
]


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_can_be_had(name):
    assert getattr(traincarbon, name).__name__ == name
    assert callable(getattr(traincarbon, name))


def test_the_public_face_is_frozen_and_in_order():
    assert traincarbon.__all__ == PUBLIC


@pytest.mark.parametrize(
    "first", ["traincarbon.Plan", "from traincarbon.estimation.plan import Plan", "import traincarbon.estimation.chain", "traincarbon.estimate"]
)
def test_estimate_is_a_function_whatever_was_imported_before(first):
    code = f"import traincarbon; {first}; print(traincarbon.estimate(params=7e9, tokens=1e12, hw='dgx-a100').plan.hw)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "dgx-a100\n"


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
    assert loaded_by(code).isdisjoint({"click", "numpy", "pandas", "plotly", "codecarbon", "rich", "sqlalchemy", "pynvml"})


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
