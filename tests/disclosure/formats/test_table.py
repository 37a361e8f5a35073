"""Every format has a writer, and an unknown one is refused with those that there are."""

import pytest

from traincarbon.disclosure.formats.table import FORMATS, writer_of
from traincarbon.errors import CarbonError


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_has_a_writer(name, disclosed):
    files = writer_of(name)(disclosed())
    assert files
    assert all(content.endswith("\n") for content in files.values())


def test_an_unknown_format_is_refused_with_those_that_there_are():
    with pytest.raises(CarbonError, match="unknown format 'cyclondx'") as caught:
        writer_of("cyclondx")
    assert "did you mean cyclonedx?" in caught.value.hint
