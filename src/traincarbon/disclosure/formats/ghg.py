"""The GHG Protocol: a table of emissions and energy by scope and category, with the lines of ESRS E1 and SB 253 that they belong to."""

import csv
import io
from itertools import chain

from traincarbon.disclosure.disclosure import Disclosure
from traincarbon.disclosure.statement import INTENSITY_OF_HOURS, Statement
from traincarbon.formatting import amount
from traincarbon.quantities import G_PER_KG

_OF_AN_HOUR = ("hour", "zone", "gco2e_per_kwh", "intensity_from", "hour_kgco2e")
"""Columns that lines of hours alone have."""
_COLUMNS = (
    *("subject", "tenure", "scope", "category", "method", "what", "unit", "low", "median", "high", "level", "counted", "reported_in", "note"),
    *_OF_AN_HOUR,
)


_TOTAL_UNIT = "kg CO2e, total"
"""A unit of its own, so that a sum over the lines in kg CO2e does not count it again."""
_IN_TOTAL = {
    "lifecycle": "electricity, direct and upstream, location-based; and making the hardware",
    "direct": "electricity, direct alone, location-based; and making the hardware",
    "": "electricity, as its stated intensity counts it; and making the hardware",
}
"""What is in the total, by what the emissions of the electricity count."""


def write(disclosure: Disclosure) -> dict[str, str]:
    """Return ``ghg.csv``: a line for each scope of each subject, by who owns the hardware; an amount that is not known is empty, with the reason.

    The last lines are the hours of runs that know them: the energy of each hour and zone, with its intensity and emissions.
    """
    stream = io.StringIO()
    writer = csv.DictWriter(stream, _COLUMNS, lineterminator="\n", restval="")
    writer.writeheader()
    for row in (*chain.from_iterable(map(_rows, disclosure.statements)), *chain.from_iterable(map(_hours, disclosure.statements))):
        writer.writerow({name: _safe(value) for name, value in row.items()})
    return {"ghg.csv": stream.getvalue()}


def _hours(statement: Statement) -> list[dict[str, str]]:
    by_hour = statement.by_hour
    lines = []
    for each in () if by_hour is None else by_hour.hours:
        energy = "" if each.facility_energy_kwh is None else repr(each.facility_energy_kwh)
        basis = f"{by_hour.basis} emissions" if by_hour is not None and by_hour.basis else ""
        line = _row(statement, "", "", basis, "energy of the facility in an hour", "facility_energy_kwh", "")
        amounts = (
            "" if each.intensity_gco2e_per_kwh is None else repr(each.intensity_gco2e_per_kwh),
            each.intensity_from or "",
            "" if each.kgco2e is None else repr(each.kgco2e),
        )
        lines.append({**line, "low": "", "median": energy, "high": "", "note": "", **dict(zip(_OF_AN_HOUR, (each.hour, each.zone, *amounts), strict=True))})
    return lines


def _rows(statement: Statement) -> list[dict[str, str]]:
    rented = statement.is_rented
    bought = "3.1 purchased services of the tenant"
    second = ("3", bought) if rented else ("2", "")
    upstream = ("3", bought) if rented else ("3", "3.3 fuel- and energy-related activities")
    making = ("3", bought) if rented else ("3", "3.2 capital goods")
    lines = [
        _row(statement, *second, "location-based", "direct emissions of the electricity", "scope2_location_kgco2e", "ESRS E1-6; SB 253"),
        _row(statement, *second, "market-based", "direct emissions of the electricity, by contracts", "scope2_market_kgco2e", "ESRS E1-6; SB 253"),
        _row(statement, *upstream, "", "upstream of the electricity: fuels, plants, losses", "scope3_upstream_kgco2e", "ESRS E1-6; SB 253 from 2027"),
        _row(statement, *making, "", "making the hardware, the share of the run", "embodied_kgco2e", "ESRS E1-6; SB 253 from 2027"),
        {**_row(statement, "total", "", "", f"total: {_IN_TOTAL[statement.basis]}", "total_kgco2e", ""), "unit": _TOTAL_UNIT},
        _row(statement, "", "", "", "energy of the facility", "facility_energy_kwh", "ESRS E1-5"),
    ]
    if (hourly := statement.hourly_kgco2e) is not None and statement.by_hour is not None:
        is_direct = statement.by_hour.basis == "direct"
        what = (
            "direct emissions of the electricity, by the intensity of each hour" if is_direct else "emissions of the electricity, by the intensity of each hour"
        )
        scope, category = second if is_direct or rented else ("2 and 3", "")
        line = _row(statement, scope, category, "location-based, hourly", what, "operational_kgco2e", "GHG Protocol, draft of Scope 2; beside the yearly line")
        note = "; ".join(filter(None, (*statement.by_hour.services, *statement.by_hour.notes, statement.unfinished)))
        lines.insert(1, {**line, **{name: repr(bound) for name, bound in zip(("low", "median", "high"), hourly, strict=True)}, "note": note})
    if statement.result("scope2_location_kgco2e") is None:
        what = "emissions of the electricity, direct and upstream together"
        together = second if rented else ("2 and 3", "")
        lines.insert(3, _row(statement, *together, statement.basis, what, "operational_kgco2e", "ESRS E1-6; SB 253" if rented else "to be split first"))
    return lines


def _row(statement: Statement, scope: str, category: str, method: str, what: str, name: str, reported_in: str) -> dict[str, str]:
    value = statement.result(name)
    low, median, high = ("", "", "") if value is None else (f"{bound!r}" for bound in value)
    return {
        "subject": statement.subject,
        "tenure": _tenure(statement),
        "scope": scope,
        "category": category,
        "method": method,
        "what": what,
        "unit": "kWh" if name.endswith("_kwh") else "kg CO2e",
        "low": low,
        "median": median,
        "high": high,
        "level": f"{statement.level:g}",
        "counted": "estimated" if statement.is_estimate else "metered",
        "reported_in": reported_in,
        "note": "; ".join(filter(None, (_note(statement, name) if value is None else "", _note_on_hours(statement, name), statement.unfinished))),
    }


def _note_on_hours(statement: Statement, name: str) -> str:
    """Return why Scope 2 has the intensity of the year where that of each hour was asked for."""
    return statement.missing.get(INTENSITY_OF_HOURS, "") if name == "scope2_location_kgco2e" else ""


def _tenure(statement: Statement) -> str:
    if statement.is_tenure_assumed:
        return f"not stated: rented is taken, from {statement.cloud}"
    return {None: "not stated: owned is taken", True: "rented", False: "owned"}[statement.is_rented]


def _note(statement: Statement, name: str) -> str:
    """Return why an amount is not known; without a contract, with what the market figures of the place give in its place."""
    notes, energy = [statement.missing.get(name, "")], statement.result("facility_energy_kwh")
    if name == "scope2_market_kgco2e" and energy is not None:
        notes += [f"{figure.label}: {amount(energy.median * figure.gco2e_per_kwh / G_PER_KG, 'kg CO2e', digits=3)}" for figure in statement.market]
    return "; ".join(notes)


def _safe(value: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{value}" if value[:1] in ("=", "+", "-", "@", "\t", "\r") and not _is_number(value) else value


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True
