"""An equation becomes a formula that a spreadsheet reads."""

from traincarbon.reporting.exports.formulas import formula_of


def test_names_become_cells_and_signs_those_of_a_spreadsheet():
    assert formula_of("cost_usd × 1e9 / tokens", {"cost_usd": "B2", "tokens": "B3"}) == "B2 * 1E9 / B3"
    assert formula_of("a² × a_b", {"a": "B2", "a_b": "B3"}) == "B2^2 * B3"
