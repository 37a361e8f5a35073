"""The names of hardware: an index of ids and aliases, and the form in which names are compared."""

from collections.abc import Iterable
from typing import NamedTuple

from traincarbon.database.load import Database, builtin_root
from traincarbon.database.read_files import read_text

INDEX = "names.csv"
"""The index of the built-in products, which saves reading each file for its names; ``make names`` writes it."""
HEADER = "product,memory_gb,names"
FORMS = frozenset(("sxm", "sxm2", "sxm3", "sxm4", "sxm5", "sxm6", "pcie", "nvl"))
"""Words that say how a product is built in: two products that differ in nothing else do the same work."""
_DROPPED = str.maketrans("", "", " -_.,()")


class Named(NamedTuple):
    """A product with its names: its id and its aliases."""

    folder: str
    id: str
    memory_gb: int
    names: tuple[str, ...]


def squeeze(text: str) -> str:
    """Return *text* in the form in which names are compared: lower case, without spaces, hyphens, dots, underscores, commas and brackets.

    Example:
        >>> squeeze("DGX A100"), squeeze("p4d.24xlarge")
        ('dgxa100', 'p4d24xlarge')
    """
    return text.strip().lower().translate(_DROPPED)


def without_accents(text: str) -> str:
    """Return *text* with its letters as they are without accents.

    Example:
        >>> without_accents("Zürich, Québec")
        'Zurich, Quebec'
    """
    if text.isascii():
        return text
    from unicodedata import combining, normalize

    return "".join(letter for letter in normalize("NFKD", text) if not combining(letter))


def products_named(database: Database, text: str) -> list[tuple[str, str]]:
    """Return the products (folder, id) of which *text* is an id or alias, however it is spaced and marked; nothing else is taken apart."""
    wanted = squeeze(text)
    return database.remember(_products_named, wanted) if wanted and ";" not in wanted and wanted.isprintable() else []


def _products_named(database: Database, wanted: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for root in database.roots:
        if root != builtin_root():
            found += [(each.folder, each.id) for each in from_files(Database([root])) if wanted in map(squeeze, each.names)]
            continue
        index = read_text(f"{root}/{INDEX}")
        squeezed = index.translate(_DROPPED)  # all names in it are in lower case
        at = squeezed.find(f";{wanted};")
        while at >= 0:
            line = index.split("\n")[squeezed.count("\n", 0, at)]
            folder, _, id = line.partition(",")[0].partition("/")
            found.append((folder, id))
            at = squeezed.find(f";{wanted};", at + 1)
    return list(dict.fromkeys(found))


def hardware_names(database: Database) -> dict[str, list[tuple[str, str]]]:
    """Return every squeezed id and alias with the products (folder, id) of that name."""
    return database.remember(_hardware_names, None)


def _hardware_names(database: Database, _key: None) -> dict[str, list[tuple[str, str]]]:
    names: dict[str, list[tuple[str, str]]] = {}
    for product in named_products(database):
        for name in dict.fromkeys(map(squeeze, product.names)):
            names.setdefault(name, []).append((product.folder, product.id))
    return names


def named_products(database: Database) -> tuple[Named, ...]:
    """Return every product with its names, without parsing whole files."""
    return database.remember(_named_products, None)


def _named_products(database: Database, _key: None) -> tuple[Named, ...]:
    known: dict[tuple[str, str], Named] = {}
    for root in database.roots:
        for product in _from_index(read_text(f"{root}/{INDEX}")) if root == builtin_root() else from_files(Database([root])):
            place = (product.folder, product.id)
            before = known.get(place)
            known[place] = (
                product if before is None else product._replace(names=(*before.names, *product.names), memory_gb=product.memory_gb or before.memory_gb)
            )
    return tuple(known[place] for place in sorted(known, key=lambda place: (place[0] != "servers", place[1])))


def _from_index(text: str) -> Iterable[Named]:
    for line in text.split("\n")[1:]:
        if line:
            place, memory, names = line.split(",", 2)
            folder, _, id = place.partition("/")
            yield Named(folder, id, int(memory or 0), tuple(names.strip(";").split(";")))


def from_files(database: Database) -> Iterable[Named]:
    """Yield every product with its names, from the text of its own file."""
    for folder in ("servers", "accelerators"):
        for id in database.ids(folder):
            texts = [text for _, text in database.raw(folder, id)]
            names = dict.fromkeys([id, *(alias for text in texts for alias in aliases_in(text))])
            yield Named(folder, id, next((size for text in texts if (size := _memory_gb(text))), 0) if folder == "accelerators" else 0, tuple(names))


def other_sizes(database: Database, text: str, id: str) -> list[str]:
    """Return the accelerators that *text* names as well as *id* does and that have another memory, as a V100 comes with 16 and 32 GB."""
    name = "-".join(text.strip().lower().replace("_", "-").split())
    for maker in ("nvidia-", "tesla-"):
        name = name.removeprefix(maker)
    sizes = {
        each: part
        for each in database.ids("accelerators")
        if each.startswith(f"{name}-")
        for part in each.removeprefix(f"{name}-").split("-")
        if part.endswith("gb")
    }
    alike = {each: size for each, size in sizes.items() if set(each.removeprefix(f"{name}-").split("-")) <= {size, *FORMS}}
    return [each for each, size in alike.items() if size != alike.get(id, size)] if id in alike else []


def index_text(database: Database) -> str:
    """Return the index of the products of *database*: one line a product."""
    lines = (f"{product.folder}/{product.id},{product.memory_gb or ''},{';'.join(['', *product.names, '']).lower()}" for product in from_files(database))
    return "\n".join([HEADER, *lines, ""])


def aliases_in(text: str) -> list[str]:
    """Return the aliases that the text of a product's file states on their one line, without parsing the rest."""
    for line in text.split("\n"):
        if line.startswith("aliases"):
            return line.partition("#")[0].split('"' if '"' in line else "'")[1::2]
        if line.startswith("["):
            break
    return []


def _memory_gb(text: str) -> int:
    """Return the memory in gigabytes that the text of an accelerator's file states, 0 if it states none."""
    value = text.partition("[memory_b]\nvalue = ")[2].partition("\n")[0].partition("#")[0].strip()
    try:
        return round(float(value) / 1e9)
    except ValueError:
        return 0


def write_index() -> None:
    """Write the index of the built-in products."""
    root = builtin_root()
    with open(f"{root}/{INDEX}", "w", encoding="utf-8", newline="\n") as stream:
        stream.write(index_text(Database([root])))


if __name__ == "__main__":
    write_index()
