"""The services by name, in the order in which they are tried."""

from importlib import import_module

from traincarbon.errors import CarbonError
from traincarbon.grid.service import Service
from traincarbon.suggestions import one_of

SERVICES = {
    "electricity-maps": ("electricity_maps", "ElectricityMaps"),
    "gb-carbon-intensity": ("gb_carbon_intensity", "GbCarbonIntensity"),
    "entsoe": ("entsoe", "Entsoe"),
    "eia": ("eia", "Eia"),
    "watttime": ("watttime", "WattTime"),
}
"""Name to module and class: first those that state intensities, then those that state generation."""


def service_of(name: str) -> Service:
    """Return the service with a name.

    Raises:
        CarbonError: there is none.
    """
    if name not in SERVICES:
        raise CarbonError(f"unknown service {name[:40]!r}", hint=one_of(name, tuple(SERVICES)))
    module, kind = SERVICES[name]
    service: Service = getattr(import_module(f"traincarbon.grid.services.{module}"), kind)()
    return service
