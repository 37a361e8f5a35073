"""The carbon intensity of a mix of power plants, from what each kind of fuel emits."""

import math
from collections.abc import Mapping

from traincarbon.database.load import Database
from traincarbon.database.select import need_prior

_NOTHING_FOSSIL = ("biomass", "geothermal", "hydro", "nuclear", "solar", "wind")
"""What burns nothing fossil, and so emits nothing that counts as direct."""


def intensity_of_mix(mix_mwh: Mapping[str, float], *, basis: str, database: Database) -> float | None:
    """Return the mean intensity of generation, None where nothing was generated. [g/kWh].

    What storage gives back is left out: it was counted when it was generated.

    Args:
        mix_mwh: Fuel, as the priors of ``fuel_lifecycle_gco2e_per_kwh`` name it, to energy; of less than 0, as the own use of a plant that stands still, nothing counts. [MWh]
        basis: ``lifecycle`` or ``direct``.
        database: The facts.

    Raises:
        DatabaseError: a factor is missing.
    """
    known = {fuel: energy for fuel, energy in mix_mwh.items() if math.isfinite(energy) and energy > 0.0}
    whole = math.fsum(known.values())
    if whole <= 0.0:
        return None
    burnt = [fuel for fuel in known if basis == "lifecycle" or fuel not in _NOTHING_FOSSIL]
    factors = dict.fromkeys(known, 0.0) | {fuel: need_prior(database, f"fuel_{basis}_gco2e_per_kwh", f"fuel={fuel}").value.median for fuel in burnt}
    return math.fsum(factors[fuel] * energy for fuel, energy in known.items()) / whole
