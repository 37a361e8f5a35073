"""``carbon disclose``: the statements about a training that others ask for."""

from collections.abc import Mapping

import click

from traincarbon.cli import output
from traincarbon.cli.options import FILE, SHARE, common_options, database
from traincarbon.disclosure.formats.table import FORMATS


@click.command("disclose")
@click.argument("items", nargs=-1, metavar="[RUN | PLAN.toml | ESTIMATE.json]…")
@click.option("--as", "formats", multiple=True, metavar="FORMAT[,FORMAT…]", help=f"What to write: {', '.join(FORMATS)}.  [default: all]")
@click.option("-o", "--output", "folder", metavar="DIR", type=FILE, help="The folder to write to; it is made if it is not there.")
@click.option("--model", default="", metavar="NAME", help="The name of the model.  [default: that of the plan, else the project]")
@click.option("--provider", default="", metavar="NAME", help="Who trained it.")
@click.option("--original-flop", metavar="FLOP", help="Compute of the model that this one modifies; says whether you become its provider.")
@click.option("--task-tokens", metavar="NUMBER", default="100k", show_default=True, help="Tokens of the task whose inference compute is stated.")
@click.option("--tenure", metavar="NAME", help="Who owns the hardware, owned or rented: it decides the scope.  [default: what record or plan tell]")
@click.option("--market-intensity", metavar="NUMBER", help="Carbon intensity of your energy contract. [g/kWh]  [default: that of the plan]")
@click.option("--live", is_flag=True, help="Ask services for the carbon intensity of each hour of a run; without it nothing touches the network.")
@click.option("--service", metavar="NAME", help="Ask this service alone: carbon runs hours --help lists them.")
@click.option("--grid-zone", default="", metavar="ZONE", help="What that service calls the zone of the run.")
@click.option("--force", is_flag=True, help="Replace existing files.")
@click.option("--store", metavar="DIR", type=FILE, help="Where runs are kept; default $CARBON_STORE, else your data folder.")
@click.option("--level", type=SHARE, metavar="SHARE", default=0.9, show_default=True, help="Confidence level of the intervals of plans.")
@common_options
def command(
    *,
    items: tuple[str, ...],
    formats: tuple[str, ...],
    folder: str | None,
    model: str,
    provider: str,
    original_flop: str | None,
    task_tokens: str,
    tenure: str | None,
    market_intensity: str | None,
    live: bool,
    service: str | None,
    grid_zone: str,
    force: bool,
    store: str | None,
    level: float,
    as_json: bool,
    quiet: bool,
    db: str | None,
) -> None:
    """Write what others ask for about a training: from its record, or estimated from its plan.

    \b
    Report to                 as          the number
    AI Office, authorities    eu-gpai     FLOP, days and MWh in the facility, with both methods
    who uses your model       hf          grams of CO2e: electricity and hardware
    readers of a paper        paper       GPU-days, kWh, kg CO2e, with failed attempts
    your sustainability team  ghg         kg CO2e by scope, location- and market-based
    buyers of AI systems      cyclonedx   kWh and tonnes, in a bill of materials
                              spdx        kWh, in a bill of materials
                              sci-ai      g CO2e per FLOP, token and parameter
    French public buyers      boamps      kWh of the measurement

    Several runs and plans are those of one model; their amounts add up. What is not known
    is said in each format. Nothing touches the network without --live.

    \b
    carbon disclose last --as eu-gpai,paper -o statements
    carbon disclose reports/mt-nlg-530b.toml --as eu-gpai
    """  # noqa: D301  click reads the escape
    from traincarbon.disclosure.disclose import disclose
    from traincarbon.disclosure.words import missing_words

    asked = [name.strip() for text in formats for name in text.split(",") if name.strip()] or list(FORMATS)
    made = disclose(
        *items,
        formats=asked,
        output=folder,
        model=model,
        provider=provider,
        original_flop=original_flop,
        task_tokens=task_tokens,
        tenure=tenure,
        market_intensity=market_intensity,
        force=force,
        store=store,
        level=level,
        live=live,
        service=service,
        grid_zone=grid_zone,
        database=database(db),
        progress=output.teller(quiet=quiet),
    )
    if as_json:
        click.echo(output.as_json(made.to_dict()))
    elif folder is None:
        _print(made.files)
    elif not quiet:
        for text in missing_words(made.disclosure.missing):
            click.echo(f"not known: {output.clean(text)}", err=True)
        click.echo(f"{output.clean(folder)}: {', '.join(made.files)}", err=True)


def _print(files: Mapping[str, str]) -> None:
    """Print the content of the files, each under its name where there are several."""
    for name, content in files.items():
        if len(files) > 1:
            click.echo(f"==> {name} <==")
        click.echo(content)
