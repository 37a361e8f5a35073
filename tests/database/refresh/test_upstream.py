"""Reading the forms in which upstreams publish: columns by name, JSON, numbers, and what is none of these."""

import pytest

from traincarbon.database.refresh.upstream import Edition, csv_rows, json_of, number_of, refuse_page, server_ids
from traincarbon.errors import CarbonError


def edition(text):
    return Edition(text, "x.csv", "2025", None)


def test_columns_are_found_by_name_or_by_how_they_begin_in_any_order():
    text = "\ufeffb (unit),a\n1,2\n3,4\n\n"
    assert list(csv_rows(edition(text), {"first": "a", "second": "b*"})) == [{"first": "2", "second": "1"}, {"first": "4", "second": "3"}]


@pytest.mark.parametrize("text", ["a,b\n1,2\n", 'a,b\n1,"2\n3,4', "a,b\n1\n2,3\n"])
def test_a_file_that_is_cut_off_is_refused(text):
    with pytest.raises(CarbonError):
        list(csv_rows(edition(text), {"a": "a", "b": "b"}))


@pytest.mark.parametrize("text", ["<HTML>", " \n<!doctype html>", "<?xml version='1.0'?>", "", " \n"])
def test_pages_and_nothing_are_refused(text):
    with pytest.raises(CarbonError) as caught:
        refuse_page(edition(text))
    assert caught.value.hint


def test_json_is_read_and_anything_else_refused():
    assert json_of(edition("[1]")) == [1]
    with pytest.raises(CarbonError, match="is not JSON"):
        json_of(edition("[1"))


def test_a_number_is_read_and_a_word_refused_with_what_it_stands_for():
    assert number_of("1.5", edition(""), "the price") == 1.5
    with pytest.raises(CarbonError, match="the price is 'free', not a number"):
        number_of("free", edition(""), "the price")


def test_the_instances_of_a_cloud_are_those_that_the_database_has(shipped):
    found = server_ids(shipped, "aws")
    assert found["aws-p5.48xlarge"] == ("aws-p5.48xlarge", "h100-sxm5-80gb", 8.0)
    assert all(id.startswith("aws-") for id in found)
