"""Find the accelerator of the database that a driver names."""

from traincarbon.database.load import Database
from traincarbon.database.names import products_named
from traincarbon.database.records import Product

_MAKERS = ("nvidia", "amd", "intel(r)", "intel")
_LINES = ("tesla", "quadro", "geforce", "instinct", "radeon")
"""Names of product lines; some drivers put them before the model, others do not."""
_ENDINGS = ("oam", "vf", "hf")
"""Endings that state how an accelerator is built in or shared, not which one it is: an open module, a virtual function."""

_SEGMENTS = {
    "laptop": ("laptop", "max-q design", "mobile"),
    "workstation": ("quadro", "rtx a", "rtx pro", "ada generation", "radeon pro", "arc pro"),
    "consumer": ("geforce", "titan", "radeon rx", "arc "),
}
"""Segment of a GPU to what its name then holds, the first segment first."""


def find_accelerator(database: Database, name: str) -> Product | None:
    """Return the accelerator that NVML or amdsmi calls *name*; None if it is unknown or ambiguous.

    The whole name must match: a laptop's ``RTX 4090 Laptop GPU`` is not an ``RTX 4090``. A MIG instance is the GPU that it is part of.

    Example:
        >>> from traincarbon.database.load import open_database
        >>> found = find_accelerator(open_database(), "NVIDIA A100-SXM4-80GB")
        >>> found.id if found else None
        'a100-sxm4-80gb'
    """
    for wanted in _spellings(name):
        ids = sorted({id for folder, id in products_named(database, wanted) if folder == "accelerators"})
        if len(ids) == 1:
            return database.product("accelerators", ids[0])
    from traincarbon.database.resemblance import matching

    products = matching(database, name.split(" MIG ", maxsplit=1)[0])
    return database.product("accelerators", products[0].id) if len(products) == 1 and products[0].folder == "accelerators" else None


def segment_of(name: str) -> str:
    """Return who the GPU is made for that a driver calls *name*, as far as the name tells; empty where it does not.

    Example:
        >>> segment_of("NVIDIA GeForce RTX 5060 Laptop GPU"), segment_of("NVIDIA RTX A1000"), segment_of("NVIDIA X100")
        ('laptop', 'workstation', '')
    """
    written = f"{name.lower()} "
    return next((segment for segment, words in _SEGMENTS.items() if any(word in written for word in words)), "")


def _spellings(name: str) -> list[str]:
    """Return *name* as it is, then without the words that some drivers add: MIG instance, maker, product line, form."""
    words = name[:200].replace("(TM)", " ").replace("(R)", " ").split(" MIG ")[0].split()
    spellings = [" ".join(words)]
    for additions in (_MAKERS, _LINES):
        if words and words[0].lower() in additions:
            words = words[1:]
            spellings.append(" ".join(words))
    if len(words) > 1 and words[-1].lower() in _ENDINGS:
        spellings.append(" ".join(words[:-1]))
    return spellings
