"""Take a picture of the top of a page in headless Chromium: ``make pictures``.

python docs/screenshot.py PAGE.html PICTURE.png
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WIDTH, HEIGHT = 1000, 1190


def main(page: str, picture: str) -> None:
    """Write the top of *page* to *picture*."""
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        sys.exit(f"no browser found: install one of {', '.join(BROWSERS)}")
    with tempfile.TemporaryDirectory(prefix="carbon-screenshot-") as profile:
        options = [
            *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run"),
            "--host-resolver-rules=MAP * ~NOTFOUND",  # neither the page nor the browser reaches the network
            "--blink-settings=preferredColorScheme=1",
            f"--user-data-dir={profile}",
            f"--window-size={WIDTH},{HEIGHT}",
            f"--screenshot={Path(picture).resolve()}",
        ]
        subprocess.run([browser, *options, Path(page).resolve().as_uri()], check=True, capture_output=True, timeout=120)


if __name__ == "__main__":
    main(*sys.argv[1:])
