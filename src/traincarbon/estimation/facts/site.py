"""What the place brings into an estimate: the facility, its grid and the price of its electricity."""

from math import hypot

from traincarbon.database.find import Place
from traincarbon.database.load import Database
from traincarbon.database.records import Row
from traincarbon.database.select import nearest, prior, sigma_of, year_of
from traincarbon.errors import PlanError
from traincarbon.estimation.facts.types import Facts
from traincarbon.estimation.plan import Plan
from traincarbon.uncertain import Uncertain

_OLD_YEARS = 2
_SCALED_SIGMA = 0.1
"""Log-spread that comes on top where a state's lifecycle intensity is scaled from its direct one."""


def add_facility(setting: Facts, database: Database, start: str | None) -> None:
    """Note PUE and water of the region, else of its operator's fleet, else of the range of facilities."""
    region = setting.place.region if setting.place is not None else None
    operator = region["provider"] if region is not None else setting.hardware.keys.get("operator", "")
    rows = database.rows("facilities", operator) if operator else ()
    own = [row for row in rows if region is not None and row["scope"] == region["name"]]
    fleet = [row for row in rows if row["scope"] == "fleet"]
    for name, column, unit in (("pue", "pue", ""), ("wue_l_per_kwh", "wue_l_per_kwh", "L/kWh")):
        for found, where in ((own, f"{operator} {region['name'] if region is not None else ''}"), (fleet, f"{operator}'s fleet")):
            row = nearest((row for row in found if row[column]), start)
            if row is not None:
                sigma = sigma_of(database, name, "scope=region" if found is own else "scope=fleet")
                figure = float(row[column])
                setting.add(name, Uncertain(figure, {name: sigma}) if figure else 0.0, unit, f"{where}, {row['year']}", row, assumed=found is fleet)
                break
        else:
            where = "no region named" if setting.place is None else f"no figure for {setting.place.name}"
            setting.add_prior(database, name, "scope=*", unit, f"{where}: from hyperscale fleets to the average of the industry")
    zone = setting.place.zone.partition("-")[0] if setting.place is not None else ""
    scope = f"zone={zone}" if prior(database, "grid_water_l_per_kwh", f"zone={zone}") else "zone=*"
    setting.add_prior(database, "grid_water_l_per_kwh", scope, "L/kWh", "water consumed in making electricity")


def add_intensity(setting: Facts, database: Database, plan: Plan) -> None:
    """Note the grid's intensity and the price of electricity of the place, else the world's range.

    Raises:
        PlanError: the place has no intensity on the basis asked for.
    """
    place = setting.place
    if place is None:
        reason = "no region named: the range of grids on which clouds run"
        setting.add_prior(database, "carbon_intensity", "scope=world", "g/kWh", reason)
    else:
        _add_grid(setting, database, place, plan)
    quoted = nearest(database.rows("electricity", place.zone), plan.start) if place is not None else None
    if quoted is not None and place is not None:
        price = Uncertain(float(quoted["price_usd_per_kwh"]), {"electricity_price": sigma_of(database, "electricity_price", "scope=zone")})
        setting.add("electricity_price", price, "$/kWh", f"{quoted['sector']} price of {place.name}, {quoted['year']}", quoted)
    else:
        setting.add_prior(
            database,
            "electricity_price",
            "scope=world",
            "$/kWh",
            "industrial prices of the world" if place is None else f"no price of {place.name} is known",
        )


def _add_grid(setting: Facts, database: Database, place: Place, plan: Plan) -> None:
    rows = database.rows("grid", place.zone)
    basis = plan.basis or "lifecycle"
    own = [row for row in database.rows("grid", place.id) if row["basis"] == basis]
    row = nearest(own or [row for row in rows if row["basis"] == basis], plan.start)
    sigma = sigma_of(database, "carbon_intensity", "scope=zone")
    if row is not None:
        value = Uncertain(float(row["intensity_gco2e_per_kwh"]), {"carbon_intensity": sigma})
        setting.add("carbon_intensity", value, "g/kWh", f"{place.name}, {row['year']}, {basis}, {row['boundary']}", row)
        _warn_if_old(setting, place, row, plan.start)
        return
    direct = nearest((row for row in rows if row["basis"] == "direct"), plan.start)
    country = database.rows("grid", place.zone.partition("-")[0])
    same_year = nearest((row for row in country if row["basis"] == "direct"), direct["year"] if direct is not None else None)
    then = nearest((row for row in country if row["basis"] == "lifecycle"), plan.start)
    if basis != "lifecycle" or direct is None or same_year is None or then is None or same_year is direct:
        if plan.carbon_intensity is not None:
            return
        known = sorted({row["basis"] for row in rows})
        raise PlanError(f"no {basis} intensity of {place.name} is known", hint=f"known is {' and '.join(known)}" if known else "give carbon_intensity")
    ratio = float(then["intensity_gco2e_per_kwh"]) / float(same_year["intensity_gco2e_per_kwh"])
    value = Uncertain(float(direct["intensity_gco2e_per_kwh"]) * ratio, {"carbon_intensity": hypot(sigma, _SCALED_SIGMA)})
    reason = f"{place.name}, {direct['year']}, direct, × {ratio:.2f}: its country's lifecycle of {then['year']} over direct of {same_year['year']}"
    setting.add("carbon_intensity", value, "g/kWh", reason, direct, assumed=True)
    _warn_if_old(setting, place, then, plan.start)


def _warn_if_old(setting: Facts, place: Place, row: Row, start: str | None) -> None:
    if start is not None and abs(int(row["year"]) - year_of(start)) >= _OLD_YEARS:
        setting.warnings.append(f"the intensity of {place.name} is that of {row['year']}: none is known for {start}")
