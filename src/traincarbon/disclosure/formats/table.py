"""The formats of a disclosure by name."""

from collections.abc import Callable
from importlib import import_module

from traincarbon.disclosure.disclosure import Disclosure
from traincarbon.errors import CarbonError
from traincarbon.suggestions import one_of

Writer = Callable[[Disclosure], dict[str, str]]

FORMATS = {
    "eu-gpai": "the EU's Model Documentation Form: compute, time and energy, for AI Office and authorities",
    "cyclonedx": "CycloneDX 1.7 machine-learning bill of materials, strict-valid",
    "spdx": "SPDX 3.0.1, AI profile",
    "sci-ai": "Software Carbon Intensity of AI (ISO/IEC 21031), provider score",
    "ghg": "GHG Protocol scopes 2 and 3, with the lines of ESRS E1 and SB 253",
    "hf": "model card of Hugging Face, emissions in grams",
    "paper": "paragraph for a paper in Markdown and LaTeX, reference and checklist",
    "boamps": "BoAmps report (AFNOR Spec 2314)",
}
"""Format to what it is; its writer is the module of that name in this package."""


def writer_of(name: str) -> Writer:
    """Return the writer of a format.

    Raises:
        CarbonError: there is no such format.
    """
    if name not in FORMATS:
        raise CarbonError(f"unknown format {name[:40]!r}", hint=one_of(name, tuple(FORMATS)))
    writer: Writer = import_module(f"traincarbon.disclosure.formats.{name.replace('-', '_')}").write
    return writer
