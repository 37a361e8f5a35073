"""Run the notebooks in this folder from top to bottom and save their output in them and as pages, without Jupyter.

``python notebooks/execute.py`` runs all of them, ``python notebooks/execute.py moores-law.ipynb`` one.
"""

import ast
import json
import os
import re
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import chdir, redirect_stdout
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import matplotlib as mpl
from PIL import Image

from page import page_of

FOLDER = Path(__file__).resolve().parent
FOLDED = {"jupyter": {"source_hidden": True}, "tags": ["hide-input"]}
"""The metadata of a code cell: Jupyter and Jupyter Book fold the code, so that the story reads without it."""
DOTS_PER_INCH = 192
"""Two pixels for each pixel of a screen, so that lines are sharp; a picture states its size in pixels of the screen."""
_COMMAND = re.compile(r"^!(.*)$", re.MULTILINE)

Notebook = dict[str, Any]


def read(path: Path) -> Notebook:
    """Return the notebook in a file."""
    notebook: Notebook = json.loads(path.read_text("utf-8"))
    return notebook


def canonical(notebook: Notebook) -> str:
    """Return a notebook in its only form: cells numbered in order, without metadata of the machine that ran them."""
    cells = [_canonical_cell(at, cell) for at, cell in enumerate(notebook["cells"])]
    kernel = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return (
        json.dumps(
            {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5},
            indent=1,
            ensure_ascii=False,
            sort_keys=True,
        )
        + "\n"
    )


def _canonical_cell(at: int, cell: dict[str, Any]) -> dict[str, Any]:
    kept = {
        "cell_type": cell["cell_type"],
        "id": f"cell-{at}",
        "metadata": {},
        "source": "".join(cell["source"]).strip().splitlines(keepends=True),
    }
    if cell["cell_type"] == "code":
        kept |= {"execution_count": cell["execution_count"], "metadata": FOLDED, "outputs": cell["outputs"]}
    return kept


def code_of(notebook: Notebook) -> list[str]:
    """Return the code cells of a notebook, in order."""
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]


def execute(notebook: Notebook, *, name: str = "notebook") -> Notebook:
    """Return the notebook with the output of its cells, run in this folder.

    Errors of a cell are raised here; the traceback names the cell.

    Args:
        notebook: The notebook.
        name: Its name in tracebacks.
    """
    mpl.use("agg")
    names: dict[str, Any] = {"__name__": "__main__", "_shell": _shell}
    cells = []
    with chdir(FOLDER):
        for cell in notebook["cells"]:
            done = dict(cell)
            if cell["cell_type"] == "code":
                number = 1 + sum(each["cell_type"] == "code" for each in cells)
                done |= {
                    "execution_count": number,
                    "outputs": list(_outputs("".join(cell["source"]), names, number, name)),
                }
            cells.append(done)
    return {**notebook, "cells": cells}


def _outputs(source: str, names: dict[str, Any], number: int, name: str) -> Iterator[dict[str, Any]]:
    """Run one cell and yield its printed output, its figures and the value of its last line, in the format of notebooks."""
    tree = ast.parse(_COMMAND.sub(lambda line: f"_shell(f{line[1].strip()!r})", source))
    last = tree.body.pop().value if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    where, printed = f"{name}, cell {number}", StringIO()
    with redirect_stdout(printed):
        exec(compile(tree, where, "exec"), names)
        value = None if last is None else eval(compile(ast.Expression(last), where, "eval"), names)
    if printed.getvalue():
        yield {
            "name": "stdout",
            "output_type": "stream",
            "text": printed.getvalue().splitlines(keepends=True),
        }
    yield from _figures()
    if value is not None:
        yield {
            "data": _shown(value),
            "execution_count": number,
            "metadata": {},
            "output_type": "execute_result",
        }


def _shell(command: str) -> None:
    """Run a shell command, as Jupyter does for a line that begins with an exclamation mark; a failure ends the notebook."""
    paths = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        env={**os.environ, "PATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    print(done.stdout + done.stderr, end="")
    if done.returncode:
        raise RuntimeError(f"{command}: exit code {done.returncode}: {done.stderr}")


def _figures() -> Iterator[dict[str, Any]]:
    """Yield the figures that a cell left open, and close them."""
    from matplotlib import pyplot as plt

    for figure in map(plt.figure, plt.get_fignums()):
        width, height = (round(inches * DOTS_PER_INCH / 2) for inches in figure.get_size_inches())
        data = {
            "image/png": b64encode(_png(figure)).decode(),
            "text/plain": [f"<Figure: {figure.get_label()}>"],
        }
        yield {
            "data": data,
            "metadata": {"image/png": {"height": height, "width": width}},
            "output_type": "display_data",
        }
    plt.close("all")


def _png(figure: Any) -> bytes:
    """Return a figure as PNG with 256 colours, a third of the size of full colour."""
    drawn, small = BytesIO(), BytesIO()
    figure.savefig(drawn, format="png", dpi=DOTS_PER_INCH)
    Image.open(drawn).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(
        small, format="png", optimize=True
    )
    return small.getvalue()


def _shown(value: object) -> dict[str, list[str]]:
    """Return a value as text, and as HTML if it has that form."""
    forms = {"text/plain": repr(value)}
    if hasattr(value, "_repr_html_"):
        forms["text/html"] = value._repr_html_()
    return {kind: text.splitlines(keepends=True) for kind, text in forms.items()}


def main(wanted: list[str]) -> None:
    """Run the notebooks *wanted*, or all of them, and save each with its page in ``html`` beside it."""
    for path in [FOLDER / name for name in wanted] or sorted(FOLDER.glob("*.ipynb")):
        print(path.name, flush=True)
        done = execute(read(path), name=path.stem)
        path.write_text(canonical(done), encoding="utf-8")
        pages = path.parent / "html"
        pages.mkdir(exist_ok=True)
        (pages / f"{path.stem}.html").write_text(page_of(done), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
