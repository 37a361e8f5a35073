"""The power to assume of a GPU that is there and tells nothing, by its name in the hardware database."""

from traincarbon.errors import CarbonError
from traincarbon.meters.gpu import AssumedPower

PRIOR = "mute_gpu_power_share"
"""The prior that states mean power over the power limit, whether or not the job works on the GPU."""


def assumed_power(name: str) -> AssumedPower | None:
    """Return the power to assume of a GPU that its driver calls *name*, None if the database does not know it."""
    from traincarbon.database.driver_names import find_accelerator  # slower than reading a GPU, and rarely needed
    from traincarbon.database.load import open_database
    from traincarbon.database.select import need_prior
    from traincarbon.uncertain import Uncertain

    try:
        database = open_database()
        product = find_accelerator(database, name)
        limit_w = product.value("board_power_w") if product is not None else None
        share = need_prior(database, PRIOR, "*").value
    except CarbonError:
        return None
    if product is None or not limit_w:
        return None
    power_w = share * limit_w
    low_w, high_w = Uncertain(power_w.median, {PRIOR: share.sigma}).interval(0.9)
    return AssumedPower(
        float(power_w.median), float(share.sigma), f"its power is assumed, {power_w.median:.0f} W ({low_w:.0f} to {high_w:.0f}), as it is a {product.name}"
    )


def hardware_of_pci_id(pci_id: str) -> str:
    """Return the id of the accelerator with that vendor and device, "" if the table does not know it."""
    from traincarbon.database.load import open_database

    try:
        return next((row["hardware"] for row in open_database().rows("pci_ids", pci_id)), "")
    except CarbonError:
        return ""
