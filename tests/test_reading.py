"""Files of unknown size and kind: read up to a limit, and never blocked by a pipe or a device."""

import pytest

from traincarbon.reading import open_regular, read_limited


def test_a_file_is_read_up_to_the_limit_and_no_further(tmp_path):
    file = tmp_path / "a"
    file.write_bytes(b"12345")
    assert read_limited(file, most_b=5) == b"12345"
    with pytest.raises(ValueError, match=r"larger than 4e-06 MB"):
        read_limited(file, most_b=4)
    with pytest.raises(ValueError, match="larger than 4 MB"):
        read_limited("/dev/zero")


def test_a_regular_file_is_opened_and_a_device_is_not(tmp_path):
    file = tmp_path / "a"
    file.write_bytes(b"12345")
    with open_regular(file) as stream:
        assert stream.read() == b"12345"
    for other in ("/dev/zero", tmp_path):
        with pytest.raises(OSError, match=r"not a file|Is a directory"):
            open_regular(other)
