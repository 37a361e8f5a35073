"""The command that adds an extra or a package to the installation that is running: a checkout, a wheel from a file, or a package from an index."""

import os
import shlex
import sys
from typing import Any

from traincarbon.errors import CarbonError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import pandas as pd

_NAME = "traincarbon"
_PACKAGE = os.path.dirname(os.path.abspath(__file__))


class MissingExtraError(CarbonError, ImportError):
    """A package of an extra is not installed. It is an :class:`ImportError` too, and its hint says how to add the extra here.

    Args:
        message: What needs the package.
        extra: The extra that has it.
        otherwise: What to do without it.
    """

    def __init__(self, message: str, *, extra: str, otherwise: str = "") -> None:
        command = install_command(extra=extra)
        super().__init__(message, hint=f"{command}, or {otherwise}" if otherwise else command)


def data_frame(data: Any) -> "pd.DataFrame":
    """Return *data*, rows or columns, as a data frame of pandas.

    Raises:
        MissingExtraError: pandas is not installed.
    """
    try:
        import pandas as pd
    except ImportError as error:
        raise MissingExtraError("a data frame needs pandas, which is not installed", extra="frames") from error
    return pd.DataFrame(data)


def install_command(*, extra: str = "", package: str = "") -> str:
    """Return the command that adds an *extra* of this package, or a *package*, to the environment that runs this.

    An extra comes from where this package was installed from (PEP 610), so the command needs no index that has this package.
    """
    folder = os.path.dirname(os.path.abspath(sys.executable or "python"))
    root = os.path.dirname(folder)
    what = shlex.quote(package) if package else _with_extra(extra)
    if os.path.exists(os.path.join(root, "uv-receipt.toml")) and extra:
        return f"uv tool install --force {what}"
    if os.path.exists(os.path.join(root, "pipx_metadata.json")):
        return f"pipx install --force {what.removeprefix('-e ')}" if extra else f"pipx inject {_NAME} {what}"
    if _has_pip():
        return f"{_pip(folder)} install {what}"
    if f"{os.sep}archive-v0{os.sep}" in folder and extra:  # the environment of uvx, which lasts for one command
        return f"uvx --from {what} carbon"
    return f"uv pip install --python {shlex.quote(sys.executable)} {what}"


def _with_extra(extra: str) -> str:
    """Return this package with *extra* as arguments of pip, quoted: its checkout, its file, its address or its name."""
    checkout = os.path.dirname(os.path.dirname(_PACKAGE))
    if os.path.basename(os.path.dirname(_PACKAGE)) == "src" and os.path.exists(os.path.join(checkout, "pyproject.toml")):
        return f"-e {_quoted(f'{checkout}[{extra}]')}"
    origin = _direct_url()
    address = str(origin.get("url") or "")
    if not address:
        return _quoted(f"{_NAME}[{extra}]")
    if not address.startswith("file:"):
        vcs = origin.get("vcs_info")
        if isinstance(vcs, dict):
            address = f"{vcs.get('vcs')}+{address}@{vcs.get('commit_id')}"
        return _quoted(f"{_NAME}[{extra}] @ {address}")
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    path = url2pathname(urlsplit(address).path)
    if os.path.exists(path):
        return _quoted(f"{path}[{extra}]")
    return " ".join(map(_quoted, _packages_of(extra)))


def _direct_url() -> dict[str, object]:
    """Return what the installer recorded about the origin of this package; empty if it came from an index."""
    import json
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        found = json.loads(distribution(_NAME).read_text("direct_url.json") or "{}")
    except (PackageNotFoundError, OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _packages_of(extra: str) -> list[str]:
    """Return the requirements of *extra*, for a package whose file or folder is gone."""
    from importlib.metadata import requires

    marked = [need.split(";") for need in requires(_NAME) or () if ";" in need]
    return [need.strip() for need, marker in marked if marker.replace('"', "'").strip() == f"extra == '{extra}'"]


def _pip(folder: str) -> str:
    """Return ``pip`` if that of the search path belongs to this Python, else this Python with ``-m pip``."""
    import shutil

    found = shutil.which("pip")
    if found and os.path.dirname(os.path.abspath(found)) == folder:
        return "pip"
    return f"{shlex.quote(sys.executable)} -m pip"


def _has_pip() -> bool:
    from importlib.util import find_spec

    return find_spec("pip") is not None


def _quoted(text: str) -> str:
    """Return *text* in single quotes, as brackets mean something to a shell."""
    return f"'{text}'" if "'" not in text else shlex.quote(text)
