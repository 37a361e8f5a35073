"""Plans that a reader saved: files of TOML in the folder ``plans`` of the store."""

import os
import re
import unicodedata
from typing import NamedTuple

from traincarbon.errors import CarbonError, NotFoundError
from traincarbon.estimation.plan import Plan
from traincarbon.files import check_new_file, write_new_file
from traincarbon.ledger.store_access import make_folder

_FOLDER = "plans"
_ENDING = ".toml"
_LONGEST = 80
_MOST_LISTED = 200


class SavedPlan(NamedTuple):
    """A saved plan: its name and its file."""

    name: str
    file: str


def saved_plans(store: str) -> list[SavedPlan]:
    """Return the saved plans of a store by name; none where the folder does not exist or cannot be read."""
    folder = os.path.join(store, _FOLDER)
    try:
        names = sorted(entry for entry in os.listdir(folder) if entry.endswith(_ENDING) and slug(entry.removesuffix(_ENDING)) == entry.removesuffix(_ENDING))
    except OSError:
        return []
    return [SavedPlan(name.removesuffix(_ENDING), os.path.join(folder, name)) for name in names[:_MOST_LISTED]]


def load_plan(store: str, name: str) -> Plan:
    """Return a saved plan.

    Raises:
        NotFoundError: there is none of that name.
        CarbonError: its file cannot be read.
    """
    found = next((each for each in saved_plans(store) if each.name == name), None)
    if found is None:
        raise NotFoundError(f"no saved plan {name[:60]!r}", hint="save one on the page of the plan")
    return Plan.read(found.file)


def save_plan(store: str, name: str, plan: Plan) -> SavedPlan:
    """Save a plan under a *name*, and return where it is.

    Raises:
        CarbonError: no letter or digit is in the name, there is a plan of that name, or the store cannot be written.
    """
    short = slug(name)
    if not short:
        raise CarbonError(f"the name of the plan is {name[:60]!r}", hint="give a name with letters or digits")
    folder = os.path.join(store, _FOLDER)
    try:
        make_folder(folder)
    except OSError as error:
        raise CarbonError(f"cannot write into {store}: {error.strerror or error}", hint="keep the file instead: Download") from error
    file = os.path.join(folder, short + _ENDING)
    check_new_file(file)
    write_new_file(file, plan.to_toml())
    return SavedPlan(short, file)


def slug(name: str) -> str:
    """Return a name as that of a file: letters, digits and hyphens, lower case.

    Example:
        >>> slug("<script>My Plan</script> 2"), slug("../../etc/passwd"), slug("Zoë")
        ('script-my-plan-script-2', 'etc-passwd', 'zoe')
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii").lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_LONGEST].strip("-")
