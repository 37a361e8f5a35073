"""One launcher."""

import pytest

from traincarbon.tracking.launchers.row import any_of


@pytest.mark.parametrize(("env", "is_there"), [({"B": "1"}, True), ({"A": " "}, False), ({}, False), ({"A": "\n"}, False)])
def test_a_launcher_is_there_where_one_of_its_variables_states_anything(env, is_there):
    assert any_of("A", "B")(env) == is_there
