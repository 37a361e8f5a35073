"""The energy of a statement names the source of its overhead and what was assumed of it, and nothing else."""

import pytest

from traincarbon.disclosure.grounds import grounds_of_plan, grounds_of_run
from traincarbon.evidence.facts_used import known_facts


@pytest.fixture
def grounds(run_of, shipped):
    """Return a function that gives what the energy of such a run rests on."""

    def made(*, pue=1.35, **fields):
        run = run_of(site={"region": "aws:eu-west-3", "zone": "FR", "pue": pue}, **fields)
        return grounds_of_run(run, pue=pue, facts=known_facts(run, shipped))

    return made


def test_the_overhead_of_a_run_is_that_of_the_database_or_as_stated(grounds):
    assert "aws eu-west-3" in grounds().pue_source
    assert grounds(pue=1.2).pue_source == "as the record states it"
    assert grounds(pue=None).pue_source == ""


def test_what_was_assumed_of_a_run_follows_from_what_was_metered(grounds):
    hosts, network, meter = "rest of the server", "switches between servers", "true energy over"
    whole = " ".join(grounds().assumed)
    assert hosts in whole
    assert network in whole
    assert meter in whole
    assert network not in " ".join(grounds(nodes=1).assumed)
    assert meter not in " ".join(grounds(energy_j={"cpu": 3.6e6}).assumed)
    assert hosts not in " ".join(grounds(facility_energy_kwh=None).assumed)


def test_a_plan_names_what_its_energy_rests_on(ask):
    found = grounds_of_plan(ask(servers=16, region="france"))
    assert found.assumed[0].startswith("utilisation (MFU): prior from published whole runs")
    assert all("rent" not in text for text in found.assumed)
    assert len(found.assumed) == 4
    assert grounds_of_plan(ask(pue=1.1)).pue_source == "as the plan states it"
    assert not any("MFU" in text for text in grounds_of_plan(ask(mfu=0.4)).assumed)
