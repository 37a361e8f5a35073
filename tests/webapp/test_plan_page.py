"""The first page: readable without scripts, in parts for htmx, and safe with any text."""

import re

import pytest

from traincarbon import Plan
from webapp.started import EVIL, PLAN

QUERY = {**PLAN, "accelerators": "64"}


def test_the_first_page_begins_with_an_example_and_its_figures(client):
    page = client.get("/").text
    assert "An example to begin with" in page
    assert page.count("<figure") == 3
    assert page.count('class="card"') == 5
    assert 'value="65.2B"' in page


def test_a_page_without_scripts_shows_the_plan_of_its_address(client):
    page = client.get("/", params=QUERY).text
    assert 'value="7B"' in page
    assert "7B parameters" in page
    assert '<form id="plan" class="plan" method="get" action="/"' in page
    assert "An example" not in page


def test_nothing_on_the_page_comes_from_another_host_and_no_script_is_in_it(client):
    page = client.get("/", params=QUERY).text
    assert not re.search(r'(src|href)="(https?:)?//', page)
    assert not re.search(r"<script(?! src=)", page)
    assert not re.search(r"\son\w+=|\sstyle=", page)


def test_htmx_gets_the_answer_the_notes_beside_the_fields_and_the_address(client):
    answer = client.get("/plan", params={**QUERY, "tokens": "1B"}, headers={"hx-request": "true"})
    assert "<html" not in answer.text
    assert answer.headers["hx-replace-url"] == "/?params=7B&tokens=1B&hw=dgx-h100&accelerators=64"
    assert '<span class="note-of warn" id="n-tokens" hx-swap-oob="true">fewer tokens than parameters' in answer.text
    assert answer.text.count("hx-swap-oob") == 5


def test_a_reload_of_the_part_gives_the_whole_page(client):
    assert "<html" in client.get("/plan", params=QUERY).text
    assert "<html" in client.get("/plan/options", params=QUERY).text


def test_what_else_would_do_is_a_part_of_its_own(client):
    part = client.get("/plan/options", params=QUERY, headers={"hx-request": "true"}).text
    assert part.lstrip().startswith('<figure class="chart" id="plan-chart-options"')


def test_a_wrong_field_is_said_beside_it_and_the_page_stays(client):
    page = client.get("/", params={**QUERY, "hw": "h1000"})
    assert page.status_code == 200
    assert "no hardware &#x27;h1000&#x27;" in page.text
    assert "did you mean h100-sxm5-80gb" in page.text
    assert "See the field that is marked." in page.text


@pytest.mark.parametrize("text", EVIL.values(), ids=EVIL)
@pytest.mark.parametrize("field", ["name", "params", "hw", "region", "more", "budget", "rent", "model"])
def test_no_text_changes_the_page(client, field, text):
    for path in ("/", "/plan"):
        answer = client.get(path, params={**QUERY, field: text}, headers={"hx-request": "true"} if path == "/plan" else {})
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text
        assert "<img" not in answer.text
        assert "\u202e" not in re.sub(r'value="[^"]*"|<textarea[^>]*>[^<]*</textarea>|(href|hx-get)="[^"]*"', "", answer.text)
        assert "49" not in re.findall(r"a&#34;b[^<]{0,40}", answer.text)


def test_the_plan_can_be_kept_as_a_file(client):
    answer = client.get("/plan.toml", params={**QUERY, "more": 'rent = "spot"'})
    assert Plan.from_toml(answer.text) == Plan(params=7e9, tokens=1e12, hw="dgx-h100", accelerators=64, rent="spot")
    assert "attachment" in answer.headers["content-disposition"]


def test_the_report_is_that_of_the_plan_and_brings_its_own_policy(client):
    answer = client.get("/report", params={**QUERY, "budget": "1e6"})
    assert answer.headers["content-security-policy"] == "frame-ancestors 'self'"
    assert "default-src 'none'" in answer.text
    assert "Within $1M" in answer.text


@pytest.mark.parametrize("path", ["/plan.toml", "/report"])
def test_a_plan_that_cannot_be_estimated_gets_a_page_with_what_to_do(client, path):
    answer = client.get(path, params={**QUERY, "hw": "h1000", "params": "x"})
    assert answer.status_code == 400
    assert "params is not a number" in answer.text
    assert "Traceback" not in answer.text


def test_plans_work_while_the_store_does_not(make_client, monkeypatch):
    monkeypatch.setattr("traincarbon.webapp.plan_page.saved_plans", lambda _: (_ for _ in ()).throw(PermissionError(13, "no")))
    assert make_client().get("/", params=QUERY).status_code == 200
