"""Compare: several hardware, places and prices, and saved plans, side by side."""

import re

import pytest

from webapp.started import EVIL, PLAN


def rows(page):
    return re.findall(r'<th scope="row">(?:<bdi>)?([^<]*)', page.partition("The same work elsewhere")[2])


def test_without_a_question_an_example_is_compared_with_the_usual_hardware(client):
    page = client.get("/compare").text
    assert len(rows(page)) > 3
    assert len(re.findall(r"<figcaption>Cost to rent: [^<]+ the least", page)) == 1
    assert len(re.findall(r"<figcaption>Cost to rent and CO2e: [^<]+ not beaten", page)) == 1


def test_places_are_told_apart_by_the_words_that_were_typed(client):
    page = client.get("/compare", params={**PLAN, "accelerators": "64", "region": "sweden, poland"}).text
    assert set(rows(page)) == {"sweden", "poland"}
    assert "Cleanest: sweden (" in page


def test_options_that_are_equally_cheap_are_both_named(client):
    page = client.get("/compare", params={**PLAN, "hw": "dgx-h100, dgx-a100", "region": "france, poland"}).text
    assert "Cheapest: NVIDIA DGX H100 · france and NVIDIA DGX H100 · poland (" in page


def test_saved_plans_are_compared_with_the_chance_of_their_difference(make_client):
    client = make_client(with_token=True)
    for name, params in (("small", "7B"), ("large", "70B")):
        client.post("/api/plans", json={"name": name, "plan": {**PLAN, "params": params, "name": name}})
    page = client.get("/compare?plan=small&plan=large").text
    assert set(rows(page)) == {"small", "large"}
    assert "% sure." in page
    assert 'value="small" checked' in page


def test_htmx_gets_the_comparison_alone(client):
    answer = client.get("/compare", params=PLAN, headers={"hx-request": "true"}).text
    assert "<html" not in answer
    assert "The same work elsewhere" in answer


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({**PLAN, "hw": "h1000, h2000"}, "no hardware"),
        ({"params": "x", "hw": "h100"}, "params is not a number"),
        ({"plan": "nothing"}, "no saved plan"),
        ({**PLAN, "rent": "gold, silver"}, "rent"),
        ({**PLAN, "more": "= 1"}, "other fields"),
    ],
)
def test_what_cannot_be_compared_is_said_on_the_page(client, query, message):
    page = client.get("/compare", params=query)
    assert page.status_code == 200
    assert message in re.search(r'<p class="alert">(.*?)</p>', page.text)[1]


@pytest.mark.parametrize("text", EVIL.values(), ids=EVIL)
@pytest.mark.parametrize("field", ["name", "hw", "region", "rent", "plan", "more", "params"])
def test_no_text_changes_the_page(client, field, text):
    answer = client.get("/compare", params={**PLAN, field: text})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert "<img" not in answer.text
