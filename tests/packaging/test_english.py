"""The old phrases stay out: help, messages, docstrings, comments and docs use the usual words.

To list what is left in some files or folders, run ``python tests/packaging/test_english.py src/traincarbon/cli docs/json.md``.
"""

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = (
    *("src/traincarbon", "docs", "README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "hardware_db/README.md"),
    *("benchmarks", "examples", "notebooks/README.md", "notebooks/drawing.py", "notebooks/execute.py"),
    *(str(file.relative_to(ROOT)) for file in sorted((ROOT / "tests").rglob("*.py")) if not file.name.startswith("test_")),
)
"""Of the tests, the modules that they share."""
ENDINGS = (".py", ".md", ".html", ".js")
OLD_PHRASES = {
    r"\b(held|holds?|holding) (it |them |\w+ )?against\b": "compared with",
    r"\b(stands?|stood|standing) in for\b": "replaces, is used for",
    r"\b(bears?|bore|bearing) on\b": "affects (ignored: …)",
    r"\bin (its|their) stead\b": "instead",
    r"\breckon(s|ed|ing)?\b": "computed, counted",
    r"\bin vain\b": "without success",
    r"\bnobody (looks|has|here|watche[sd]|minds|reads?)\b": "name the actor, or use the passive: not read, not checked",
    r"\bof no kind\b": "unrecognised",
    r"\bno kind of\b": "unrecognised, not a",
    r"\bwhoever\b": "anyone who, the caller",
    r"\bwants? to be \w+": "should be",
    r"\bbe it\b": "whether",
    r"\bin all[.,;:)\"'`]": "in total",
    r"\bis no (server|number|text|zone|folder|plan|model|GPU|accelerator|file|run|region)\b": "is not a, is an … (say what it is)",
    r"\b(what|that) is (told|said) of\b": "what … says about",
    r"\bto own, its share\b": "Cost of ownership (amortised)",
    r"\bcluster's purchase\b": "Purchase price of the cluster",
    r"\d ?[kMBT]\$|(?<=[\"'`])[kMBT]\$": "$7.9M",
    r"\d M h\b": "M GPU-hours",
    r"\blast words\b": "final messages",
    r"\bkin\b|\b(class|def) Kin\b": "process tree",
    r"\b(GPU|graphics|NVIDIA|AMD) boards?\b": "GPU",
    r"\bdoubt(s|ed|ful)?\b": "uncertainty",
    r"\bit is none\b|\bif there is none such\b": "otherwise",
    r"\bgo(es)? on with it\b": "continues",
    r"\bthe one follows from the other\b": "the other is computed",
    r"\bwhat is more than a number\b": "anything that is not a plain number",
}
"""Pattern to what to write instead; see CONTRIBUTING.md for the rule."""
TABLE = re.compile(r"^\| (instead of|at commit \w+) \|.*?(?=^[^|]|\Z)", re.MULTILINE | re.DOTALL)
"""The tables of old words in CONTRIBUTING.md and of old paths in docs/architecture.md."""
PATTERNS = {re.compile(pattern, re.IGNORECASE): instead for pattern, instead in OLD_PHRASES.items()}


def files(places: Iterable[str | Path]) -> Iterator[Path]:
    """Yield the text files in *places*, files or folders."""
    for place in places:
        path = ROOT / place
        found = [path] if path.is_file() else sorted(path.rglob("*")) if path.is_dir() else []
        yield from (file for file in found if file.suffix in ENDINGS)


def old_phrases(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield line, phrase and replacement for each old phrase in *text*; a phrase may be broken across two lines."""
    line = re.sub(r"\s", " ", text)
    for pattern, instead in PATTERNS.items():
        for match in pattern.finditer(line):
            yield text.count("\n", 0, match.start()) + 1, match[0], instead


def _blanked(table: re.Match[str]) -> str:
    """Return the empty lines that keep the numbers of the lines below *table*."""
    return "\n" * table[0].count("\n")


def complaints(places: Iterable[str | Path]) -> list[str]:
    """Return one line for each old phrase in *places*."""
    return [
        f"{file.relative_to(ROOT)}:{line}: {phrase!r}; write: {instead}"
        for file in files(places)
        for line, phrase, instead in old_phrases(TABLE.sub(_blanked, file.read_text("utf-8")))
    ]


def test_the_old_phrases_are_gone() -> None:
    found = complaints(SOURCES)
    assert not found, "\n".join([f"{len(found)} old phrases", *found[:200]])


def test_an_old_phrase_is_found_across_lines_and_the_usual_words_are_left_alone() -> None:
    assert [(line, phrase) for line, phrase, _ in old_phrases("The forecast is\nheld\nagainst it, in vain.")] == [(2, "held against"), (3, "in vain")]
    assert not list(old_phrases("A budget of $7.9M holds. In all three cases, the uncertainty is small; `$5` and $k$ too."))


if __name__ == "__main__":
    print(*complaints(sys.argv[1:] or SOURCES), sep="\n")
