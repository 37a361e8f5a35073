"""The cost of a run: rent by the hour, or ownership with electricity and upkeep, and the purchase price of the cluster."""

from traincarbon.formulas.equation import equation, kept_for_the_same, require
from traincarbon.quantities import H_PER_YEAR
from traincarbon.uncertain import Num, median_of


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


@equation("value_retained ^ service_life", source="definition")
def resale_share(*, value_retained: Num, service_life: Num) -> Num:
    r"""Return the share of its price that hardware is sold for at the end of its service life.

    .. math:: r = v^{a}

    Args:
        value_retained: Share of its price that hardware keeps in a year. [1]
        service_life: Time in service. [years]

    Returns:
        Price at the end over the price at the start. [1]

    Raises:
        OutOfRangeError: an input is not positive, or *value_retained* exceeds 1.

    Example:
        >>> round(resale_share(value_retained=0.8, service_life=4.0), 4)
        0.4096
    """
    require(above=0.0, at_most=1.0, value_retained=value_retained)
    require(above=0.0, service_life=service_life)
    share: Num = value_retained ** median_of(service_life)
    return share


@equation(
    "electricity_usd + accelerator_hours_h / utilisation × accelerator_purchase_usd × ((1 - resale_share + disposal_share) / service_life_h"
    " + (support_share + staff_share + spares_share + capital_share × (1 + resale_share) / 2) / 8766)"
    " + it_energy_kwh / utilisation × colocation_usd_per_kw_month × 12 / 8766",
    source="definition",
)
def tco_usd(
    *,
    electricity_usd: Num,
    accelerator_hours_h: Num,
    utilisation: Num,
    accelerator_purchase_usd: Num,
    service_life_h: Num,
    resale_share: Num,
    support_share: Num,
    staff_share: Num,
    spares_share: Num,
    capital_share: Num,
    disposal_share: Num,
    it_energy_kwh: Num,
    colocation_usd_per_kw_month: Num,
) -> Num:
    r"""Return the total cost of ownership of a run: hardware less its resale, electricity, building, support, staff, spare parts, capital and disposal.

    What goes on while the hardware is idle is paid by the hours in which it is used.
    Capital is paid for the mean of the price at the start and at the end of the service life.
    The building is rented for the mean power of servers and network.

    .. math:: T = K_{el} + \frac{H k}{u} \left( \frac{1 - r + d}{L} + \frac{s + f + p + c (1 + r) / 2}{8766} \right) + \frac{12 \, E b}{8766 \, u}

    Args:
        electricity_usd: The run's electricity. [$]
        accelerator_hours_h: Accelerator-hours of the run. [h]
        utilisation: Share of its service life in which the hardware is used. [1]
        accelerator_purchase_usd: Price of one accelerator with server and network. [$]
        service_life_h: Time in service. [h]
        resale_share: Price at the end of the service life over the price at the start. [1]
        support_share: Support and maintenance contracts in a year, over the price. [1]
        staff_share: People who run the cluster in a year, over the price. [1]
        spares_share: Spare parts in a year, over the price. [1]
        capital_share: Interest, or what the capital would earn elsewhere, in a year. [1]
        disposal_share: Taking the hardware down at the end, over the price. [1]
        it_energy_kwh: Energy of servers and network in the run. [kWh]
        colocation_usd_per_kw_month: Rent of a building with power and cooling, without the electricity, for a kW and month. [$]

    Returns:
        Total cost of ownership of the run. [$]

    Raises:
        OutOfRangeError: an input is negative, *utilisation* or *service_life_h* is not positive, or *resale_share* exceeds 1.

    Example:
        >>> cost = {"electricity_usd": 500.0, "accelerator_hours_h": 8766.0, "utilisation": 1.0, "accelerator_purchase_usd": 10e3, "service_life_h": 4 * 8766.0}
        >>> shares = {"resale_share": 0.4, "support_share": 0.05, "staff_share": 0.03, "spares_share": 0.02, "capital_share": 0.1, "disposal_share": 0.04}
        >>> power = {"it_energy_kwh": 8766.0, "colocation_usd_per_kw_month": 100.0}
        >>> round(tco_usd(**cost, **shares, **power))  # 500 + 10,000 × (0.64 / 4 + 0.17) + 1 kW × 12 × 100
        5000
    """
    require(at_least=0.0, electricity_usd=electricity_usd, accelerator_hours_h=accelerator_hours_h)
    hardware_usd_per_h = _hardware_usd_per_h(
        accelerator_purchase_usd, service_life_h, resale_share, support_share, staff_share, spares_share, capital_share, disposal_share
    )
    require(above=0.0, at_most=1.0, utilisation=utilisation)
    require(at_least=0.0, it_energy_kwh=it_energy_kwh, colocation_usd_per_kw_month=colocation_usd_per_kw_month)
    building_usd = it_energy_kwh / utilisation * colocation_usd_per_kw_month * (12.0 / H_PER_YEAR)
    return electricity_usd + accelerator_hours_h / utilisation * hardware_usd_per_h + building_usd


@kept_for_the_same
def _hardware_usd_per_h(
    accelerator_purchase_usd: Num,
    service_life_h: Num,
    resale_share: Num,
    support_share: Num,
    staff_share: Num,
    spares_share: Num,
    capital_share: Num,
    disposal_share: Num,
) -> Num:
    """Return what an accelerator costs in an hour of its service life, without electricity and building. [$/h]."""
    require(at_least=0.0, accelerator_purchase_usd=accelerator_purchase_usd)
    require(above=0.0, service_life_h=service_life_h)
    require(at_least=0.0, at_most=1.0, resale_share=resale_share)
    require(at_least=0.0, support_share=support_share, staff_share=staff_share, spares_share=spares_share)
    require(at_least=0.0, capital_share=capital_share, disposal_share=disposal_share)
    a_year = support_share + staff_share + spares_share + capital_share * (1.0 + resale_share) / 2.0
    return accelerator_purchase_usd * ((1.0 - resale_share + disposal_share) / service_life_h + a_year / H_PER_YEAR)
