"""Launchers that cannot be run here: what each sets in the environment of two machines, and what its user types."""

import contextlib
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from launchers.machines import Pulse
from launchers.rig import CARBON, Found, Rig

NODES = 2
_TRACK = (CARBON, "track", "--interval", "0.5", "--quiet")


class Service(NamedTuple):
    """A launcher, and how its user tracks a training with it."""

    name: str
    recipe: str
    """What the user types, in the launcher's words."""
    run_id: str
    """How the id of the run begins, "" where any id serves that both machines share."""
    variables: Callable[[int], Mapping[str, str]]
    """Returns what the launcher sets on the machine of that number."""
    is_in_script: bool = False
    """Whether the tracker is in the script of each rank, and not around the command."""


def _torch(node: int, *, size: int = NODES) -> dict[str, str]:
    ranks = {"LOCAL_RANK": "0", "RANK": str(node), "GROUP_RANK": str(node), "LOCAL_WORLD_SIZE": "1", "WORLD_SIZE": str(size), "GROUP_WORLD_SIZE": str(size)}
    return {**ranks, "MASTER_ADDR": "n0", "MASTER_PORT": "29555", "TORCHELASTIC_RUN_ID": "none", "TORCHELASTIC_RESTART_COUNT": "0"}


def _by_hand(node: int, port: str) -> dict[str, str]:
    return {"RANK": str(node), "WORLD_SIZE": str(NODES), "MASTER_ADDR": "n0", "MASTER_PORT": port}


def _pod(node: int, **others: str) -> dict[str, str]:
    return {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "HOSTNAME": f"bert-{'master-0' if node == 0 else f'worker-{node - 1}'}", **others}


def _pytorchjob(node: int) -> dict[str, str]:
    return _pod(node, **_by_hand(node, "23456")) | {"MASTER_ADDR": "localhost" if node == 0 else "bert-master-0"}


SERVICES = (
    Service("accelerate launch", "`accelerate launch --num_machines 2 … train.py`, `traincarbon.track()` in `train.py`", "",
            lambda node: {"ACCELERATE_MIXED_PRECISION": "bf16", **_torch(node)}, is_in_script=True),
    Service("DeepSpeed", "`deepspeed --hostfile hosts train.py`, `traincarbon.track()` in `train.py`", "",
            lambda node: {"CROSS_RANK": str(node), "CROSS_SIZE": "2", "LOCAL_SIZE": "1", "LOCAL_RANK": "0", **_by_hand(node, "29500")}, is_in_script=True),
    Service("Intel MPI", "`mpirun -n 2 -ppn 1 carbon track -- python train.py`", "mpich-",
            lambda node: {"I_MPI_HYDRA_UUID": "9d260000-7c26-e807", "PMI_RANK": str(node), "PMI_SIZE": "2", "MPI_LOCALRANKID": "0", "MPI_LOCALNRANKS": "1"}),
    Service("Cray PALS under PBS", "`mpiexec -n 2 --ppn 1 carbon track -- python train.py`", "pbs-77",
            lambda node: {"PBS_JOBID": "77.pbs01", "PALS_APID": "a-1", "PALS_NODEID": str(node), "PALS_LOCAL_RANKID": "0", "PALS_LOCAL_SIZE": "1",
                          "PALS_RANKID": str(node), "PMI_SIZE": "2"}),
    Service("LSF", "`jsrun -n 2 -r 1 carbon track -- python train.py`", "lsf-5",
            lambda node: {"LSB_JOBID": "5", "LSB_MCPU_HOSTS": "n0 1 n1 1", "JSM_NAMESPACE_RANK": str(node), "JSM_NAMESPACE_SIZE": "2", "JSM_NAMESPACE_LOCAL_RANK": "0"}),
    Service("PBS, Torque", "`pbsdsh carbon track -- python train.py`", "pbs-78", lambda _: {"PBS_JOBID": "78.pbs01", "PBS_NUM_NODES": "2"}),
    Service("Flux", "`flux run -N 2 -n 2 carbon track -- python train.py`", "flux-fuzzN",
            lambda node: {"FLUX_JOB_ID": "fuzzN", "FLUX_JOB_NNODES": "2", "FLUX_TASK_LOCAL_ID": "0", "FLUX_TASK_RANK": str(node), "FLUX_JOB_SIZE": "2"}),
    Service("Grid Engine", "`qrsh -inherit HOST carbon track -- python train.py`", "sge-8", lambda _: {"JOB_ID": "8", "SGE_TASK_ID": "undefined", "NHOSTS": "2"}),
    Service("Kubeflow TrainJob", "`carbon track -- torchrun train.py` in the container", "",
            lambda node: _pod(node, PET_NNODES="2", PET_NODE_RANK=str(node), PET_NPROC_PER_NODE="8", PET_MASTER_ADDR="bert-node-0-0.bert", PET_MASTER_PORT="29500")),
    Service("Kubeflow PyTorchJob", "`carbon track -- python train.py` in the container", "", _pytorchjob),
    Service("Kubernetes Indexed Job", "the same, and the lines of [kubernetes.md](kubernetes.md)", "1c5f-job",
            lambda node: _pod(node, JOB_COMPLETION_INDEX=str(node), CARBON_RUN_ID="1c5f-job", CARBON_NODES="2")),
    Service("JobSet", "the same, and the lines of [kubernetes.md](kubernetes.md)", "1c5f-set",
            lambda node: _pod(node, JOB_COMPLETION_INDEX="0", CARBON_RUN_ID="1c5f-set", CARBON_NODES="2", CARBON_ATTEMPT="0")),
    Service("SkyPilot", "`run: carbon track -- torchrun …` in the task, `num_nodes: 2`", "skypilot-sky-1",
            lambda node: {"SKYPILOT_TASK_ID": "sky-1", "SKYPILOT_NODE_RANK": str(node), "SKYPILOT_NUM_NODES": "2", "SKYPILOT_NUM_GPUS_PER_NODE": "8"}),
    Service("dstack", "`commands: [carbon track -- torchrun …]`, `nodes: 2`", "dstack-6f1d",
            lambda node: {"DSTACK_RUN_ID": "6f1d", "DSTACK_NODE_RANK": str(node), "DSTACK_NODES_NUM": "2", "DSTACK_GPUS_PER_NODE": "8"}),
    Service("Amazon SageMaker", "`carbon track -- python train.py` as the entry point", "sagemaker-bert-7",
            lambda node: {"TRAINING_JOB_NAME": "bert-7", "SM_HOSTS": '["algo-1", "algo-2"]', "SM_CURRENT_HOST": f"algo-{node + 1}", "SM_NUM_GPUS": "8"}),
    Service("Vertex AI", "`carbon track -- python train.py` as the container's command", "vertex-77",
            lambda node: {"CLOUD_ML_JOB_ID": "77", "CLUSTER_SPEC": '{"cluster": {"workerpool0": ["a:2222"], "workerpool1": ["b:2222"]}, '
                                                                  f'"task": {{"type": "workerpool{node}", "index": 0}}}}'}),
    Service("Azure Machine Learning", "`command: carbon track -- python train.py`", "azureml-root_3",
            lambda node: {"AZUREML_RUN_ID": "root_3", "AZUREML_NODE_COUNT": "2", "NODE_RANK": str(node)}),
    Service("AWS Batch, several nodes", "`carbon track -- python train.py` as the container's command", "aws-batch-9c4a",
            lambda node: {"AWS_BATCH_JOB_ID": f"9c4a#{node}", "AWS_BATCH_JOB_ATTEMPT": "1", "AWS_BATCH_JOB_NODE_INDEX": str(node), "AWS_BATCH_JOB_NUM_NODES": "2"}),
    Service("by hand", "`RANK=… WORLD_SIZE=2 MASTER_ADDR=n0 MASTER_PORT=29600 carbon track -- python train.py` on each machine", "", lambda node: _by_hand(node, "29600")),
)  # fmt: skip


