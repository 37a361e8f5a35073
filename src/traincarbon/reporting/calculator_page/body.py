"""The calculator's page: a form, the results, what to paste, examples, and what the figures rest on."""

from collections.abc import Callable

from traincarbon._version import __version__
from traincarbon.database.load import Database
from traincarbon.database.records import PRECISIONS, PURCHASES, purchase_words
from traincarbon.quantities import ESTIMATED, QUANTITIES
from traincarbon.reporting.calculator_page.examples import EXAMPLES, examples_html
from traincarbon.reporting.calculator_page.facts import KINDS, PageFacts
from traincarbon.reporting.calculator_page.fields import KNOWN, WORK, fields_html, form_data
from traincarbon.reporting.calculator_page.scripts import page_script
from traincarbon.reporting.markup import EMPTY, Html, as_script, html, joined, table, text, texts
from traincarbon.reporting.outline import Section, sections_html
from traincarbon.reporting.shell import document
from traincarbon.uncertain import z_of

TITLE = "What does a training cost?"
LEVEL = 0.9
"""Confidence level of the page's intervals."""
CARDS = ("rent_usd", "duration_s", "facility_energy_kwh", "total_kgco2e", "water_l")


def calculator_html(database: Database, progress: Callable[[int, int], None] | None = None) -> str:
    """Return the page, which needs no other file and no network.

    Args:
        database: The facts that it holds.
        progress: Called with the number of products done, and of all.
    """
    facts = PageFacts(database, progress)
    units = {name: QUANTITIES[name].unit for name in ESTIMATED}
    data = {**facts.data, "z": z_of(LEVEL), "units": units, "form": form_data(), "start": EXAMPLES[0].fields, "version": __version__}
    sections = [
        Section("calculator", text("Your training"), joined([_form(), _results()])),
        Section("paste", text("To paste"), _paste()),
        Section("examples", text("Examples"), examples_html(database)),
        Section("about", text("What the figures rest on"), html('{}<script type="application/json" id="facts">{}</script>', _about(facts), as_script(data))),
    ]
    return document(title=TITLE, header=_header(), content=sections_html(sections), script=page_script(), css="calculator")


def _header() -> Html:
    lead = (
        "Money, time, energy, carbon and water of a training run, each with its interval, before it starts. "
        "The page computes them on your machine: it sends nothing, and needs no network."
    )
    return html('<header><h1>{}</h1><p class="lead">{}</p></header>', *texts(TITLE), text(lead, most=400))


def _form() -> Html:
    """Return the form; the script fills the choices, and without scripts the examples answer."""
    by = joined(
        html('<label><input type="radio" name="by" value="{}"{}> {}</label>', text(value), html(" checked") if value == "tokens" else EMPTY, text(label))
        for value, label in (("tokens", "Parameters and tokens"), ("hours", "GPU-hours"))
    )
    choices = joined(
        _select(name, label, options, shown)
        for name, label, options, shown in (
            ("kind", "Kind of training", KINDS, "tokens"),
            ("hw", "GPU or server", {}, ""),
            ("region", "Place", {}, ""),
            ("rent", "Rented", {name: purchase_words(name).capitalize() for name in PURCHASES}, ""),
            ("precision", "Number format", {"": "The usual one", **{name: name for name in PRECISIONS}}, ""),
        )
    )
    return html(
        '<noscript><p class="remark">The form needs JavaScript, which this file holds. The examples below do not.</p></noscript>'
        '<div class="panel"><form id="form" novalidate><fieldset><legend>What is known of the work</legend>{}</fieldset>{}{}'
        '<details class="known"><summary>What you know better</summary>{}</details>'
        '<p class="buttons"><button type="reset">Start again</button></p></form>',
        by,
        fields_html(WORK),
        choices,
        fields_html(KNOWN),
    )


def _select(name: str, label: str, options: dict[str, str], shown: str) -> Html:
    entries = joined(html('<option value="{}">{}</option>', *texts(value, words)) for value, words in options.items())
    only = html(' data-shown="{}"', text(shown)) if shown else EMPTY
    return html(
        '<p data-for="{0}"{1}><label for="c-{0}">{2}</label><select id="c-{0}" name="{0}" aria-describedby="c-{0}-note">{3}</select>'
        '<span class="hint" id="c-{0}-note"></span></p>',
        text(name),
        only,
        text(label),
        entries,
    )


def _results() -> Html:
    """Return the cards and the table, which the script fills and shows."""
    cards = joined(
        html(
            '<li class="card" data-card="{}"><span class="label">{}</span><span class="value">–</span><span class="bounds"></span></li>',
            *texts(name, QUANTITIES[name].label),
        )
        for name in CARDS
    )
    rows = [[text(QUANTITIES[name].label), html('<span class="now" data-figure="{}">–</span>', text(name))] for name in ESTIMATED]
    return html(
        '<div class="answer"><p class="state"></p><ul class="cards" aria-label="Main results">{}</ul>{}<ul class="notes" id="notes"></ul></div></div>',
        cards,
        table(text("All results with their 90 % intervals"), texts("", "Median and interval"), rows, numbers=(1,)),
    )


def _paste() -> Html:
    """Return the sentence, the link and the command, each with a button that copies it."""
    parts = joined(
        html(
            '<p class="copied"><label for="p-{0}">{1}</label><textarea id="p-{0}" rows="{2}" readonly></textarea>'
            '<button type="button" data-copy="p-{0}">Copy {3}</button></p>',
            text(name),
            text(label),
            float(rows),
            text(label.lower()),
        )
        for name, label, rows in (("sentence", "The sentence", 5), ("link", "The link", 2), ("command", "The command", 2))
    )
    return html('<noscript><p class="remark">The text is made by JavaScript.</p></noscript><div class="paste">{}</div>', parts)


def _about(facts: PageFacts) -> Html:
    lines = (
        f"The page holds {len(facts.hardware)} accelerators and servers and {len(facts.places) - 1} places.",
        f"Its equations are those of carbon {__version__}, and its figures those of the command carbon estimate.",
        "Every median comes with a 90 % interval. Inputs that you state as one number count as exact; state an interval as 0.3..0.5.",
        "Compute is 6 FLOP for each parameter and token. Energy includes servers, network and cooling.",
        "CO2e includes the life cycle of the electricity and a share of making the hardware. Water includes that of power plants.",
        "Left out: failed experiments, staff, storage and the use of the model. The rent is the list price closest to today.",
    )
    return html('<ul class="notes">{}</ul>', joined(html("<li>{}</li>", text(line, most=400)) for line in lines))
