"""Lists and clusters that launchers write as JSON."""

import pytest

from traincarbon.tracking.launchers import json_values
from traincarbon.tracking.launchers.values import Count


@pytest.mark.parametrize("written", ["", "no json", "[", "3", "null", '{"cluster": []}', '{"cluster": {"a": {}}, "task": []}', "[" * 50_000])
def test_json_that_is_no_cluster_states_nothing(written):
    env = {"J": written}
    readers = [json_values.length("J"), json_values.position("K", among="J"), json_values.cluster_nodes("J"), json_values.cluster_node("J")]
    assert [read(env | {"K": "x"}) for read in readers] == [None] * 4


def test_processes_of_one_host_are_one_node_of_a_cluster():
    env = {"T": '{"cluster": {"worker": ["a:1", "a:2", "[::1]:5"]}, "task": {"type": "worker", "index": 2}}'}
    assert json_values.cluster_nodes("T")(env) == Count(2, ("T",))
    assert json_values.cluster_node("T")(env) == Count(1, ("T",))
