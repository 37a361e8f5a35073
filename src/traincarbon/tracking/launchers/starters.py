"""Programs that start the processes of a training."""

from traincarbon.tracking.launchers.platforms import counts_pods
from traincarbon.tracking.launchers.row import Launcher, any_of
from traincarbon.tracking.launchers.run_ids import mpi_job, slurm_step
from traincarbon.tracking.launchers.values import CountReader, Environment, count, fewest, first, here, positive, ratio, stated, text


def _beside_local_rank(read: CountReader) -> CountReader:
    """Return a reader of RANK or WORLD_SIZE that trusts them only beside LOCAL_RANK, as they may count pods without it."""
    return lambda env: read(env) if stated(env, "LOCAL_RANK") else None


def _is_by_hand(env: Environment) -> bool:
    """Return whether somebody set the variables of torch.distributed for one process, and no launcher did: then RANK counts processes."""
    return all(stated(env, name) for name in ("RANK", "WORLD_SIZE", "MASTER_ADDR")) and not stated(env, "LOCAL_RANK") and not counts_pods(env)


def _by_hand(read: CountReader) -> CountReader:
    return lambda env: read(env) if _is_by_hand(env) else None


_LOCAL_RANK, _RANK, _WORLD_SIZE = count("LOCAL_RANK"), _beside_local_rank(count("RANK")), _beside_local_rank(positive("WORLD_SIZE"))

