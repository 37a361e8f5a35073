"""Products whose names say the same in other words, and those that come nearest to a name that is unknown."""

from collections.abc import Iterable
from typing import NamedTuple

from traincarbon.database.load import Database
from traincarbon.database.names import Named, named_products, squeeze
from traincarbon.database.words import Words, telling, words_of
from traincarbon.suggestions import nearest

_GB_PER_GIB = 2**30 / 1e9
_MOST = 6
_STEM = 4
"""Letters and digits that two models of a series have in common, as 11900K and 11900KF."""
_ALIKE = 0.85
"""Names as alike as this differ by a slip of the keyboard."""


class _Described(NamedTuple):
    """A product with the words of each of its names, and the forms and memories of all of them."""

    product: Named
    names: tuple[Words, ...]
    forms: frozenset[str]
    memories: frozenset[str]


def matching(database: Database, text: str) -> list[Named]:
    """Return the products that *text* fits in every word that tells products apart.

    If there are none, return those of which *text* is a part, if they are several: the person must choose.
    """
    wanted = words_of(text)
    if not wanted.core:
        return _named_in_part(database, text)
    described = _described(database)
    same = [each for each in described if any(name.core == wanted.core for name in each.names)]
    has_forms = any(each.forms for each in same)
    fitting = [each for each in same if _has_form(each, wanted.form, has_forms=has_forms) and wanted.memory <= each.memories]
    exact = [each for each in fitting if wanted in each.names]
    if fitting:
        return _by_id(exact or fitting)
    parts = [each for each in described if any(wanted.core < name.core for name in each.names) and wanted.memory <= each.memories]
    return sorted(_by_id(parts), key=lambda product: len(product.id)) if len(parts) > 1 and not same else []


def nearest_products(database: Database, text: str) -> list[Named]:
    """Return the products whose names come nearest to *text*, best first: those but a slip away, then those that share its words."""
    bearers: dict[str, Named] = {}
    for product in named_products(database):
        for name in product.names:
            bearers.setdefault(squeeze(name), product)
    wanted, squeezed = words_of(text), squeeze(telling(text))[:60]
    sharing = sorted(
        ((score, each.product) for each in _described(database) if (score := max(_shared(wanted, name) for name in each.names)) > 0.0),
        key=lambda scored: (-scored[0], scored[1].id),
    )
    slips = [bearers[name] for name in nearest(squeezed, bearers, most=_MOST, alike=_ALIKE)]
    alike = [bearers[name] for name in nearest(squeezed, bearers, most=_MOST)]
    return list(dict.fromkeys([*slips, *(product for _, product in sharing[:6]), *alike]))


def _described(database: Database) -> tuple[_Described, ...]:
    return database.remember(_describe, None)


def _describe(database: Database, _key: None) -> tuple[_Described, ...]:
    found = []
    for product in named_products(database):
        names = tuple(dict.fromkeys(map(words_of, product.names)))
        own = {product.memory_gb, round(product.memory_gb / _GB_PER_GIB)} - {0}
        memories = frozenset().union(*(name.memory for name in names), (f"{size}gb" for size in own))
        found.append(_Described(product, names, frozenset().union(*(name.form for name in names)), memories))
    return tuple(found)


def _has_form(each: _Described, wanted: frozenset[str], *, has_forms: bool) -> bool:
    """Whether *each* is built in as *wanted*; where no product of the name states a form, all are cards for PCIe."""
    if not has_forms:
        return wanted <= {"pcie"}
    sockets = {form for form in each.forms if form.startswith("sxm")}
    return all(form in each.forms or (form.startswith("sxm") and bool(sockets) and (form == "sxm" or sockets == {"sxm"})) for form in wanted)


def _named_in_part(database: Database, text: str) -> list[Named]:
    """Return the products in whose names all words of *text* occur, which says too little to tell them apart."""
    wanted = {squeeze(word) for word in text.lower().replace("-", " ").split()} - {""}
    return [product for product in named_products(database) if any(wanted <= set(name.split("-")) for name in product.names)] if wanted else []


def _shared(wanted: Words, name: Words) -> float:
    """Return how much two names share, less what the second has besides; words with digits count three times. A maker alone is nothing."""
    mine, its = wanted.core | wanted.form | wanted.memory, name.core | name.form | name.memory
    if not any(_weight(word) > 1.0 for word in wanted.core & name.core):
        return 0.0
    alike = sum(any(word[:_STEM] == other[:_STEM] for other in its - mine) for word in mine - its if _weight(word) > 1.0 and len(word) >= _STEM)
    return 1.5 * alike + sum(map(_weight, mine & its)) - 0.5 * sum(map(_weight, its - mine)) - 0.4 * sum(map(_weight, mine - its))


def _weight(word: str) -> float:
    return 3.0 if any(letter.isdigit() for letter in word) else 1.0


def _by_id(described: Iterable[_Described]) -> list[Named]:
    return [each.product for each in described]
