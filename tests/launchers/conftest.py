"""Fixtures of the tests with real launchers. ``make test-launchers`` runs them; elsewhere they are skipped and say so."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from launchers import machines, slurm, ssh
from launchers.rig import Rig

collect_ignore = ["ray_driver.py"]
"""A program that the tests start with the Python of their own environment, which has Ray."""

_WANTED = "CARBON_TEST_LAUNCHERS"
"""The folder of the environment with torch and ray; set by make."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the tests of this folder where they are not asked for, or cannot run."""
    here = Path(__file__).parent
    reason = f"only in make test-launchers ({_WANTED})" if not os.environ.get(_WANTED) else machines.unavailable() or slurm.unavailable()
    if reason:
        for item in items:
            if item.path.is_relative_to(here):
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """A cluster of four machines with eight GPUs each."""
    folder = tmp_path_factory.mktemp("rig")
    folder.chmod(0o755)
    shared = machines.Machines(folder, ("n0", "n1", "n2", "n3"))
    with slurm.slurm(shared) as cluster:
        yield Rig(shared, cluster, Path(os.environ[_WANTED]))


@pytest.fixture(scope="session")
def reached(rig: Rig) -> Iterator[ssh.Ssh]:
    """The machines of the rig, to which one can log in."""
    if reason := ssh.unavailable():
        pytest.skip(reason)
    with ssh.sshd(rig.machines) as found:
        yield found
