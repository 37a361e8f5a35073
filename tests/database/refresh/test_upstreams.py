"""Every upstream, by name: its table, its key and what the bibliography says of it."""

from traincarbon.cli.commands.upkeep import _UPSTREAMS
from traincarbon.database.records import PRODUCTS, TABLES
from traincarbon.database.refresh.upstreams import UPSTREAMS


def test_every_upstream_names_a_table_its_key_and_where_it_is_published():
    for name, upstream in UPSTREAMS.items():
        assert name == upstream.name
        assert set(upstream.key) <= set(TABLES.get(upstream.table, ("product", "fact")))
        assert upstream.table in TABLES or upstream.table in PRODUCTS
        assert upstream.url.startswith("https://")
        assert all((upstream.title, upstream.publisher, upstream.licence, upstream.source))


def test_the_command_offers_every_upstream():
    assert set(_UPSTREAMS) == set(UPSTREAMS)
