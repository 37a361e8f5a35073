"""``carbon db prices``: a table, JSON and a page of what providers ask."""

import json

import pytest
from click.testing import CliRunner

from traincarbon.cli.commands.db import command
from traincarbon.errors import CarbonError


def run(*words):
    return CliRunner().invoke(command, ["prices", *words])


def test_the_price_book_lists_every_provider_below_the_price_of_the_market():
    shown = run("h100", "--rent", "on_demand").stdout
    found = json.loads(run("h100", "--rent", "on_demand", "--json").stdout)
    (market,) = found["markets"]
    assert shown.startswith(f"on demand: ${market['usd_per_h']['median']:.2f} per GPU-hour of NVIDIA H100 SXM5 80GB")
    assert all(f"{quote['provider']} " in shown for quote in market["quotes"])
    assert (found["accelerator"], market["purchase"]) == ("h100-sxm5-80gb", "on_demand")
    assert all(quote["source"] and quote["date"] for quote in market["quotes"])


def test_a_plot_has_a_point_for_each_provider(tmp_path):
    file = tmp_path / "prices.html"
    assert f"plotted in {file}" in run("h100", "--rent", "on_demand", "--plot", str(file)).stderr
    text = file.read_text()
    assert "Prices of NVIDIA H100 SXM5 80GB" in text
    assert "coreweave-hgx-h100" in text
    again = run("h100", "--plot", str(file))
    assert again.exit_code != 0


def test_what_has_no_price_or_is_unknown_is_refused():
    with pytest.raises(CarbonError, match="no price of NVIDIA GeForce RTX 4070 is known") as caught:
        raise run("rtx-4070").exception
    assert "carbon db refresh" in caught.value.hint
    with pytest.raises(CarbonError, match="start"):
        raise run("h100", "--start", "soon").exception
    with pytest.raises(CarbonError, match="hardware 'h999'"):
        raise run("h999").exception
