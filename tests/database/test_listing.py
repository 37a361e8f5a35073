"""Products are listed by what stands before their facts, and are those that are read whole."""

import pytest

from traincarbon.database.listing import Listed, listed
from traincarbon.database.load import Database, builtin_root
from traincarbon.errors import DatabaseError


@pytest.mark.parametrize("folder", ["servers", "accelerators", "models"])
def test_the_listed_products_are_those_that_are_read_whole(shipped, folder):
    assert list(listed(shipped, folder)) == [Listed(product.id, product.name, product.aliases) for product in shipped.products(folder)]


def test_the_user_s_name_and_aliases_come_after_ours(make_root):
    own = make_root({"accelerators/t4.toml": 'name = "My T4"\naliases = ["my-t4"]\n'})
    database = Database([builtin_root(), own])
    found = next(each for each in listed(database, "accelerators") if each.id == "t4")
    assert found.name == "My T4"
    assert found.aliases[-1] == "my-t4"
    assert found.aliases == database.product("accelerators", "t4").aliases


def test_a_file_whose_beginning_is_not_plain_is_read_whole(make_database):
    database = make_database({"accelerators/x.toml": 'name = """X"""\nvendor = "Acme"\n'})
    assert list(listed(database, "accelerators"))[-1] == Listed("x", "X", ())


def test_a_file_without_a_name_is_at_fault(make_database):
    with pytest.raises(DatabaseError, match=r"accelerators/x.toml has no name"):
        list(listed(make_database({"accelerators/x.toml": 'vendor = "Acme"\n'}), "accelerators"))
