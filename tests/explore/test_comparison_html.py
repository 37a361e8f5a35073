"""A comparison is shown as a row an option."""

import traincarbon
from traincarbon.explore.comparison_html import as_html


def test_each_option_has_a_row_with_its_marks_and_what_was_set_aside_stands_below():
    found = traincarbon.compare(hw=["dgx-h100", "dgx-a100", "mi300x"], params="7B", tokens="1T", servers=16)
    page = as_html(found)
    assert page.count("<tr>") == 1 + len(found.options)
    assert "fastest" in page
    assert page.count("<p>Set aside") == len({each.reason for each in found.set_aside})
    assert found.options[0].where.hw in page
