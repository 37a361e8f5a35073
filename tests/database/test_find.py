"""From what a person types to the thing meant, or to a list of what it may be; never to anything else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traincarbon.database.find import find_hardware
from traincarbon.database.find_place import find_place
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


REGIONS = "north:west-1,north,west-1,Here,FR,shared,1,1,s,l,published,\n"


def test_looking_for_nonsense_spoils_no_later_search(make_database):
    database = make_database({"regions.csv": REGIONS, "zones.csv": "FR,country,France,FRA,france,s,l,published,\n"})
    for text in HOSTILE:
        with pytest.raises(NotFoundError):
            find_place(database, text)
    assert find_place(database, "france").id == "FR"
    assert len(database.all_rows("regions")) == 1


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


def test_a_machine_that_was_not_measured_is_pointed_to_the_bench(shipped):
    with pytest.raises(NotFoundError, match="not been measured yet") as caught:
        find_hardware(shipped, "this")
    assert "carbon bench" in caught.value.hint


@pytest.mark.parametrize("text", ["gcd", "GCDs"])
def test_a_gcd_of_no_product_is_told_whose_half_it_is(text, shipped):
    with pytest.raises(NotFoundError) as caught:
        find_hardware(shipped, text)
    assert caught.value.hint == "a GCD is half of a module: give mi250x or mi250 and half as many accelerators"


@pytest.mark.parametrize(("text", "meant"), [("h100-gcd", "h100-sxm5-80gb"), ("mi300x-gcd", "mi300x"), ("mi210 gcd", "mi210")])
def test_what_has_no_halves_is_not_halved(text, meant, shipped):
    with pytest.raises(NotFoundError) as caught:
        find_hardware(shipped, text)
    assert caught.value.hint.startswith(f"did you mean {meant}")
    assert "GCD" not in caught.value.hint


@pytest.mark.parametrize("text", ["mi250x-gcd", "MI250X GCDs"])
def test_half_a_module_is_not_taken_for_the_module(shipped, text):
    with pytest.raises(NotFoundError) as caught:
        find_hardware(shipped, text)
    assert caught.value.hint == "a GCD is half of a module: give mi250x and half as many accelerators"
