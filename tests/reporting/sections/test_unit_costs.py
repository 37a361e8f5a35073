"""What a unit of work costs is what the training costs over its work, and a return is a value without the cost."""

import re

import pytest

from traincarbon.explore.scaling_law import read_law
from traincarbon.formulas.scaling import predicted_loss
from traincarbon.reporting.currency import USD, Currency
from traincarbon.reporting.decision.amounts import chance_within
from traincarbon.reporting.decision.unit_costs import Worth
from traincarbon.reporting.sections.unit_costs import returns, unit_costs, unit_notes
from traincarbon.reporting.view import EstimateView


def rows_of(table):
    """The rows of a table by their first cell."""
    rows = (re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL))
    return {re.sub("<[^>]+>", "", cells[0]): cells[1:] for cells in rows if cells}


def usd(cell):
    """The dollars of a cell: $7.9M."""
    found = re.fullmatch(r"(−?)\$([\d.,]+)([kMB]?)", cell)
    return (-1.0 if found[1] else 1.0) * float(found[2].replace(",", "")) * {"": 1.0, "k": 1e3, "M": 1e6, "B": 1e9}[found[3]]


@pytest.fixture
def answer(ask):
    return ask(servers=64, region="france")


def costs(answer, database, worth=Worth(), currency=USD):  # noqa: B008  a frozen value
    return rows_of(unit_costs(EstimateView.of(answer), answer, database, worth, currency))


def test_each_unit_times_its_number_is_the_cost(answer, shipped):
    rows = costs(answer, shipped, Worth(requests=2e9))
    for words, number in (
        ("GPU-hour", answer.median("accelerator_hours_h")),
        ("Billion tokens", answer.plan.number("tokens") / 1e9),
        ("Thousand of 2 B requests", 2e6),
    ):
        key = next(each for each in rows if each.startswith(words.split()[0]))
        for at, name in ((0, "rent_usd"), (2, "tco_usd")):
            assert usd(rows[key][at]) * number == pytest.approx(answer.median(name), rel=0.06), (words, rows[key])


def test_an_hour_is_as_sure_as_its_price_however_unsure_the_hours_are(ask, shipped):
    rows = costs(ask(servers=64, rent_price=2.0), shipped)
    assert usd(rows["GPU-hour"][0]) == pytest.approx(2.0)
    assert rows["GPU-hour"][1] in ("", "exact")


def test_a_point_of_loss_costs_the_tokens_that_the_law_asks_for(answer, shipped):
    rows = costs(answer, shipped)
    key = next(each for each in rows if each.startswith("Point of loss"))
    start, end, percent = (float(each) for each in re.search(r"\(([\d.]+) to ([\d.]+) nat/token by \+([\d.]+) % tokens", key).groups())
    law, params, tokens = read_law(shipped).law, answer.plan.number("params"), answer.plan.number("tokens")
    assert predicted_loss(params=params, tokens=tokens, law=law) == pytest.approx(start, abs=0.005)
    more = predicted_loss(params=params, tokens=tokens * (1.0 + percent / 100.0), law=law)
    assert more == pytest.approx(predicted_loss(params=params, tokens=tokens, law=law) - 0.01, abs=2e-4)
    assert end == pytest.approx(start - 0.01, abs=1e-9)
    assert usd(rows[key][0]) == pytest.approx(answer.median("rent_usd") * percent / 100.0, rel=0.06)


@pytest.mark.parametrize("fields", [{"kind": "lora", "trainable_params": 1e8}, {"params": 1e5, "tokens": 1e7}])
def test_there_is_no_point_of_loss_where_the_law_does_not_hold(ask, shipped, fields):
    answer = ask(**fields)
    assert not any(each.startswith("Point") for each in costs(answer, shipped))


def test_a_return_is_the_value_without_the_cost_and_pays_with_the_chance_to_cost_less(answer):
    value = 2.0 * answer.median("rent_usd")
    rows = rows_of(returns(EstimateView.of(answer), Worth(value_usd=value), USD))
    assert usd(rows["Rent"][0]) == pytest.approx(answer.median("rent_usd"), rel=0.01)
    assert rows["Rent"][2] == "+100 %"
    assert rows["Rent"][3] == f"{100.0 * chance_within(answer.results['rent_usd'], value):.0f} %"
    least, most = rows["Rent"][1].split(" to ")
    assert usd(least) < usd(rows["Rent"][0]) < usd(most)


def test_a_loss_is_shown_as_one(answer):
    rows = rows_of(returns(EstimateView.of(answer), Worth(value_usd=0.5 * answer.median("rent_usd")), USD))
    assert usd(rows["Rent"][0]) < 0.0
    assert rows["Rent"][2] == "−50 %"


def test_money_is_in_the_currency_of_the_report(answer, shipped):
    euro = Currency("EUR", 0.9)
    assert "$" not in unit_costs(EstimateView.of(answer), answer, shipped, Worth(requests=1e9), euro)
    assert "$" not in returns(EstimateView.of(answer), Worth(value_usd=1e7), euro)


def test_what_is_not_known_has_no_table(answer, shipped):
    view = EstimateView.of(answer)
    unknown = view._replace(results=dict.fromkeys(view.results))
    assert unit_costs(unknown, answer, shipped, Worth(), USD) is None
    assert returns(unknown, Worth(value_usd=1e6), USD) is None
    assert returns(view, Worth(), USD) is None


def test_the_notes_say_what_can_be_stated_and_what_requests_leave_out():
    assert unit_notes(Worth()) == ["State --requests N for the cost of a thousand requests and --value USD for the return."]
    assert unit_notes(Worth(value_usd=1.0, requests=1.0)) == ["Requests carry the cost of the training alone; what it costs to answer them is not included."]


def test_what_costs_nothing_has_no_return_over_its_cost(ask):
    rows = rows_of(returns(EstimateView.of(ask(servers=64, rent_price=0.0)), Worth(value_usd=1e6), USD))
    assert rows["Rent"][0] == "$1M"
    assert rows["Rent"][2] == "not known"
