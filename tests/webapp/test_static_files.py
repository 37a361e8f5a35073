"""The files of pages come from the package, and a browser keeps them until they change."""

import pytest


@pytest.mark.parametrize("name", ["report.css", "charts.css", "charts.js", "app.css", "app.js", "htmx.min.js", "htmx-sse.min.js", "LICENSES.txt"])
def test_a_file_is_sent_once(client, name):
    answer = client.get(f"/static/{name}")
    assert answer.status_code == 200
    assert answer.content
    again = client.get(f"/static/{name}", headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("name", ["serve.py", "..%2Fserve.py", "report.html", "%2Fetc%2Fpasswd", "x" * 5000])
def test_no_other_file_is_sent(client, name):
    assert client.get(f"/static/{name}").status_code == 404


def test_the_licences_of_scripts_of_others_are_beside_them(client):
    text = client.get("/static/LICENSES.txt").text
    assert "htmx 2.0.11" in text
    assert "Zero-Clause BSD" in text
    assert "htmx-ext-sse 2.2.4" in text
