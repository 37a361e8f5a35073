"""``carbon db``: every fact with its source, and a check that finds what cannot be right."""

import json
import shutil
import subprocess
import sys

import pytest
from click.testing import CliRunner

from traincarbon.cli.commands.db import LISTS, command
from traincarbon.database.load import builtin_root, open_database
from traincarbon.database.models import counted_models
from traincarbon.errors import CarbonError, NotFoundError


def run(*words):
    return CliRunner().invoke(command, list(words))


@pytest.mark.parametrize("what", LISTS)
def test_every_list_is_a_table_and_json(what):
    lines = run("list", what).stdout.splitlines()
    rows = json.loads(run("list", what, "--json").stdout)
    assert len(lines) == len(rows) + 1
    assert lines[0].split()[0] == next(iter(rows[0]))


def test_a_list_is_narrowed_by_words():
    rows = json.loads(run("list", "servers", "dgx", "A100", "--json").stdout)
    assert {row["id"] for row in rows} == {"dgx-a100", "dgx-a100-320", "dgx-station-a100"}


def test_a_list_without_a_match_says_how_to_see_all():
    done = run("list", "servers", "abacus")
    assert isinstance(done.exception, NotFoundError)
    assert done.exception.hint == "carbon db list servers shows all"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("dgx-a100", "max_power_w"),
        ("h100", "peak_bf16_flop_per_s"),
        ("us-east-1", "facility: operator aws"),
        ("france", "grid: zone FR"),
        ("patterson-2021-carbon", "title: Carbon emissions"),
        ("resnet-50", "gmac = "),
        ("hubert-large", "gmac_per_s = "),
        ("flux.1-dev", "active_params = "),
        ("black-forest-labs/FLUX.1-dev", "latent_factor = "),
        ("google/siglip-so400m-patch14-384", "image_size = 384"),
        ("bamba-9b", "params = 9800000000"),
    ],
)
def test_a_thing_is_shown_with_its_evidence(name, shown):
    text = run("show", name).stdout
    assert shown in text
    assert any(kind in text for kind in ("published:", "derived:", "publisher:"))
    assert json.loads(run("show", name, "--json").stdout)


def test_every_model_of_a_table_is_listed_and_shown_with_its_source_and_a_name_of_it_too():
    database = open_database()
    listed = {row["id"] for row in json.loads(run("list", "models", "--json").stdout)}
    for model in counted_models(database):
        assert model.id in listed
        assert json.loads(run("show", model.id, "--json").stdout)["row"]["source"] == model.row["source"]
    assert "resnet-50" in {row["id"] for row in json.loads(run("list", "models", "resnet", "--json").stdout)}


def test_a_name_of_nothing_is_refused_with_the_nearest():
    done = run("show", "dgx-a1000")
    assert "nothing is named 'dgx-a1000'" in str(done.exception)
    assert "did you mean" in done.exception.hint


@pytest.mark.parametrize(("name", "shown"), [("FR", "FR · France"), ("no", "NO · Norway"), ("US", "US · United States"), ("frontier", "frontier-node · ")])
def test_the_code_of_a_place_wins_over_a_part_of_the_name_of_hardware(name, shown):
    assert run("show", name).stdout.startswith(shown)


def test_a_fact_of_the_users_own_is_marked_as_yours(tmp_path):
    (tmp_path / "servers").mkdir()
    (tmp_path / "servers" / "dgx-a100.toml").write_text(
        '[price_usd]\nvalue = 150e3\nsource = "invoice"\nlocator = "line 1"\nkind = "published"\n', encoding="utf-8"
    )
    shown = run("show", "dgx-a100", "--db", str(tmp_path)).stdout
    assert f"published: invoice; line 1 [yours: {tmp_path}]" in " ".join(shown.split())
    assert "price_usd = 150,000" in shown
    assert shown.count("[yours:") == 1


def test_path_lists_ours_first_and_the_named_folder_last(tmp_path):
    lines = run("path", "--db", str(tmp_path)).stdout.splitlines()
    assert lines[0] == builtin_root()
    assert lines[-1] == str(tmp_path)


