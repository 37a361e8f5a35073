"""Write the drawing and the tables of docs/architecture.md from the imports of the package: ``make architecture``."""

import re
import sys
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "architecture.md"
PACKAGE = ROOT / "src" / "traincarbon"
MARKED = re.compile(r"(<!-- drawing -->\n).*?(<!-- end -->\n)", re.DOTALL)


def rooms() -> list[str]:
    """Return the rooms of the house: the packages, and the modules that stand beside them."""
    packages = sorted(each.name for each in PACKAGE.iterdir() if (each / "__init__.py").exists())
    modules = sorted(each.stem for each in PACKAGE.glob("*.py") if not each.stem.startswith("_"))
    return [*packages, *modules]


def imports() -> set[tuple[str, str]]:
    """Return which room imports which."""
    graph = grimp.build_graph("traincarbon", exclude_type_checking_imports=True, cache_dir=None)
    known, found = set(rooms()), set[tuple[str, str]]()
    for importer in graph.modules:
        for imported in graph.find_modules_directly_imported_by(importer):
            rooms_of = [name.split(".")[1] if "." in name else "" for name in (importer, imported)]
            if rooms_of[0] != rooms_of[1] and set(rooms_of) <= known:
                found.add((rooms_of[0], rooms_of[1]))
    return found


def layers() -> list[list[str]]:
    """Return the layers of pyproject.toml, the highest first."""
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    stated = re.search(r"^layers = \[\n(.*?)^\]", text, re.MULTILINE | re.DOTALL)
    assert stated is not None
    return [re.findall(r"\w+", line) for line in stated[1].splitlines() if line.strip()]


def reduced(arrows: set[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the arrows that no longer way says as well, so that the drawing can be read."""
    below: dict[str, set[str]] = {}
    for layer in reversed(layers()):
        for room in layer:
            direct = {target for source, target in arrows if source == room}
            below[room] = direct.union(*(below.get(each, set()) for each in direct)) if direct else set()
    kept = []
    for source, target in sorted(arrows):
        others = {other for first, other in arrows if first == source and other != target}
        if not any(target in below.get(other, set()) for other in others):
            kept.append((source, target))
    return kept


def drawing() -> str:
    """Return a Mermaid flowchart: a box a room, a row a layer, an arrow for what a room imports."""
    lines = ["```mermaid", "flowchart TB"]
    for number, layer in enumerate(layers()):
        lines += [f'  subgraph layer{number}[" "]', "    direction LR", *(f"    {room}" for room in layer), "  end"]
    lines += [f"  {source} --> {target}" for source, target in reduced(imports())]
    return "\n".join([*lines, "```"])


def table() -> str:
    """Return a row a room: what it holds, and the rooms that it imports."""
    arrows, rows = imports(), ["| room | holds | imports |", "|---|---|---|"]
    for room in (room for layer in layers() for room in layer):
        home = PACKAGE / room
        file = home / "__init__.py" if home.is_dir() else home.with_suffix(".py")
        first = file.read_text("utf-8").split('"""')[1].splitlines()[0].replace("``", "`")
        needs = ", ".join(target for source, target in sorted(arrows) if source == room)
        rows.append(f"| `{room}` | {first} | {needs} |")
    return "\n".join(rows)


def page() -> str:
    """Return the page with its drawing and table made anew."""
    return MARKED.sub(lambda found: f"{found[1]}\n{drawing()}\n\n{table()}\n\n{found[2]}", PAGE.read_text("utf-8"))


if __name__ == "__main__":
    sys.stdout.write("" if PAGE.write_text(page(), "utf-8") else "nothing written\n")
