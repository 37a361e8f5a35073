"""The region that a launcher states."""

import json

import pytest

from traincarbon.tracking.launchers.regions import stated_region

_SKY = {"cluster_name": "c", "cloud": "GCP", "region": "us-central1", "zone": "us-central1-a"}


@pytest.mark.parametrize(
    ("env", "region"),
    [
        ({"SKYPILOT_CLUSTER_INFO": json.dumps(_SKY)}, "gcp:us-central1"),
        ({"SKYPILOT_CLUSTER_INFO": json.dumps(_SKY | {"cloud": "AWS", "region": "eu-north-1"})}, "aws:eu-north-1"),
        ({"SKYPILOT_CLUSTER_INFO": json.dumps(_SKY | {"region": None})}, None),
        ({"SKYPILOT_CLUSTER_INFO": "[1]"}, None),
        ({"MODAL_CLOUD_PROVIDER": "CLOUD_PROVIDER_OCI", "MODAL_REGION": "us-ashburn-1"}, "oci:us-ashburn-1"),
        ({"MODAL_CLOUD_PROVIDER": "GCP", "MODAL_REGION": "us-east5-b"}, "gcp:us-east5"),
        ({"MODAL_REGION": "us-east-1"}, None),
        ({"AWS_REGION": "us-east-1", "TRAINING_JOB_NAME": "j"}, "aws:us-east-1"),
        ({"SAGEMAKER_REGION": "eu-west-1", "TRAINING_JOB_NAME": "j"}, "aws:eu-west-1"),
        ({"AWS_REGION": "us-east-1", "AWS_BATCH_JOB_ID": "9"}, "aws:us-east-1"),
        ({"AWS_REGION": "us-east-1"}, None),
        ({"AWS_REGION": "us-east-1", "SLURM_JOB_ID": "9"}, None),
        ({}, None),
    ],
)
def test_a_launcher_states_where_it_runs_and_a_region_for_buckets_does_not(env, region):
    found = stated_region(env)
    assert (None if found is None else found.value) == region
    assert found is None or set(found.variables) <= set(env)
