"""A tracker around a launcher and one in its script belong to one run, wherever the launcher starts the script."""

import pytest

from launchers.rig import TRACK, Rig


@pytest.mark.parametrize("launcher", ["mpirun --allow-run-as-root --map-by node -n 4", "srun -n 4"])
def test_a_tracker_around_the_launcher_and_one_in_the_script_are_one_run(rig: Rig, launcher: str) -> None:
    before = rig.runs()
    later = rig.pulse_later()
    job = rig.slurm.submit(f"{TRACK} -- {launcher} {rig.rank(later, tracked=True)}", "--nodes=4", "--ntasks-per-node=1", "--gres=gpu:8")
    pulse = rig.pulsed(before, job, later, nodes=4)
    (run_id,) = rig.new_runs(before)
    found = rig.found(run_id, rig.machines.energy_j(pulse))
    assert (found.run.state, found.run.nodes, found.run.accelerators) == ("finished", 4, 32)
    assert abs(found.error) <= 0.005
