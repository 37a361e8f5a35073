"""Statements add up, and only where all of them know the amount."""

from traincarbon.disclosure.statement import RESULTS, Boundary, Compute, summed
from traincarbon.uncertain import Interval


def test_amounts_add_up_where_all_know_them(of_run):
    statements = [of_run(), of_run(run_id="other")]
    assert summed(statements, "facility_energy_kwh") == Interval(24.0, 32.0, 40.0)
    assert summed([*statements, of_run(facility_energy_kwh=None)], "facility_energy_kwh") is None
    assert summed([], "facility_energy_kwh") is None


def test_the_widest_boundary_that_is_known(of_run):
    assert of_run().widest[0] is Boundary.FACILITY
    assert of_run(facility_energy_kwh=None).widest == (Boundary.ACCELERATOR, Interval(10.0, 10.0, 10.0))
    assert of_run(facility_energy_kwh=None, energy_j={"cpu": 1.0}).widest is None


def test_counts_that_deviate_by_more_than_30_percent_do_not_agree():
    one = Interval(1.0, 1.0, 1.0)
    assert Compute(by_architecture=one, by_hardware=Interval(1.2, 1.29, 1.4)).agrees
    assert Compute(by_architecture=one, by_hardware=Interval(0.6, 0.65, 0.7)).agrees is False
    assert Compute(by_architecture=one).agrees is None


def test_a_statement_as_json_has_every_amount(of_run):
    stated = of_run().to_dict()
    assert list(stated["results"]) == list(RESULTS)
    assert stated["results"]["facility_energy_kwh"] == {"low": 12.0, "median": 16.0, "high": 20.0}
    assert stated["compute"]["how"] == "6nd"
