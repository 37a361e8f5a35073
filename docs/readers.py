"""Write the tables in docs/readers.md: that of formats from the readers, and that of files that were tried.

``make readers`` writes the first. ``python docs/readers.py FOLDER`` tries the files in FOLDER and writes the second: its folders have the names of formats,
and hold files that people have committed to public repositories, which are not part of this one.
"""

import re
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import NamedTuple

from traincarbon.errors import CarbonError
from traincarbon.readers.formats import EVERY, formats_table, read_file

PAGE = Path(__file__).parent / "readers.md"
FORMATS = re.compile(r"(<!-- formats -->\n).*?(<!-- end -->\n)", re.DOTALL)
TRIED = re.compile(r"(<!-- tried -->\n).*?(<!-- end of tried -->\n)", re.DOTALL)
BESIDE = {"mlflow-run": "meta.yaml", "wandb-run": "*.wandb"}
"""Formats whose files have others beside them."""


class Tried(NamedTuple):
    """What a reader made of a file: its format, the number of its runs, whether parts were left out, and why it holds no run."""

    format: str
    runs: int
    has_left_out: bool
    reason: str


def page() -> str:
    """Return the page with the table of formats of today."""
    return FORMATS.sub(lambda found: f"{found[1]}{formats_table()}\n{found[2]}", PAGE.read_text("utf-8"))


def attempt(file: Path, format: str) -> Tried:
    """Return what becomes of a file that is expected to be of a *format*."""
    try:
        found = read_file(str(file))
    except CarbonError as error:
        return Tried(format, 0, False, plain(str(error), file))
    if not found.records:
        return Tried(format, 0, False, plain((found.left_out or found.notes)[0], file))
    return Tried(found.records[0].source, len(found.records), bool(found.left_out), "")


def plain(reason: str, file: Path) -> str:
    """Return a reason without what only holds for one file."""
    reason = re.sub(r"^run '[^']*': |^line \d+, run '[^']*': ", "", reason.replace(file.name, "it"))
    reason = re.sub(r" of \d+ | \d+ ", " … ", reason).split(";")[0]
    return re.sub(r": it begins .*", "", reason)


def tried_table(folder: Path) -> str:
    """Return the table of the files in a folder."""
    results: dict[str, list[Tried]] = defaultdict(list)
    for place in sorted(folder.iterdir()):
        for file in sorted(place.rglob(BESIDE.get(place.name, "*"))):
            if file.is_file():
                tried = attempt(file, place.name)
                results[tried.format].append(tried)
    order = [each.name for each in EVERY if each.name in results]
    rows = [row(name, results[name]) for name in order]
    return "\n".join(["| format | files | read | in part | runs | the rest |", "|---|---|---|---|---|---|", *rows])


def row(name: str, results: list[Tried]) -> str:
    """Return the row of a format."""
    read = [each for each in results if each.runs]
    reasons = Counter(each.reason for each in results if not each.runs)
    rest = "; ".join(f"{count} × {reason}" for reason, count in reasons.most_common())
    whole = sum(not each.has_left_out for each in read)
    return f"| `{name}` | {len(results)} | {whole} | {len(read) - whole} | {sum(each.runs for each in read):,} | {rest} |"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    for folder in sys.argv[1:]:
        table = tried_table(Path(folder))
        PAGE.write_text(TRIED.sub(lambda found, table=table: f"{found[1]}{table}\n{found[2]}", PAGE.read_text("utf-8")), "utf-8")
    sys.stdout.write(f"{PAGE.name}: written\n")
