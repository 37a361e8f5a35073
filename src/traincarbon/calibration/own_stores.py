"""Whether there may be runs or calibrations of the user's own, without reading them."""

import os

from traincarbon.database.load import calibrations_folder
from traincarbon.paths import data_folder


def may_have_own_runs() -> bool:
    """Return whether a folder of runs or of calibrations is there."""
    stores = (os.path.join(data_folder(), "journals"), calibrations_folder())
    return bool(os.environ.get("CARBON_STORE")) or any(map(os.path.isdir, stores))
