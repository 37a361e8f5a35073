"""Epoch's tables of hardware and of models: recorded rows, shortened."""

from pathlib import Path

import pytest

from traincarbon.database.load import Database
from traincarbon.database.refresh.epoch import _HARDWARE, UPSTREAMS
from traincarbon.database.refresh.proposal import propose
from traincarbon.database.refresh.upstream import Edition
from traincarbon.errors import CarbonError

HARDWARE, MODELS = UPSTREAMS
COLUMNS = ["Hardware name", *_HARDWARE]
H100 = {
    "Hardware name": "NVIDIA H100 SXM5 80GB",
    "Release date": "2022-09-20",
    "Release price (USD)": "33600.0",
    "Memory (bytes)": "80000000000.0",
    "TDP (W)": "700.0",
}
MI308X = {"Hardware name": "AMD Radeon Instinct MI308X", "Memory bandwidth (byte/s)": "1.03e+13"}
UNKNOWN = {"Hardware name": "Cambricon MLU270-F4", "Release price (USD)": "2080.0"}


def table(*rows, columns=COLUMNS):
    return "\n".join([",".join(columns), *(",".join(row.get(column, "") for column in columns) for row in rows)]) + "\n"


def rows_of(upstream, text, database):
    return [(row["product"], row["fact"], row["value"], row["dated"]) for row in upstream.rows(Edition(text, "edition.csv", "2026-12", database))]


def test_accelerators_that_cite_a_row_follow_it_and_others_are_left_alone(shipped):
    assert rows_of(HARDWARE, table(H100, MI308X, UNKNOWN), shipped) == [
        ("h100-sxm5-80gb", "launch_year", "2022", ""),
        ("h100-sxm5-80gb", "price_usd", "33600", "2022-09"),
        ("h100-sxm5-80gb", "board_power_w", "700", ""),
        ("mi308x", "memory_bandwidth_b_per_s", "1.03e+13", ""),
    ]


@pytest.fixture
def small(make_root):
    """Return the folder and the database of two accelerators that cite Epoch."""
    fact = '\n[{}]\nvalue = {}\nsource = "epoch-2026-ml-hardware"\nlocator = \'row "{}", column "{}"\'\nkind = "published"\n'
    head = 'name = "{}"\nvendor = "NVIDIA"\ntype = "gpu"\ngeneration = "hopper"\nform_factor = "SXM5"\naliases = []\n'
    name = H100["Hardware name"]
    text = head.format("H100") + fact.format("board_power_w", 650, name, "TDP (W)") + "\n# kept\n" + fact.format("memory_b", "80e9", name, "Memory (bytes)")
    root = Path(make_root({"accelerators/h100.toml": text, "sources.toml": '[epoch-2026-ml-hardware]\ntitle = "T"\npublisher = "P"\npublished = "2026"\n'}))
    return root, Database([str(root)])


def proposed(small, text, *, upstream=HARDWARE, folder=None):
    root, database = small
    return propose(upstream, Edition(text, "edition.csv", "2026-12", database), str(folder or root))


def test_a_dry_run_shows_what_changes_and_what_is_new_and_writes_nothing(small):
    before = (small[0] / "accelerators/h100.toml").read_text()
    found = proposed(small, table(H100, UNKNOWN))
    assert [(change.row["fact"], change.row["value"], change.was and change.was["value"]) for change in found.changes] == [
        ("launch_year", "2022", None),
        ("price_usd", "33600", None),
        ("board_power_w", "700", "650"),
    ]
    assert found.unchanged == 1
    assert "+++ b/accelerators/h100.toml" in found.diff
    assert "-value = 650" in found.diff
    assert "+value = 700" in found.diff
    assert '+dated = "2022-09"' in found.diff
    assert "+[epoch-2026-12-ml-hardware]" in found.diff
    assert (small[0] / "accelerators/h100.toml").read_text() == before


