"""Write docs/facts.md and its picture from the database: ``make facts``."""

import csv
import math
import re
import statistics
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple

from traincarbon.database.check_sources import RUNS
from traincarbon.database.load import Database, builtin_root
from traincarbon.database.records import KINDS, PRODUCTS, TABLES, Row
from traincarbon.database.select import need_prior
from traincarbon.database.stale import stale
from traincarbon.formulas.carbon import direct_gco2e_per_kwh

PAGE = Path(__file__).parent / "facts.md"
SAMPLE = Path(__file__).resolve().with_name("fact-sample.csv")
PICTURE = Path(__file__).parent / "images" / "facts-regions.svg"
DATED = re.compile(r"As of (\d{4}-\d\d-\d\d)")
CHIPS = {
    "A100 80GB": ("a100-sxm4-80gb", "a100-pcie-80gb"),
    "H100": ("h100-sxm5-80gb", "h100-pcie-80gb"),
    "H200": ("h200-sxm-141gb",),
    "B200": ("b200-sxm-180gb",),
    "MI300X": ("mi300x",),
    "L40S": ("l40s",),
    "T4": ("t4",),
    "TPU v5e": ("tpu-v5e",),
    "TPU v5p": ("tpu-v5p",),
}
"""Name to the accelerators that are rented under it."""
GOOGLE = "-region-carbon"
"""How the sources of Google's own figures end."""
FAR = 1.5
"""The factor beyond which two figures of a region are listed."""
_COLUMN = "intensity_gco2e_per_kwh"
_SIDE, _MARGIN = 460, 60
_LEAST, _MOST = 5.0, 1000.0
_TICKS = (10, 20, 50, 100, 200, 500, 1000)


class Compared(NamedTuple):
    """A region: Google's own figure, and that of its state or country by others, both direct, in g/kWh."""

    region: str
    year: str
    own: float
    zone: str
    others: float
    source: str

    @property
    def ratio(self) -> float:
        """The figure of others over Google's own."""
        return self.others / self.own


def kinds_of(database: Database) -> dict[str, Counter[str]]:
    """Return how many facts of each kind every folder and table holds."""
    found = {folder: Counter(fact.kind for product in database.products(folder) for fact in product.facts.values()) for folder in PRODUCTS}
    found |= {table: Counter(row["kind"] for row in database.all_rows(table)) for table in TABLES}
    for table in RUNS:
        with (Path(builtin_root()) / f"{table}.csv").open(encoding="utf-8", newline="") as stream:
            found[table] = Counter(row["evidence"] for row in csv.DictReader(stream))
    return found


def rents_of(database: Database, chips: tuple[str, ...]) -> dict[str, tuple[float, str]]:
    """Return for each provider the least rent on demand of one of *chips* on its newest date, and that date, in US dollars an hour."""
    rows = [row for chip in chips for row in database.rows("prices", chip) if row["purchase"] == "on_demand"]
    found = {}
    for provider in sorted({row["provider"] for row in rows}):
        theirs = [row for row in rows if row["provider"] == provider]
        newest = max(row["date"] for row in theirs)
        found[provider] = (min(float(row["usd_per_h"]) / float(row["accelerator_count"]) for row in theirs if row["date"] == newest), newest)
    return found


def compared(database: Database) -> list[Compared]:
    """Return the regions of which Google publishes a figure and others one of the state or country, by how far they are apart."""
    found = []
    for region in database.all_rows("regions"):
        own = _newest(database, region["region"], "direct", is_googles=True)
        zone = region["zone"]
        tried = ((each, basis) for each in dict.fromkeys((zone, zone.partition("-")[0])) for basis in ("direct", "lifecycle"))
        others = next((row for each, basis in tried if (row := _newest(database, each, basis, is_googles=False)) is not None), None)
        if own is not None and others is not None:
            found.append(Compared(region["region"], own["year"], float(own[_COLUMN]), others["zone"], _direct(others, database), others["source"]))
    return sorted(found, key=lambda each: (max(each.ratio, 1 / each.ratio), each.region), reverse=True)


def _direct(row: Row, database: Database) -> float:
    """Return the direct intensity of a *row*; one of the lifecycle is scaled as in an estimate."""
    stated = float(row[_COLUMN])
    if row["basis"] == "direct":
        return stated
    constants = {name: need_prior(database, name, "*").value.median for name in ("upstream_factor", "plants_gco2e_per_kwh")}
    return float(direct_gco2e_per_kwh(lifecycle_gco2e_per_kwh=stated, **constants))