def test_the_shipped_database_holds_together_and_is_counted():
    done = run("check", "--json")
    found = json.loads(done.stdout)
    assert (done.exit_code, found["faults"]) == (0, [])
    assert found["counts"]["accelerators"] >= 95
    assert found["counts"]["servers"] >= 80
    assert found["counts"]["regions"] >= 185
    assert found["counts"]["prices"] >= 800
    assert "No faults found." in run("check").stdout


FACT = 'source = "epoch-2026-ml-hardware"\nlocator = "row"\nkind = "published"\n'
CHIP = f'name = "X"\nvendor = "X"\ntype = "gpu"\ngeneration = "x"\naliases = ["{{alias}}"]\n\n[peak_bf16_flop_per_s]\nvalue = 2e12\n{FACT}\n'
ROW = "epoch-2026-ml-hardware,row,published,"


@pytest.mark.parametrize(
    ("file", "content", "fault"),
    [
        ("accelerators/x.toml", CHIP.format(alias="x1").replace("epoch-2026-ml-hardware", "nowhere"), "source 'nowhere' is not in sources.toml"),
        ("accelerators/x.toml", CHIP.format(alias="a100"), "its name 'a100' is also one of"),
        ("accelerators/x.toml", CHIP.format(alias="x1") + f"[peak_bf16_sparse_flop_per_s]\nvalue = 1e12\n{FACT}", "the dense bf16 peak 2e+12 is above the sparse one 1e+12"),
        ("accelerators/x.toml", CHIP.format(alias="x1") + f"[board_power_w]\nvalue = 100\n{FACT}\n[idle_power_w]\nvalue = 200\n{FACT}", "the idle power 200 W is above the power cap 100 W"),
        ("accelerators/x.toml", 'name = "cut', "is not TOML"),
        ("servers/x.toml", f'name = "X"\noperator = "on-prem"\naccelerator = "abacus"\naliases = ["x1"]\n\n[accelerator_count]\nvalue = 8\n{FACT}', "its accelerator 'abacus' is unknown"),
        ("facilities.csv", f"operator,scope,year,pue,wue_l_per_kwh,source,locator,kind,note\naws,fleet,2030,0.9,,{ROW}\n", "pue 0.9 is outside 1 to 5"),
        ("grid.csv", f"zone,year,intensity_gco2e_per_kwh,basis,boundary,source,locator,kind,note\nFR,2030,1501,direct,production,{ROW}\n", "intensity_gco2e_per_kwh 1501 is outside 0 to 1500"),
        ("grid.csv", f"zone,year,intensity_gco2e_per_kwh,basis,boundary,source,locator,kind,note\nQQ,2030,100,direct,production,{ROW}\n", "the zone is neither in zones.csv nor a region"),
        ("sources.toml", '[epoch-2026-ml-hardware]\ntitle = "t"\npublisher = "p"\npublished = "2026"\nlicence = "x"\n', "shadows a source of the same key"),
        ("prices.csv", "accelerator,server\n", "the columns are not those of the schema"),
    ],
)  # fmt: skip
def test_check_finds_what_cannot_be_right(tmp_path, file, content, fault):
    path = tmp_path / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(content, encoding="utf-8")
    done = run("check", "--db", str(tmp_path))
    assert isinstance(done.exception, CarbonError)
    assert fault in done.stdout
    assert str(done.exception) == "1 fault in the database"


def test_check_lists_every_fault_not_only_the_first(tmp_path):
    shutil.copytree(builtin_root(), tmp_path / "db")
    lines = "".join(f"aws,fleet,{year},0.5,,{ROW}\n" for year in (2030, 2031, 2032))
    with open(tmp_path / "db" / "facilities.csv", "a", encoding="utf-8") as stream:
        stream.write(lines)
    (tmp_path / "db" / "sources.toml").unlink()
    done = run("check", "--db", str(tmp_path / "db"), "--json")
    assert sum("pue 0.5" in fault["what"] for fault in json.loads(done.stdout)["faults"]) == 3


