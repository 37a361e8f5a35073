"""Editions are read from files, and from an address only if one is named; large, foreign and future ones are refused."""

import http.server
import json
import threading

import pytest

from traincarbon.database.refresh.reading import read_edition
from traincarbon.database.refresh.upstreams import UPSTREAMS
from traincarbon.errors import CarbonError

OWID = UPSTREAMS["owid"]


def test_a_file_is_read_with_today_s_date_or_the_stated_one(tmp_path, shipped):
    file = tmp_path / "x.csv"
    file.write_bytes("\ufeffEntity,Code".encode())
    edition = read_edition(OWID, str(file), shipped, dated="2025-06")
    assert (edition.text, edition.date) == ("Entity,Code", "2025-06")
    assert len(read_edition(OWID, str(file), shipped).date) == len("2026-11-29")


@pytest.mark.parametrize("dated", ["yesterday", "2999", "2026-13", "26"])
def test_a_date_that_is_none_or_has_not_come_is_refused(dated, tmp_path, shipped):
    file = tmp_path / "x.csv"
    file.write_text("a,b")
    with pytest.raises(CarbonError, match="the date of the edition is"):
        read_edition(OWID, str(file), shipped, dated=dated)


def test_what_is_no_file_or_no_text_is_refused(tmp_path, shipped):
    with pytest.raises(CarbonError, match="is not a file") as caught:
        read_edition(OWID, str(tmp_path), shipped)
    assert OWID.url in caught.value.hint
    archive = tmp_path / "x.zip"
    archive.write_bytes(b"PK\x03\x04\xff\xfe\x80")
    with pytest.raises(CarbonError, match="is not text in UTF-8"):
        read_edition(OWID, str(archive), shipped)


class Server(http.server.BaseHTTPRequestHandler):
    """Answers two pages, and an error for anything else."""

    def do_GET(self):
        pages = {
            "/1": {"Items": [1], "NextPageLink": f"http://127.0.0.1:{self.server.server_port}/2"},
            "/2": {"Items": [2], "NextPageLink": None},
            "/one": {"Items": []},
        }
        found = pages.get(self.path)
        self.send_response(200 if found else 429)
        self.end_headers()
        if found:
            self.wfile.write(json.dumps(found).encode())

    def log_message(self, *args):
        """Say nothing."""


@pytest.fixture
def address():
    """Return the address of a server on this machine."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_an_address_is_read_with_its_following_pages(address, shipped):
    pages = json.loads(read_edition(UPSTREAMS["azure"], f"{address}/1", shipped).text)
    assert [page["Items"] for page in pages] == [[1], [2]]
    assert json.loads(read_edition(UPSTREAMS["azure"], f"{address}/one", shipped).text) == {"Items": []}


def test_an_address_that_refuses_or_is_not_there_is_said(address, shipped):
    for place in (f"{address}/other", "http://127.0.0.1:9/x"):
        with pytest.raises(CarbonError, match="does not answer") as caught:
            read_edition(OWID, place, shipped)
        assert caught.value.hint == "download it by hand and give the file"
