"""Take a picture of the top of a page in headless Chromium: ``make pictures``.

python docs/screenshot.py PAGE.html PICTURE.png

It keeps 128 colours, which are enough for text and charts and make a small file.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WIDTH, HEIGHT = 1000, 900
COLOURS = 128
BAR = 150
"""More than the height of the window that its bar takes away from the page."""


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
            f"--window-size={WIDTH},{HEIGHT + BAR}",
            f"--screenshot={Path(profile) / 'full.png'}",
        ]
        subprocess.run([browser, *options, Path(page).resolve().as_uri()], check=True, capture_output=True, timeout=120)
        with Image.open(Path(profile) / "full.png") as full:
            full.convert("RGB").crop((0, 0, WIDTH, HEIGHT)).quantize(COLOURS, dither=Image.Dither.NONE).save(picture, optimize=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
