"""What a file holds before its format is known."""

import gzip
import io

import pytest

from traincarbon.errors import CarbonError, NotFoundError
from traincarbon.readers.content import CUT_OFF, encoding_of, unpacked
from traincarbon.readers.formats import read_file

JOBS = "JobID|State|Start|ElapsedRaw|ConsumedEnergyRaw\n" + "".join(f"{n}|COMPLETED|2026-10-01T08:00:00Z|3600|1000000\n" for n in range(1, 4))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_jobs_are_read_in_any_encoding_and_packed(tmp_path, encoding, pack):
    file = tmp_path / "jobs.txt"
    file.write_bytes(pack(JOBS.encode(encoding)))
    assert [record.run_id for record in read_file(str(file)).records] == [f"slurm-{n}-20261001080000" for n in range(1, 4)]


def test_what_was_packed_and_cut_off_is_read_up_to_there(tmp_path):
    file = tmp_path / "jobs.gz"
    file.write_bytes(gzip.compress(JOBS.encode(), compresslevel=0)[:-40])
    found = read_file(str(file))
    assert ([record.run_id for record in found.records], len(found.left_out)) == (["slurm-1-20261001080000", "slurm-2-20261001080000"], 1)


def test_what_was_cut_off_at_the_end_of_a_line_is_noted(tmp_path):
    packed = gzip.compress(JOBS.encode(), compresslevel=0)
    file = tmp_path / "jobs.gz"
    file.write_bytes(packed[: packed.index(b"\n3|") + 1])
    found = read_file(str(file))
    assert ([record.run_id for record in found.records], found.left_out) == (["slurm-1-20261001080000", "slurm-2-20261001080000"], [])
    assert CUT_OFF in found.notes
    file.write_bytes(packed)
    assert CUT_OFF not in read_file(str(file)).notes


@pytest.mark.parametrize(
    "packed",
    [gzip.compress(JOBS.encode())[:40], b"\x1f\x8b" + bytes(range(200)), gzip.compress(JOBS.encode())[:10] + b"\xff" * 50],
    ids=["cut off", "no header", "no content"],
)
def test_a_place_that_cannot_be_unpacked_is_refused(packed):
    with unpacked(io.BytesIO(packed), "jobs.gz") as stream, pytest.raises(CarbonError, match="cannot be unpacked"):
        stream.seek(0, io.SEEK_END)


def test_what_cannot_be_unpacked_is_refused(tmp_path):
    file = tmp_path / "jobs.gz"
    file.write_bytes(b"\x1f\x8b" + bytes(range(200)))
    with pytest.raises(CarbonError, match="cannot be unpacked") as caught:
        read_file(str(file))
    assert "gunzip" in caught.value.hint


@pytest.mark.parametrize(("mark", "packer"), [(b"PK\x03\x04", "zip"), (b"BZh9", "bzip2"), (b"\xfd7zXZ\x00", "xz"), (b"\x28\xb5\x2f\xfd", "zstd")])
def test_what_another_program_packed_is_named(mark, packer):
    with pytest.raises(NotFoundError, match=f"jobs is packed by {packer}") as caught:
        unpacked(io.BytesIO(mark + b"rest"), "jobs")
    assert "unpack it first" in caught.value.hint


@pytest.mark.parametrize(("beginning", "encoding"), [(b"", "utf-8-sig"), (b"a", "utf-8-sig"), (b"\0\0\0\0", "utf-8-sig"), (b"ab\0", "utf-8-sig")])
def test_little_tells_no_other_encoding(beginning, encoding):
    assert encoding_of(beginning) == encoding
