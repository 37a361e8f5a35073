"""Services that start containers or machines."""

from traincarbon.tracking.launchers.json_values import cluster_node, cluster_nodes, length, position
from traincarbon.tracking.launchers.row import Launcher, any_of
from traincarbon.tracking.launchers.run_ids import aws_job
from traincarbon.tracking.launchers.values import Environment, count, positive, stated, text


def counts_pods(env: Environment) -> bool:
    """Return whether RANK counts pods: an operator of Kubernetes set it, and no launcher within the pod has set it anew."""
    return bool(stated(env, "KUBERNETES_SERVICE_HOST") and stated(env, "RANK") and stated(env, "WORLD_SIZE") and not stated(env, "LOCAL_RANK"))


PLATFORMS = (
    Launcher(
        name="skypilot",
        title="SkyPilot",
        is_there=any_of("SKYPILOT_TASK_ID"),
        is_job=True,
        source="skypilot 0.14, sky/skylet/constants.py, sky/backends/task_codegen.py",
        run_id=text("SKYPILOT_TASK_ID"),
        node_rank=count("SKYPILOT_NODE_RANK"),
        nodes=positive("SKYPILOT_NUM_NODES"),
    ),
    Launcher(
        name="dstack",
        title="dstack",
        is_there=any_of("DSTACK_RUN_ID"),
        is_job=True,
        source="dstack, docs/reference/environment-variables.md",
        run_id=text("DSTACK_RUN_ID"),
        node_rank=count("DSTACK_NODE_RANK"),
        nodes=positive("DSTACK_NODES_NUM"),
    ),
    Launcher(
        name="sagemaker",
        title="Amazon SageMaker",
        is_there=any_of("TRAINING_JOB_NAME"),
        is_job=True,
        source="sagemaker-training 5.1, params.py, README.rst",
        run_id=text("TRAINING_JOB_NAME"),
        node_rank=position("SM_CURRENT_HOST", among="SM_HOSTS"),
        nodes=length("SM_HOSTS"),
    ),
    Launcher(
        name="vertex",
        title="Vertex AI",
        is_there=any_of("CLOUD_ML_JOB_ID"),
        is_job=True,
        source="google-cloud-aiplatform, training_utils/environment_variables.py",
        run_id=text("CLOUD_ML_JOB_ID"),
        node_rank=cluster_node("CLUSTER_SPEC", "TF_CONFIG"),
        nodes=cluster_nodes("CLUSTER_SPEC", "TF_CONFIG"),
    ),
    Launcher(
        name="azureml",
        title="Azure Machine Learning",
        is_there=any_of("AZUREML_RUN_ID", "AZUREML_ROOT_RUN_ID"),
        is_job=True,
        source="scripts of users in public repositories; not read in its own source",
        run_id=text("AZUREML_RUN_ID", "AZUREML_ROOT_RUN_ID"),
        node_rank=count("NODE_RANK", "AZ_BATCHAI_TASK_INDEX"),
        nodes=positive("AZUREML_NODE_COUNT"),
    ),
    Launcher(
        name="aws-batch",
        title="AWS Batch",
        is_there=any_of("AWS_BATCH_JOB_ID"),
        is_job=True,
        source="AWS Batch user guide, job environment variables",
        run_id=aws_job,
        attempt=count("AWS_BATCH_JOB_ATTEMPT", less=1),
        node_rank=count("AWS_BATCH_JOB_NODE_INDEX"),
        nodes=positive("AWS_BATCH_JOB_NUM_NODES"),
    ),
    Launcher(
        name="pytorchjob",
        title="Kubeflow PyTorchJob, Alibaba DLC",
        is_there=counts_pods,
        is_job=True,
        source="lightning, plugins/environments/kubeflow.py; training-operator, pkg/controller.v1/pytorch/envvar.go",
        node_rank=count("RANK"),
        nodes=positive("WORLD_SIZE"),
    ),
    Launcher(
        name="tensorflow",
        title="TF_CONFIG (TFJob and others)",
        is_there=any_of("TF_CONFIG"),
        is_job=True,
        source="google-cloud-aiplatform, training_utils/environment_variables.py",
        node_rank=cluster_node("TF_CONFIG"),
        nodes=cluster_nodes("TF_CONFIG"),
    ),
    Launcher(
        name="indexed-job",
        title="Kubernetes Indexed Job, JobSet",
        is_there=any_of("JOB_COMPLETION_INDEX"),
        is_job=True,
        source="guides to Indexed Jobs in public repositories; not read in its own source",
        node_rank=count("JOB_COMPLETION_INDEX"),
    ),
)
"""Services that start containers or machines."""
