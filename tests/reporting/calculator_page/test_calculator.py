import pytest

from traincarbon import calculator
from traincarbon.errors import CarbonError
from traincarbon.reporting.calculator_page import calculator as module


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(module, "calculator_html", lambda _database, _progress: "<!DOCTYPE html>")


def test_the_page_is_written_whole_and_never_over_a_file_unasked(tmp_path):
    file = tmp_path / "calculator.html"
    made = calculator(output=file)
    assert file.read_text("utf-8") == made.html == "<!DOCTYPE html>"
    assert made.to_dict() == {"file": str(file), "size_b": 15}
    with pytest.raises(CarbonError, match="already exists"):
        calculator(output=file)
    assert calculator(output=file, force=True).file == str(file)


def test_another_ending_is_refused_before_anything_is_computed(tmp_path):
    with pytest.raises(CarbonError, match="does not end in") as caught:
        calculator(output=tmp_path / "calculator.pdf")
    assert caught.value.hint == "name it, for example, calculator.html"


def test_without_a_file_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert calculator().file == ""
    assert list(tmp_path.iterdir()) == []
