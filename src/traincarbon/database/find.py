"""Find hardware by what a person types: by id, by alias, or by every word that tells one from another."""

from collections.abc import Sequence
from typing import NoReturn

from traincarbon.database.load import Database
from traincarbon.database.names import products_named, squeeze
from traincarbon.database.records import Product
from traincarbon.errors import AmbiguousError, NotFoundError

MOST_CANDIDATES = 6
"""Names that an error lists."""
LONGEST_SHOWN = 60
"""Letters of a text that an error shows."""
THIS = "this"
"""The name of the machine that this runs on, once ``carbon bench`` has measured it."""
_HALF = "gcd"
"""The half of an MI250 or MI250X that AMD's tools count as a GPU."""
_OF_HALVES = ("mi250x", "mi250")
"""The accelerators of two such halves."""


def find_hardware(database: Database, text: str) -> Product:
    """Return the server or accelerator that *text* names by id, by alias or in the words of a driver, a scheduler or a cloud.

    Every word that tells products apart must be one of the product's own: ``GTX 1080`` is not a GTX 1080 Ti.

    Raises:
        AmbiguousError: several products match; the hint lists them.
        NotFoundError: none matches; the hint lists the nearest.
    """
    found = _exact(database, text)
    if found is not None:
        return found
    if squeeze(text) == THIS:
        raise NotFoundError("no hardware 'this': this machine has not been measured yet", hint="measure it with carbon bench")
    from traincarbon.database.hardware_count import split_count
    from traincarbon.database.resemblance import matching, nearest_products
    from traincarbon.database.words import unwrapped

    plain = unwrapped(text)
    found = _exact(database, plain)
    if found is not None:
        return found
    products = matching(database, plain)
    product = database.product(products[0].folder, products[0].id) if len(products) == 1 else None
    if product is not None:
        return product
    if len(products) > 1:
        refuse_ambiguous("hardware", text, [product.id for product in products], "carbon db list hardware")
    single = split_count(plain).name
    counted = [found.id] if single != plain and (found := _exact(database, single)) is not None else []
    return refuse_unknown("hardware", text, [*counted, *(each.id for each in nearest_products(database, single))], "carbon db list hardware")


def _exact(database: Database, text: str) -> Product | None:
    """Return the product of that id or alias, None if there is none or are several."""
    slug = "-".join(text.strip().lower().replace("_", "-").split())
    if _is_file_name(slug):
        for folder in ("servers", "accelerators"):
            product = database.product(folder, slug)
            if product is not None:
                return product
    places = products_named(database, text)
    return database.product(*places[0]) if len(places) == 1 else None


def refuse_ambiguous(what: str, text: str, fitting: Sequence[str], listing: str) -> NoReturn:
    """Raise that several things fit *text*, and list the first of them.

    Raises:
        AmbiguousError: always.
    """
    listed = list(dict.fromkeys(fitting))
    rest = f" and {len(listed) - MOST_CANDIDATES} more" if len(listed) > MOST_CANDIDATES else ""
    raise AmbiguousError(f"{shown(text)} matches more than one {what}", hint=f"one of {', '.join(listed[:MOST_CANDIDATES])}{rest}; all: {listing}")


def refuse_unknown(what: str, text: str, close: Sequence[str], listing: str) -> NoReturn:
    """Raise that nothing fits *text*, with what is *close* to it.

    Raises:
        NotFoundError: always.
    """
    hint = f"did you mean {' or '.join(list(dict.fromkeys(close))[:3])}?" if close else f"all: {listing}"
    if what == "hardware" and _HALF in text.casefold() and (not close or close[0] in _OF_HALVES):
        hint = f"a GCD is half of a module: give {close[0] if close else ' or '.join(_OF_HALVES)} and half as many accelerators"
    raise NotFoundError(f"no {what} {shown(text)}", hint=hint)


def shown(text: str) -> str:
    """Return *text* in quotes, shortened to what a line of an error holds."""
    return repr(text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…")


def _is_file_name(slug: str) -> bool:
    return bool(slug) and slug not in (".", "..") and not set(slug) & set('/\\:*?"<>|\0') and len(slug) < 100
