"""Write NOTICE from the licences in the bibliography: ``make notice``."""

import csv
import sys
import textwrap
from pathlib import Path

from traincarbon.database.load import Database, builtin_root
from traincarbon.database.records import PRODUCTS, TABLES

PAGE = Path(__file__).parent.parent / "NOTICE"
CITED = ("cited", "quoted", "facts only")
"""How a licence ends whose work is cited figure by figure, and not copied."""
OWN = "own work"
HEADINGS = {
    "CC BY 4.0": "Creative Commons Attribution 4.0 International (CC BY 4.0), https://creativecommons.org/licenses/by/4.0/",
    "Apache-2.0": "Apache License, Version 2.0, https://www.apache.org/licenses/LICENSE-2.0",
    "MIT": "MIT License, below, copyright (c) the authors of each",
    "BSD-3-Clause": "BSD 3-Clause License, below, copyright (c) the authors of each",
    "Unicode-3.0; codes cited": "Unicode License V3, https://www.unicode.org/license.txt: names from the Common Locale Data Repository, Unicode, Inc.",
    "public domain": "Public domain (works of the United States Government)",
}
"""Licence to its heading. Every other one is shown with its terms."""
PREFACE = """traincarbon
Copyright 2026 The traincarbon authors

The software is licensed under the Apache License, Version 2.0 (see LICENSE).

The folder hardware_db holds facts that others published. Each fact names its source and the place in it; sources.toml there
is the full bibliography, with the licence of each source. Values were converted to common units, brought into one schema and
joined with others; that is indicated fact by fact. Single figures from data sheets, reports and papers are cited as facts.
The following sources are used to an extent that their licences attach terms to.
"""
TEXTS = """htmx

  src/traincarbon/webapp/static holds htmx 2.0.11 and its extension for server-sent events 2.2.4, unchanged, under the
  Zero-Clause BSD licence (LICENSES.txt beside them).

MIT License

  Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
  documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
  rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
  persons to whom the Software is furnished to do so, subject to the following conditions:

  The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
  Software.

  THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
  WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
  COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
  OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.

BSD 3-Clause License

  Redistribution and use in source and binary forms, with or without modification, are permitted provided that the
  following conditions are met:

  1. Redistributions of source code must retain the above copyright notice, this list of conditions and the following
     disclaimer.
  2. Redistributions in binary form must reproduce the above copyright notice, this list of conditions and the following
     disclaimer in the documentation and/or other materials provided with the distribution.
  3. Neither the name of the copyright holder nor the names of its contributors may be used to endorse or promote products
     derived from this software without specific prior written permission.

  THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND ANY EXPRESS OR IMPLIED WARRANTIES,
  INCLUDING, BUT NOT LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE
  DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT HOLDER OR CONTRIBUTORS BE LIABLE FOR ANY DIRECT, INDIRECT, INCIDENTAL,
  SPECIAL, EXEMPLARY, OR CONSEQUENTIAL DAMAGES (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR SERVICES;
  LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER IN
  CONTRACT, STRICT LIABILITY, OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE OF THIS
  SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.
"""
CLOSING = """Cited figure by figure

  Every other source in sources.toml is cited figure by figure; neither its text, its code nor its data files are included.
  Among them are works under licences that a copy would have to keep:
"""


def uses(database: Database) -> dict[str, list[str]]:
    """Return for each source the folders and tables that cite it."""
    found: dict[str, dict[str, None]] = {}
    for folder in PRODUCTS:
        for product in database.products(folder):
            for fact in product.facts.values():
                found.setdefault(fact.source, {})[folder] = None
    for table in TABLES:
        for row in database.all_rows(table):
            found.setdefault(row["source"], {})[f"{table}.csv"] = None
    with (Path(builtin_root()) / "published_runs.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            for key in row["source"].split(";"):
                found.setdefault(key, {})["published_runs.csv"] = None
    return {key: list(places) for key, places in found.items()}


def notice() -> str:
    """Return the text of NOTICE."""
    database = Database([builtin_root()])
    used = uses(database)
    by_licence: dict[str, list[str]] = {}
    for key, entry in database.sources().items():
        if key in used:
            url = f", {entry['url']}" if entry.get("url") else ""
            line = f"{entry['title']}, {entry['publisher']}{url} ({', '.join(used[key])})"
            by_licence.setdefault(entry["licence"], []).append(line)
    parts = [PREFACE]
    parts += [_section(heading, by_licence.pop(licence, [])) for licence, heading in HEADINGS.items()]
    terms = [licence for licence in by_licence if licence != OWN and not licence.endswith(CITED)]
    parts.append(_section("Other terms, each as its publisher states them", [f"{line}: {licence}" for licence in terms for line in by_licence[licence]]))
    parts.append(TEXTS)
    kept = [f"{line}: {licence}" for licence, lines in by_licence.items() if licence.endswith(CITED) and "PL-" in licence for line in lines]
    parts.append(CLOSING + "\n" + _list(kept))
    return "\n".join(parts)


def _section(heading: str, lines: list[str]) -> str:
    return f"{textwrap.fill(heading, 122, break_on_hyphens=False)}\n{_list(lines)}"


def _list(lines: list[str]) -> str:
    wrapped = (textwrap.fill(line, 122, initial_indent="  * ", subsequent_indent="    ", break_long_words=False, break_on_hyphens=False) for line in lines)
    return "".join(f"{line}\n" for line in wrapped)


def main() -> int:
    """Write the file."""
    PAGE.write_text(notice(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