def _newest(database: Database, zone: str, basis: str, *, is_googles: bool) -> Row | None:
    rows = [row for row in database.rows("grid", zone) if row["basis"] == basis and row["source"].endswith(GOOGLE) == is_googles]
    rows = [row for row in rows if float(row[_COLUMN]) > 0.0]
    return max(rows, key=lambda row: row["year"], default=None)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, ["---", *["---:"] * (len(head) - 1)], *rows))


def _counts(database: Database) -> str:
    kinds = kinds_of(database)
    rows = [(table, counts) for table, counts in kinds.items() if counts]
    rows.append(("**all**", sum((counts for _, counts in rows), Counter())))
    cells = [
        [
            name if name.startswith("*") else f"`{name}`",
            f"{counts.total():,}",
            *(f"{counts[kind]:,}" for kind in KINDS),
            f"{counts['unverified'] / counts.total():.0%}",
        ]
        for name, counts in rows
    ]
    return _table(["table", "facts", *KINDS, "share unverified"], cells)


def _ages(database: Database, today: date) -> str:
    rows = []
    for each in stale(database, today):
        years = Counter(row.get("date", row.get("year", ""))[:4] for row in database.all_rows(each.limit.table))
        newest = ", ".join(f"{year}: {count:,}" for year, count in sorted(years.items(), reverse=True)[:4])
        share = f"{len(each.old) / each.known:.0%}" if each.known else ""
        rows.append([f"`{each.limit.table}`", f"{each.known:,}", f"{each.limit.most_months} months", f"{len(each.old):,}", share, newest])
    return _table(["table", "things", "limit", "older", "share", "rows by year"], rows)


def _published(database: Database) -> str:
    entries = database.sources()
    rows = []
    for folder in PRODUCTS:
        years = [int(str(entries[fact.source]["published"])[:4]) for product in database.products(folder) for fact in product.facts.values()]
        rows.append([f"`{folder}`", f"{statistics.median(years):.0f}", f"{sum(year >= 2024 for year in years) / len(years):.0%}"])
    return _table(["products", "median year of the source", "from 2024 or later"], rows)


def _rents(database: Database) -> str:
    rows = []
    for name, chips in CHIPS.items():
        rents = rents_of(database, chips)
        values = sorted(value for value, _ in rents.values())
        if values:
            each = ", ".join(f"{provider} {value:.2f} ({dated[:7]})" for provider, (value, dated) in sorted(rents.items(), key=lambda item: item[1]))
            rows.append([name, f"{statistics.median(values):.2f}", f"{values[0]:.2f}–{values[-1]:.2f}", f"{len(values)}", each])
    return _table(["accelerator", "median", "range", "providers", "each"], rows)


def _regions(found: Sequence[Compared]) -> str:
    near = sum(1 / FAR <= each.ratio <= FAR for each in found)
    middle = statistics.median(max(each.ratio, 1 / each.ratio) for each in found)
    cells = [
        [f"`{each.region}`", f"{each.own:.0f} ({each.year})", f"{each.others:.0f} ({each.zone})", f"{each.ratio:.2f}", each.source]
        for each in found
        if not 1 / FAR <= each.ratio <= FAR
    ]
    said = (
        f"Of {len(found)} regions {near} ({near / len(found):.0%}) are within a factor of {FAR} of each other; the median factor is {middle:.2f}. "
        f"These {len(cells)} are not:"
    )
    return f"{said}\n\n{_table(['region', 'Google, g/kWh', 'state or country, g/kWh', 'ratio', 'source of the latter'], cells)}"


