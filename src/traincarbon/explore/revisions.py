"""The plans in a revision of a Git repository."""

import hashlib
import os
import subprocess
from collections.abc import Sequence
from os import path

from traincarbon.errors import CarbonError, PlanError
from traincarbon.estimation.plan import Plan
from traincarbon.estimation.plan_fields import FIELDS
from traincarbon.formatting import clean
from traincarbon.toml import parse_toml

_TIMEOUT_S = 60.0
_NAME_TWO = "name two revisions of this Git repository, or two plans"
_SHALLOW = "this clone has a part of the history alone: git fetch --unshallow, or fetch-depth: 0 for actions/checkout on GitHub"
_LIMIT_B = 1_000_000
"""A plan is a few lines; a larger file is none."""


def plans_between(base: str, head: str, names: Sequence[str] = (), *, folder: str) -> tuple[dict[str, Plan | CarbonError], dict[str, Plan | CarbonError]]:
    """Return the plans of two revisions by path, of those files that differ or, where *names* are given, of these.

    A file that differs is a plan if all its keys are fields of one. A file that is named is a plan, or its error stands in its place.

    Args:
        base: A revision, such as ``main`` or ``HEAD~1``.
        head: Another.
        names: Paths of plans, from the current folder.
        folder: Where configurations of models that plans name are written; it must last as long as the plans do.

    Raises:
        CarbonError: there is no Git, no repository, or no such revision; or no revision has a file that is named.
    """
    before, after = (_commit(revision) for revision in (base, head))
    top = _git("rev-parse", "--show-toplevel").decode().rstrip("\n")
    paths = [path.relpath(path.realpath(name), path.realpath(top)) for name in names] or _differing(before, after)
    found = [{name: plan for name in paths if (plan := _plan(commit, name, folder, is_named=bool(names))) is not None} for commit in (before, after)]
    missing = [name for name in paths if names and name not in found[0] and name not in found[1]]
    if missing:
        raise CarbonError(
            f"neither {clean(base)} nor {clean(head)} has {clean(missing[0])}", hint="name a plan that one of the two has; what is not committed is in none"
        )
    return found[0], found[1]


def _commit(revision: str) -> str:
    """Return the commit of a *revision*."""
    try:
        return _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}").decode().strip()
    except CarbonError as error:
        if "not found" in str(error) or "repository" in str(error):
            raise
        raise CarbonError(f"no revision and no file is called {clean(revision)!r}", hint=_SHALLOW if _is_shallow() else _NAME_TWO) from error


def _is_shallow() -> bool:
    """Return whether this clone has a part of the history alone."""
    try:
        return _git("rev-parse", "--is-shallow-repository").strip() == b"true"
    except CarbonError:
        return False


def _differing(before: str, after: str) -> list[str]:
    listed = _git("diff", "--name-only", "--no-renames", "-z", before, after, "--", ":/").decode(errors="surrogateescape")
    return [name for name in listed.split("\0") if name.endswith(".toml")]


def _plan(commit: str, name: str, folder: str, *, is_named: bool) -> Plan | CarbonError | None:
    """Return the plan at a path, its error where it is a faulty one, None where there is no such file or it is something else."""
    data = _blob(commit, name)
    if data is None:
        return None
    try:
        text = data.decode("utf-8")
        fields = parse_toml(text)
    except ValueError as error:
        return PlanError(f"{clean(name)} is not TOML: {error}", hint="is it cut off?") if is_named else None
    if not is_named and not (fields and all(key in FIELDS for key in fields)):
        return None
    try:
        plan = Plan.from_toml(text)
    except CarbonError as error:
        return type(error)(f"{clean(name)}: {error}", hint=error.hint)
    model = _model(commit, name, plan.model, folder)
    return plan if model is None else plan.__replace__(model=model)


def _model(commit: str, name: str, model: str | None, folder: str) -> str | None:
    """Return where the configuration of a model that lies beside a plan was written in *folder*, None where the revision has none."""
    if model is None or path.isabs(model):
        return None
    data = _blob(commit, path.normpath(path.join(path.dirname(name), model)))
    if data is None:
        return None
    digest = hashlib.sha256(data).hexdigest()
    os.makedirs(path.join(folder, digest), exist_ok=True)
    file = path.join(folder, digest, path.basename(model))
    with open(file, "wb") as stream:
        stream.write(data)
    return file


def _blob(commit: str, name: str) -> bytes | None:
    """Return a file of a commit, None where it has none of that name or it is too large for a plan."""
    try:
        size = int(_git("cat-file", "-s", f"{commit}:{name}"))
        return _git("cat-file", "blob", f"{commit}:{name}") if size <= _LIMIT_B else None
    except CarbonError:
        return None


def _git(*words: str) -> bytes:
    """Return what a Git command prints.

    Raises:
        CarbonError: there is no Git, or it fails.
    """
    try:
        done = subprocess.run(  # noqa: S603  our own words; revisions are checked first
            ["git", *words],  # noqa: S607  Git is where the user has it
            capture_output=True,
            timeout=_TIMEOUT_S,
            check=False,
            env={**os.environ, "LC_ALL": "C"},
        )
    except FileNotFoundError:
        raise CarbonError("git is not found", hint="install Git, or name two plans instead of two revisions") from None
    except subprocess.TimeoutExpired:
        raise CarbonError(f"git did not answer within {_TIMEOUT_S:g} s", hint="try: git status") from None
    if done.returncode != 0:
        raise CarbonError(clean(done.stderr.decode(errors="replace").strip().split("\n")[-1] or f"git {words[0]} failed"), hint="try: git status")
    return done.stdout
