"""Changes that an edition proposes: what is added and changed, what is refused, and that nothing is written unless asked."""

from pathlib import Path

import pytest

from acme import WORLD, line
from traincarbon.database.check import check
from traincarbon.database.load import Database
from traincarbon.database.refresh.proposal import propose
from traincarbon.database.refresh.upstream import Edition
from traincarbon.database.refresh.upstreams import UPSTREAMS
from traincarbon.errors import CarbonError

HEAD = "Entity,Code,Year,Carbon intensity of electricity - gCO2/kWh\n"
GOOD = f"{HEAD}France,FRA,2023,50\nFrance,FRA,2024,40\nUnited States,USA,2024,410\nAtlantis,ATL,2024,1\nFrance,FRA,1990,100\n"


@pytest.fixture
def world(make_root):
    """Return a small database and its folder."""
    folder = make_root(WORLD)
    return Database([folder]), folder


def proposed(world, text, *, upstream="owid", date="2025"):
    database, folder = world
    return propose(UPSTREAMS[upstream], Edition(text, "edition.csv", date, database), str(folder))


def test_new_years_are_added_and_revised_ones_changed_and_the_rest_stays(world):
    found = proposed(world, GOOD)
    assert [(change.row["zone"], change.row["year"], change.was and change.was["intensity_gco2e_per_kwh"]) for change in found.changes] == [
        ("FR", "2023", None),
        ("US", "2024", "400"),
    ]
    assert found.unchanged == 1
    assert "+FR,2023,50,lifecycle,production,owid-2025-carbon-intensity" in found.diff
    assert "-US,2024,400,lifecycle,production" in found.diff
    assert "+[owid-2025-carbon-intensity]" in found.diff


def test_what_is_applied_is_sound_and_applying_it_again_changes_nothing(world):
    database, folder = world
    proposed(world, GOOD).apply()
    after = Database([str(folder)])
    assert check(after).faults == check(database).faults
    rows = {(row["zone"], row["year"], row["basis"]): row["intensity_gco2e_per_kwh"] for row in after.all_rows("grid")}
    assert rows["US", "2024", "lifecycle"] == "410"
    assert rows["FR", "2020", "lifecycle"] == "50"
    assert after.sources()["owid-2025-carbon-intensity"]["licence"] == "CC BY 4.0"
    again = propose(UPSTREAMS["owid"], Edition(GOOD, "edition.csv", "2025", after), str(folder))
    assert (again.changes, again.unchanged) == ((), 3)


def test_an_edition_that_others_changed_the_table_under_is_not_written(world):
    _, folder = world
    found = proposed(world, GOOD)
    table = Path(folder) / "grid.csv"
    table.write_text(table.read_text() + line("grid", "FR", 2021, 60, "lifecycle", "production"))
    before = table.read_text()
    with pytest.raises(CarbonError, match="was changed by another program"):
        found.apply()
    assert table.read_text() == before


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "is empty"),
        ("<!DOCTYPE html><html>not found</html>", "is a web page, not data"),
        (GOOD.replace("Code", "Kod"), "has no column 'Code'"),
        (GOOD.replace("Carbon intensity of electricity - gCO2/kWh", "Emissions (Mt)"), "has no column 'Carbon intensity of electricity'"),
        (HEAD, "has 0 rows"),
        (GOOD + "France,FRA", "has 2 cells, not 4"),
        (GOOD.replace(",40\n", ",forty\n"), "the intensity of France is 'forty', not a number"),
        (GOOD.replace(",410\n", ",4e5\n"), "intensity_gco2e_per_kwh 400000 is outside"),
        (GOOD.replace("FRA,2023", "FRA,2024"), "has FR, 2024, lifecycle 2 times"),
        (GOOD.replace("FRA,2023", "FRA,2099"), "is of the future"),
        (f"{HEAD}Atlantis,ATL,2024,1\nMu,MUU,2024,1\n", "has no row that the database could take"),
    ],
)
def test_an_unsound_edition_is_refused_with_the_reason(world, text, what):
    with pytest.raises(CarbonError) as caught:
        proposed(world, text)
    assert what in str(caught.value)
    assert caught.value.hint


def test_a_price_of_zero_and_one_in_another_unit_are_refused(shipped, tmp_path):
    servers = [server.id.removeprefix("aws-") for server in shipped.products("servers") if server.operator == "aws"]
    prices = {
        row["server"]: float(row["usd_per_h"]) for row in shipped.all_rows("prices") if row["region"] == "aws:us-east-1" and row["purchase"] == "on_demand"
    }

    def table(factor):
        known = [f'"{name}": {prices[f"aws-{name}"] * factor:.6f}' for name in servers if f"aws-{name}" in prices]
        return '// generated at 2026-11-01T00:00:00Z\n\t"us-east-1": {\n\t\t' + ", ".join(known) + "\n\t},\n"

    sound = propose(UPSTREAMS["aws"], Edition(table(1.1), "prices.go", "2026", shipped), str(tmp_path))
    assert {change.row["date"] for change in sound.changes} == {"2026-11-01"}
    assert all(change.was is None for change in sound.changes)
    for factor, what in ((0.0, "usd_per_h 0 is outside"), (100.0, "differ from ours by more than a factor of 4")):
        with pytest.raises(CarbonError, match=what):
            propose(UPSTREAMS["aws"], Edition(table(factor), "prices.go", "2026", shipped), str(tmp_path))


def test_a_tenth_of_the_rows_is_refused(shipped, tmp_path):
    rows = [row for row in shipped.all_rows("grid") if row["source"] == "google-2026-region-carbon" and row["zone"].startswith("gcp:")]
    head = "Google Cloud Region,Location,Google CFE,Grid carbon intensity (gCO2eq / kWh)\n"
    lines = [f"{row['zone'].removeprefix('gcp:')},Somewhere,0.5,{row['intensity_gco2e_per_kwh']}\n" for row in rows]
    whole = propose(UPSTREAMS["google-regions"], Edition(head + "".join(lines), "2025.csv", "2025", shipped), str(tmp_path))
    assert (whole.changes, whole.unchanged) == ((), len(rows))
    with pytest.raises(CarbonError, match="rows, where an earlier edition had"):
        propose(UPSTREAMS["google-regions"], Edition(head + "".join(lines[:4]), "2025.csv", "2025", shipped), str(tmp_path))
