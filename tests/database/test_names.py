"""The index of names is that of the files, and names are compared without marks."""

import pytest

from traincarbon.database.load import Database, builtin_root
from traincarbon.database.names import INDEX, Named, aliases_in, from_files, hardware_names, index_text, named_products, other_sizes, squeeze, without_accents
from traincarbon.database.read_files import read_text


def test_the_index_holds_the_names_of_all_files():
    root = builtin_root()
    assert read_text(f"{root}/{INDEX}") == index_text(Database([root])), "make names writes it"


def test_the_index_and_the_files_know_the_same_products(shipped):
    assert set(named_products(shipped)) == set(from_files(Database([builtin_root()])))


def test_the_user_s_own_products_are_named_by_their_files(make_root, accelerator_toml):
    own = make_root({"accelerators/acme-one.toml": accelerator_toml})
    database = Database([builtin_root(), own])
    assert hardware_names(database)["acmeone"] == [("accelerators", "acme-one")]
    assert ("accelerators", "t4") in hardware_names(database)["teslat4"]


def test_a_file_of_the_user_adds_names_to_a_product_of_ours(make_root):
    own = make_root({"accelerators/t4.toml": 'name = "T4"\naliases = ["my-t4"]\n'})
    database = Database([builtin_root(), own])
    assert hardware_names(database)["myt4"] == hardware_names(database)["teslat4"] == [("accelerators", "t4")]


def test_a_product_without_memory_has_none_in_the_index(make_database):
    database = make_database({"accelerators/x.toml": 'name = "X"\naliases = []\n[memory_b]\nvalue = "much"\n'})
    assert Named("accelerators", "x", 0, ("x",)) in from_files(database)


@pytest.mark.parametrize(
    ("text", "id", "others"),
    [
        ("V100", "v100-sxm2-16gb", ["v100-pcie-32gb", "v100-sxm2-32gb", "v100-sxm3-32gb"]),
        ("Tesla V100", "v100-sxm2-16gb", ["v100-pcie-32gb", "v100-sxm2-32gb", "v100-sxm3-32gb"]),
        ("v100-32gb", "v100-sxm2-32gb", []),
        ("t4", "t4", []),
        ("", "t4", []),
    ],
)
def test_a_name_without_a_size_says_which_others_there_are(text, id, others, shipped):
    assert other_sizes(shipped, text, id) == others


def test_names_are_compared_without_marks():
    assert squeeze("US East (N. Virginia)") == squeeze("us-east_n virginia") == "useastnvirginia"


def test_aliases_stand_on_one_line():
    assert aliases_in('name = "A"\naliases = ["a", "b"]  # "c"\n') == ["a", "b"]


def test_accents_are_left_off():
    assert without_accents("Zürich, Québec") == "Zurich, Quebec"
