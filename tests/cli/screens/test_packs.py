"""What doctor says of the journals of a store."""

import pytest

from packed_stores import write_run
from traincarbon import runs
from traincarbon.cli.screens.packs import journal_dict, journal_rows

pytest.importorskip("pyarrow")


def test_nothing_is_said_where_there_is_no_index(tmp_path):
    assert (journal_rows(None), journal_dict(None), journal_rows(str(tmp_path)), journal_dict(str(tmp_path))) == ([], None, [], None)


@pytest.mark.parametrize(
    ("stated", "said"),
    [("", "above 1,000 MB carbon runs list packs some"), ("never", "packed by carbon runs compact alone"), ("x", "not packed automatically: ")],
)
def test_how_many_there_are_and_when_they_are_packed(tmp_path, monkeypatch, stated, said):
    monkeypatch.setenv("CARBON_COMPACT_ABOVE", stated)
    write_run(tmp_path)
    runs.list(store=tmp_path)
    ((name, text),) = journal_rows(str(tmp_path))
    assert name == "journals"
    assert text.startswith("1 journal, 0.0 MB; 0 packs")
    assert said in text
    assert journal_dict(str(tmp_path))["journals"] == 1
