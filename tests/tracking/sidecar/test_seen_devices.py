"""Which GPUs belong to a training: its processes' environments and the driver's list decide, not the tracker's environment alone."""

from types import SimpleNamespace

import pytest

from traincarbon.tracking.sidecar.seen_devices import SeenDevices, family_of

ORDER = tuple(f"gpu:GPU-{letter}" for letter in "abcd")
ALL = frozenset(ORDER)


def meter(users=None, name="nvml"):
    return SimpleNamespace(name=name, order=ORDER, users=users or {})


def devices(*letters):
    return frozenset(f"gpu:GPU-{letter}" for letter in letters)


@pytest.fixture
def seen(tmp_path):
    """Return a function that makes the devices of an owner, with processes of given environments; 1 is the owner's process."""

    def make(owner, *environments, users=None, name="nvml"):
        for pid, environment in enumerate((owner, *environments), 1):
            (tmp_path / str(pid)).mkdir(exist_ok=True)
            entries = [f"{key}={value}" for key, value in ({"PATH": "/bin"} | environment).items()]
            (tmp_path / str(pid) / "environ").write_bytes("\0".join(entries).encode() + b"\0")
        found = SeenDevices(owner, owner=1, proc=str(tmp_path))
        found.look([meter(users, name)], range(2, 2 + len(environments)))
        return found.of(meter(users, name))

    return make


MASK = "CUDA_VISIBLE_DEVICES"


@pytest.mark.parametrize(
    ("owner", "processes", "users", "expected"),
    [
        ({}, [{}], {}, ALL),
        ({MASK: "1,2"}, [{MASK: "1,2"}], {}, devices("b", "c")),
        ({}, [{MASK: "2"}], {}, devices("c")),
        ({}, [{}, {MASK: "2"}, {}], {}, devices("c")),
        ({}, [{}, {MASK: "0"}, {MASK: "3"}], {}, devices("a", "d")),
        ({MASK: "0,1"}, [{MASK: "0,1"}, {MASK: "GPU-d"}], {}, devices("d")),
        ({MASK: ""}, [{MASK: "1"}], {}, devices("b")),
        ({}, [{MASK: ""}], {}, frozenset()),
        ({}, [{}, {MASK: ""}], {}, ALL),
        ({}, [{}], {"gpu:GPU-b": (2, 99)}, devices("b")),
        ({}, [{}], {"gpu:GPU-b": (99,)}, ALL),
        ({MASK: "0,1"}, [{MASK: "0,1"}], {"gpu:GPU-a": (2,)}, devices("a", "b")),
        ({}, [{MASK: "0"}], {"gpu:GPU-d": (2,)}, devices("a", "d")),
    ],
)
def test_what_the_processes_state_themselves_decides_then_what_is_reserved_then_what_is_used(seen, owner, processes, users, expected):
    assert seen(owner, *processes, users=users) == expected


def test_variables_of_amd_narrow_one_after_the_other(seen):
    assert seen({}, {"ROCR_VISIBLE_DEVICES": "1,2", "HIP_VISIBLE_DEVICES": "1"}, name="amd") == devices("c")


def test_what_was_seen_once_stays_when_the_processes_are_gone(tmp_path):
    for pid, mask in (("1", ""), ("2", "CUDA_VISIBLE_DEVICES=1\0")):
        (tmp_path / pid).mkdir()
        (tmp_path / pid / "environ").write_text(f"PATH=/bin\0{mask}")
    found = SeenDevices({}, owner=1, proc=str(tmp_path))
    found.look([meter()], [2])
    (tmp_path / "2" / "environ").write_text("")
    found.look([meter()], [2, 3])
    assert found.of(meter()) == devices("b")


def test_a_training_that_changed_its_own_environment_before_it_was_tracked_is_believed(tmp_path):
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "environ").write_text("PATH=/bin\0")
    found = SeenDevices({MASK: "3"}, owner=7, proc=str(tmp_path))
    found.look([meter()], [7])
    assert found.of(meter()) == devices("d")


def test_a_family_is_a_process_and_its_descendants(tmp_path):
    for pid, children in (("1", "2 3"), ("2", "4"), ("3", ""), ("4", "")):
        (tmp_path / pid / "task" / pid).mkdir(parents=True)
        (tmp_path / pid / "task" / pid / "children").write_text(children)
    assert family_of(1, proc=str(tmp_path)) == {1, 2, 3, 4}
    assert family_of(9, proc=str(tmp_path)) == {9}
