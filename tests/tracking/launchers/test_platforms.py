"""Services that start containers or machines."""

import pytest

from traincarbon.tracking.launchers.platforms import PLATFORMS

_POD = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "RANK": "1", "WORLD_SIZE": "2"}


@pytest.mark.parametrize(
    ("env", "counts_pods"), [(_POD, True), (_POD | {"LOCAL_RANK": "0"}, False), ({"RANK": "1", "WORLD_SIZE": "2"}, False), (_POD | {"WORLD_SIZE": ""}, False)]
)
def test_rank_counts_pods_only_where_an_operator_set_it_alone(env, counts_pods):
    assert next(row for row in PLATFORMS if row.name == "pytorchjob").is_there(env) == counts_pods


def test_every_row_has_a_name_of_its_own_and_a_source():
    assert len({row.name for row in PLATFORMS}) == len(PLATFORMS)
    assert all(row.source and row.title for row in PLATFORMS)
