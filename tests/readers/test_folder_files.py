"""The files of other programs in a folder."""

import pytest

from traincarbon.errors import CarbonError
from traincarbon.readers import folder_files
from traincarbon.readers.folder_files import files_in


def test_files_of_known_names_are_found_in_all_folders_but_hidden_ones(tmp_path):
    for name in ("emissions.csv", "b/emissions_base.csv", "a/impacttracker/data.json", "a/data.json", ".trash/emissions.csv", "b/other.csv"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    found = files_in(str(tmp_path), ("emissions*.csv", "impacttracker/data.json"))
    assert [file[len(str(tmp_path)) + 1 :] for file in found] == ["emissions.csv", "a/impacttracker/data.json", "b/emissions_base.csv"]


def test_too_many_files_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(folder_files, "_MOST", 2)
    for number in range(3):
        (tmp_path / f"{number}.csv").write_text("")
    with pytest.raises(CarbonError, match="more than 2 files"):
        files_in(str(tmp_path), ("*.csv",))


def test_a_folder_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(CarbonError, match="cannot read"):
        files_in(str(tmp_path / "missing"), ("*.csv",))
