"""What launchers set on two machines makes one run of them, also those that cannot be run here."""

from launchers.machines import BOARDS, wait_until
from launchers.rig import Rig
from launchers.services import NODES, SERVICES, check_ends, run_service, started


def test_a_training_is_one_run_with_each_gpu_counted_once(rig: Rig) -> None:
    found = run_service(rig, SERVICES[0])
    assert (found.run.state, found.run.nodes, found.run.nodes_expected, found.run.accelerators) == ("finished", NODES, NODES, NODES * BOARDS)
    assert (found.meters, abs(found.error) <= 0.005) == (NODES, True)


def test_each_launcher_gives_its_two_machines_one_run_and_no_two_launchers_the_same(rig: Rig) -> None:
    before, later = rig.runs(), rig.pulse_later()
    services = SERVICES[1:]
    with started(rig, services, later) as processes:
        wait_until(
            lambda: len(rig.new_runs(before)) >= len(services) and all(len(rig.nodes(run)) == NODES for run in rig.new_runs(before)),
            "all meter",
            within_s=150.0,
        )
        rig.begin(later)
        check_ends(processes)
    runs = [rig.found(run, 1.0).run for run in rig.new_runs(before)]
    assert len(runs) == len(services)
    assert {run.nodes for run in runs} == {NODES}
    for service in services:
        assert any(run.run_id.startswith(service.run_id) for run in runs), service.name
