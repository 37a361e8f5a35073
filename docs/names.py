"""Write docs/names.md, the table of spellings and what each means, from tests/database/spellings.csv: ``make names``."""

import csv
import re
import sys
from pathlib import Path

from traincarbon.database.find import find_hardware
from traincarbon.database.find_place import find_place
from traincarbon.database.load import Database, builtin_root
from traincarbon.errors import NotFoundError

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "names.md"
SPELLINGS = ROOT / "tests" / "database" / "spellings.csv"
INTRO = """# Names

`--hw` and `--region` take names as people, drivers, schedulers and clouds write them.
Every word that tells products apart must be the product's own: a GTX 1080 is not a GTX 1080 Ti, an M2 is not an M2 Ultra.
A name that is unknown or that several products share is refused, and the likeliest candidate comes first.

- **Hardware**: ids and aliases (`carbon db list hardware`), what drivers print, Kubernetes labels, SLURM's GRES, instances of AWS, Google Cloud and Azure, and processors by name.
  A V100 comes with 16 and 32 GB: `--explain` says which memory was taken, and which others there are.
  The table below is of names alone: a count, as in `8 x NVIDIA A40`, is no part of a name, and the hint says which name is.
- **Places**: countries by every name and code of ISO 3166, states, provinces and districts of every country (`Bavaria`, `DE-BY`, `Karnataka`), large towns, zones of Electricity Maps, the regions of clouds, and supercomputers (`LUMI`).
  A part of a country has the grid area that it is on, where one is known, else that of the country; `Punjab`, which two countries have, is refused with both.
  A country is the country, never a company's data centre. `Brooklyn, NY, USA` is New York.
- **A site of your own**: `home` and `on-prem`, alone or with the place, as `home:germany`. Their PUE is 1.0 to 1.1, no water evaporates, the price of electricity is that of households or of businesses,
  and one machine has no switches.

`make names` writes this page from `tests/database/spellings.csv`. {right} of {all} spellings resolve right or are refused with the right candidate first.
"""


def meaning(database: Database, kind: str, spelling: str) -> str:
    """Return what *spelling* means, or how it is refused."""
    find = find_hardware if kind == "hardware" else find_place
    try:
        found = find(database, spelling)
    except NotFoundError as error:
        candidates = re.search(r"(?:did you mean|one of) ([^;?]+)", error.hint)
        return f"refused: {candidates[1]}?" if candidates else f"refused: {error.hint}"
    return f"{found.name} (`{found.id}`)"


def is_right(answer: str, expected: str) -> bool:
    """Whether *answer* is what the table expects: an id, or after a question mark the candidates of which one must come first."""
    if not expected.startswith("?"):
        return answer.endswith(f"(`{expected}`)")
    first = re.match(r"refused: ([^ ,?]+)", answer)
    return first is not None and (expected == "?" or first[1] in expected[1:].split("|"))


def page() -> str:
    """Return the whole page."""
    database = Database([builtin_root()])
    with SPELLINGS.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    answers = [meaning(database, row["kind"], row["spelling"]) for row in rows]
    right = sum(is_right(answer, row["expected"]) for row, answer in zip(rows, answers, strict=True))
    text = INTRO.format(right=right, all=len(rows))
    for kind, title in (("hardware", "Hardware"), ("place", "Places")):
        text += f"\n## {title}\n\n| spelling | means | found in |\n| --- | --- | --- |\n"
        text += "".join(
            f"| `{row['spelling']}` | {answer} | {row['source']} |\n".replace("||", "| |")
            for row, answer in zip(rows, answers, strict=True)
            if row["kind"] == kind
        )
    return text


if __name__ == "__main__":
    sys.stdout.write(f"{PAGE.relative_to(ROOT)}\n")
    PAGE.write_text(page(), encoding="utf-8")
