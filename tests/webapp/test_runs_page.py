"""The list of runs: filtered, sorted and paged, with nothing unknown shown as 0 and no text that changes the page."""

import re
import shutil

import pytest

from traincarbon.ledger.listed_runs import Order
from traincarbon.webapp.runs_page import PER_PAGE, asked_of
from webapp.made_store import add_ended, add_evil, add_running, add_without_energy


def shown(page):
    """Return the names of the runs in a page, in order."""
    return re.findall(r'<th scope="row"><a href="[^"]*">(?:<bdi>)?([^<]*)', page)


def test_runs_are_listed_the_latest_first_with_links_that_sort(client, store):
    for number in range(3):
        add_ended(store, f"run-{number}", begin_s=3600.0 * number, intervals=3 - number)
    page = client.get("/runs").text
    assert shown(page) == ["run-2", "run-1", "run-0"]
    assert "3 runs, page 1 of 1" in page
    assert 'href="/runs?sort=duration_s&amp;order=desc&amp;page=1">Time<' in page
    assert shown(client.get("/runs?sort=duration_s&order=asc").text) == ["run-2", "run-1", "run-0"]
    assert shown(client.get("/runs?sort=duration_s&order=desc").text) == ["run-0", "run-1", "run-2"]


def test_runs_are_paged(client, store):
    for number in range(PER_PAGE + 3):
        add_ended(store, f"run-{number:02d}", begin_s=60.0 * number, intervals=1)
    first, second = (client.get(f"/runs?page={page}").text for page in (1, 2))
    assert len(shown(first)) == PER_PAGE
    assert shown(second) == ["run-02", "run-01", "run-00"]
    assert 'rel="next"' in first
    assert 'rel="prev"' in second
    assert "page 2 of 2" in second
    assert client.get("/runs?page=999999999").status_code == 200


@pytest.mark.parametrize(
    ("query", "expected"), [("project=p1", ["run-1"]), ("words=RUN-2", ["run-2"]), ("state=killed", []), ("since=2020-01-01", ["run-2", "run-1", "run-0"])]
)
def test_runs_are_filtered(client, store, query, expected):
    for number in range(3):
        add_ended(store, f"run-{number}", begin_s=3600.0 * number, start={"project": f"p{number}"})
    page = client.get(f"/runs?{query}").text
    assert shown(page) == expected
    assert ("No run matches" in page) == (not expected)


def test_a_filter_that_means_nothing_is_said_and_the_page_stays(client):
    page = client.get("/runs?since=yesterday-ish")
    assert page.status_code == 200
    assert 'class="alert"' in page.text


def test_htmx_gets_the_table_and_the_address(client, store):
    add_ended(store, "run-0")
    answer = client.get("/runs?words=run", headers={"hx-request": "true"})
    assert "<html" not in answer.text
    assert answer.headers["hx-replace-url"] == "/runs?words=run&sort=started_at&order=desc&page=1"


def test_what_is_not_known_is_not_shown_as_0(client, store):
    add_without_energy(store, "unmetered")
    row = re.search(r'<tr><th scope="row".*?</tr>', client.get("/runs").text, re.DOTALL)[0]
    assert row.count("not known") == 3
    assert not re.search(r">\$?0( kWh| kg)?<", row)


def test_a_run_that_runs_is_marked(client, store):
    add_running(store, "now")
    assert 'class="state-running">running<' in client.get("/runs").text


def test_no_name_changes_the_page(client, store):
    add_evil(store)
    page = client.get("/runs").text
    assert len(shown(page)) == 5
    assert "<script>alert" not in page
    assert "<img" not in page
    words = re.sub(r'(href|value)="[^"]*"', "", page)
    assert "\u202e" not in words
    assert "x" * 200 not in words
    for place in re.findall(r'<th scope="row"><a href="([^"]*)"', page):
        answer = client.get(place.replace("&amp;", "&"))
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text
        assert "<img" not in answer.text


def test_a_store_that_changes_while_it_is_served_is_shown_as_it_is(client, store):
    add_ended(store, "one")
    assert shown(client.get("/runs").text) == ["one"]
    add_ended(store, "two", begin_s=60.0)
    assert shown(client.get("/runs").text) == ["two", "one"]
    shutil.rmtree(store / "journals")
    assert "No run matches" in client.get("/runs").text


@pytest.mark.parametrize("number", ["0", "-1", "x", "1e9", "9" * 50, "²", ""])
def test_a_page_that_does_not_exist_is_the_first(number):
    assert asked_of({"page": number, "sort": "nothing"}).page == 1
    assert asked_of({"sort": "nothing"}).sort is Order.STARTED
