"""What is no text, or has a character that no argument can hold, is left out of the import path that another process is given."""

import sys
from pathlib import Path

from traincarbon.import_path import import_path


def test_only_text_that_fits_into_an_argument_is_passed_on(monkeypatch):
    monkeypatch.setattr(sys, "path", ["", "/a", Path("/b"), None, "/c\0d", "/e"])
    assert import_path() == ["", "/a", "/e"]
