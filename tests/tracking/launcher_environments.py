"""What launchers leave in the environment of the processes that they start, a row each, as on the second node of a training."""

from typing import Any, NamedTuple


class Row(NamedTuple):
    """An environment and what it says."""

    env: dict[str, str]
    said: dict[str, Any]
    argv: tuple[str, ...] = ("python", "train.py")


_SLURM = {"SLURM_CLUSTER_NAME": "hpc", "SLURM_JOB_ID": "12", "SLURM_JOB_NUM_NODES": "4", "SLURM_NNODES": "4"}
_STEP = _SLURM | {
    "SLURM_STEP_ID": "3", "SLURM_STEP_NUM_NODES": "3", "SLURM_STEP_NUM_TASKS": "11", "SLURM_NTASKS": "11", "SLURM_STEP_TASKS_PER_NODE": "4(x2),3",
    "SLURM_TASKS_PER_NODE": "4(x4)", "SLURM_NTASKS_PER_NODE": "8", "SLURM_NODEID": "2", "SLURM_PROCID": "9", "SLURM_LOCALID": "1",
}  # fmt: skip
_TORCH = {
    "LOCAL_RANK": "1", "RANK": "3", "GROUP_RANK": "1", "LOCAL_WORLD_SIZE": "2", "WORLD_SIZE": "4", "GROUP_WORLD_SIZE": "2", "MASTER_ADDR": "node-a",
    "MASTER_PORT": "41231", "TORCHELASTIC_RESTART_COUNT": "0", "TORCHELASTIC_MAX_RESTARTS": "0", "TORCHELASTIC_RUN_ID": "none",
}  # fmt: skip
_TORCH_SAID = {"node_rank": 1, "nodes": 2, "local_rank": 1, "local_size": 2, "rank": 3, "world_size": 4, "rendezvous": "node-a:41231"}
_OMPI = {
    "OMPI_COMM_WORLD_RANK": "5", "OMPI_COMM_WORLD_SIZE": "8", "OMPI_COMM_WORLD_LOCAL_RANK": "1", "OMPI_COMM_WORLD_LOCAL_SIZE": "4",
    "PMIX_NAMESPACE": "1204748289", "PMIX_RANK": "5", "OMPI_MCA_orte_hnp_uri": "1204748288.0;tcp://10.0.0.1:39633",
}  # fmt: skip
_OMPI_SAID = {"local_rank": 1, "local_size": 4, "rank": 5, "world_size": 8}
_CLUSTER = '{"cluster": {"workerpool0": ["a:2222"], "workerpool1": ["b:2222", "c:2222"]}, "task": {"type": "workerpool1", "index": 1}}'
_PODS = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "RANK": "1", "WORLD_SIZE": "2", "MASTER_ADDR": "bert-master-0", "MASTER_PORT": "23456"}

