"""The cost of a run: rent by the hour, or ownership with electricity and upkeep, and the purchase price of the cluster."""

from traincarbon.formulas.equation import equation, require
from traincarbon.quantities import H_PER_YEAR
from traincarbon.uncertain import Num


@equation("accelerator_hours_h × rent_usd_per_h × (1 - discount)", source="definition")
def rent_usd(*, accelerator_hours_h: Num, rent_usd_per_h: Num, discount: Num = 0.0) -> Num:
    r"""Return the price of renting the accelerator-hours.

    .. math:: K = H \, k \, (1 - d)

    Args:
        accelerator_hours_h: Accelerator-hours of the run. [h]
        rent_usd_per_h: Price of one accelerator for an hour, its share of the instance included. [$/h]
        discount: Share of the price that a contract takes off. [1]

    Returns:
        Rent. [$]

    Raises:
        OutOfRangeError: an input is negative, or *discount* exceeds 1.

    Example:
        >>> rent_usd(accelerator_hours_h=1000.0, rent_usd_per_h=2.5)
        2500.0
    """
    require(at_least=0.0, accelerator_hours_h=accelerator_hours_h, rent_usd_per_h=rent_usd_per_h)
    require(at_least=0.0, at_most=1.0, discount=discount)
    return accelerator_hours_h * rent_usd_per_h * (1.0 - discount)


@equation("facility_energy_kwh × electricity_usd_per_kwh", source="definition")
def electricity_usd(*, facility_energy_kwh: Num, electricity_usd_per_kwh: Num) -> Num:
    r"""Return the price of the electricity at the facility's meter.

    .. math:: K = E \, e

    Args:
        facility_energy_kwh: Energy of the facility. [kWh]
        electricity_usd_per_kwh: Price of electricity. [$/kWh]

    Returns:
        Cost of electricity. [$]

    Raises:
        OutOfRangeError: an input is negative.

    Example:
        >>> electricity_usd(facility_energy_kwh=1000.0, electricity_usd_per_kwh=0.08)
        80.0
    """
    require(at_least=0.0, facility_energy_kwh=facility_energy_kwh, electricity_usd_per_kwh=electricity_usd_per_kwh)
    return facility_energy_kwh * electricity_usd_per_kwh


@equation("service_life × 8766", source="definition")
def service_life_h(*, service_life: Num) -> Num:
    r"""Return the hours that hardware stays in service.

    .. math:: L = 8766 \, a

    Args:
        service_life: Time in service. [years]

    Returns:
        Time in service, in years of 365.25 days. [h]

    Raises:
        OutOfRangeError: *service_life* is not positive.

    Example:
        >>> service_life_h(service_life=4.0)
        35064.0
    """
    require(above=0.0, service_life=service_life)
    return service_life * H_PER_YEAR


@equation("server_usd / accelerator_count / (1 - interconnect_share)", source="cottier-2024-cost")
def accelerator_purchase_usd(*, server_usd: Num, accelerator_count: Num, interconnect_share: Num) -> Num:
    r"""Return the purchase price of one accelerator with its share of the server and of the cluster's network.

    .. math:: K = \frac{S}{n \, (1 - i)}

    Args:
        server_usd: Price of a whole server. [$]
        accelerator_count: Accelerators in it. [1]
        interconnect_share: Share of the cluster's price that is network between servers. [1]

    Returns:
        Price for each accelerator. [$]

    Raises:
        OutOfRangeError: a price or count is not positive, or *interconnect_share* is outside 0 to 0.9.

    Example:
        >>> accelerator_purchase_usd(server_usd=160e3, accelerator_count=8.0, interconnect_share=0.2)
        25000.0

    References:
        Cottier et al. 2024, *The rising costs of training frontier AI models*, arXiv:2405.21015, appendix A.
    """
    require(above=0.0, server_usd=server_usd, accelerator_count=accelerator_count)
    require(at_least=0.0, at_most=0.9, interconnect_share=interconnect_share)
    return server_usd / (accelerator_count * (1.0 - interconnect_share))


@equation("accelerators × accelerator_purchase_usd", source="cottier-2024-cost")
def purchase_usd(*, accelerators: Num, accelerator_purchase_usd: Num) -> Num:
    r"""Return the price of buying the whole cluster.

    .. math:: K = n \, k

    Args:
        accelerators: Accelerators in the cluster. [1]
        accelerator_purchase_usd: Price for each, with server and network. [$]

    Returns:
        Price of the cluster. [$]

    Raises:
        OutOfRangeError: an input is not positive.

    Example:
        >>> purchase_usd(accelerators=4480.0, accelerator_purchase_usd=25000.0)
        112000000.0

    References:
        Cottier et al. 2024, *The rising costs of training frontier AI models*, arXiv:2405.21015, section 2: acquisition cost.
    """
    require(above=0.0, accelerators=accelerators, accelerator_purchase_usd=accelerator_purchase_usd)
    return accelerators * accelerator_purchase_usd


