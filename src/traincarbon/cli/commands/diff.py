"""``carbon diff``: what a change of plans costs, for a pull request."""

import tempfile
from collections.abc import Sequence
from os import path
from typing import TYPE_CHECKING

import click

from traincarbon.cli import output
from traincarbon.cli.options import common_options, database, level_option, money_option
from traincarbon.errors import CarbonError
from traincarbon.estimation.plan import Plan
from traincarbon.explore.change_limits import limits_of
from traincarbon.explore.plan_changes import Plans, diff

if TYPE_CHECKING:
    from traincarbon.explore.change_limits import Limit


@click.command("diff")
@click.argument("base", metavar="BASE")
@click.argument("head", metavar="HEAD")
@click.argument("plan_files", metavar="[PLAN.toml]…", nargs=-1)
@click.option("--fail-above", metavar="LIMIT[,LIMIT…]", help="Exit with 1 if the total rises by more: usd=10%,kgco2e=500; also kwh and hours.")
@click.option("--markdown", is_flag=True, help="Print a comment for a pull request.")
@money_option
@level_option
@common_options
def command(
    *,
    base: str,
    head: str,
    plan_files: tuple[str, ...],
    fail_above: str | None,
    markdown: bool,
    money: str | None,
    level: float,
    as_json: bool,
    quiet: bool,
    db: str | None,
) -> None:
    """Tell what a change of plans costs: dollars, energy, CO2e and time, before and after.

    BASE and HEAD are two plans, or two revisions of the Git repository here. Of revisions,
    every plan that differs is compared, or those that you name. What both plans do not know
    in the same way is cancelled; a change that the rest does not tell from none is said to
    be within uncertainty.

    The differences are for who reviews the change. Report the numbers of a whole plan to others: carbon disclose PLAN.

    \b
    carbon diff before.toml after.toml
    carbon diff main HEAD
    carbon diff main HEAD plans/large.toml --markdown --fail-above usd=10%,kgco2e=10%
    """  # noqa: D301  click reads the escape
    from traincarbon.cli.screens import changes

    limits = () if fail_above is None else limits_of(fail_above)
    with tempfile.TemporaryDirectory(prefix="carbon-diff-") as folder:
        before, after = _plans(base, head, plan_files, folder)
        found = diff(before, after, base=base, head=head, money=money, limits=limits, database=database(db), level=level)
    if as_json:
        click.echo(output.as_json(found.to_dict()))
    else:
        click.echo(changes.markdown(found) if markdown else changes.screen(found))
    if not quiet:
        for each in found.failed:
            click.echo(f"warning: {output.clean(f'{each.plan}: {each.reason}')}", err=True)
    _judge(found.exceeded, found.unknown, [each.plan for each in found.failed] if limits else [])


def _plans(base: str, head: str, names: Sequence[str], folder: str) -> tuple[Plans, Plans]:
    """Return the plans before and after: of two files, else of two revisions."""
    if path.isfile(base) and path.isfile(head):
        if names:
            raise CarbonError("two plans and more files", hint="name two plans, or two revisions and then plans")
        return {path.basename(head): Plan.read(base)}, {path.basename(head): Plan.read(head)}
    from traincarbon.explore.revisions import plans_between

    before, after = plans_between(base, head, names, folder=folder)
    return before, after


def _judge(exceeded: "Sequence[Limit]", unknown: "Sequence[Limit]", failed: Sequence[str]) -> None:
    """Raise an error where a limit is exceeded, or cannot be judged."""
    if exceeded:
        raise CarbonError(f"the plans rise above {output.listed([str(limit) for limit in exceeded])}", hint="change the plans, or raise --fail-above")
    if failed:
        raise CarbonError(f"{output.clean(failed[0])} cannot be estimated, so that the limits cannot be judged", hint="mend the plan")
    if unknown:
        raise CarbonError(
            f"{output.listed([str(limit) for limit in unknown])} cannot be judged: a plan does not give it",
            hint="state what is missing: carbon estimate PLAN.toml",
        )
