"""The script of the calculator's page: the rows of the chain as data, their evaluation, and the form."""

from collections.abc import Iterable

from traincarbon.estimation.families import USUAL
from traincarbon.estimation.links import BY_ADAPTERS, BY_FAMILY, CHAIN, MEMORY
from traincarbon.estimation.walk import Link
from traincarbon.formatting import LADDERS, LEAST, READABLE
from traincarbon.reporting.markup import Html, as_script, html
from traincarbon.reporting.shell import charts_script, template


def values_script() -> Html:
    """Return what computes: the rows of the work, the memory and the chain, and the script that walks them over the facts."""
    rows = (CHAIN, (BY_ADAPTERS,), (BY_FAMILY[USUAL.name],), MEMORY)
    return html(
        '"use strict";\nconst LINKS = {}, ADAPTER_LINKS = {}, WORK_LINKS = {}, MEMORY_LINKS = {};\n{}{}',
        *(as_script(_rows(links)) for links in rows),
        template("equations.js"),
        template("calculator_values.js"),
    )


def page_script() -> Html:
    """Return the whole script of the page."""
    scales = {unit: [[*scale, scale.smallest] for scale in ladder] for unit, ladder in LADDERS.items()}
    return html(
        "{}const LADDERS = {}, LEAST = {}, READABLE = {};\n{}{}{}{}",
        values_script(),
        *map(as_script, (scales, LEAST, READABLE)),
        template("numbers.js"),
        template("calculator_numbers.js"),
        charts_script(),
        template("calculator.js"),
    )


def _rows(links: Iterable[Link]) -> list[object]:
    return [[link.name, link.formula.equation, link.unless, [[name, *source] for name, source in link.inputs.items()]] for link in links]
