"""List products by id, name and aliases, without reading their facts."""

from collections.abc import Iterator
from typing import NamedTuple

from traincarbon.database.load import Database
from traincarbon.database.plain_toml import plain_toml


class Listed(NamedTuple):
    """A product as it is listed."""

    id: str
    name: str
    aliases: tuple[str, ...]


def listed(database: Database, folder: str) -> Iterator[Listed]:
    """Yield the products in *folder*, by id.

    Only what stands before the first fact of a file is read; a file whose beginning is not plain is read whole.

    Raises:
        DatabaseError: a file that is read whole breaks the schema.
    """
    for id in database.ids(folder):
        heads = [plain_toml(text.partition("\n[")[0]) for _, text in database.raw(folder, id)]
        names = [head["name"] for head in heads if head is not None and isinstance(head.get("name"), str)]
        if None not in heads and names:
            aliases = [head.get("aliases", []) for head in heads if head is not None]
            if all(isinstance(each, list) for each in aliases):
                yield Listed(id, str(names[-1]), tuple(str(alias) for each in aliases if isinstance(each, list) for alias in each))
                continue
        product = database.product(folder, id)
        if product is not None:
            yield Listed(id, product.name, product.aliases)
