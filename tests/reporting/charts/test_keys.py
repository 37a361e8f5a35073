from traincarbon.reporting.charts.keys import draw_keys
from traincarbon.reporting.markup import html


def mark(x, y):
    return html("<i>{:.0f} {:.0f}</i>", x, y)


def test_entries_stand_side_by_side_and_continue_on_the_next_line():
    parts, top = draw_keys([("one", mark), ("two", mark)], 320.0)
    assert [str(part) for part in parts[::2]] == ["<i>0 2</i>", "<i>48 2</i>"]
    assert top == 29.0
    narrow, lower = draw_keys([("one", mark), ("two", mark)], 60.0)
    assert str(narrow[2]) == "<i>0 19</i>"
    assert lower == top + 17.0