def test_what_is_applied_is_read_back_and_the_rest_of_the_file_stays(small):
    root, _ = small
    proposed(small, table(H100, UNKNOWN)).apply()
    after = Database([str(root)])
    facts = after.product("accelerators", "h100").facts
    assert {name: facts[name].value for name in facts} == {"board_power_w": 700.0, "memory_b": 80e9, "launch_year": 2022.0, "price_usd": 33600.0}
    assert (facts["price_usd"].dated, facts["price_usd"].source) == ("2022-09", "epoch-2026-12-ml-hardware")
    assert "\n# kept\n" in (root / "accelerators/h100.toml").read_text()
    assert proposed((root, after), table(H100, UNKNOWN)).changes == ()


def test_a_folder_of_one_s_own_gets_the_changed_facts_alone(small, tmp_path):
    own = tmp_path / "own"
    proposed(small, table(H100, UNKNOWN), folder=own).apply()
    together = Database([str(small[0]), str(own)]).product("accelerators", "h100")
    assert (together.name, together.facts["board_power_w"].value, together.facts["memory_b"].value) == ("H100", 700.0, 80e9)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("<html><body>Just a moment</body></html>", "is a web page"),
        (table(H100, UNKNOWN, columns=[column for column in COLUMNS if column != "TDP (W)"]), "has no column 'TDP \\(W\\)'"),
        (table({**H100, "TDP (W)": "0"}, UNKNOWN), "not a positive number"),
        (table({**H100, "TDP (W)": "seven hundred"}, UNKNOWN), "not a number"),
        (table({**H100, "TDP (W)": "nan"}, UNKNOWN), "not a positive number"),
        (table(H100, H100), "2 times"),
        (table(UNKNOWN, UNKNOWN), "has no row that the database could take"),
    ],
)
def test_an_unsound_edition_is_refused_and_nothing_is_written(small, text, what):
    before = (small[0] / "accelerators/h100.toml").read_text()
    with pytest.raises(CarbonError, match=what):
        proposed(small, text)
    assert (small[0] / "accelerators/h100.toml").read_text() == before


def test_a_tenth_of_the_rows_and_another_unit_are_refused(shipped, tmp_path):
    with pytest.raises(CarbonError, match="where an earlier edition had"):
        propose(HARDWARE, Edition(table(H100, UNKNOWN), "edition.csv", "2026-12", shipped), str(tmp_path))
    facts = [fact for product in shipped.products("accelerators") for fact in product.facts.values() if fact.source == "epoch-2026-ml-hardware"]
    names = {fact.locator.split('"')[1] for fact in facts if fact.locator.startswith("row ")}
    rows = [dict.fromkeys(COLUMNS, "3") | {"Hardware name": name, "Release date": "2020-01-01"} for name in sorted(names)]
    with pytest.raises(CarbonError, match="differ from ours by more than a factor"):
        propose(HARDWARE, Edition(table(*rows), "edition.csv", "2026-12", shipped), str(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_an_accelerator_that_cites_two_rows_gets_no_new_fact_from_either(shipped):
    cited = {fact.locator.split('"')[1] for fact in shipped.product("accelerators", "ascend-910").facts.values() if fact.locator.startswith("row ")}
    assert len(cited) == 2
    rows = rows_of(HARDWARE, table(*({"Hardware name": name, "Release price (USD)": "9000"} for name in sorted(cited))), shipped)
    assert ("ascend-910", "price_usd", "9000", "") not in rows


def test_models_get_the_parameters_that_nobody_counted(shipped):
    text = "Model,Organization,Parameters\nPhi-4,Microsoft,14000000000.0\nBERT-Large,Google,340000000.0\nPhi-4,Microsoft,15000000000.0\nAtlantis-1,Nobody,1\n"
    rows = rows_of(MODELS, text, shipped)
    # BERT's parameters are counted from its preset, which is more exact; of two rows of a name the first counts
    assert rows == [("phi-4", "params", "14000000000", "")]
