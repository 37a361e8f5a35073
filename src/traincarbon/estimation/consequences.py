"""The end of the chain: what follows from energy and hours, expected or measured, for the climate, water and money.

A tracked run walks these links alone, so that its metering process loads no formula of an estimate.
"""

from traincarbon.estimation.walk import Link
from traincarbon.formulas import carbon, cost, facility

CONSEQUENCES = (
    Link("facility_energy_kwh", facility.facility_energy_kwh, it_energy_kwh="it_energy_kwh", pue="pue"),
    Link("operational_kgco2e", carbon.operational_kgco2e, facility_energy_kwh="facility_energy_kwh", intensity_gco2e_per_kwh="carbon_intensity"),
    Link("service_life_h", cost.service_life_h, service_life="service_life"),
    Link(
        "embodied_kgco2e",
        carbon.embodied_kgco2e,
        accelerator_hours_h="accelerator_hours_h",
        service_life_h="service_life_h",
        utilisation="utilisation",
        hardware_kgco2e="hardware_kgco2e",
    ),
    Link("total_kgco2e", carbon.total_kgco2e, operational_kgco2e="operational_kgco2e", embodied_kgco2e="embodied_kgco2e"),
    Link("operational_market_kgco2e", carbon.operational_kgco2e, facility_energy_kwh="facility_energy_kwh", intensity_gco2e_per_kwh="market_intensity"),
    Link(
        "water_l",
        facility.water_l,
        it_energy_kwh="it_energy_kwh",
        facility_energy_kwh="facility_energy_kwh",
        wue_l_per_kwh="wue_l_per_kwh",
        grid_water_l_per_kwh="grid_water_l_per_kwh",
    ),
    Link("electricity_usd", cost.electricity_usd, facility_energy_kwh="facility_energy_kwh", electricity_usd_per_kwh="electricity_price"),
    Link(
        "accelerator_purchase_usd",
        cost.accelerator_purchase_usd,
        server_usd="purchase_price",
        accelerator_count="accelerator_count",
        interconnect_share="interconnect_share",
    ),
    Link("rent_usd", cost.rent_usd, accelerator_hours_h="accelerator_hours_h", rent_usd_per_h="rent_price", discount=("discount", 0.0)),
    Link(
        "own_usd",
        cost.own_usd,
        accelerator_hours_h="accelerator_hours_h",
        accelerator_purchase_usd="accelerator_purchase_usd",
        service_life_h="service_life_h",
        utilisation="utilisation",
        electricity_usd="electricity_usd",
    ),
    Link("resale_share", cost.resale_share, value_retained="value_retained", service_life="service_life"),
    Link(
        "tco_usd",
        cost.tco_usd,
        electricity_usd="electricity_usd",
        accelerator_hours_h="accelerator_hours_h",
        utilisation="utilisation",
        accelerator_purchase_usd="accelerator_purchase_usd",
        service_life_h="service_life_h",
        resale_share="resale_share",
        support_share="support_share",
        staff_share="staff_share",
        spares_share="spares_share",
        capital_share="capital_share",
        disposal_share="disposal_share",
        it_energy_kwh="it_energy_kwh",
        colocation_usd_per_kw_month="colocation_price",
    ),
    Link("purchase_usd", cost.purchase_usd, accelerators="accelerators", accelerator_purchase_usd="accelerator_purchase_usd"),
)
"""From the energy of servers and network, expected or measured, and the hours to carbon, water and money."""

SCOPES = (
    Link("scope2_location_kgco2e", carbon.operational_kgco2e, facility_energy_kwh="facility_energy_kwh", intensity_gco2e_per_kwh="direct_intensity"),
    Link("scope2_market_kgco2e", carbon.operational_kgco2e, facility_energy_kwh="facility_energy_kwh", intensity_gco2e_per_kwh="market_intensity"),
    Link("scope3_upstream_kgco2e", carbon.operational_kgco2e, facility_energy_kwh="facility_energy_kwh", intensity_gco2e_per_kwh="upstream_intensity"),
)
"""The emissions of the electricity by the scopes of the GHG Protocol, computed where they are asked for."""
