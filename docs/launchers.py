"""Write the table of launchers in docs/launchers.md from the rows that the tracker reads: ``make launchers``."""

import re
from collections.abc import Callable
from pathlib import Path

from traincarbon.tracking.launchers.row import Launcher
from traincarbon.tracking.launchers.table import EXPERIMENTS, LAUNCHERS

PAGE = Path(__file__).parent / "launchers.md"
MARKED = re.compile(r"(<!-- launchers -->\n).*?(<!-- end -->\n)", re.DOTALL)
HEAD = ("launcher", "run id", "attempt", "node, nodes", "local rank, local size", "rank, world size", "names read in")
PAIRS = (("node_rank", "nodes"), ("local_rank", "local_size"), ("rank", "world_size"))


class Asked(dict[str, str]):
    """An environment that remembers which variables it was asked for.

    Args:
        value: What every variable states.
    """

    def __init__(self, value: str) -> None:
        super().__init__()
        self._value = value
        self.names: dict[str, None] = {}

    def get(self, name: str, default: object = None) -> str:  # noqa: ARG002  every variable states something
        """Return the one value, and remember *name*."""
        self.names[name] = None
        return self._value


def names_of(read: Callable[[Asked], object] | None) -> list[str]:
    """Return the variables that a reader may ask for."""
    if read is None:
        return []
    found: dict[str, None] = {}
    for value in ("", "1"):
        env = Asked(value)
        read(env)
        found |= env.names
    return list(found)


def cell(*readers: Callable[[Asked], object] | None) -> str:
    """Return the variables of several readers, in code."""
    names = dict.fromkeys(name for read in readers for name in names_of(read) if name)
    return "<br>".join(f"`{name}`" for name in names)


def row(launcher: Launcher) -> list[str]:
    """Return what one launcher says, and in which variables."""
    command = ["the command"] if launcher.is_job and launcher.run_id is not None else []
    run_id = "<br>".join(filter(None, [cell(launcher.run_id, launcher.step), *command]))
    pairs = [cell(*(getattr(launcher, name) for name in pair)) for pair in PAIRS]
    return [launcher.title, run_id, cell(launcher.attempt), *pairs, launcher.source]


def table() -> str:
    """Return the table in Markdown."""
    lines = [HEAD, ("---",) * len(HEAD), *(row(launcher) for launcher in (*LAUNCHERS, *EXPERIMENTS))]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main() -> None:
    """Write the table into the page."""
    text = PAGE.read_text("utf-8")
    PAGE.write_text(MARKED.sub(lambda match: f"{match[1]}\n{table()}\n\n{match[2]}", text), "utf-8")


if __name__ == "__main__":
    main()
