"""A report as PDF or PNG, by a browser of the Chromium family."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from os import path

from traincarbon.errors import CarbonError

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge", "microsoft-edge", "brave-browser")
_PICTURE_SIZE = "--window-size=1200,1500"
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


def browser() -> str | None:
    """Return the path of a browser that can print a page, None if there is none on PATH."""
    return next((found for name in _BROWSERS if (found := shutil.which(name)) is not None), None)


def pdf_of(file: str, html: str) -> bytes:
    """Return *html* as it prints, for a PDF *file*.

    Raises:
        CarbonError: the browser fails.
    """
    return _made(file, html, "report.pdf", lambda made: [f"--print-to-pdf={made}"])


def png_of(file: str, html: str) -> bytes:
    """Return a picture of the top of *html*, of the size of its first page, for a PNG *file*.

    Raises:
        CarbonError: the browser fails.
    """
    return _made(file, html, "report.png", lambda made: [f"--screenshot={made}", "--hide-scrollbars", _PICTURE_SIZE, "--force-device-scale-factor=2"])


def _made(file: str, html: str, name: str, ask: Callable[[str], list[str]]) -> bytes:
    """Return what the browser makes of *html*; *ask* gives its options for the file that it writes."""
    command = browser()
    with tempfile.TemporaryDirectory(prefix="carbon-report-") as folder:
        page, made = path.join(folder, "report.html"), path.join(folder, name)
        with open(page, "w", encoding="utf-8") as stream:
            stream.write(html)
        options = [*_OPTIONS, *(["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else [])]
        try:
            subprocess.run(  # noqa: S603  a browser from PATH with our own arguments
                [str(command), *options, f"--user-data-dir={folder}/profile", *ask(made), f"file://{page}"],
                check=True,
                capture_output=True,
                timeout=_TIMEOUT_S,
            )
            with open(made, "rb") as content:
                return content.read()
        except (OSError, subprocess.SubprocessError) as error:
            hint = f"name {path.splitext(file)[0]}.html and print it from your browser"
            raise CarbonError(f"cannot write {file!r}: {path.basename(str(command))} did not print it", hint=hint) from error
