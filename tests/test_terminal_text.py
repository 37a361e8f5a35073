"""Text of a terminal stays within its width, in columns, and is plain again without its styles."""

from hypothesis import given
from hypothesis import strategies as st

from traincarbon import terminal_text


def test_columns_are_aligned():
    assert terminal_text.table([("a", "1"), ("bcd", "23")], right=(1,)) == "a     1\nbcd  23"
    assert terminal_text.table([]) == ""


@given(st.lists(st.text("abc", min_size=1, max_size=30), min_size=1, max_size=60))
def test_filled_text_keeps_its_words_and_stays_within_the_screen(words):
    lines = terminal_text.filled(" ".join(words)).split("\n")
    assert " ".join(lines).split() == words
    assert all(len(line) <= terminal_text.width() for line in lines)
    assert all(line.startswith("  ") for line in lines[1:])


@given(st.lists(st.tuples(st.text("ab ", max_size=9), st.text("123", min_size=1, max_size=9)), min_size=1, max_size=8))
def test_every_cell_of_a_column_starts_or_ends_where_the_others_do(rows):
    lines = terminal_text.table(rows, right=(1,)).split("\n")
    assert len({len(line) for line in lines}) == 1
    assert [line.rsplit(" ", 1)[-1] for line in lines] == [cell for _, cell in rows]


@given(st.text("ab \n"))
def test_what_is_styled_is_plain_again_without_its_style(text):
    assert terminal_text.plain(terminal_text.bold(text) + terminal_text.dim(text)) == text * 2
