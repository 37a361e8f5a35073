"""Names of hosts in labels; finding jobs is tested against real servers."""

import pytest

from traincarbon.errors import NotFoundError
from traincarbon.readers.prometheus.find import check_known, host_of, is_host


@pytest.mark.parametrize(
    ("name", "host", "same"),
    [
        ("gpu-1", "gpu-1", True),
        ("gpu-1:9100", "gpu-1", True),
        ("gpu-1.site.example:9100", "gpu-1", True),
        ("gpu-1", "gpu-1.site.example", True),
        ("gpu-10", "gpu-1", False),
        ("gpu-1.site.example", "gpu-1.other", False),
        ("10.0.0.1:9400", "10.0.0.1", True),
        ("10.0.0.1", "10", False),
        ("10x0x0x1", "10.0.0.1", False),
        ("[::1]:9100", "::1", True),
    ],
)
def test_a_host_has_its_name_with_or_without_domain_and_port(name: str, host: str, same: bool) -> None:
    assert is_host(name, host) is same


def test_the_node_comes_before_the_pod_of_the_exporter() -> None:
    assert host_of({"Hostname": "dcgm-exporter-x7k2p", "instance": "10.2.3.4:9400", "node": "gpu-3"}) == "gpu-3"
    assert host_of({}) == ""


def test_hosts_that_nobody_knows_are_an_error() -> None:
    check_known(["a"], ["a"], "http://m")
    with pytest.raises(NotFoundError, match="no energy of a, b"):
        check_known(["a", "b"], [], "http://m")
