"""Facts are found by words, and each is shown with its source and its evidence."""

import pytest

from webapp.started import EVIL


def test_facts_are_found_by_words(client):
    page = client.get("/facts?words=h100 sxm5").text.replace("\u00a0", " ")
    assert 'href="/facts/accelerators/h100-sxm5-80gb"' in page
    assert "a100-sxm4" not in page
    assert "first 200 are shown" in client.get("/facts").text
    assert "place" in client.get("/facts?words=us-east-1").text


def test_every_fact_has_its_source_and_evidence(client, shipped):
    page = client.get("/facts/accelerators/h100-sxm5-80gb").text.replace("\u00a0", " ")
    product = shipped.product("accelerators", "h100-sxm5-80gb")
    for key, fact in product.facts.items():
        assert key in page
        assert shipped.sources()[fact.source]["title"].split(",")[0].replace("&", "&amp;").replace("'", "&#x27;") in page


def test_a_fact_that_was_not_checked_says_so(client, shipped):
    product = next(each for each in shipped.products("accelerators") if any(fact.kind == "unverified" for fact in each.facts.values()))
    assert "not checked in its source yet" in client.get(f"/facts/accelerators/{product.id}").text


@pytest.mark.parametrize("path", ["accelerators/nothing", "sources/x", "..%2F/x", "accelerators/%3Cscript%3E", "accelerators/..%2Fservers"])
def test_what_does_not_exist_is_not_found(client, path):
    answer = client.get(f"/facts/{path}")
    assert answer.status_code == 404
    assert "<script>" not in answer.text.replace("<script src", "")


@pytest.mark.parametrize("text", EVIL.values(), ids=EVIL)
def test_no_words_change_the_page(client, text):
    page = client.get("/facts", params={"words": text}).text.replace("\u00a0", " ")
    assert "Nothing has these words" in page
    assert "<script>alert" not in page


def test_htmx_gets_the_table(client):
    assert "<html" not in client.get("/facts?words=h100", headers={"hx-request": "true"}).text
