"""The paragraph and the five cards state what is known and nothing else."""

import re

import pytest

from traincarbon.reporting.currency import USD, Currency
from traincarbon.reporting.markup import text
from traincarbon.reporting.sections.summary import card_html, cards_of, sentence, spoken
from traincarbon.reporting.view import EstimateView
from traincarbon.uncertain import Interval


def plain(markup):
    return re.sub(r"<[^>]+>", "", markup).replace("\u00a0", " ")


def test_the_paragraph_names_work_hardware_region_and_every_result(ask):
    words = plain(sentence(EstimateView.of(ask(servers=64, region="france")), USD))
    assert words.startswith("Training 7B parameters (1T tokens, 64 servers) on NVIDIA DGX A100 640GB in France is expected to take ")
    for phrase in (
        "to rent",
        "on hardware of your own",
        "of electricity",
        "of CO2e",
        "of water",
        "in brackets are 90 % intervals",
        "; CO2e – the utilisation (MFU) (",
    ):
        assert phrase in words


@pytest.mark.parametrize(
    ("fields", "begin"),
    [
        ({"name": "A model", "servers": 1}, "Training A model (7B parameters, 1T tokens, 1 server) on"),
        ({"name": "A tuning", "kind": "finetune"}, "A tuning (7B parameters, 1T tokens) on"),
        ({"kind": "finetune"}, "Fine-tuning 7B parameters (1T tokens) on"),
        ({"kind": "lora"}, "Fine-tuning adapters of 7B parameters (1T tokens) on"),
        ({"params": None, "tokens": None, "accelerator_hours": 1e5}, "This training on"),
    ],
)
def test_the_paragraph_begins_with_the_kind_of_training(ask, fields, begin):
    assert plain(sentence(EstimateView.of(ask(**fields)), USD)).startswith(begin)


def test_unknown_results_are_left_out_of_the_paragraph(ask):
    words = plain(sentence(EstimateView.of(ask()), USD))
    assert " take " not in words
    assert "with no region given" in words


def test_the_first_card_is_the_cost_to_rent_or_else_of_ownership(ask):
    rented, owned = cards_of(EstimateView.of(ask()), USD)[0], cards_of(EstimateView.of(ask(hw="dgx-gb300", purchase_price=3e6)), USD)[0]
    assert (rented.name, owned.name) == ("rent_usd", "tco_usd")
    assert rented.remark.startswith("ownership: $")


def test_the_second_card_is_the_duration_or_else_gpu_hours(ask):
    assert cards_of(EstimateView.of(ask(servers=8)), USD)[1].name == "duration_s"
    assert cards_of(EstimateView.of(ask()), USD)[1].name == "accelerator_hours_h"


def test_a_result_is_not_split_from_its_unit_or_bounds():
    assert spoken(Interval(1e6, 2e6, 4e6), "$", USD) == '<strong>$2.00M</strong> <span class="range">($1.0M\u00a0–\u00a0$4.0M)</span>'


def test_results_are_in_the_currency_with_their_bounds():
    assert plain(spoken(Interval(1e6, 2e6, 4e6), "$", Currency("EUR", 2.0))) == "EUR 4.00M (EUR 2.0M – EUR 8.0M)"
    assert plain(spoken(Interval(2.0, 2.0, 2.0), "kWh", USD)) == "2 kWh"
    assert spoken(None, "kWh", USD) == ""


def test_names_are_escaped(ask):
    assert "<script>" not in sentence(EstimateView.of(ask(name="<script>")), USD)


def test_what_is_not_known_has_no_remark():
    assert "electricity alone" in card_html("CO2e", Interval.of(2.0), "kg CO2e", USD, remark=text("electricity alone"))
    unknown = card_html("CO2e", None, "kg CO2e", USD, remark=text("electricity alone"))
    assert "not known" in unknown
    assert "electricity alone" not in unknown
