"""From what a driver calls a board to the accelerator of the database."""

from traincarbon.database.find import hardware_names, squeeze
from traincarbon.database.load import Database
from traincarbon.database.records import Product

_MAKERS = ("nvidia", "amd", "intel(r)", "intel")
_LINES = ("tesla", "quadro", "geforce", "instinct", "radeon")
"""Names of product lines, which drivers of some years put before the model and those of others do not."""
_ENDINGS = ("oam", "vf", "hf")
"""What says how a board is built in or shared, and not what it is: an open module, a virtual function."""


def find_board(database: Database, name: str) -> Product | None:
    """Return the accelerator that NVML or amdsmi calls *name*; None where it is none of ours, or not one alone.

    A name must fit as a whole: a laptop's ``RTX 4090 Laptop GPU`` is no ``RTX 4090``. An instance of a board cut by MIG is that board.

    Example:
        >>> from traincarbon.database.load import open_database
        >>> board = find_board(open_database(), "NVIDIA A100-SXM4-80GB")
        >>> board.id if board else None
        'a100-sxm4-80gb'
    """
    names = hardware_names(database)
    for wanted in _spellings(name):
        ids = sorted({id for folder, id in names.get(squeeze(wanted), ()) if folder == "accelerators"})
        if len(ids) == 1:
            return database.product("accelerators", ids[0])
    return None


def _spellings(name: str) -> list[str]:
    """Return *name* as it stands, then without what some drivers add: instance, maker, line of products, form."""
    words = name[:200].replace("(TM)", " ").replace("(R)", " ").split(" MIG ")[0].split()
    spellings = [" ".join(words)]
    for additions in (_MAKERS, _LINES):
        if words and words[0].lower() in additions:
            words = words[1:]
            spellings.append(" ".join(words))
    if len(words) > 1 and words[-1].lower() in _ENDINGS:
        spellings.append(" ".join(words[:-1]))
    return spellings
