"""Values as launchers write them."""

import pytest

from traincarbon.tracking.launchers import values


@pytest.mark.parametrize(("written", "found"), [("3", 3), (" 3 ", 3), ("0", 0), ("", None), ("-1", None), ("3.0", None), ("²", None), ("9" * 10, None)])
def test_a_count_is_digits_alone(written, found):
    count = values.count("A")({"A": written})
    assert (None if count is None else count.value) == found


def test_the_first_variable_that_states_a_value_counts_and_is_named():
    assert values.count("A", "B")({"A": "x", "B": "2"}) == values.Count(2, ("B",))
    assert values.text("A", "B", but=("none",))({"A": "None", "B": "b"}) == values.Text("b", ("B",))
    assert values.positive("A")({"A": "0"}) is None
    assert values.count("A", less=1)({"A": "3"}) == values.Count(2, ("A",))


@pytest.mark.parametrize(
    ("written", "node", "found"),
    [("4(x2),3", "0", 4), ("4(x2),3", "1", 4), ("4(x2),3", "2", 3), ("4(x2),3", "3", None), ("8", "0", 8), ("4(x", "0", None), ("4", "", None)],
)
def test_tasks_of_a_node_are_read_from_slurms_list(written, node, found):
    here = values.here("TASKS", node="NODE")({"TASKS": written, "NODE": node})
    assert (None if here is None else here.value) == found


@pytest.mark.parametrize(("written", "found"), [("2", 2), ("1:4", 1), ("2:2", 2), (":4", None), ("0:4", None), ("auto", None)])
def test_a_range_of_nodes_promises_the_fewest(written, found):
    nodes = values.fewest("N")({"N": written})
    assert (None if nodes is None else nodes.value) == found


def test_nodes_follow_from_processes_where_they_divide():
    assert values.ratio("ALL", "HERE")({"ALL": "16", "HERE": "8"}) == values.Count(2, ("ALL", "HERE"))
    assert values.ratio("ALL", "HERE")({"ALL": "12", "HERE": "8"}) is None
    assert values.ratio("ALL", "HERE")({"ALL": "12", "HERE": "0"}) is None


def test_the_nodes_of_a_heterogeneous_job_are_a_sum_or_nothing():
    env = {"S": "2", "N_HET_GROUP_0": "1", "N_HET_GROUP_1": "4"}
    assert values.total("N", of="S")(env) == values.Count(5, ("S", "N_HET_GROUP_*"))
    assert values.total("N", of="S")(env | {"S": "3"}) is None
    assert values.total("N", of="S")(env | {"S": "999999999"}) is None


def test_hosts_of_lsf_count_once():
    assert values.hosts("H")({"H": "a 4 b 4 a 2"}) == values.hosts("H")({"H": "batch5 1 a 42 b 42"}) == values.Count(2, ("H",))
    assert values.first(values.hosts("X"), values.hosts("H"))({"H": "a 4"}) == values.Count(1, ("H",))
