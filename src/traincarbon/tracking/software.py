"""The software of a training, as far as it shows without asking: frameworks that the process has imported, and the revision of its code."""

import os
import sys

from traincarbon.reading import open_regular

FRAMEWORKS = (
    "torch",
    "jax",
    "tensorflow",
    "mxnet",
    "flax",
    "transformers",
    "lightning",
    "deepspeed",
    "accelerate",
    "torchtitan",
    "nemo",
    "megatron",
    "colossalai",
)
"""Packages that train models, and packages above them that decide how."""
CODE = "code"
"""The key of the revision of the code: the commit that the current folder has checked out."""
_REVISION = 12
_LONGEST = 64


def software_versions() -> dict[str, str]:
    """Return the version of Python, of each framework that this process has imported, and the commit of the code in the current folder."""
    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    for name in FRAMEWORKS:
        version = getattr(sys.modules.get(name), "__version__", None)
        if isinstance(version, str) and version:
            found[name] = version[:_LONGEST]
    return found | ({CODE: revision} if (revision := _revision()) else {})


def _revision() -> str:
    """Return the commit that is checked out in the current folder or one above it, empty where there is none."""
    try:
        folder = os.getcwd()
        while not os.path.exists(os.path.join(folder, ".git")):
            folder, below = os.path.dirname(folder), folder
            if folder == below:
                return ""
        return _commit(_git_folder(os.path.join(folder, ".git")))[:_REVISION]
    except (OSError, ValueError):
        return ""


def _git_folder(place: str) -> str:
    """Return the folder of a repository; in a linked work tree *place* is a file that names it."""
    if os.path.isdir(place):
        return place
    return os.path.join(os.path.dirname(place), _text(place).partition("gitdir:")[2].strip())


def _commit(folder: str) -> str:
    """Return the commit that the repository in *folder* has checked out."""
    head = _text(os.path.join(folder, "HEAD")).strip()
    if not head.startswith("ref:"):
        return _checked(head)
    name = head.partition("ref:")[2].strip()
    common = os.path.join(folder, _text(os.path.join(folder, "commondir")).strip()) if os.path.exists(os.path.join(folder, "commondir")) else folder
    loose = os.path.join(common, *name.split("/"))
    if os.path.isfile(loose):
        return _checked(_text(loose).strip())
    packed = (line.split() for line in _text(os.path.join(common, "packed-refs")).splitlines())
    return next((_checked(words[0]) for words in packed if words[1:] == [name]), "")


def _text(file: str) -> str:
    with open_regular(file) as stream:
        return stream.read(1 << 20).decode("utf-8")


def _checked(commit: str) -> str:
    return commit if commit.isalnum() and commit.isascii() else ""
