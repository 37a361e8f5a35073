"""A report as PDF, printed by a browser of the Chromium family; what a report's file may be called."""

import os
import shutil
import subprocess
import tempfile
from os import path

from traincarbon.errors import CarbonError

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge", "microsoft-edge", "brave-browser")
_PAGES = ("", ".html", ".htm", ".xhtml")
_TIMEOUT_S = 120.0
_OPTIONS = (
    "--headless",
    "--disable-gpu",
    "--no-first-run",
    "--no-pdf-header-footer",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)
"""The page needs no network, and the browser's own calls go nowhere."""


def is_pdf(file: str) -> bool:
    """Say whether a report that is written to *file* is a PDF rather than a page.

    Raises:
        CarbonError: the name is that of another format, or of a PDF that nothing here can print.
    """
    ending = path.splitext(file)[1].lower()
    if ending in _PAGES:
        return False
    if ending != ".pdf":
        raise CarbonError(f"cannot write a report as {ending[1:]}: {file!r}", hint="name a file that ends in .html or .pdf")
    if browser() is None:
        hint = f"name {path.splitext(file)[0]}.html and print it from your browser, or install Chromium or Google Chrome"
        raise CarbonError(f"cannot write {file!r}: no browser that prints PDF is on PATH", hint=hint)
    return True


def browser() -> str | None:
    """Return the path of a browser that can print a page, None if there is none on PATH."""
    return next((found for name in _BROWSERS if (found := shutil.which(name)) is not None), None)


def pdf_of(file: str, html: str) -> bytes:
    """Return *html* as it prints, for a PDF *file*.

    Raises:
        CarbonError: the browser fails.
    """
    command = browser()
    with tempfile.TemporaryDirectory(prefix="carbon-report-") as folder:
        page, printed = path.join(folder, "report.html"), path.join(folder, "report.pdf")
        with open(page, "w", encoding="utf-8") as stream:
            stream.write(html)
        options = [*_OPTIONS, *(["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else [])]
        try:
            subprocess.run(  # noqa: S603  a browser from PATH with our own arguments
                [str(command), *options, f"--user-data-dir={folder}/profile", f"--print-to-pdf={printed}", f"file://{page}"],
                check=True,
                capture_output=True,
                timeout=_TIMEOUT_S,
            )
            with open(printed, "rb") as made:
                return made.read()
        except (OSError, subprocess.SubprocessError) as error:
            hint = f"name {path.splitext(file)[0]}.html and print it from your browser"
            raise CarbonError(f"cannot write {file!r}: {path.basename(str(command))} did not print it", hint=hint) from error