@contextlib.contextmanager
def started(rig: Rig, services: Sequence[Service], pulse: Pulse) -> Iterator[list[subprocess.Popen[str]]]:
    """Start a training on two machines with what each of *services* sets there, and end what still runs at the end of the block."""
    found: list[subprocess.Popen[str]] = []
    try:
        for service in services:
            for node, name in enumerate(rig.machines.names[:NODES]):
                words = rig.machines.enter(name, command_of(rig, service, pulse))
                environment = rig.machines.environment(**service.variables(node))
                found.append(subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True))
        yield found
    finally:
        for process in found:
            process.terminate()
        for process in found:
            process.communicate(timeout=60.0)


def check_ends(processes: Sequence[subprocess.Popen[str]]) -> None:
    """Wait for the good end of all."""
    for process in processes:
        assert process.wait(timeout=120.0) == 0, process.args


def command_of(rig: Rig, service: Service, pulse: Pulse) -> tuple[str, ...]:
    """Return the command of a rank with its tracker, which lasts until the pulse is over."""
    rank = (sys.executable, *rig.script(pulse, tracked=service.is_in_script).split())
    return rank if service.is_in_script else (*_TRACK, "--", *rank)


def run_service(rig: Rig, service: Service) -> Found:
    """Run a training on two machines as *service* would, and return what was recorded; it must be one run."""
    before, later = rig.runs(), rig.pulse_later()
    with started(rig, [service], later) as processes:
        rig.wait_for_gpus(before, lambda: all(process.poll() is not None for process in processes), nodes=NODES)
        pulse = rig.begin(later)
        check_ends(processes)
    found = rig.new_runs(before)
    assert len(found) == 1, f"{service.name}: {len(found)} runs: {', '.join(found)}"
    assert found[0].startswith(service.run_id), found[0]
    return rig.found(found[0], rig.machines.energy_j(pulse, machines=range(NODES)))
