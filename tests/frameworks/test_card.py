"""Test that the emissions of a run enter a model card and leave the rest as it is."""

import pytest

from traincarbon.frameworks.card import with_emissions

STATED = "---\nco2_eq_emissions:\n  emissions: 1.5\n  source: x\n---\n\n## Environmental Impact\n\nnew text\n"


def test_a_new_card_is_what_was_stated():
    assert with_emissions("", STATED) == STATED.replace("---\n\n##", "---\n##")


def test_what_a_card_holds_stays_and_older_emissions_go():
    card = "---\nlicense: mit\nco2_eq_emissions:\n  emissions: 9\n\n  source: y\ntags:\n- a\n---\n\n# Tiny\n\n## Environmental Impact\n\nold text\n\n### Detail\n\n## Use\n\ntext\n"
    changed = with_emissions(card, STATED)
    assert changed.startswith("---\nlicense: mit\ntags:\n- a\nco2_eq_emissions:\n  emissions: 1.5\n  source: x\n---\n# Tiny\n")
    assert "old text" not in changed
    assert "### Detail" not in changed
    assert "## Use\n\ntext\n" in changed
    assert changed.count("## Environmental Impact") == 1


@pytest.mark.parametrize("card", ["# No metadata\n", "---\nnever: closed\n", "---\n---\n", "text\n## Environmental Impact"])
def test_it_is_the_same_when_done_twice(card):
    once = with_emissions(card, STATED)
    assert with_emissions(once, STATED) == once
    assert "new text" in once
