"""Lists of hosts."""

import pytest

from traincarbon.errors import CarbonError
from traincarbon.readers.prometheus.hostlist import hosts_of


def test_brackets_count_with_their_digits() -> None:
    assert hosts_of("gpu[08-11]") == ("gpu08", "gpu09", "gpu10", "gpu11")
    assert hosts_of("a[1,3],b,a1 c") == ("a1", "a3", "b", "c")


@pytest.mark.parametrize("text", ["gpu[a-b]", "gpu[1-", "gpu1]", "gpu[1-99999999]", "r[1-200]n[1-200]"])
def test_a_list_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(CarbonError, match="hosts"):
        hosts_of(text)
