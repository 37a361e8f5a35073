import os

import pytest

from made_runs import fitted, record, slower
from traincarbon.calibration.store import as_dict, forget, save, text_of
from traincarbon.errors import CarbonError, NotFoundError
from traincarbon.estimation.calibration import names, read


@pytest.fixture(scope="module")
def calibration(shipped):
    return fitted(slower(shipped, (1.3, 1.2, 1.25), plan={"region": "france"}), shipped, meters=[{"hw": "dgx-a100", "factor": 1.1}]).calibration


def test_what_is_written_is_read_back(calibration, tmp_path):
    save(calibration, str(tmp_path))
    again = read("mine", str(tmp_path))
    assert again.effects == calibration.effects
    assert (again.runs, again.n_runs, again.made, again.automatic, again.why) == (calibration.runs, 3, calibration.made, True, calibration.why)
    assert again.errors["hours"]["before"] == pytest.approx(calibration.errors["hours"]["before"], abs=1e-6)
    assert again.meters == ({"hw": "dgx-a100", "factor": 1.1},)


def test_a_calibration_of_the_same_name_is_replaced_whole(calibration, tmp_path):
    save(calibration, str(tmp_path))
    save(calibration, str(tmp_path))
    assert os.listdir(tmp_path) == ["mine.toml"]


def test_hostile_names_of_runs_and_reasons_stay_text(shipped, tmp_path):
    records = slower(shipped, (1.2, 1.3))
    evil = 'a"\n[[effect]]\x00\u202e<script>' + "x" * 10_000
    found = fitted([*records, record(evil, state="killed")], shipped).calibration
    save(found, str(tmp_path))
    assert read("mine", str(tmp_path)).set_aside[0][0] == evil


@pytest.mark.parametrize("name", ["", "none", "None", "../up", "a/b", ".hidden", "x" * 65, "a b", "é"])
def test_a_name_that_could_be_another_file_is_refused(calibration, tmp_path, name):
    from dataclasses import replace

    with pytest.raises(CarbonError, match="cannot be the name of a calibration"):
        save(replace(calibration, name=name), str(tmp_path))


def test_a_folder_that_cannot_be_written_is_an_error_and_leaves_nothing(calibration, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CarbonError, match="cannot write"):
        save(calibration, str(tmp_path / "file" / "folder"))


def test_forgetting_removes_the_file(calibration, tmp_path):
    save(calibration, str(tmp_path))
    forget("mine", str(tmp_path))
    assert names(str(tmp_path)) == []
    with pytest.raises(NotFoundError, match="no calibration 'mine'"):
        forget("mine", str(tmp_path))


def test_the_file_says_how_it_was_made(calibration):
    text = text_of(calibration)
    assert 'used = ["run-0", "run-1", "run-2"]' in text
    assert 'hardware = "a100-sxm4-80gb"' in text
    assert "[errors.hours]" in text


def test_as_a_dictionary_it_names_its_runs(calibration):
    stated = as_dict(calibration)
    assert stated["used"] == ["run-0", "run-1", "run-2"]
    assert stated["effects"][0]["quantity"] == "mfu"
