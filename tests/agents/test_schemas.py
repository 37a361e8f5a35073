"""The arguments of the tools are the fields of a plan."""

import jsonschema
import pytest

from traincarbon.agents.server import TOOLS
from traincarbon.estimation.plan_fields import FIELDS


@pytest.mark.parametrize("name", list(TOOLS))
def test_the_arguments_are_a_valid_schema_in_which_each_has_a_description(name):
    schema = TOOLS[name].arguments()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert all(each["description"] for each in schema["properties"].values())


@pytest.mark.parametrize("name", ["estimate", "compare", "advise", "optimise", "explain"])
def test_every_field_of_a_plan_is_an_argument(name):
    assert set(FIELDS) <= set(TOOLS[name].arguments()["properties"])


def test_numbers_may_be_written_as_people_write_them():
    validator = jsonschema.Draft202012Validator(TOOLS["compare"].arguments())
    assert validator.is_valid({"params": "7B", "tokens": 1e12, "hw": ["a100", "h100"], "region": "france"})
    assert not validator.is_valid({"parameters_of_it": 7e9})
