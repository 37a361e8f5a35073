"""The region that a launcher states, in the words of the database: ``aws:us-east-1``.

A region that people export themselves, to reach a bucket, says nothing of where a process runs, so ``AWS_REGION`` counts within a service of AWS alone.
The names stand in skypilot 0.14 (sky/backends/cloud_vm_ray_backend.py), sagemaker-training 5.1 (params.py, files.py) and Modal's guide (environment variables).
"""

import re

from traincarbon.tracking.launchers.json_values import json_of
from traincarbon.tracking.launchers.row import any_of
from traincarbon.tracking.launchers.values import Environment, Text, stated

_ZONE = re.compile(r"(.*[a-z][0-9])-[a-z]")
"""A zone of Google: its region and a letter."""
_is_within_aws = any_of("TRAINING_JOB_NAME", "AWS_BATCH_JOB_ID", "AWS_EXECUTION_ENV", "ECS_CONTAINER_METADATA_URI_V4")


def stated_region(env: Environment) -> Text | None:
    """Return the region that a launcher states and the variable that holds it, None where none does.

    Example:
        >>> stated_region({"MODAL_REGION": "us-central1-a", "MODAL_CLOUD_PROVIDER": "CLOUD_PROVIDER_GCP"})
        Text(value='gcp:us-central1', variables=('MODAL_REGION', 'MODAL_CLOUD_PROVIDER'))
    """
    cluster = json_of(env, "SKYPILOT_CLUSTER_INFO")
    if isinstance(cluster, dict) and isinstance(cloud := cluster.get("cloud"), str) and isinstance(place := cluster.get("region"), str):
        return _named(cloud, place, "SKYPILOT_CLUSTER_INFO")
    if (provider := stated(env, "MODAL_CLOUD_PROVIDER")) and (place := stated(env, "MODAL_REGION")):
        return _named(provider, place, "MODAL_REGION", "MODAL_CLOUD_PROVIDER")
    names = ("AWS_REGION", "SAGEMAKER_REGION", "AWS_DEFAULT_REGION") if _is_within_aws(env) else ()
    return next((_named("aws", region, name) for name in names if (region := stated(env, name))), None)


def _named(cloud: str, region: str, *variables: str) -> Text:
    provider = cloud.strip().lower().removeprefix("cloud_provider_")
    zone = _ZONE.fullmatch(region.strip()) if provider == "gcp" else None
    return Text(f"{provider}:{zone[1] if zone else region.strip()}", variables)