@pytest.mark.parametrize("name", ["dgx-a100", "h100-sxm5-80gb"])
def test_every_fact_of_a_product_is_shown_with_its_kind_its_sources_title_and_the_place_in_it(name):
    page = " ".join(run("show", name).stdout.split())
    sources = open_database().sources()
    for fact, evidence in json.loads(run("show", name, "--json").stdout)["facts"].items():
        value = f"{evidence['value']:.0f}" if fact == "launch_year" else f"{evidence['value']:,.6g}"
        after = page[page.index(f" {fact} = {value}") :]
        assert " ".join(f"{evidence['kind']}: {sources[evidence['source']]['title']}; {evidence['locator']}".split()) in after


def test_a_region_is_shown_with_its_own_facilities_and_the_fleets_but_no_other_regions():
    rows = json.loads(run("show", "aws:us-east-1", "--json").stdout)["rows"]
    assert [row["zone"] for row in rows["region"]] == ["US-VA"]
    assert {row["scope"] for row in rows["facility"]} == {"fleet", "us-east-1"}
    assert {row["zone"] for row in (*rows["grid"], *rows["electricity"])} == {"US-VA"}


def test_a_source_is_shown_whole():
    entry = open_database().sources()["patterson-2021-carbon"]
    assert json.loads(run("show", "patterson-2021-carbon", "--json").stdout) == {"source": "patterson-2021-carbon", **entry}


def test_faults_end_with_exit_code_1_on_the_command_line(tmp_path):
    (tmp_path / "facilities.csv").write_text(f"operator,scope,year,pue,wue_l_per_kwh,source,locator,kind,note\naws,fleet,2030,0.9,,{ROW}\n", encoding="utf-8")
    words = [sys.executable, "-c", "from traincarbon.cli import main; main()", "db", "check", "--db", str(tmp_path), "--quiet"]
    done = subprocess.run(words, capture_output=True, text=True, encoding="utf-8")
    assert (done.returncode, done.stdout) == (1, "facilities.csv, aws: pue 0.9 is outside 1 to 5\n")
    assert done.stderr == "error: 1 fault in the database\nhint: each is listed above with its place\n"


def test_a_hostile_product_of_somebody_else_is_refused_and_its_text_is_not_printed(tmp_path):
    (tmp_path / "accelerators").mkdir()
    (tmp_path / "accelerators" / "evil.toml").write_text(CHIP.format(alias="evil").replace('name = "X"', 'name = "X\\u001b[2J"'), encoding="utf-8")
    for words in (["show", "evil"], ["list", "accelerators", "evil"], ["check"]):
        done = CliRunner().invoke(command, [*words, "--db", str(tmp_path)], color=True)
        assert isinstance(done.exception, CarbonError)
        assert "\x1b[2J" not in done.stdout + str(done.exception)


def test_a_hostile_bibliography_of_somebody_else_is_refused_and_its_text_is_not_printed(tmp_path):
    (tmp_path / "sources.toml").write_text('[evil]\ntitle = "t\\u001b[2J"\npublisher = "p"\npublished = "2026"\nlicence = "x"\n', encoding="utf-8")
    for words in (["show", "evil"], ["list", "sources", "evil"]):
        done = CliRunner().invoke(command, [*words, "--db", str(tmp_path)], color=True)
        assert isinstance(done.exception, CarbonError)
        assert "\x1b[2J" not in done.stdout + str(done.exception)


@pytest.mark.parametrize("name", ["llama-3-8b", "Llama 3 8B", "meta-llama/Meta-Llama-3-8B-Instruct"])
def test_a_model_is_shown_with_the_source_of_each_fact(name):
    shown = json.loads(run("show", name, "--json").stdout)
    assert (shown["id"], shown["folder"]) == ("llama-3-8b", "models")
    assert shown["facts"]["layers"]["value"] == 32
    assert all(fact["source"] and fact["locator"] for fact in shown["facts"].values())


def test_models_are_listed_by_the_words_of_their_names():
    ids = {row["id"] for row in json.loads(run("list", "models", "deepseek", "--json").stdout)}
    assert ids >= {"deepseek-v2", "deepseek-v3", "deepseek-r1"}
    assert "llama-3-8b" not in ids
