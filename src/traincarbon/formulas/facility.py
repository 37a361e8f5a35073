"""Energy and water of the facility, from the energy of its servers and network."""

from traincarbon.formulas.equation import equation, require
from traincarbon.uncertain import Num


@equation("it_energy_kwh × pue", source="iso-2016-30134-2")
def facility_energy_kwh(*, it_energy_kwh: Num, pue: Num) -> Num:
    r"""Return the energy at the meter of the facility, cooling and power conversion included.

    .. math:: E = E_{IT} \, \mathrm{PUE}

    Args:
        it_energy_kwh: Energy of servers and network. [kWh]
        pue: Power usage effectiveness, facility over IT. [1]

    Returns:
        Energy of the facility, broadcast over the inputs. [kWh]

    Raises:
        OutOfRangeError: *pue* is below 1, or the energy is negative.

    Example:
        >>> round(facility_energy_kwh(it_energy_kwh=30720.0, pue=1.1))
        33792

    References:
        ISO/IEC 30134-2:2016, *Power usage effectiveness*.
    """
    require(at_least=0.0, it_energy_kwh=it_energy_kwh)
    require(at_least=1.0, pue=pue)
    return it_energy_kwh * pue


@equation("it_energy_kwh × (accelerator_factor × accelerator_share + hours_factor × (1 - accelerator_share))", source="definition")
def scaled_it_energy_kwh(*, it_energy_kwh: Num, accelerator_factor: Num, hours_factor: Num, accelerator_share: Num) -> Num:
    r"""Return the energy of servers and network when the hours and the energy of the accelerators change.

    The rest of the servers keeps its power for as long as the run takes.

    .. math:: E' = E \, (f_{acc} \, a + f_H \, (1 - a))

    Args:
        it_energy_kwh: Energy of servers and network as it was. [kWh]
        accelerator_factor: Energy of the accelerators, new over old. [1]
        hours_factor: Hours of the run, new over old. [1]
        accelerator_share: Share a of the accelerators in the power of the servers. [1]

    Returns:
        Energy of servers and network. [kWh]

    Raises:
        OutOfRangeError: an input is negative, or *accelerator_share* exceeds 1.

    Example:
        >>> scaled_it_energy_kwh(it_energy_kwh=100.0, accelerator_factor=0.5, hours_factor=1.0, accelerator_share=0.5)
        75.0
    """
    require(at_least=0.0, it_energy_kwh=it_energy_kwh, accelerator_factor=accelerator_factor, hours_factor=hours_factor)
    require(at_least=0.0, at_most=1.0, accelerator_share=accelerator_share)
    return it_energy_kwh * (accelerator_factor * accelerator_share + hours_factor * (1.0 - accelerator_share))


@equation("it_energy_kwh × wue_l_per_kwh + facility_energy_kwh × grid_water_l_per_kwh", source="li-2023-water")
def water_l(*, it_energy_kwh: Num, facility_energy_kwh: Num, wue_l_per_kwh: Num, grid_water_l_per_kwh: Num) -> Num:
    r"""Return the water consumed, evaporated on site for cooling and off site for making the electricity.

    .. math:: W = E_{IT} \, \mathrm{WUE} + E \, w_{grid}

    Args:
        it_energy_kwh: Energy of servers and network. [kWh]
        facility_energy_kwh: Energy of the facility. [kWh]
        wue_l_per_kwh: Water usage effectiveness of the site, per kWh of IT. [L/kWh]
        grid_water_l_per_kwh: Water consumed in generation, per kWh delivered. [L/kWh]

    Returns:
        Water consumed. [L]

    Raises:
        OutOfRangeError: an input is negative.

    Example:
        >>> water_l(it_energy_kwh=1000.0, facility_energy_kwh=1200.0, wue_l_per_kwh=0.5, grid_water_l_per_kwh=3.0)
        4100.0

    References:
        Li et al. 2023, *Making AI less "thirsty"*, arXiv:2304.03271, section 3; ISO/IEC 30134-9 for WUE.
    """
    require(at_least=0.0, it_energy_kwh=it_energy_kwh, facility_energy_kwh=facility_energy_kwh)
    require(at_least=0.0, wue_l_per_kwh=wue_l_per_kwh, grid_water_l_per_kwh=grid_water_l_per_kwh)
    return it_energy_kwh * wue_l_per_kwh + facility_energy_kwh * grid_water_l_per_kwh
