"""The emissions of a run in a model card: the metadata ``co2_eq_emissions`` in grams, and the section on environmental impact."""

import contextlib
import os
from collections.abc import Callable

from traincarbon.disclosure.disclose import disclose
from traincarbon.files import replace_file
from traincarbon.frameworks.override import Override
from traincarbon.ledger.run import Run
from traincarbon.reading import read_limited

FILE = "README.md"
_FENCE = "---"
_KEY = "co2_eq_emissions"
_SECTION = "## Environmental Impact"


def write_emissions(run: Run, *, folder: str, name: str = "") -> None:
    """Write the emissions of *run* into the model card of *folder*; what else the card holds stays.

    Args:
        run: The record.
        folder: The folder of the model; its card is ``README.md``.
        name: The name of the model.

    Raises:
        CarbonError: the record cannot be disclosed, or the card cannot be written.
        OSError: the card that is there cannot be read.
    """
    stated = disclose(run, formats=("hf",), model=name).files["model-card.md"]
    file = os.path.join(folder, FILE)
    before = read_limited(file).decode("utf-8") if os.path.exists(file) else ""
    replace_file(file, with_emissions(before, stated))


def keep_emissions(trainer: object, read: Callable[[], Run | None], *, folder: str, name: str = "") -> Override:
    """Write the emissions again after *trainer* writes its model card anew, as it does before it pushes a model to the hub.

    Args:
        trainer: A Trainer of Hugging Face.
        read: Returns the record.
        folder: The folder of the model.
        name: The name of the model.
    """

    def written(write: Callable[..., object], *args: object, **options: object) -> object:
        found = write(*args, **options)
        with contextlib.suppress(Exception):  # the card of the Trainer stands, and its training has ended well
            if os.path.exists(os.path.join(folder, FILE)) and (record := read()) is not None:
                write_emissions(record, folder=folder, name=name)
        return found

    return Override(trainer, "create_model_card", written)


def with_emissions(card: str, stated: str) -> str:
    r"""Return a model card with what another one states on emissions.

    Args:
        card: The card, "" for a new one.
        stated: A card with nothing but emissions.

    Example:
        >>> print(with_emissions("---\nlicense: mit\n---\n# Tiny\n", "---\nco2_eq_emissions:\n  emissions: 1.5\n---\n\n## Environmental Impact\n\n1.5 g\n"))
        ---
        license: mit
        co2_eq_emissions:
          emissions: 1.5
        ---
        # Tiny
        <BLANKLINE>
        ## Environmental Impact
        <BLANKLINE>
        1.5 g
        <BLANKLINE>
    """
    (ours, section), (theirs, text) = _split(stated), _split(card)
    header = [_FENCE, *_without_key(theirs), *ours, _FENCE]
    body = _without_section(text).strip("\n")
    return "\n".join([*header, *([body, ""] if body else []), section.strip("\n")]) + "\n"


def _split(card: str) -> tuple[list[str], str]:
    """Return the lines of the metadata of a card, and its text."""
    lines = card.splitlines()
    if not lines or lines[0].strip() != _FENCE:
        return [], card
    end = next((index for index, line in enumerate(lines[1:], 1) if line.strip() == _FENCE), 0)
    return (lines[1:end], "\n".join(lines[end + 1 :])) if end else ([], card)


def _without_key(lines: list[str]) -> list[str]:
    """Return lines of YAML without those of the emissions, which other lines follow that are indented or empty."""
    kept: list[str] = []
    is_ours = False
    for line in lines:
        is_ours = line.startswith(_KEY) or (is_ours and (not line.strip() or line[0].isspace()))
        kept += [] if is_ours else [line]
    return kept


def _without_section(text: str) -> str:
    """Return a text without the section on environmental impact, up to the next one of its level or above."""
    before, found, rest = text.partition(_SECTION)
    if not found or (before and not before.endswith("\n")):
        return text
    following = rest.splitlines()[1:]
    end = next((index for index, line in enumerate(following) if line.startswith(("# ", "## "))), len(following))
    return before + "\n".join(following[end:])