STARTERS = (
    Launcher(
        name="srun",
        title="srun",
        is_there=lambda env: slurm_step(env) is not None,
        source="Slurm 22.05, srun(1)",
        local_rank=count("SLURM_LOCALID"),
        local_size=here("SLURM_STEP_TASKS_PER_NODE", node="SLURM_NODEID"),
        rank=count("SLURM_PROCID"),
        world_size=positive("SLURM_STEP_NUM_TASKS", "SLURM_NTASKS"),
    ),
    Launcher(
        name="jsrun",
        title="jsrun",
        is_there=any_of("JSM_NAMESPACE_RANK"),
        source="lightning, plugins/environments/lsf.py",
        local_rank=count("JSM_NAMESPACE_LOCAL_RANK"),
        rank=count("JSM_NAMESPACE_RANK"),
        world_size=positive("JSM_NAMESPACE_SIZE"),
    ),
    Launcher(
        name="pals",
        title="Cray PALS",
        is_there=any_of("PALS_APID"),
        source="Slurm, plugins/mpi/cray_shasta; HPCToolkit, OSUtil.c",
        run_id=text("PALS_APID"),
        node_rank=count("PALS_NODEID"),
        local_rank=count("PALS_LOCAL_RANKID"),
        local_size=positive("PALS_LOCAL_SIZE"),
        rank=count("PALS_RANKID"),
        world_size=positive("PMI_SIZE"),
    ),
    Launcher(
        name="openmpi",
        title="Open MPI",
        is_there=any_of("OMPI_COMM_WORLD_RANK"),
        crosses_steps=True,
        source="Open MPI 4.1.4, libopen-rte",
        run_id=mpi_job,
        nodes=positive("OMPI_MCA_orte_num_nodes"),
        local_rank=count("OMPI_COMM_WORLD_LOCAL_RANK"),
        local_size=positive("OMPI_COMM_WORLD_LOCAL_SIZE"),
        rank=count("OMPI_COMM_WORLD_RANK"),
        world_size=positive("OMPI_COMM_WORLD_SIZE"),
    ),
    Launcher(
        name="mpich",
        title="MPICH, Intel MPI, MVAPICH2",
        is_there=any_of("MPI_LOCALRANKID", "PMI_LOCAL_RANK", "MV2_COMM_WORLD_RANK"),
        crosses_steps=True,
        source="MPICH 4.0.2, hydra_pmi_proxy; accelerate 1.15, utils/environment.py; PMI_LOCAL_RANK and PMI_LOCAL_SIZE from HPCToolkit; "
        "I_MPI_HYDRA_UUID from libfabric, prov/opx/src/fi_opx_domain.c",
        run_id=text("I_MPI_HYDRA_UUID"),
        local_rank=count("MPI_LOCALRANKID", "PMI_LOCAL_RANK", "MV2_COMM_WORLD_LOCAL_RANK"),
        local_size=positive("MPI_LOCALNRANKS", "PMI_LOCAL_SIZE", "MV2_COMM_WORLD_LOCAL_SIZE"),
        rank=count("PMI_RANK", "MV2_COMM_WORLD_RANK"),
        world_size=positive("PMI_SIZE", "MV2_COMM_WORLD_SIZE"),
    ),
    Launcher(
        name="torchrun",
        title="torchrun, the launcher itself",
        is_there=any_of("PET_NNODES", "PET_NODE_RANK", "PET_RDZV_ID", "--nnodes", "--node-rank", "--rdzv-id", "--nproc-per-node"),
        source="torch, distributed/argparse_util.py; Kubeflow Trainer, pkg/constants",
        has_prefix=False,
        run_id=text("--rdzv-id", "PET_RDZV_ID", but=("none",)),
        node_rank=count("--node-rank", "PET_NODE_RANK"),
        nodes=fewest("--nnodes", "PET_NNODES"),
        local_size=positive("--nproc-per-node", "PET_NPROC_PER_NODE"),
    ),
    Launcher(
        name="accelerate",
        title="accelerate launch",
        is_there=any_of("ACCELERATE_MIXED_PRECISION", "--num-machines", "--machine-rank"),
        source="accelerate 1.15, utils/launch.py, utils/environment.py",
        node_rank=count("--machine-rank", "NODE_RANK", "GROUP_RANK"),
        nodes=positive("--num-machines"),
        local_rank=_LOCAL_RANK,
        local_size=positive("LOCAL_WORLD_SIZE"),
        rank=_RANK,
        world_size=_WORLD_SIZE,
    ),
    Launcher(
        name="ray",
        title="Ray Train",
        is_there=any_of("RAY_JOB_ID"),
        crosses_steps=True,
        source="ray 2.60, train/torch/config.py",
        node_rank=count("NODE_RANK"),
        nodes=ratio("WORLD_SIZE", "LOCAL_WORLD_SIZE"),
        local_rank=_LOCAL_RANK,
        local_size=positive("LOCAL_WORLD_SIZE"),
        rank=_RANK,
        world_size=_WORLD_SIZE,
    ),
    Launcher(
        name="deepspeed",
        title="DeepSpeed",
        is_there=any_of("CROSS_SIZE", "--num-nodes"),
        source="deepspeed, launcher/launch.py",
        run_id=text("ELASTIC_RUN_ID"),
        node_rank=count("CROSS_RANK"),
        nodes=positive("CROSS_SIZE", "--num-nodes"),
        local_rank=_LOCAL_RANK,
        local_size=positive("LOCAL_SIZE"),
        rank=_RANK,
        world_size=_WORLD_SIZE,
    ),
    Launcher(
        name="torchrun",
        title="torchrun, its workers",
        is_there=any_of("TORCHELASTIC_RUN_ID"),
        source="torch 2.13, distributed/elastic/agent/server/local_elastic_agent.py",
        has_prefix=False,
        run_id=text("TORCHELASTIC_RUN_ID", but=("none",)),
        attempt=count("TORCHELASTIC_RESTART_COUNT"),
        node_rank=count("GROUP_RANK"),
        nodes=positive("GROUP_WORLD_SIZE"),
        local_rank=_LOCAL_RANK,
        local_size=positive("LOCAL_WORLD_SIZE"),
        rank=_RANK,
        world_size=_WORLD_SIZE,
    ),
)
"""What starts the processes of a training."""

ENVIRONMENT = Launcher(
    name="",
    title="variables of torch.distributed",
    is_there=lambda env: bool(stated(env, "LOCAL_RANK") or stated(env, "LOCAL_WORLD_SIZE")) or _is_by_hand(env),
    source="torch, torch.distributed, environment variable initialisation",
    node_rank=count("NODE_RANK", "GROUP_RANK"),
    nodes=first(positive("GROUP_WORLD_SIZE"), ratio("WORLD_SIZE", "LOCAL_WORLD_SIZE")),
    local_rank=_LOCAL_RANK,
    local_size=positive("LOCAL_WORLD_SIZE"),
    rank=first(_RANK, _by_hand(count("RANK"))),
    world_size=first(_WORLD_SIZE, _by_hand(positive("WORLD_SIZE"))),
)
"""What people and other launchers set by hand."""
