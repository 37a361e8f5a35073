"""Frameworks of other processes are found by what they have mapped."""

import os
import subprocess
import sys

import pytest

from traincarbon.tracking.mapped_frameworks import FrameworkWatch, mapped_frameworks

LINE = "7f1c2a000000-7f1c2b000000 r-xp 00000000 08:01 1234                       {}\n"


@pytest.fixture
def process(tmp_path):
    """Return a function that makes the process file system of one process that has mapped *files*, and a folder of packages."""
    packages = tmp_path / "lib python" / "site-packages"

    def make(*files, metadata=()):
        for each in metadata:
            (packages / each).mkdir(parents=True)
        (tmp_path / "proc" / "42").mkdir(parents=True)
        lines = [LINE.format("[heap]"), *(LINE.format(packages / file) for file in files)]
        (tmp_path / "proc" / "42" / "maps").write_text("".join(lines), "utf-8")
        return str(tmp_path / "proc")

    return make


@pytest.mark.parametrize(
    ("file", "metadata", "found"),
    [
        ("torch/lib/libtorch_cpu.so", "torch-2.4.1+cu121.dist-info", {"torch": "2.4.1+cu121"}),
        ("jaxlib/xla_extension.so", "jax-0.4.30.dist-info", {"jax": "0.4.30"}),
        ("tensorflow/libtensorflow_framework.so.2", "tensorflow-2.17.0.dist-info", {"tensorflow": "2.17.0"}),
        ("numpy/core/_multiarray_umath.so", "torch-2.4.1.dist-info", {}),
        ("torch/lib/libtorch_cpu.so", "torchvision-0.19.dist-info", {}),
    ],
)
def test_a_framework_has_the_version_beside_its_libraries(process, file, metadata, found):
    assert mapped_frameworks(42, proc=process(file, metadata=[metadata])) == found


def test_a_process_that_cannot_be_read_has_none(tmp_path):
    assert mapped_frameworks(42, proc=str(tmp_path)) == {}


def test_it_looks_at_the_first_second_and_fourth_call_until_one_is_found(process):
    proc = process("torch/lib/libtorch_cpu.so", metadata=["torch-2.4.1.dist-info"])
    watch = FrameworkWatch({"python": "3.11"}, proc=proc)
    assert [watch.look(pids) for pids in ([], [7], [42], [7, 42], [42])] == [{}, {}, {}, {"torch": "2.4.1"}, {}]


def test_nothing_is_looked_for_where_a_framework_is_known(process):
    proc = process("torch/lib/libtorch_cpu.so", metadata=["torch-2.4.1.dist-info"])
    assert FrameworkWatch({"torch": "2.4.1"}, proc=proc).look([42]) == {}


def test_a_real_process_is_read(tmp_path):
    # a stand-in for the library, mapped by a process of its own
    library = tmp_path / "torch" / "lib" / "libtorch_cpu.so"
    library.parent.mkdir(parents=True)
    library.write_bytes(b"x" * 4096)
    (tmp_path / "torch-9.9.dist-info").mkdir()
    code = "import mmap, sys; f = open(sys.argv[1], 'rb'); m = mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ); print(flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code, os.fspath(library)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        child.stdout.readline()
        found = mapped_frameworks(child.pid)
        child.stdin.close()
    assert found == {"torch": "9.9"}
