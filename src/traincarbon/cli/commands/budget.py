"""``carbon runs budget``: budgets of projects and months."""

import click

from traincarbon.budgets.budget import StartPolicy
from traincarbon.cli import output
from traincarbon.cli.choice import Choice
from traincarbon.cli.options import ledger_options
from traincarbon.cli.plotting import check_plot, plot_option, write_plot
from traincarbon.errors import CarbonError


@click.command("budget", short_help="Show and set budgets of projects and months.")
@click.argument("project", required=False)
@click.option("--month", default="", metavar="YYYY-MM", help="The month to show, or the only one of a budget.  [default: this month; every month]")
@click.option("--max-kwh", metavar="NUMBER", help="Set the energy of the facility in a month.")
@click.option("--max-usd", metavar="NUMBER", help="Set the money in a month.")
@click.option("--max-kgco2e", metavar="NUMBER", help="Set the CO2e in a month, of electricity and of making the hardware.")
@click.option("--on-budget", type=Choice([policy.value for policy in StartPolicy]), help="What to do with a run for which there is no room.  [default: warn]")
@click.option("--shared/--each", "shared", default=None, help="Whether projects that match have it together, or each for itself.  [default: each]")
@click.option("--remove", is_flag=True, help="Remove the budget of PROJECT.")
@click.option("--time-zone", metavar="ZONE", help="Set where months begin: Europe/Paris, +02:00.  [default: UTC]")
@plot_option("how each budget burned down")
@ledger_options
def budget_command(
    *,
    project: str | None,
    month: str,
    on_budget: str | None,
    shared: bool | None,
    remove: bool,
    time_zone: str | None,
    plot: str | None,
    store: str | None,
    as_json: bool,
    quiet: bool,
    **limits: str | None,
) -> None:
    """Show how far the budgets of a month are spent, or set one.

    PROJECT may be a pattern as 'vision-*'; '*' is for each project that has no budget of its own. A run is warned or refused at its start if the month
    is spent, or if it is expected to take more than what is left. Budgets stand in budgets.toml beside your own facts, or in $CARBON_BUDGET_FILE.

    \b
    carbon runs budget
    carbon runs budget vision --max-usd 5000 --on-budget refuse
    carbon runs budget '*' --max-kwh 20MWh
    """  # noqa: D301  click reads the escape
    from traincarbon import runs

    check_plot(plot)
    stated = {"max_kwh": limits["max_kwh"], "max_usd": limits["max_usd"], "max_kgco2e": limits["max_kgco2e"]}
    is_set = any(value is not None for value in (*stated.values(), on_budget, shared))
    if (is_set or remove) and project is None:
        raise CarbonError("the project of the budget is not named", hint="carbon runs budget vision --max-usd 5000, or '*' for each project")
    if is_set and remove:
        raise CarbonError("a budget cannot be set and removed at once", hint="leave out --remove, or the limits")
    file = ""
    if time_zone is not None:
        file = runs.set_time_zone(time_zone)
    if project is not None and remove:
        file = runs.remove_budget(project, month=month)
    elif project is not None and is_set:
        file = runs.set_budget(project, month=month, on_budget=on_budget, shared=shared, **stated)
    if file and not quiet:
        click.echo(f"written to {output.clean(file)}", err=True)
    found = runs.budget(None if remove else project, month=month, store=store, progress=output.teller(quiet=quiet))
    if plot is not None:
        from traincarbon.reporting.plots.budget_plots import budget_charts, budget_words

        write_plot(plot, title=f"Budgets of {found.month.name}", lead=[budget_words(found)], charts=budget_charts(found), quiet=quiet)
    if as_json:
        click.echo(output.as_json(found.to_dict()))
    else:
        from traincarbon.cli.screens.budgets import budgets_screen

        click.echo(budgets_screen(found))
