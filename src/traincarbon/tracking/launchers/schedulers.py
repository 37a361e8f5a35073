"""Batch systems."""

from traincarbon.tracking.launchers.row import Launcher, any_of
from traincarbon.tracking.launchers.run_ids import lsf_job, pbs_job, sge_job, slurm_job, slurm_step
from traincarbon.tracking.launchers.values import count, first, flag, hosts, positive, text, total

SCHEDULERS = (
    Launcher(
        name="slurm",
        title="Slurm",
        is_there=any_of("SLURM_JOB_ID", "SLURM_JOBID"),
        is_job=True,
        source="Slurm 22.05, srun(1), sbatch(1)",
        run_id=slurm_job,
        step=slurm_step,
        attempt=count("SLURM_RESTART_COUNT"),
        node_rank=count("SLURM_NODEID"),
        nodes=first(
            positive("SLURM_STEP_NUM_NODES"), total("SLURM_JOB_NUM_NODES", "SLURM_NNODES", of="SLURM_HET_SIZE"), positive("SLURM_JOB_NUM_NODES", "SLURM_NNODES")
        ),
    ),
    Launcher(
        name="lsf",
        title="LSF",
        is_there=any_of("LSB_JOBID"),
        is_job=True,
        source="IBM Spectrum LSF 10.1, environment variables set for job execution",
        run_id=lsf_job,
        attempt=flag("LSB_RESTART"),
        nodes=hosts("LSB_MCPU_HOSTS"),
    ),
    Launcher(
        name="pbs",
        title="PBS, Torque",
        is_there=any_of("PBS_JOBID"),
        is_job=True,
        source="Torque 2.4.16, qsub(1B), for the id; PBS_NUM_NODES from scripts of users",
        run_id=pbs_job,
        nodes=positive("PBS_NUM_NODES"),
    ),
    Launcher(
        name="flux",
        title="Flux",
        is_there=any_of("FLUX_JOB_ID"),
        source="flux-core, doc/man7/flux-environment.rst",
        run_id=text("FLUX_JOB_ID"),
        nodes=positive("FLUX_JOB_NNODES"),
        local_rank=count("FLUX_TASK_LOCAL_ID"),
        rank=count("FLUX_TASK_RANK"),
        world_size=positive("FLUX_JOB_SIZE"),
    ),
    Launcher(
        name="oar",
        title="OAR",
        is_there=any_of("OAR_JOB_ID"),
        is_job=True,
        source="OAR 2.5.9, oarsub(1)",
        run_id=text("OAR_JOB_ID"),
    ),
    Launcher(
        name="sge",
        title="Grid Engine",
        is_there=any_of("SGE_TASK_ID"),
        is_job=True,
        source="Grid Engine 8.1.9, submit(1)",
        run_id=sge_job,
        attempt=flag("RESTARTED"),
        nodes=positive("NHOSTS"),
    ),
)
"""Batch systems."""
