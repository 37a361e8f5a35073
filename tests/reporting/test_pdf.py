"""A browser prints a report, or makes a picture of it, whole or not at all."""

import os
import shutil
import subprocess

import pytest

from traincarbon.errors import CarbonError
from traincarbon.reporting import pdf
from traincarbon.reporting.report import report


def fake_browser(folder, script):
    """Put a chromium that runs *script* on a PATH of its own."""
    folder.mkdir()
    browser = folder / "chromium"
    browser.write_text(f"#!/bin/sh\n{script}\n")
    browser.chmod(0o755)
    return f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin"


@pytest.fixture
def plan(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plan.toml").write_text('params = 7e9\ntokens = 1e10\nhw = "8xH100"\n')
    return "plan.toml"


@pytest.mark.parametrize("script", ["exit 1", "exit 0"])
def test_a_browser_that_prints_nothing_leaves_nothing(tmp_path, monkeypatch, script):
    monkeypatch.setenv("PATH", fake_browser(tmp_path / "bin", script))
    with pytest.raises(CarbonError) as caught:
        pdf.pdf_of(str(tmp_path / "r.pdf"), "<p>page</p>")
    assert str(caught.value) == f"cannot write {str(tmp_path / 'r.pdf')!r}: chromium did not print it"
    assert not (tmp_path / "r.pdf").exists()


def test_what_the_browser_prints_is_the_file_and_its_size_is_told(plan, tmp_path, monkeypatch):
    script = 'for word in "$@"; do case "$word" in --print-to-pdf=*) printf "%%PDF-1.4 made" > "${word#--print-to-pdf=}";; esac; done'
    monkeypatch.setenv("PATH", fake_browser(tmp_path / "bin", script))
    made = report(plan, output="r.pdf")
    assert (tmp_path / "r.pdf").read_bytes() == b"%PDF-1.4 made"
    assert made.size_b == len(b"%PDF-1.4 made")
    with pytest.raises(CarbonError, match="already exists"):
        report(plan, output="r.pdf")
    report(plan, output="r.pdf", force=True)
    assert (tmp_path / "r.pdf").read_bytes() == b"%PDF-1.4 made"


@pytest.mark.skipif(shutil.which("chromium") is None, reason="no Chromium on PATH")
def test_chromium_prints_a_pdf(tmp_path):
    file = tmp_path / "r.pdf"
    try:
        printed = pdf.pdf_of(str(file), "<!DOCTYPE html><p>page</p>")
    except CarbonError as error:
        assert isinstance(error.__cause__, subprocess.TimeoutExpired)
        pytest.skip("Chromium is too slow here")
    assert printed.startswith(b"%PDF-")


@pytest.mark.skipif(shutil.which("chromium") is None, reason="no Chromium on PATH")
def test_chromium_makes_a_picture(tmp_path):
    try:
        made = pdf.png_of(str(tmp_path / "r.png"), "<!DOCTYPE html><p>page</p>")
    except CarbonError as error:
        assert isinstance(error.__cause__, subprocess.TimeoutExpired)
        pytest.skip("Chromium is too slow here")
    assert made.startswith(b"\x89PNG")
