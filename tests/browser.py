"""Run the page's scripts in headless Chromium, or else in node; a test that finds neither is skipped with that reason."""

import html
import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

CHROMIUM = next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)
NODE = shutil.which("node")
_QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND",  # the browser cannot reach the network
)


def chromium(file, *options):
    """Return what Chromium prints when it has opened *file*, which may carry a fragment."""
    with tempfile.TemporaryDirectory() as profile:
        command = [CHROMIUM, *_QUIET, f"--user-data-dir={profile}", *options, f"file://{file}"]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout


def need_chromium():
    if CHROMIUM is None:
        pytest.skip("no Chromium on PATH")


def evaluate(script, expression, folder: Path):
    """Return the value of a JavaScript *expression* after *script* has run."""
    if CHROMIUM is not None:
        page = folder / "evaluate.html"
        page.write_text(
            f'<!DOCTYPE html><meta charset="utf-8"><body><script>{script}\ndocument.body.textContent = "[[" + JSON.stringify({expression}) + "]]";</script>'
        )
        found = re.search(r"\[\[(.*)\]\]", html.unescape(chromium(page, "--dump-dom")), re.DOTALL)
        assert found, "the script failed"
        return json.loads(found[1])
    if NODE is None:
        pytest.skip("neither Chromium nor node on PATH")
    file = folder / "evaluate.js"
    file.write_text(f"{script}\nprocess.stdout.write(JSON.stringify({expression}));")
    return json.loads(subprocess.run([NODE, str(file)], capture_output=True, text=True, timeout=120, check=True).stdout)
