"""Help texts that fit the screen: examples break where a shell lets them, tables and long choices where a reader can follow."""

import re
from collections.abc import Iterable, Iterator

import click

_NARROW = 60
"""On a screen narrower than that, what an option does stands below it, not beside it."""
_GAP = re.compile(r"\S {2,}\S")
"""What the rows of a table have between two cells, and examples have not."""
_BETWEEN_CELLS = re.compile(r" {2,}")
_WORDS = re.compile(r"(?:-{1,2}[\w-]+ (?!-))?(?:\"[^\"]*\"|\S+)")
"""The words of an example, an option with its value as one."""
_AS_WRITTEN = "\b\n"
"""What begins a paragraph whose lines click leaves as they are."""


class Formatter(click.HelpFormatter):
    """A formatter of help texts that have room on a narrow screen too."""

    def write_text(self, text: str) -> None:
        """Write paragraphs; a line that is kept as it is written breaks where it is longer than the screen."""
        room = self.width - self.current_indent
        paragraphs = (_kept_within(each, room) if each.startswith(_AS_WRITTEN) else each for each in text.split("\n\n"))
        super().write_text("\n\n".join(paragraphs))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Write options and commands, each with what it does."""
        room = self.width - self.current_indent
        fitting = [(f"\n{'':{self.current_indent + 2}}".join(_choices_within(term, room)), text) for term, text in rows]
        if self.width >= _NARROW:
            super().write_dl(fitting, col_max, col_spacing)
            return
        for term, text in fitting:
            self.write(f"{'':{self.current_indent}}{term}\n")
            self.indent()
            if text:
                self.write_text(text)
            self.dedent()


def _kept_within(paragraph: str, room: int) -> str:
    lines = paragraph.removeprefix(_AS_WRITTEN).split("\n")
    return _AS_WRITTEN + "\n".join(part for line in lines for part in line_within(line, room))


def line_within(line: str, room: int) -> list[str]:
    r"""Return a line of an example or of a table as lines that are at most as long as the *room*, as far as its words are.

    An example goes on after a backslash, so that it can be copied; the row of a table goes on below itself.

    Example:
        >>> line_within("carbon estimate --params 7B --tokens 1T", 24)
        ['carbon estimate \\', '  --params 7B \\', '  --tokens 1T']
        >>> line_within("entsoe   $ENTSOE_TOKEN; Europe", 20)
        ['entsoe ·', '  $ENTSOE_TOKEN;', '  Europe']
    """
    if len(line) <= room:
        return [line]
    is_table = _GAP.search(line) is not None
    pieces = _BETWEEN_CELLS.sub(" · ", line.strip()).split() if is_table else _WORDS.findall(line)
    end = "" if is_table else " \\"
    found = [pieces[0] if is_table else line[: len(line) - len(line.lstrip())] + pieces[0]]
    for piece in pieces[1:]:
        if len(found[-1]) + 1 + len(piece) + len(end) > room:
            found[-1] += end
            found.append(f"  {piece}")
        else:
            found[-1] += f" {piece}"
    return found


def _choices_within(term: str, room: int) -> Iterator[str]:
    """Yield an option with its choices in lines that are at most as long as the *room*, broken between two choices or before them.

    Example:
        >>> list(_choices_within("--kind [pretrain|finetune|lora]", 24))
        ['--kind [pretrain|', 'finetune|lora]']
    """
    pieces = re.findall(r"[^|]+\|?|\|", term) if len(term) > room else [term]
    lines = [pieces[0]]
    for piece in pieces[1:]:
        if len(lines[-1]) + len(piece) + 2 > room:
            lines.append("")
        lines[-1] += piece
    for line in lines:
        parts = re.findall(rf".{{1,{max(room - 2, 1)}}}(?: |$)|\S+", line) if len(line) > room else [line]
        yield from (part.rstrip() for part in parts)
