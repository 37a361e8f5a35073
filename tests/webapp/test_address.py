"""Where the app listens: loopback by default, one app a port, and only the names of its own address."""

import pytest

from traincarbon.errors import CarbonError
from traincarbon.webapp.address import Address, listen, root_path_of


def test_a_local_address_is_known_by_every_name_of_this_machine_with_its_port():
    assert Address("127.0.0.1", 8765).names == {"127.0.0.1:8765", "localhost:8765", "[::1]:8765"}
    assert "localhost" in Address("localhost", 80).names
    assert "localhost" not in Address("localhost", 8765).names


def test_an_address_that_others_reach_is_known_by_its_own_name_and_those_that_are_allowed():
    address = Address("10.0.0.7", 9000, others=("Jupyter.example.org",))
    assert address.names == {"10.0.0.7:9000", "jupyter.example.org"}
    assert not address.is_local


def test_the_url_has_the_root_path_and_brackets_around_version_6():
    assert Address("127.0.0.1", 8765, "/user/ada").url == "http://127.0.0.1:8765/user/ada/"
    assert Address("::1", 8765).url == "http://[::1]:8765/"


def test_a_second_app_on_a_port_is_refused_with_what_to_do():
    with listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(CarbonError, match=f"^port {port} is in use$") as caught:
            listen("127.0.0.1", port)
    assert f"--port {port + 1}" in caught.value.hint or "--port 0" in caught.value.hint


@pytest.mark.parametrize("host", ["192.0.2.1", "no such host", "host" * 100, "\ud800"])
def test_a_host_that_is_not_of_this_machine_is_refused(host):
    with pytest.raises(CarbonError, match="cannot listen on|host is") as caught:
        listen(host, 0)
    assert "--host 127.0.0.1" in caught.value.hint


@pytest.mark.parametrize("port", [-1, 65_536])
def test_a_port_that_does_not_exist_is_refused(port):
    with pytest.raises(CarbonError, match=f"port is {port}"):
        listen("127.0.0.1", port)


@pytest.mark.parametrize("stated", ["/a b", '/"><script>', "/a//b", "/ü"])
def test_a_root_path_that_is_not_a_path_is_refused(stated):
    with pytest.raises(CarbonError, match="root path is"):
        root_path_of(stated)
