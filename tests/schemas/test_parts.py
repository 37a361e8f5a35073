"""The kinds of value of which schemas are made allow what they name and nothing else."""

import pytest
from jsonschema import Draft202012Validator

from traincarbon.schemas.parts import DEFINITIONS, NUMBER, TEXT, choice_of, field_of, list_of, map_of, object_of, or_null, quantities_of


def is_valid(schema, value):
    return Draft202012Validator({**schema, "$defs": DEFINITIONS}).is_valid(value)


@pytest.mark.parametrize(
    ("schema", "valid", "invalid"),
    [
        (choice_of(("rent", "own")), "rent", "lease"),
        (list_of(TEXT), ["a", "b"], ["a", 1]),
        (map_of(NUMBER), {"a": 1.5}, {"a": "1.5"}),
        (or_null(TEXT), None, 1),
        (object_of({"a": TEXT, "b": TEXT}, optional=("b",)), {"a": "x"}, {"b": "x"}),
        (quantities_of(("total_kgco2e",)), {"total_kgco2e": {"low": 1.0, "median": 2.0, "high": 3.0}}, {"total_kgco2e": 2.0}),
        (quantities_of(("total_kgco2e",)), {"total_kgco2e": None}, {}),
        (field_of("params"), "1e9..2e9", [1e9]),
        (field_of("precision"), "bf16", "bf17"),
    ],
)
def test_a_kind_of_value_allows_what_it_names(schema, valid, invalid):
    assert is_valid(schema, valid)
    assert not is_valid(schema, invalid)


def test_a_quantity_is_described_with_its_label_and_unit():
    described = quantities_of(("total_kgco2e",))["properties"]["total_kgco2e"]["description"]
    assert described.endswith("[kg CO2e]")