ROWS = {
    "nothing": Row({}, {"launcher": "", "run_id": ""}),
    "explicit": Row(_STEP | {"CARBON_RUN_ID": "mine"}, {"run_id": "mine", "run_id_from": ("CARBON_RUN_ID",), "launcher": "slurm", "rank": 9}),
    "slurm step": Row(
        _STEP,
        {
            "run_id": "slurm-hpc-12-3",
            "run_id_from": ("SLURM_CLUSTER_NAME", "SLURM_JOB_ID", "SLURM_STEP_ID"),
            "launcher": "slurm",
            "starter": "srun",
            "node_rank": 2,
            "nodes": 3,
            "local_rank": 1,
            "local_size": 3,
            "rank": 9,
            "world_size": 11,
            "attempt": None,
        },
    ),
    "slurm batch step": Row(_SLURM, {"run_id": "slurm-hpc-12-f42c57", "nodes": 4, "local_rank": None, "rank": None, "starter": ""}),
    "slurm batch step that states a rank": Row(
        _SLURM | {"SLURM_PROCID": "0", "SLURM_LOCALID": "0", "SLURM_NTASKS": "32"}, {"run_id": "slurm-hpc-12-f42c57", "local_rank": None, "world_size": None}
    ),
    "slurm interactive step": Row(_SLURM | {"SLURM_STEP_ID": "4294967290"}, {"run_id": "slurm-hpc-12-f42c57", "starter": ""}),
    "slurm array": Row(_STEP | {"SLURM_ARRAY_JOB_ID": "10", "SLURM_ARRAY_TASK_ID": "2"}, {"run_id": "slurm-hpc-10_2-3"}),
    "slurm requeued": Row(_STEP | {"SLURM_RESTART_COUNT": "2"}, {"run_id": "slurm-hpc-12-3", "attempt": 2}),
    "slurm heterogeneous": Row(_SLURM | {"SLURM_HET_SIZE": "2", "SLURM_JOB_NUM_NODES_HET_GROUP_0": "1", "SLURM_JOB_NUM_NODES_HET_GROUP_1": "8"}, {"nodes": 9}),
    "slurm of old": Row({"SLURM_JOBID": "12", "SLURM_STEPID": "0", "SLURM_NNODES": "2", "SLURM_LOCALID": "0"}, {"run_id": "slurm-12-0", "nodes": 2}),
    "torchrun": Row(_TORCH | {"TORCHELASTIC_RUN_ID": "job-7"}, _TORCH_SAID | {"run_id": "job-7", "launcher": "torchrun", "attempt": 0}),
    "torchrun without id": Row(_TORCH, _TORCH_SAID | {"run_id": "", "launcher": "torchrun", "starter": "torchrun"}),
    "torchrun restarted": Row(_TORCH | {"TORCHELASTIC_RESTART_COUNT": "3"}, {"attempt": 3}),
    "torchrun in a slurm step": Row(
        _STEP | _TORCH | {"SLURM_STEP_NUM_NODES": "2", "SLURM_NODEID": "1", "SLURM_LOCALID": "0"},
        _TORCH_SAID | {"run_id": "slurm-hpc-12-3", "launcher": "slurm", "starter": "torchrun"},
    ),
    "torchrun in one slurm step a node": Row(
        _STEP | _TORCH | {"SLURM_STEP_NUM_NODES": "1", "SLURM_NODEID": "0"}, _TORCH_SAID | {"run_id": "slurm-hpc-12-f42c57", "launcher": "slurm"}
    ),
    "torchrun alone on each node of a slurm step": Row(
        _STEP | _TORCH | {"GROUP_RANK": "0", "GROUP_WORLD_SIZE": "1"}, {"run_id": "slurm-hpc-12-3", "node_rank": 2, "nodes": 3, "local_rank": 1}
    ),
    "torchrun from outside": Row(
        {"PET_NNODES": "1:4", "PET_NODE_RANK": "0", "PET_NPROC_PER_NODE": "8", "PET_RDZV_ID": "j", "PET_RDZV_ENDPOINT": "a:29400"},
        {"run_id": "j", "nodes": 1, "node_rank": 0, "local_size": 8, "rendezvous": "a:29400", "local_rank": None},
    ),
    "torchrun by its options": Row(
        {},
        {"run_id": "j", "nodes": 2, "node_rank": 1, "local_size": None, "rendezvous": "a:29400", "run_id_from": ("--rdzv-id",)},
        ("/opt/bin/torchrun", "--nnodes=2", "--node_rank", "1", "--nproc-per-node=gpu", "--rdzv_id=j", "--rdzv-endpoint", "a:29400", "train.py", "--nnodes=9"),
    ),
    "accelerate": Row(
        {"ACCELERATE_MIXED_PRECISION": "bf16"} | _TORCH,
        _TORCH_SAID | {"run_id": "", "launcher": "accelerate", "starter": "torchrun"},
    ),
    "accelerate by its options": Row(
        {},
        {"nodes": 2, "node_rank": 1, "rendezvous": "10.0.0.1:8008", "launcher": "accelerate"},
        ("accelerate", "launch", "--num_machines=2", "--machine_rank", "1", "--main_process_ip=10.0.0.1", "--main_process_port", "8008", "train.py"),
    ),
    "accelerate as a module": Row(
        {},
        {"nodes": 2, "node_rank": 1, "rendezvous": "10.0.0.1:29777", "launcher": "accelerate"},
        (
            "python",
            "-m",
            "accelerate.commands.launch",
            "--num_machines",
            "2",
            "--machine_rank=1",
            "--main_process_ip",
            "10.0.0.1",
            "--main_process_port",
            "29777",
            "t.py",
        ),
    ),
    "deepspeed by its options": Row(
        {}, {"nodes": 2, "launcher": "deepspeed", "rendezvous": "a"}, ("deepspeed", "--num_nodes", "2", "--master_addr=a", "train.py", "--num_nodes=9")
    ),
    "deepspeed": Row(
        {
            "CROSS_RANK": "1",
            "CROSS_SIZE": "2",
            "LOCAL_SIZE": "4",
            "LOCAL_RANK": "3",
            "RANK": "7",
            "WORLD_SIZE": "8",
            "MASTER_ADDR": "a",
            "MASTER_PORT": "29500",
        },
        {
            "launcher": "deepspeed",
            "node_rank": 1,
            "nodes": 2,
            "local_rank": 3,
            "local_size": 4,
            "rank": 7,
            "world_size": 8,
            "rendezvous": "a:29500",
            "run_id": "",
        },
    ),
    "open mpi": Row(_OMPI, _OMPI_SAID | {"run_id": "openmpi-cb83d8d1f58f", "launcher": "openmpi", "run_id_from": ("PMIX_NAMESPACE", "OMPI_MCA_orte_hnp_uri")}),
    "open mpi without namespace": Row({key: _OMPI[key] for key in _OMPI if key.startswith("OMPI_COMM")}, _OMPI_SAID | {"run_id": ""}),
    "open mpi in a slurm batch step": Row(_SLURM | _OMPI, _OMPI_SAID | {"run_id": "slurm-hpc-12-f42c57", "nodes": 4, "launcher": "slurm"}),
    "open mpi on a node that slurm's daemon reached by a step": Row(
        _STEP | _OMPI, _OMPI_SAID | {"run_id": "slurm-hpc-12-f42c57", "nodes": 4, "node_rank": None, "starter": "openmpi"}
    ),
    "open mpi on several nodes": Row(_OMPI | {"OMPI_MCA_orte_num_nodes": "2"}, _OMPI_SAID | {"nodes": 2, "node_rank": None}),
    "mpich on several nodes": Row(
        {"PMI_RANK": "4", "PMI_SIZE": "6", "MPI_LOCALRANKID": "1", "MPI_LOCALNRANKS": "3", "hydra_pmi_proxy --control-port": "a:46609"},
        {"launcher": "mpich", "run_id": "", "rendezvous": "a:46609", "rank": 4, "nodes": None},
    ),
    "intel mpi": Row(
        {"PMI_RANK": "4", "PMI_SIZE": "6", "MPI_LOCALRANKID": "1", "MPI_LOCALNRANKS": "3", "I_MPI_HYDRA_UUID": "9d260000-7c26-e807-8fb4-050000430af0"},
        {"launcher": "mpich", "run_id": "mpich-9d260000-7c26-e807-8fb4-050000430af0", "run_id_from": ("I_MPI_HYDRA_UUID",)},
    ),
    "mpich": Row(
        {"PMI_RANK": "4", "PMI_SIZE": "6", "MPI_LOCALRANKID": "1", "MPI_LOCALNRANKS": "3"},
        {"launcher": "mpich", "local_rank": 1, "local_size": 3, "rank": 4, "world_size": 6},
    ),
    "pmi of srun": Row(_STEP | {"PMI_RANK": "9", "PMI_SIZE": "11"}, {"starter": "srun", "run_id": "slurm-hpc-12-3"}),
    "mvapich": Row(
        {"MV2_COMM_WORLD_RANK": "4", "MV2_COMM_WORLD_SIZE": "6", "MV2_COMM_WORLD_LOCAL_RANK": "1", "MV2_COMM_WORLD_LOCAL_SIZE": "3"},
        {"local_rank": 1, "local_size": 3, "rank": 4, "world_size": 6},
    ),
    "pals": Row(
        {
            "PBS_JOBID": "77.pbs01",
            "PALS_APID": "a-1",
            "PALS_NODEID": "1",
            "PALS_LOCAL_RANKID": "2",
            "PALS_LOCAL_SIZE": "4",
            "PALS_RANKID": "6",
            "PMI_SIZE": "8",
        },
        {"launcher": "pbs", "starter": "pals", "run_id": "pbs-77-a6b56b-f42c57", "node_rank": 1, "local_rank": 2, "local_size": 4, "rank": 6, "world_size": 8},
    ),
    "lsf": Row(
        {
            "LSB_JOBID": "5",
            "LSB_JOBINDEX": "0",
            "LSB_MCPU_HOSTS": "a 4 b 4",
            "JSM_NAMESPACE_RANK": "5",
            "JSM_NAMESPACE_SIZE": "8",
            "JSM_NAMESPACE_LOCAL_RANK": "1",
        },
        {"launcher": "lsf", "run_id": "lsf-5-f42c57", "nodes": 2, "local_rank": 1, "rank": 5, "world_size": 8},
    ),
    "lsf array": Row({"LSB_JOBID": "5", "LSB_JOBINDEX": "3"}, {"run_id": "lsf-5_3-f42c57"}),
    "pbs array": Row({"PBS_JOBID": "12[3].pbs01", "PBS_ARRAY_INDEX": "3"}, {"run_id": "pbs-12_3-a6b56b-f42c57"}),
    "flux": Row(
        {"FLUX_JOB_ID": "fuzzN", "FLUX_JOB_NNODES": "2", "FLUX_TASK_LOCAL_ID": "1", "FLUX_TASK_RANK": "3", "FLUX_JOB_SIZE": "4"},
        {"run_id": "flux-fuzzN", "nodes": 2, "local_rank": 1, "rank": 3, "world_size": 4},
    ),
    "oar": Row({"OAR_JOB_ID": "4"}, {"run_id": "oar-4-f42c57", "launcher": "oar"}),
    "sge": Row({"JOB_ID": "8", "SGE_TASK_ID": "undefined", "NHOSTS": "2", "RESTARTED": "0"}, {"run_id": "sge-8-f42c57", "nodes": 2, "attempt": 0}),
    "sge array": Row({"JOB_ID": "8", "SGE_TASK_ID": "2"}, {"run_id": "sge-8_2-f42c57"}),
    "job id of somebody else": Row({"JOB_ID": "8"}, {"run_id": "", "launcher": ""}),
    "ray": Row(
        {
            "RAY_JOB_ID": "01000000",
            "NODE_RANK": "1",
            "LOCAL_RANK": "0",
            "LOCAL_WORLD_SIZE": "2",
            "RANK": "2",
            "WORLD_SIZE": "4",
            "MASTER_ADDR": "a",
            "MASTER_PORT": "5",
        },
        {"run_id": "", "launcher": "ray", "node_rank": 1, "nodes": 2, "local_rank": 0, "local_size": 2, "rank": 2, "world_size": 4, "rendezvous": "a:5"},
    ),
    "ray in slurm steps": Row(
        _STEP | {"RAY_JOB_ID": "01000000", "NODE_RANK": "1", "LOCAL_RANK": "0", "LOCAL_WORLD_SIZE": "2", "RANK": "2", "WORLD_SIZE": "4"},
        {"run_id": "slurm-hpc-12-f42c57", "local_rank": 0, "rank": 2},
    ),
    "kubeflow trainjob": Row(
        {
            "KUBERNETES_SERVICE_HOST": "10.0.0.1",
            "PET_NNODES": "2",
            "PET_NODE_RANK": "1",
            "PET_NPROC_PER_NODE": "auto",
            "PET_MASTER_ADDR": "bert-node-0-0.bert",
            "PET_MASTER_PORT": "29500",
            "JOB_COMPLETION_INDEX": "1",
        },
        {"run_id": "", "nodes": 2, "node_rank": 1, "rendezvous": "bert-node-0-0.bert:29500", "local_size": None},
    ),
    "pytorchjob counts pods": Row(
        _PODS, {"launcher": "pytorchjob", "node_rank": 1, "nodes": 2, "rank": None, "world_size": None, "local_rank": None, "rendezvous": "bert-master-0:23456"}
    ),
    "the master of a pytorchjob at localhost": Row(
        _PODS | {"RANK": "0", "MASTER_ADDR": "localhost", "HOSTNAME": "bert-master-0"},
        {"launcher": "pytorchjob", "node_rank": 0, "nodes": 2, "rank": None, "rendezvous": "bert-master-0:23456"},
    ),
    "torchrun in a pytorchjob": Row(_PODS | _TORCH, _TORCH_SAID | {"launcher": "torchrun"}),
    "indexed job": Row({"JOB_COMPLETION_INDEX": "1"}, {"launcher": "indexed-job", "node_rank": 1, "nodes": None, "run_id": ""}),
    "indexed job with the downward api": Row(
        {"JOB_COMPLETION_INDEX": "1", "CARBON_RUN_ID": "1c5f-uid", "CARBON_NODES": "4", "CARBON_ATTEMPT": "2"},
        {"node_rank": 1, "nodes": 4, "attempt": 2, "run_id": "1c5f-uid"},
    ),
    "skypilot": Row(
        {
            "SKYPILOT_TASK_ID": "managed-2026-11-01-10-00-00-000000_bert_3-0",
            "SKYPILOT_NODE_RANK": "1",
            "SKYPILOT_NUM_NODES": "2",
            "SKYPILOT_NUM_GPUS_PER_NODE": "8",
        },
        {"run_id": "skypilot-managed-2026-11-01-10-00-00-000000_bert_3-0-f42c57", "node_rank": 1, "nodes": 2, "local_size": None},
    ),
    "skypilot on slurm": Row({"SKYPILOT_TASK_ID": "t"} | _STEP, {"run_id": "skypilot-t-f42c57", "launcher": "skypilot", "local_rank": 1}),
    "dstack": Row(
        {"DSTACK_RUN_ID": "6f1d", "DSTACK_NODE_RANK": "1", "DSTACK_NODES_NUM": "2", "DSTACK_GPUS_PER_NODE": "8"},
        {"run_id": "dstack-6f1d-f42c57", "node_rank": 1, "nodes": 2},
    ),
    "sagemaker": Row(
        {"TRAINING_JOB_NAME": "bert-7", "SM_HOSTS": '["algo-1", "algo-2"]', "SM_CURRENT_HOST": "algo-2", "SM_NUM_GPUS": "8"},
        {"run_id": "sagemaker-bert-7-f42c57", "node_rank": 1, "nodes": 2},
    ),
    "vertex": Row({"CLOUD_ML_JOB_ID": "77", "CLUSTER_SPEC": _CLUSTER}, {"run_id": "vertex-77-f42c57", "node_rank": 2, "nodes": 3}),
    "tf_config": Row(
        {"TF_CONFIG": '{"cluster": {"chief": ["a:1"], "worker": ["b:1", "b:2"], "evaluator": ["d:1"]}, "task": {"type": "worker", "index": 1}}'},
        {"launcher": "tensorflow", "node_rank": 1, "nodes": 2, "run_id": ""},
    ),
    "azure ml": Row(
        {"AZUREML_ROOT_RUN_ID": "sweep", "AZUREML_RUN_ID": "sweep_3", "AZUREML_NODE_COUNT": "2", "NODE_RANK": "1", "LOCAL_RANK": "0", "RANK": "4"},
        {"run_id": "azureml-sweep_3-f42c57", "node_rank": 1, "nodes": 2, "local_rank": 0, "rank": 4},
    ),
    "aws batch": Row(
        {"AWS_BATCH_JOB_ID": "9c4a#1", "AWS_BATCH_JOB_ATTEMPT": "2", "AWS_BATCH_JOB_NODE_INDEX": "1", "AWS_BATCH_JOB_NUM_NODES": "2"},
        {"run_id": "aws-batch-9c4a-f42c57", "attempt": 1, "node_rank": 1, "nodes": 2},
    ),
    "aws batch array": Row({"AWS_BATCH_JOB_ID": "9c4a:7"}, {"run_id": "aws-batch-9c4a_7-f42c57"}),
    "variables by hand": Row(
        {"LOCAL_RANK": "1", "RANK": "5", "WORLD_SIZE": "8", "LOCAL_WORLD_SIZE": "4", "NODE_RANK": "1", "MASTER_ADDR": "a", "MASTER_PORT": "1"},
        {"launcher": "", "node_rank": 1, "nodes": 2, "local_rank": 1, "local_size": 4, "rank": 5, "world_size": 8},
    ),
    "ranks by hand": Row(
        {"RANK": "5", "WORLD_SIZE": "8", "MASTER_ADDR": "node-a", "MASTER_PORT": "29500"},
        {"launcher": "", "run_id": "", "nodes": None, "local_rank": None, "rank": 5, "world_size": 8, "rendezvous": "node-a:29500"},
    ),
    "wandb": Row({"WANDB_RUN_ID": "3k2j"}, {"run_id": "wandb-3k2j", "launcher": ""}),
    "mlflow beside torchrun": Row({"MLFLOW_RUN_ID": "9f"} | _TORCH, {"run_id": "mlflow-9f", "launcher": "torchrun"}),
}
"""Launcher to a row. The traps are rows of their own."""
