"""``carbon runs hours``: a run by hour and zone."""

from typing import TYPE_CHECKING

import click

from traincarbon.cli import output
from traincarbon.cli.choice import Choice
from traincarbon.cli.options import FILE, database, ledger_options
from traincarbon.grid.services.table import SERVICES

if TYPE_CHECKING:
    from traincarbon.disclosure.by_hour import HourEmissions, RunByHour

_HEAD = ("hour (UTC)", "zone", "IT energy", "facility", "intensity", "of the", "CO2e")
_SHOWN = 48


@click.command("hours", short_help="Show a run by hour: energy, zone, carbon intensity.")
@click.argument("id", default="last")
@click.option("--live", is_flag=True, help="Ask services of carbon intensities; without it nothing touches the network.")
@click.option("--basis", type=Choice(("lifecycle", "direct")), help="What the intensities count.  [default: as the record]")
@click.option("--service", type=Choice(tuple(SERVICES)), help="Ask this service alone.")
@click.option("--grid-zone", default="", metavar="ZONE", help="What that service calls the zone of the run.")
@click.option("--csv", "as_csv", is_flag=True, help="Print all hours as CSV.")
@click.option("--db", metavar="DIR", type=FILE, help="Folder of your own facts, used before the built-in ones.")
@ledger_options
def hours_command(
    *, id: str, live: bool, basis: str | None, service: str | None, grid_zone: str, as_csv: bool, db: str | None, store: str | None, as_json: bool, quiet: bool
) -> None:
    """Show the energy of a run by hour and zone, and the emissions of its electricity. The hours add up to the run exactly.

    Report energy and direct emissions by hour and zone to a sustainability team, for Scope 2; all others take the total: carbon disclose.

    The intensity is that of the year, as the record states it. With --live, services are asked for that of each hour, now or long after the run;
    answers are kept, and what no service knows keeps the year's figure. Tokens come from the environment:

    \b
    electricity-maps     $ELECTRICITYMAPS_TOKEN
    gb-carbon-intensity  no token; Great Britain, direct emissions
    entsoe               $ENTSOE_TOKEN; Europe, from generation by type
    eia                  $EIA_API_KEY; USA, from generation by fuel
    watttime             $WATTTIME_USER and $WATTTIME_PASSWORD; direct

    \b
    carbon runs hours last
    carbon runs hours last --live --csv
    """  # noqa: D301  click reads the escape
    from traincarbon import runs
    from traincarbon.disclosure.by_hour import run_by_hour

    record = runs.load(id, store=store, progress=output.teller(quiet=quiet))
    found = run_by_hour(record, live=live, basis=basis, service=service, grid_zone=grid_zone, database=database(db) if live else None)
    if as_json:
        click.echo(output.as_json(found.to_dict()))
    elif as_csv:
        click.echo(_csv(found), nl=False)
    elif found.hours:
        click.echo(_table(found))
    if not quiet:
        for note in found.notes:
            click.echo(f"note: {output.clean(note)}", err=True)


def _table(found: "RunByHour") -> str:
    rows = [_HEAD, *map(_row, found.hours[:_SHOWN])]
    lines = [output.fitting_table(rows, right=(2, 3, 4, 6), drop=(5, 3))]
    if len(found.hours) > _SHOWN:
        lines.append(output.dim(f"and {len(found.hours) - _SHOWN:,} more hours; --csv prints all"))
    total = [_amount(found.total(name), unit) for name, unit in (("it_energy_kwh", "kWh"), ("facility_energy_kwh", "kWh"), ("kgco2e", "kg CO2e"))]
    counted = f"{found.basis} emissions" if found.basis else "emissions"
    lines.append(
        output.wrapped(output.counted(len(found.hours), "hour"), f"{total[0]} of IT, {total[1]} in the facility; {counted} of the electricity {total[2]}")
    )
    if found.services:
        lines.append(output.wrapped("Services", output.clean("; ".join(found.services))))
    return "\n".join(lines)


def _row(each: "HourEmissions") -> tuple[str, ...]:
    intensity = "–" if each.intensity_gco2e_per_kwh is None else f"{output.significant(each.intensity_gco2e_per_kwh, 3)} g/kWh"
    energies = (_amount(each.it_energy_kwh, "kWh"), _amount(each.facility_energy_kwh, "kWh"))
    return (each.hour[:16].replace("T", " "), output.clean(each.zone) or "–", *energies, intensity, each.intensity_from or "–", _amount(each.kgco2e, "kg CO2e"))


def _amount(value: float | None, unit: str) -> str:
    return "–" if value is None else output.amount(value, unit)


def _csv(found: "RunByHour") -> str:
    import csv
    import io

    from traincarbon.disclosure.by_hour import HourEmissions
    from traincarbon.ledger.exchange import cell_of

    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(HourEmissions._fields)
    writer.writerows([cell_of(None if value is None else value) for value in each] for each in found.hours)
    return stream.getvalue()
