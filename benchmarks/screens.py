"""Draw what a command prints at 60, 80 and 120 columns as pictures for the documentation.

python benchmarks/screens.py docs/images
"""

import io
import os
import re
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

COLUMNS = (60, 80, 120)
SHOWN = {
    "estimate": ["estimate", "--params", "530e9", "--tokens", "270e9", "--hw", "dgx-a100"],
    "does-not-fit": ["estimate", "--params", "70B", "--tokens", "10M", "--kind", "lora", "--hw", "rtx-4090", "--accelerators", "1"],
}
"""Name of a picture to the command that it shows."""


def main(folder: str) -> None:
    for name, words in SHOWN.items():
        for columns in COLUMNS:
            picture = drawn(words, columns)
            Path(folder, f"screen-{name}-{columns}.svg").write_text(picture, "utf-8")


def drawn(words: list[str], columns: int) -> str:
    """Return the picture of a command and its output on so many columns."""
    env = {**os.environ, "COLUMNS": str(columns), "FORCE_COLOR": "1"}
    env.pop("NO_COLOR", None)
    done = subprocess.run([sys.executable, "-m", "traincarbon", *words], capture_output=True, encoding="utf-8", check=True, env=env)
    console = Console(record=True, width=columns, file=io.StringIO(), force_terminal=True, color_system="truecolor", legacy_windows=False)
    console.print(Text(f"$ carbon {' '.join(words)}"))
    for line in done.stdout.splitlines():
        console.print(Text.from_ansi(line), no_wrap=True)
    picture = console.export_svg(title=f"{columns} columns", theme=MONOKAI, unique_id=f"screen-{columns}")
    # the fonts would come from a server of others: a page must not ask it
    return re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL)


if __name__ == "__main__":
    main(*sys.argv[1:])