def page(today: date) -> str:
    """Return the page as of a day."""
    database = Database([builtin_root()])
    return f"""# The facts

As of {today}. `make facts` writes this page from [the database](../hardware_db/README.md).
Facts that were found wrong are in [the errata](errata.md); `carbon db show NAME` shows a fact with its source.

## By table and kind

A fact is a value of a product, or a row of a table.
`unverified` means that it was not yet checked in the source that it names.

{_counts(database)}

## A sample

`make fact-sample` draws facts by a seed, at least one of each table, for anyone to look up.
{_sampled()}

## By age

A thing is as old as its newest value: a year counts from its end. `carbon db check --stale` lists the old ones.

{_ages(database, today)}

Facts about products do not grow old, but their sources may be early:

{_published(database)}

## Rents

US dollars an hour for one accelerator, on demand: of each provider the least on its newest date, over its sizes and regions.
The form factors of a chip count as one. Providers that publish no price are left out.

{_rents(database)}

## Regions against published figures

Google publishes the carbon intensity of the grid of each of its regions, by the hour and with imports ([region-carbon-info](https://github.com/GoogleCloudPlatform/region-carbon-info), Apache-2.0).
Where it does, an estimate uses that figure. Elsewhere it uses that of the grid area, the state or the country, which may be by production.
The comparison of the two, both direct (a lifecycle figure is scaled as in an estimate), says how far off the latter may be.

![Carbon intensity of the state or country against that of the region by Google](images/facts-regions.svg)

{_regions(compared(database))}

Production and consumption differ where much is imported; a country differs from the grid of a region within it; and the years differ by up to two.
Figures of Electricity Maps are not shown: no open licence of them was found.
"""


def _sampled() -> str:
    """Return what became of the sample whose verdicts are kept."""
    with SAMPLE.open(encoding="utf-8", newline="") as stream:
        found = Counter(row["verdict"] for row in csv.DictReader(stream))
    looked_up = found.total() - found["not found"]
    return (
        f"Of the {found.total()} that seed 20261129 drew in November 2026 ([fact-sample.csv](fact-sample.csv)), {looked_up} could be looked up in their source or a copy of it: "
        f"{found['right']} are right, {found['rounded']} are rounded by less than 1 %, and {found['wrong']} are wrong. "
        f"Of the other {found['not found']} no copy of the source was found."
    )


def picture() -> str:
    """Return the picture of the comparison as SVG."""
    found = compared(Database([builtin_root()]))
    full = _SIDE + 2 * _MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {full} {full}" width="{full}" height="{full}" font-family="sans-serif" font-size="12">',
        "<title>Carbon intensity of the state or country against that of the region by Google</title>",
        f'<rect width="{full}" height="{full}" fill="#fff"/>',
    ]
    for factor, dash in ((1.0, "0"), (FAR, "4 3"), (1 / FAR, "4 3")):
        low, high = max(_LEAST, _LEAST / factor), min(_MOST, _MOST / factor)
        parts.append(
            f'<line x1="{_at(low):.1f}" y1="{full - _at(low * factor):.1f}" x2="{_at(high):.1f}" y2="{full - _at(high * factor):.1f}" stroke="#888" stroke-dasharray="{dash}"/>'
        )
    for tick in _TICKS:
        at = _at(tick)
        parts.append(f'<text x="{at:.1f}" y="{full - _MARGIN + 18}" text-anchor="middle">{tick}</text>')
        parts.append(f'<text x="{_MARGIN - 8}" y="{full - at + 4:.1f}" text-anchor="end">{tick}</text>')
    parts.append(f'<rect x="{_MARGIN}" y="{_MARGIN}" width="{_SIDE}" height="{_SIDE}" fill="none" stroke="#444"/>')
    for each in found:
        x, y = _at(each.own), full - _at(each.others)
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="#0072b2" fill-opacity="0.7"><title>{each.region}</title></circle>')
        if not 1 / 2 <= each.ratio <= 2:
            parts.append(f'<text x="{x + 6:.1f}" y="{y + 4:.1f}" font-size="10">{each.region.partition(":")[2]}</text>')
    middle = full / 2
    parts.append(f'<text x="{middle}" y="{full - 14}" text-anchor="middle">region, by Google [g/kWh]</text>')
    parts.append(f'<text x="16" y="{middle}" text-anchor="middle" transform="rotate(-90 16 {middle})">state or country, by others [g/kWh]</text>')
    parts.append(f'<text x="{middle}" y="24" text-anchor="middle">dashed: a factor of {FAR}</text></svg>')
    return "\n".join(parts) + "\n"


def _at(value: float) -> float:
    inside = min(max(value, _LEAST), _MOST)
    return _MARGIN + _SIDE * math.log(inside / _LEAST) / math.log(_MOST / _LEAST)


def main() -> int:
    """Write the page and the picture."""
    PAGE.write_text(page(datetime.now(UTC).date()), "utf-8")
    PICTURE.write_text(picture(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
