"""Title, notes, approvers and logo are validated, and shown as text."""

import pytest

from traincarbon.errors import CarbonError
from traincarbon.reporting.currency import USD, Currency
from traincarbon.reporting.header import Header, approval_section, header_html, read_header
from traincarbon.reporting.outline import section_html

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 10


@pytest.fixture
def settings(tmp_path):
    (tmp_path / "logo.png").write_bytes(PNG)

    def write(text):
        file = tmp_path / "report.toml"
        file.write_text(text, encoding="utf-8")
        return str(file)

    return write


def test_a_file_states_everything_and_options_win(settings):
    file = settings('title = "T"\nnotes = "N"\napprovers = ["A", "B"]\nlogo = "logo.png"\ncurrency = "EUR=0.9"\nauthor = "C"\n')
    found = read_header(file, title="Other")
    assert found[:3] == ("Other", "N", ("A", "B"))
    assert found.logo.startswith("data:image/png;base64,iVBORw0KGgo")
    assert found.currency == Currency("EUR", 0.9)
    assert found.author == "C"
    assert read_header() == Header("", "", (), "", USD)


def test_what_a_training_is_worth_is_read_as_people_write_it(settings):
    found = read_header(settings('value = "$20M"\nrequests = 1e9\n'))
    assert (found.value, found.requests) == (20e6, 1e9)
    assert read_header(settings("value = 5\n"), value_usd="30 million", requests="2B requests")[-2:] == (30e6, 2e9)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("colour = 5", "unknown key 'colour'"),
        ("title = 5", "title is '5'"),
        ("title = ", "is not TOML"),
        ('approvers = "A"', "approvers is 'A'"),
        ("approvers = [1]", "approvers is"),
        (f"approvers = {['x'] * 13}", "13 approvers are too many"),
        ('logo = "none.png"', "cannot read the logo"),
        ('logo = "report.toml"', "is not a picture"),
        ('currency = "EUR"', "currency is 'EUR'"),
        ("budget = 0", "budget is 0"),
        ("value = -1", "value is -1"),
        ("value = true", "value is 'True'"),
        ('value = "much"', "value is 'much'"),
        ("requests = nan", "requests is nan"),
        ('requests = "1 kWh"', "requests is '1 kWh'"),
    ],
)
def test_what_cannot_be_is_refused_with_a_hint(settings, text, message):
    with pytest.raises(CarbonError, match=message) as caught:
        read_header(settings(text))
    assert caught.value.hint


def test_a_file_that_is_not_there_is_named():
    with pytest.raises(CarbonError, match=r"none\.toml"):
        read_header("none.toml")


@pytest.mark.parametrize("content", [b"", b"GIF", b'<?xml version="1.0"?><html/>', b"RIFF\x24\x08\x00\x00WAVEfmt "])
def test_what_only_begins_like_a_picture_is_none(tmp_path, content):
    (tmp_path / "logo").write_bytes(content)
    with pytest.raises(CarbonError, match="is not a picture"):
        read_header(logo=str(tmp_path / "logo"))


def test_a_large_picture_is_refused(tmp_path):
    (tmp_path / "logo.png").write_bytes(PNG + b"\0" * 300_000)
    with pytest.raises(CarbonError, match="larger than 300 kB"):
        read_header(logo=str(tmp_path / "logo.png"))


@pytest.mark.parametrize(("begin", "kind"), [(b"\xff\xd8\xff", "jpeg"), (b"GIF89a", "gif"), (b"RIFF0000WEBP", "webp"), (b" <svg xmlns=''/>", "svg+xml")])
def test_pictures_are_known_by_how_they_begin(tmp_path, begin, kind):
    (tmp_path / "logo").write_bytes(begin)
    assert read_header(logo=str(tmp_path / "logo")).logo.startswith(f"data:image/{kind};base64,")


def test_texts_are_only_shown():
    html = header_html(Header(notes="<script>\n\nmore"), "<b>" + "x" * 10_000) + section_html(approval_section(Header(approvers=("<i>",))))
    assert not {"<script>", "<b>", "<i>"} & set(html.replace(">", "> ").split())
    assert "x" * 200 not in html
    assert "<p>&lt;script&gt;</p><p>more</p>" in html


def test_without_approvers_there_is_no_section():
    assert section_html(approval_section(Header())) == ""
