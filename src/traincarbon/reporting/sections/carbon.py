"""Carbon for those who report it: by scope, by unit of work, with how good the data are and what it compares with."""

from traincarbon.database.load import Database
from traincarbon.decode import number
from traincarbon.formatting import amount, in_brackets, significant
from traincarbon.quantities import KG_PER_T
from traincarbon.reporting.charts.axis import in_one_scale, linear_axis
from traincarbon.reporting.charts.bars import Bar, draw_bars
from traincarbon.reporting.charts.chart import Chart, figure_html
from traincarbon.reporting.currency import NOT_KNOWN, USD, Currency
from traincarbon.reporting.ghg import Accounts
from traincarbon.reporting.markup import EMPTY, Html, html, notes, table, text, texts
from traincarbon.reporting.outline import Section, section
from traincarbon.reporting.view import EstimateView
from traincarbon.uncertain import Interval

_UNIT = "kg CO2e"
_EQUIVALENTS = (
    ("flight-ny-sf", "total_kgco2e", "passengers flying New York – San Francisco and back"),
    ("us-household-year", "facility_energy_kwh", "years of a US household’s electricity"),
)
_LEAST_SHOWN = 0.1
_BILLION = 1e9


def carbon_section(view: EstimateView, accounts: Accounts, database: Database, currency: Currency, carbon_price: float | None, id: str) -> Section | None:
    """Return the emissions by scope, per unit of work and at a price; None where none are known."""
    total = view.results.get("total_kgco2e")
    if total is None and accounts.electricity is None:
        return None
    remarks = [*_intensity(view), *_price(view, currency, carbon_price), *_equivalents(view, database), _quality(view)]
    return section(f"{id}-carbon", text("Carbon"), _chart(accounts, id), _scopes(accounts), notes(text(each, most=300) for each in remarks))


def _lines(accounts: Accounts) -> list[tuple[str, str, float | None]]:
    """Return the lines of the account: scope, what it is, and the amount."""
    category = "Scope 3, category 1" if accounts.is_rented else "Scope 3, category 2"
    making = (category, "Making the hardware: the share of the run", accounts.hardware)
    if not accounts.is_split:
        return [("Scope 2 and 3", "Electricity: direct and upstream together", accounts.electricity), making]
    return [
        ("Scope 2, location-based", "Direct: emissions of the grid for the electricity", accounts.location),
        ("Scope 3, category 3", "Upstream: fuels, plants and losses of that electricity", accounts.upstream),
        making,
    ]


def _scopes(accounts: Accounts) -> Html:
    lines = _lines(accounts)
    rows = [texts(scope, what, NOT_KNOWN if kgco2e is None else amount(kgco2e, _UNIT, digits=3)) for scope, what, kgco2e in lines]
    market = "not stated: give market_intensity" if accounts.market is None else amount(accounts.market, _UNIT, digits=3)
    rows.append(texts("Scope 2, market-based", "By contracts; in place of the location-based line", market))
    known = [kgco2e for _, _, kgco2e in lines if kgco2e is not None]
    is_whole = len(known) == len(lines)
    total = amount(sum(known), _UNIT, digits=3) if known else NOT_KNOWN
    foot = texts("Total, location-based", "" if is_whole else "without what is not known", total)
    rented = (
        "The emissions of hardware and electricity of a rented cluster are category 1 of the tenant’s Scope 3, as bought services."
        if accounts.is_rented
        else ""
    )
    remark = html("<p class='remark'>{}</p>", text(rented, most=200)) if rented else EMPTY
    return html("{}{}", table(text("By scope of the GHG Protocol"), texts("Scope", "What", "Median"), rows, numbers=(2,), foot=foot), remark)


def _chart(accounts: Accounts, id: str) -> Html:
    known = [(f"{scope}: {what.partition(':')[0].lower()}", kgco2e) for scope, what, kgco2e in _lines(accounts) if kgco2e is not None]
    most = max((kgco2e for _, kgco2e in known), default=0.0)
    if not most:
        return EMPTY
    axis = linear_axis(most, words=in_one_scale(most, _UNIT, USD))
    bars = [Bar(label, 0.0, kgco2e, amount(kgco2e, _UNIT), at) for at, (label, kgco2e) in enumerate(known)]
    title = "CO2e by scope, location-based"
    rows = [(bar.label, bar.words) for bar in bars]
    return figure_html(Chart(f"{id}-chart-scopes", title, lambda width: draw_bars(width, title=title, bars=bars, axis=axis), ("Scope", "CO2e"), rows))


def _intensity(view: EstimateView) -> list[str]:
    """Return the Software Carbon Intensity (ISO/IEC 21031): all emissions over the work done."""
    total, tokens = view.results.get("total_kgco2e"), number(view.plan.get("tokens"))
    if total is None or not tokens:
        return []
    median, scale, bounds = USD.shown(Interval(*(bound / (tokens / _BILLION) for bound in total)), _UNIT)
    return [f"Software carbon intensity (SCI): {median} {scale} CO2e per billion tokens{in_brackets(bounds)}."]


def _price(view: EstimateView, currency: Currency, carbon_price: float | None) -> list[str]:
    total = view.results.get("total_kgco2e")
    if total is None or carbon_price is None:
        return []
    low, median, high = (currency.amount(bound / KG_PER_T * carbon_price, "$") for bound in total)
    return [f"At {currency.amount(carbon_price, '$', digits=3)} a tonne of CO2e: {median} ({low} – {high})."]


def _equivalents(view: EstimateView, database: Database) -> list[str]:
    """Return familiar things that take as much; a tenth of one or less is left out."""
    known = {row["equivalent"]: float(row["value"]) for row in database.all_rows("equivalents")}
    found = []
    for equivalent, name, words in _EQUIVALENTS:
        median = view.median(name)
        if median is not None and equivalent in known and median / known[equivalent] >= _LEAST_SHOWN:
            found.append(f"That is about {significant(median / known[equivalent], 2)} {words}.")
    return found


def _quality(view: EstimateView) -> str:
    """Return how many inputs the plan states and how many are assumed."""
    facts = [step for step in view.steps if not step.inputs]
    assumed = {each.name for each in view.assumptions}
    sourced = sum(1 for step in facts if step.source and step.name not in assumed)
    return f"Data: nothing is measured yet; of the facts used, {sourced} rest on a source for this hardware or place and {len(assumed)} are assumed."
