"""Find hardware by a name that may come with a count."""

from traincarbon.database.find import find_hardware
from traincarbon.database.hardware_count import Counted, split_count
from traincarbon.database.load import Database
from traincarbon.database.names import hardware_names, squeeze
from traincarbon.database.records import Product


def find_counted(database: Database, text: str) -> tuple[Product, Counted]:
    """Return the server or accelerator that *text* names, and the count in it; a whole *text* that is a name has no count.

    Raises:
        AmbiguousError: several products match; the hint lists them.
        NotFoundError: none matches; the hint lists the nearest.
    """
    return database.remember(_found, text)


def _found(database: Database, text: str) -> tuple[Product, Counted]:
    counted = Counted(text) if squeeze(text) in hardware_names(database) else split_count(text)
    return find_hardware(database, counted.name), counted
