"""Meter a cell of a notebook: ``%load_ext traincarbon``, then ``%%carbon`` as the first line of the cell, with the options of ``carbon track``."""

import ast
import shlex
from typing import Any

from traincarbon.errors import CarbonError
from traincarbon.tracking.track import track

_NAMES = {"interval": "interval_s", "grace": "grace_s", "meter": "meters"}
"""Options whose name in Python is another one."""
_NUMBERS = ("interval_s", "grace_s")
_REPEATED = ("meters", "log_to")
_EXAMPLE = "write options as --project toy --max-kwh 2"


def load_ipython_extension(shell: Any) -> None:
    """Add ``%%carbon`` to a notebook; ``%load_ext traincarbon`` calls this.

    Args:
        shell: The shell of IPython.
    """

    def carbon(line: str, cell: str) -> object:
        """Run the cell and meter it; its record is shown below what the cell shows."""
        from IPython.core.error import UsageError
        from IPython.display import display

        try:
            tracker = track(**options_of(line), quiet=True).start()
        except CarbonError as error:
            raise UsageError("\nhint: ".join(filter(None, (str(error), error.hint)))) from None
        exit_code = 1
        try:
            value = run_cell(shell, cell)
            exit_code = 0
        finally:
            tracker.stop(exit_code=exit_code)
            display(tracker.record if tracker.record is not None else f"carbon: {tracker.why_no_record}")
        return value

    shell.register_magic_function(carbon, magic_kind="cell", magic_name="carbon")


def options_of(line: str) -> dict[str, Any]:
    """Return the options in the first line of a cell, by their names in Python.

    Raises:
        CarbonError: the line is not one of options.

    Example:
        >>> options_of("--project toy --max-kwh=2 --interval 1")
        {'project': 'toy', 'max_kwh': '2', 'interval_s': 1.0}
    """
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise CarbonError(f"the options cannot be read: {error}", hint=_EXAMPLE) from None
    options: dict[str, Any] = {}
    while words:
        flag, equals, value = words.pop(0).partition("=")
        if not flag.startswith("--"):
            raise CarbonError(f"{flag[:60]!r} is no option", hint=_EXAMPLE)
        if not equals:
            if not words or words[0].startswith("--"):
                raise CarbonError(f"{flag[:60]} has no value", hint=_EXAMPLE)
            value = words.pop(0)
        name = flag.removeprefix("--").replace("-", "_")
        name = _NAMES.get(name, name)
        if name in _REPEATED:
            options[name] = [*options.get(name, ()), value]
        else:
            options[name] = _number(flag, value) if name in _NUMBERS else value
    return options


def run_cell(shell: Any, cell: str) -> object:
    """Run the code of a cell in the notebook's own variables, and return the value of its last line, None if that is no expression."""
    source = shell.transform_cell(cell)
    tree = ast.parse(source)
    file = shell.compile.cache(source, shell.execution_count, raw_code=cell)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, file, "exec"), shell.user_ns)  # noqa: S102  a cell is code to run
    if last is None:
        return None
    value: object = eval(compile(ast.Expression(last.value), file, "eval"), shell.user_ns)  # noqa: S307  so is its last line
    return value


def _number(flag: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise CarbonError(f"{flag} is {text[:40]!r}", hint="give seconds, as 5") from None
