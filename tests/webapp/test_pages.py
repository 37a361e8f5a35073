"""Templates escape every text, and a name that is written from right to left stays in its place."""

import pytest

from traincarbon.reporting.markup import html
from traincarbon.webapp.pages import _templates, safe


@pytest.mark.parametrize(
    ("template", "value", "shown"),
    [
        ("{{ value }}", "<b>", "&lt;b&gt;"),
        ("{{ value }}", safe(html("<b>{}</b>", 1.0)), "<b>1.0</b>"),
        ("{{ value|clean }}", "a\u202e<b>", "a\ufffd&lt;b&gt;"),
        ("{{ value|name }}", "שלום", "<bdi>שלום</bdi>"),
        ("{{ value|name }}", "x" * 10_000, "<bdi>" + "x" * 119 + "…</bdi>"),
    ],
)
def test_a_value_is_shown_as_text(template, value, shown):
    assert _templates().from_string(template).render(value=value) == shown


def test_a_name_that_a_template_misspells_is_an_error():
    import jinja2

    with pytest.raises(jinja2.UndefinedError):
        _templates().from_string("{{ valeu }}").render(value=1)


def test_every_template_can_be_read():
    for name in _templates().list_templates():
        assert _templates().get_template(name)
