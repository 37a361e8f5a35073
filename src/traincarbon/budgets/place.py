"""Where budgets are stated, asked before anything else of them is imported."""

from os import environ, path

from traincarbon.paths import settings_folder

VARIABLE = "CARBON_BUDGET_FILE"
"""The environment variable that names the file, as of a team."""


def named_file() -> str:
    """Return the file that the environment names, "" if it names none."""
    return environ.get(VARIABLE, "").strip()


def budget_file() -> str:
    """Return the file of budgets, whether it exists or not: the one that the environment names, else ``budgets.toml`` beside the user's own facts."""
    return named_file() or path.join(settings_folder(), "budgets.toml")


def has_budgets() -> bool:
    """Return whether there may be budgets."""
    return bool(named_file()) or path.lexists(budget_file())
