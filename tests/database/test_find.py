"""From what a person types to the thing meant, or to a list of what it may be; never to anything else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traincarbon.database.find import find_hardware, find_place
from traincarbon.database.load import open_database
from traincarbon.database.names import aliases_in, squeeze
from traincarbon.errors import AmbiguousError, NotFoundError

HOSTILE = [
    "../../etc/passwd",
    "/etc/passwd",
    "..",
    ".",
    "",
    " ",
    "\t\n",
    "\0",
    "a100\0",
    "nul\nline",
    ",",
    "FR,country",
    '"',
    "*",
    "x" * 10_000,
    "😀",
    "😀" * 99,
    "\ud800",
    "%s{0}",
    "con",
    "servers/dgx-a100",
    "<script>",
]


@pytest.mark.parametrize(
    ("text", "id"),
    [
        ("dgx-a100", "dgx-a100"),
        ("DGX A100", "dgx-a100"),
        ("dgx_a100", "dgx-a100"),
        ("  dgx-a100 ", "dgx-a100"),
        ("p4d", "aws-p4d.24xlarge"),
        ("p4d.24xlarge", "aws-p4d.24xlarge"),
        ("h100 sxm", "h100-sxm5-80gb"),
        ("H100-SXM5-80GB", "h100-sxm5-80gb"),
        ("h100", "h100-sxm5-80gb"),
    ],
)
def test_hardware_is_found_by_id_alias_and_near_spelling(text, id, shipped):
    assert find_hardware(shipped, text).id == id


def test_every_product_is_found_by_its_id_and_each_of_its_aliases(shipped):
    for folder in ("servers", "accelerators"):
        for product in shipped.products(folder):
            for name in (product.id, product.id.upper(), *product.aliases):
                assert find_hardware(shipped, name) == product, name


def test_a_name_that_fits_several_lists_them(shipped):
    with pytest.raises(AmbiguousError, match="'nvidia'") as caught:
        find_hardware(shipped, "nvidia")
    assert "more" in caught.value.hint
    assert "carbon db list" in caught.value.hint


def test_all_candidates_are_listed_where_they_are_few(make_database, accelerator_toml):
    twins = {f"accelerators/acme-two-{size}.toml": accelerator_toml.replace('"one", "acme-one"', f'"two-{size}"') for size in ("40gb", "80gb")}
    with pytest.raises(AmbiguousError) as caught:
        find_hardware(make_database(twins), "two")
    assert "acme-two-40gb, acme-two-80gb" in caught.value.hint


@pytest.mark.parametrize(("text", "meant"), [("h100-smx5-80gb", "h100-sxm5-80gb"), ("dgx-a10", "dgx-a100"), ("tpu-v5x", "tpu-v5")])
def test_a_name_that_is_slightly_wrong_is_answered_with_the_right_one(text, meant, shipped):
    with pytest.raises(NotFoundError) as caught:
        find_hardware(shipped, text)
    assert meant in caught.value.hint


def test_a_name_like_no_other_is_answered_with_where_to_look(shipped):
    with pytest.raises(NotFoundError, match="'qqqqqqqq'") as caught:
        find_hardware(shipped, "qqqqqqqq")
    assert caught.value.hint == "all: carbon db list hardware"


@pytest.mark.parametrize(
    ("text", "place", "zone"),
    [
        ("aws:us-east-1", "aws:us-east-1", "US-VA"),
        ("us-east-1", "aws:us-east-1", "US-VA"),
        ("us-east1", "gcp:us-east1", None),
        ("europe-north1", "gcp:europe-north1", "FI"),
        ("france", "FR", "FR"),
        ("France", "FR", "FR"),
        ("FR", "FR", "FR"),
        ("fra", "FR", "FR"),
        ("US-VA", "US-VA", "US-VA"),
        ("us va", "US-VA", "US-VA"),
    ],
)
def test_a_place_is_found_by_id_name_and_near_spelling(text, place, zone, shipped):
    found = find_place(shipped, text)
    assert found.id == place
    assert zone in (None, found.zone)


def test_every_region_and_zone_is_found_by_its_id(shipped):
    for row in shipped.all_rows("regions"):
        assert find_place(shipped, row["region"]).id == row["region"]
    for row in shipped.all_rows("zones"):
        assert find_place(shipped, row["zone"]).id == row["zone"]


def test_of_equally_named_regions_that_of_the_hardware_s_operator_is_meant(shipped):
    bearers = {row["provider"] for row in shipped.rows("regions", "aws:us-east-1")} | {
        row["provider"] for row in shipped.all_rows("regions") if row["name"] == "us-east-1"
    }
    assert len(bearers) > 1
    for provider in bearers:
        assert find_place(shipped, "us-east-1", provider=provider).id == f"{provider}:us-east-1"


def test_every_region_is_found_by_its_name_where_its_operator_is_known(shipped):
    for row in shipped.all_rows("regions"):
        assert find_place(shipped, row["name"], provider=row["provider"]).id == row["region"]


REGIONS = (
    "north:west-1,north,west-1,Here,FR,shared,1,1,s,l,published,\n"
    "south:west-1,south,west-1,There,DE,shared,1,1,s,l,published,\n"
    "south:west1,south,west1,Elsewhere,DE,,1,1,s,l,published,\n"
)


def test_equally_named_regions_are_listed_where_nothing_tells_them_apart(make_database):
    database = make_database({"regions.csv": REGIONS})
    for text in ("shared", "west-1", "WEST 1"):
        with pytest.raises(AmbiguousError) as caught:
            find_place(database, text)
        assert {"north:west-1", "south:west-1"} <= set(caught.value.hint.removeprefix("one of ").split(";")[0].split(", "))


def test_the_exact_spelling_of_a_region_wins_over_a_near_one(make_database):
    assert find_place(make_database({"regions.csv": REGIONS}), "west1").id == "south:west1"


def test_a_place_says_what_it_is_called_and_where(make_database):
    place = find_place(make_database({"regions.csv": REGIONS}), "north:west-1")
    assert (place.name, place.zone, place.region["provider"]) == ("Here (north:west-1)", "FR", "north")


def test_a_place_that_is_slightly_wrong_is_answered_with_the_right_one(shipped):
    with pytest.raises(NotFoundError, match="'frannce'") as caught:
        find_place(shipped, "frannce")
    assert "FR" in caught.value.hint


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("find", [find_hardware, find_place])
def test_a_hostile_name_is_not_found_and_shown_in_one_short_line(find, text, shipped):
    with pytest.raises(NotFoundError) as caught:
        find(shipped, text)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


@given(st.text(max_size=30))
def test_any_text_finds_something_or_is_not_found(text):
    for find in (find_hardware, find_place):
        try:
            found = find(open_database(), text)
        except NotFoundError:
            continue
        assert squeeze(text)
        assert found.name


def test_looking_for_nonsense_spoils_no_later_search(make_database):
    database = make_database({"regions.csv": REGIONS, "zones.csv": "FR,country,France,FRA,france,s,l,published,\n"})
    for text in HOSTILE:
        with pytest.raises(NotFoundError):
            find_place(database, text)
    assert find_place(database, "france").id == "FR"
    assert len(database.all_rows("regions")) == 3


@pytest.mark.parametrize(("text", "squeezed"), [("DGX A100", "dgxa100"), ("p4d.24xlarge", "p4d24xlarge"), (" a_b-c.d ", "abcd"), ("", "")])
def test_names_are_compared_without_case_spaces_and_marks(text, squeezed):
    assert squeeze(text) == squeezed


@given(st.text())
def test_squeezing_twice_is_squeezing_once(text):
    assert squeeze(squeeze(text)) == squeeze(text)


@pytest.mark.parametrize(
    ("text", "aliases"),
    [
        ('name = "A"\naliases = ["a", "b-c"]\n', ["a", "b-c"]),
        ('aliases = ["first"]\nname = "A"\n', ["first"]),
        ('name = "A"\n', []),
        ('name = "A"\naliases = []\n', []),
    ],
)
def test_aliases_are_read_without_parsing_the_file(text, aliases):
    assert list(aliases_in(text)) == aliases


def test_the_operator_of_the_hardware_wins_over_the_spelling(shipped):
    assert find_place(shipped, "us-east-1", provider="gcp").id == "gcp:us-east1"
    assert find_place(shipped, "us-east-1").id == "aws:us-east-1"


def test_a_word_is_not_taken_for_a_slip_in_the_code_of_a_country(shipped):
    with pytest.raises(NotFoundError) as caught:
        find_place(shipped, "dept")
    assert not {"DE", "PT", "TO"} & set(caught.value.hint.replace("?", "").split())


def test_a_machine_that_was_not_measured_is_pointed_to_the_bench(shipped):
    with pytest.raises(NotFoundError, match="not been measured yet") as caught:
        find_hardware(shipped, "this")
    assert "carbon bench" in caught.value.hint
