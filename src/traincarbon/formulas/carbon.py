"""Greenhouse gas emissions of a run: those of its electricity, and its share of making the hardware."""

from traincarbon.formulas.equation import equation, require
from traincarbon.quantities import G_PER_KG
from traincarbon.uncertain import Num, median_of, where


@equation("facility_energy_kwh × intensity_gco2e_per_kwh / 1000", source="ghg-protocol-2015-scope-2")
def operational_kgco2e(*, facility_energy_kwh: Num, intensity_gco2e_per_kwh: Num) -> Num:
    r"""Return the emissions of the electricity used.

    The mean intensity of the grid gives location-based emissions, that of energy contracts market-based ones. The
    result has the basis of the intensity: direct (the stacks) or lifecycle (fuel supply and plant included).

    .. math:: G = E \, I / 1000

    Args:
        facility_energy_kwh: Energy of the facility. [kWh]
        intensity_gco2e_per_kwh: Carbon intensity of the electricity. [g CO2e/kWh]

    Returns:
        Operational emissions. [kg CO2e]

    Raises:
        OutOfRangeError: an input is negative.

    Example:
        >>> round(operational_kgco2e(facility_energy_kwh=1287e3, intensity_gco2e_per_kwh=429.0))
        552123

    References:
        GHG Protocol 2015, *Scope 2 guidance*, chapter 6.
    """
    require(at_least=0.0, facility_energy_kwh=facility_energy_kwh, intensity_gco2e_per_kwh=intensity_gco2e_per_kwh)
    return facility_energy_kwh * intensity_gco2e_per_kwh / G_PER_KG


@equation("accelerator_hours_h × hardware_kgco2e / (service_life_h × utilisation)", source="gupta-2022-act")
def embodied_kgco2e(*, accelerator_hours_h: Num, hardware_kgco2e: Num, service_life_h: Num, utilisation: Num) -> Num:
    r"""Return a run's share of the emissions of making the hardware, by hours of its useful service life.

    .. math:: G = H \frac{M}{L \, u}

    Args:
        accelerator_hours_h: Accelerator-hours of the run. [h]
        hardware_kgco2e: Emissions of making one accelerator and its share of the server. [kg CO2e]
        service_life_h: Time in service. [h]
        utilisation: Share of that time in which the hardware is used. [1]

    Returns:
        Embodied emissions. [kg CO2e]

    Raises:
        OutOfRangeError: an input is not positive, or *utilisation* exceeds 1.

    Example:
        >>> embodied_kgco2e(accelerator_hours_h=8766.0, hardware_kgco2e=300.0, service_life_h=4 * 8766.0, utilisation=0.75)
        100.0

    References:
        Gupta et al. 2022, *ACT: designing sustainable computer systems with an architectural carbon modeling tool*,
        ISCA, equation 1; Luccioni et al. 2022, arXiv:2211.02001, section 4.1, for utilisation.
    """
    require(above=0.0, accelerator_hours_h=accelerator_hours_h, hardware_kgco2e=hardware_kgco2e, service_life_h=service_life_h)
    require(above=0.0, at_most=1.0, utilisation=utilisation)
    return accelerator_hours_h * hardware_kgco2e / (service_life_h * utilisation)


@equation("operational_kgco2e + embodied_kgco2e", source="ghg-protocol-2015-scope-2")
def total_kgco2e(*, operational_kgco2e: Num, embodied_kgco2e: Num) -> Num:
    r"""Return operational and embodied emissions together.

    .. math:: G = G_{op} + G_{emb}

    Args:
        operational_kgco2e: Emissions of the electricity. [kg CO2e]
        embodied_kgco2e: Share of making the hardware. [kg CO2e]

    Returns:
        Emissions of the run. [kg CO2e]

    Raises:
        OutOfRangeError: an input is negative.

    Example:
        >>> total_kgco2e(operational_kgco2e=24690.0, embodied_kgco2e=11200.0)
        35890.0

    References:
        Luccioni et al. 2022, *Estimating the carbon footprint of BLOOM*, arXiv:2211.02001, table 3, for the sum.
    """
    require(at_least=0.0, operational_kgco2e=operational_kgco2e, embodied_kgco2e=embodied_kgco2e)
    return operational_kgco2e + embodied_kgco2e


@equation("direct_gco2e_per_kwh × upstream_factor + plants_gco2e_per_kwh", source="fit-tables")
def lifecycle_gco2e_per_kwh(*, direct_gco2e_per_kwh: Num, upstream_factor: Num, plants_gco2e_per_kwh: Num) -> Num:
    r"""Return the lifecycle intensity of a grid of which only the direct one is known.

    Supplying fuel adds in proportion to what is burnt, building plants adds a constant. It holds for grids of 10 to 650 g/kWh.

    .. math:: I_{lifecycle} = f \, I_{direct} + c

    Args:
        direct_gco2e_per_kwh: Emissions at the stacks. [g CO2e/kWh]
        upstream_factor: Fuel burnt and supplied over fuel burnt. [1]
        plants_gco2e_per_kwh: Emissions of building plants. [g CO2e/kWh]

    Returns:
        Lifecycle intensity. [g CO2e/kWh]

    Raises:
        OutOfRangeError: an input is negative, or *upstream_factor* is below 1.

    Example:
        >>> round(lifecycle_gco2e_per_kwh(direct_gco2e_per_kwh=100.0, upstream_factor=1.31, plants_gco2e_per_kwh=13.0))
        144

    References:
        Fitted to 31 grids: Google's direct figures of its regions and Our World in Data's lifecycle figures of their countries.
    """
    require(at_least=0.0, direct_gco2e_per_kwh=direct_gco2e_per_kwh, plants_gco2e_per_kwh=plants_gco2e_per_kwh)
    require(at_least=1.0, upstream_factor=upstream_factor)
    return direct_gco2e_per_kwh * upstream_factor + plants_gco2e_per_kwh


@equation("max(lifecycle_gco2e_per_kwh - plants_gco2e_per_kwh, 0) / upstream_factor", source="fit-tables")
def direct_gco2e_per_kwh(*, lifecycle_gco2e_per_kwh: Num, upstream_factor: Num, plants_gco2e_per_kwh: Num) -> Num:
    r"""Return the direct intensity of a grid of which only the lifecycle one is known, the inverse of :func:`lifecycle_gco2e_per_kwh`.

    .. math:: I_{direct} = \max(I_{lifecycle} - c, 0) / f

    Args:
        lifecycle_gco2e_per_kwh: Emissions with fuel supply and plants. [g CO2e/kWh]
        upstream_factor: Fuel burnt and supplied over fuel burnt. [1]
        plants_gco2e_per_kwh: Emissions of building plants. [g CO2e/kWh]

    Returns:
        Direct intensity, 0 where no more than the plants shows. [g CO2e/kWh]

    Raises:
        OutOfRangeError: an input is negative, or *upstream_factor* is below 1.

    Example:
        >>> round(direct_gco2e_per_kwh(lifecycle_gco2e_per_kwh=144.0, upstream_factor=1.31, plants_gco2e_per_kwh=13.0))
        100

    References:
        Fitted to 31 grids: Google's direct figures of its regions and Our World in Data's lifecycle figures of their countries.
    """
    require(at_least=0.0, lifecycle_gco2e_per_kwh=lifecycle_gco2e_per_kwh, plants_gco2e_per_kwh=plants_gco2e_per_kwh)
    require(at_least=1.0, upstream_factor=upstream_factor)
    burnt = lifecycle_gco2e_per_kwh - plants_gco2e_per_kwh
    return where(median_of(burnt) < 0.0, 0.0, burnt) / upstream_factor
