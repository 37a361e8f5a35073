"""Control groups of both versions in a folder."""

import os

import pytest

from traincarbon.meters import cgroup
from traincarbon.meters.cgroup import Allotment, allotment


@pytest.fixture
def host(tmp_path, monkeypatch):
    """Return a function that writes files and tells what process 7 was allotted."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(os.cpu_count() or 1)), raising=False)

    def told(membership: str, files: dict[str, str]) -> Allotment:
        for name, text in {"proc/7/cgroup": membership, **files}.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text + "\n")
        return allotment(7, root=str(tmp_path / "fs"), proc=str(tmp_path / "proc"))

    return told


@pytest.mark.parametrize(
    ("membership", "files", "expected"),
    [
        ("0::/", {}, (None, None)),
        ("", {}, (None, None)),
        ("masked", {"fs/cpu.max": "400000 100000"}, (None, None)),
        ("0::/", {"fs/cpu.max": "400000 0", "fs/memory.max": "-"}, (None, None)),
        ("0::/", {"fs/cpu.max": "400000", "fs/memory.max": ""}, (None, None)),
        ("0::/job", {"fs/job/cpu.max": "400000 100000", "fs/job/memory.max": "8000000000"}, (4.0, 8e9)),
        ("0::/job", {"fs/job/cpu.max": "max 100000", "fs/job/memory.max": "max"}, (None, None)),
        ("0::/slurm/job/step", {"fs/slurm/job/memory.max": "9000", "fs/slurm/cpu.max": "50000 100000"}, (0.5, 9000.0)),
        ("0::/a/b", {"fs/a/memory.max": "5000", "fs/a/b/memory.max": "7000"}, (None, 5000.0)),
        (
            "4:memory:/job\n3:cpu,cpuacct:/job",
            {"fs/memory/job/memory.limit_in_bytes": "6000", "fs/cpu/job/cpu.cfs_quota_us": "150000", "fs/cpu/job/cpu.cfs_period_us": "100000"},
            (1.5, 6000.0),
        ),
        (
            "4:memory:/job\n3:cpu:/job",
            {"fs/memory/job/memory.limit_in_bytes": "9223372036854771712", "fs/cpu/job/cpu.cfs_quota_us": "-1"},
            (None, None),
        ),
    ],
)
def test_the_narrowest_limit_of_the_group_and_its_parents_counts(host, membership, files, expected):
    assert host(membership, files) == expected


def test_a_process_pinned_to_some_processors_has_these(host, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0}, raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    assert host("0::/", {}).threads == 1.0


def test_a_process_that_is_gone_has_nothing_to_itself(tmp_path):
    assert cgroup.allotment(2**22 + 1, root=str(tmp_path), proc=str(tmp_path)).memory_b is None
