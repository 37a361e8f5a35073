"""Each format has one file: the one that is named, or one beside the report."""

import pytest

from traincarbon.errors import CarbonError
from traincarbon.reporting.exports.formats import Format
from traincarbon.reporting.exports.outputs import Output, outputs_of


def test_a_format_that_the_report_has_already_is_written_once():
    assert outputs_of("x.csv", {Format.CSV: True}) == [Output(Format.CSV, "x.csv")]
    assert outputs_of("x.csv", {Format.CSV: "x.csv", Format.WORKBOOK: True}) == [Output(Format.CSV, "x.csv"), Output(Format.WORKBOOK, "x.xlsx")]


def test_a_name_without_an_ending_is_that_of_a_page():
    assert outputs_of("report", {Format.CSV: True}) == [Output(Format.PAGE, "report"), Output(Format.CSV, "report.csv")]


def test_without_a_report_a_format_has_a_name_of_its_own():
    assert outputs_of(None, {Format.CSV: "x.csv"}) == [Output(Format.CSV, "x.csv")]
    assert outputs_of(None, {Format.CSV: False}) == []
    with pytest.raises(CarbonError, match="the csv file has no name") as caught:
        outputs_of(None, {Format.CSV: True})
    assert caught.value.hint


def test_a_name_of_another_format_is_refused():
    with pytest.raises(CarbonError, match="cannot write xlsx to 'x.csv'"):
        outputs_of("x.html", {Format.WORKBOOK: "x.csv"})