@equation("accelerator_hours_h × accelerator_purchase_usd / (service_life_h × utilisation) + electricity_usd", source="cottier-2024-cost")
def own_usd(*, accelerator_hours_h: Num, accelerator_purchase_usd: Num, service_life_h: Num, utilisation: Num, electricity_usd: Num) -> Num:
    r"""Return the cost of ownership of a run: its share of the purchase by useful hours, and the electricity.

    It leaves out staff, building and maintenance, which :func:`tco_usd` adds.

    .. math:: K = H \frac{k}{L \, u} + K_{el}

    Args:
        accelerator_hours_h: Accelerator-hours of the run. [h]
        accelerator_purchase_usd: Price of one accelerator with server and network. [$]
        service_life_h: Time in service. [h]
        utilisation: Share of that time in which the hardware is used. [1]
        electricity_usd: Cost of the run's electricity. [$]

    Returns:
        Cost of ownership for the run. [$]

    Raises:
        OutOfRangeError: an input is not positive, *utilisation* exceeds 1, or *electricity_usd* is negative.

    Example:
        >>> own_usd(accelerator_hours_h=8766.0, accelerator_purchase_usd=30e3, service_life_h=4 * 8766.0, utilisation=0.75, electricity_usd=500.0)
        10500.0

    References:
        Cottier et al. 2024, *The rising costs of training frontier AI models*, arXiv:2405.21015, section 2, with
        linear instead of exponential depreciation.
    """
    require(above=0.0, accelerator_hours_h=accelerator_hours_h, accelerator_purchase_usd=accelerator_purchase_usd, service_life_h=service_life_h)
    require(above=0.0, at_most=1.0, utilisation=utilisation)
    require(at_least=0.0, electricity_usd=electricity_usd)
    return accelerator_hours_h * accelerator_purchase_usd / (service_life_h * utilisation) + electricity_usd


@equation(
    "own_usd + accelerator_hours_h / utilisation × (accelerator_purchase_usd × ((support_share + staff_share + spares_share + capital_share / 2) / 8766"
    " + disposal_share / service_life_h) + (accelerator_power_w + host_power_w) × (1 + network_share) / 1000 × colocation_usd_per_kw_month × 12 / 8766)",
    source="definition",
)
def tco_usd(
    *,
    own_usd: Num,
    accelerator_hours_h: Num,
    utilisation: Num,
    accelerator_purchase_usd: Num,
    service_life_h: Num,
    support_share: Num,
    staff_share: Num,
    spares_share: Num,
    capital_share: Num,
    disposal_share: Num,
    accelerator_power_w: Num,
    host_power_w: Num,
    network_share: Num,
    colocation_usd_per_kw_month: Num,
) -> Num:
    r"""Return the total cost of ownership of a run: hardware and electricity, and the building, support, staff, spare parts, capital and disposal.

    What goes on while the hardware is idle is paid by the hours in which it is used.
    Capital is paid for half the price on average, as the value falls to nothing over the service life.

    .. math:: T = K + \frac{H}{u} \left( k \left( \frac{s + f + p + c / 2}{8766} + \frac{d}{L} \right) + \frac{12 \, W b}{8766} \right)

    Args:
        own_usd: The run's share of the purchase, and its electricity. [$]
        accelerator_hours_h: Accelerator-hours of the run. [h]
        utilisation: Share of its service life in which the hardware is used. [1]
        accelerator_purchase_usd: Price of one accelerator with server and network. [$]
        service_life_h: Time in service. [h]
        support_share: Support and maintenance contracts in a year, over the price. [1]
        staff_share: People who run the cluster in a year, over the price. [1]
        spares_share: Spare parts in a year, over the price. [1]
        capital_share: Interest, or what the capital would earn elsewhere, in a year. [1]
        disposal_share: Taking the hardware down at the end, over the price. [1]
        accelerator_power_w: Mean power of an accelerator. [W]
        host_power_w: Mean power of its share of the rest of the server. [W]
        network_share: Power of the network over that of the servers. [1]
        colocation_usd_per_kw_month: Rent of a building with power and cooling, without the electricity, for a kW and month. [$]

    Returns:
        Total cost of ownership of the run. [$]

    Raises:
        OutOfRangeError: an input is negative, or *utilisation* or *service_life_h* is not positive.

    Example:
        >>> cost = {"own_usd": 1000.0, "accelerator_hours_h": 8766.0, "utilisation": 1.0, "accelerator_purchase_usd": 10e3, "service_life_h": 4 * 8766.0}
        >>> shares = {"support_share": 0.05, "staff_share": 0.03, "spares_share": 0.02, "capital_share": 0.1, "disposal_share": 0.04}
        >>> power = {"accelerator_power_w": 600.0, "host_power_w": 400.0, "network_share": 0.0, "colocation_usd_per_kw_month": 100.0}
        >>> round(tco_usd(**cost, **shares, **power))  # 1,000 + 10,000 × (0.15 + 0.01) + 1 kW × 12 × 100
        3800
    """
    require(at_least=0.0, own_usd=own_usd, accelerator_hours_h=accelerator_hours_h, accelerator_purchase_usd=accelerator_purchase_usd)
    require(above=0.0, service_life_h=service_life_h)
    require(above=0.0, at_most=1.0, utilisation=utilisation)
    require(at_least=0.0, support_share=support_share, staff_share=staff_share, spares_share=spares_share)
    require(at_least=0.0, capital_share=capital_share, disposal_share=disposal_share, colocation_usd_per_kw_month=colocation_usd_per_kw_month)
    a_year = support_share + staff_share + spares_share + capital_share / 2.0
    upkeep_usd_per_h = accelerator_purchase_usd * (a_year / H_PER_YEAR + disposal_share / service_life_h)
    power_kw = (accelerator_power_w + host_power_w) * (1.0 + network_share) / 1000.0
    building_usd_per_h = power_kw * colocation_usd_per_kw_month * (12.0 / H_PER_YEAR)
    return own_usd + accelerator_hours_h / utilisation * (upkeep_usd_per_h + building_usd_per_h)
