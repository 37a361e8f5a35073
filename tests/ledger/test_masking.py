"""What is written down of a command line and an environment: no secret, no person, no place, and all that is harmless."""

import os
import re
import shlex
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secrets_corpus import SECRETS, argv_places, core, env_places
from traincarbon.ledger.masking import _MAY_HAVE_A_SHAPE, _SHAPES, HIDDEN, mask, mask_env, mask_text

SECRET = "Zx9-canary_7Qw"


@pytest.fixture(autouse=True)
def _alice(monkeypatch):
    monkeypatch.setenv("HOME", "/home/alice.smith")
    monkeypatch.setenv("USER", "alice.smith")
    monkeypatch.setattr(os, "uname", lambda: os.uname_result(("Linux", "gpu-node-17.lab", "6", "1", "x86_64")))


@pytest.mark.parametrize(
    "command",
    [
        "train.py --password X",
        "train.py --password=X",
        "train.py --db-passwd X",
        "train.py --passphrase 'X with words'",
        "train.py '--password=words and X'",
        "train.py --api-key X",
        "train.py --api_key=X",
        "train.py --apiKey X",
        "train.py --wandb.api_key X",
        "train.py --openai-key X",
        "train.py --hf_token X",
        "train.py --token X",
        "train.py --auth-token=X",
        "train.py --client-secret X",
        "train.py --aws-secret-access-key X",
        "train.py --auth me:X",
        "train.py --password -X",
        "train.py wandb.api_key=X lr=3e-4",
        "train.py +secrets.db.password=X",
        "env WANDB_API_KEY=X python train.py",
        "sh -c 'export HF_TOKEN=X; python train.py'",
        "sh -c 'HF_TOKEN=\"X\" python train.py --lr 3'",
        "docker run -e DB_PASSWORD=X image",
        "docker login -u me -p X registry",
        "mysql -u root -pX db",
        "mysqldump -p X db",
        "sshpass -pX ssh node",
        "redis-cli -a X",
        "curl -u me:X https://example.org",
        "curl -H 'Authorization: Bearer X' https://example.org",
        "curl -H 'X-Api-Key: X' https://example.org",
        "curl -H 'Cookie: session=X; other=X'",
        "train.py --data https://me:X@example.org/d",
        "train.py --data=https://X@example.org/d",
        "train.py --db postgresql+psycopg://me:X@db/x",
        "train.py 'https://example.org/d?token=X&part=3'",
        "train.py 'https://b.s3.amazonaws.com/d?X-Amz-Signature=X'",
        "train.py 'https://b.blob.core.windows.net/d?sp=r&sig=X'",
        "train.py 'DefaultEndpointsProtocol=https;AccountKey=X;x=1'",
        'train.py --config \'{"api_key": "X", "lr": 3}\'',
        "train.py --config \"{'password': 'X'}\"",
        "wandb login X",
        "huggingface-cli login --token X",
        "run.sh -pHunter!X",
    ],
)
def test_a_secret_is_hidden_wherever_it_stands(command):
    shown = " ".join(mask(shlex.split(command.replace("X", SECRET).replace(f"{SECRET}-Api", "X-Api").replace(f"{SECRET}-Amz", "X-Amz"))))
    assert SECRET not in shown
    assert HIDDEN in shown


@pytest.mark.parametrize(
    "secret",
    [
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_" + "a1B2" * 9,
        "github_pat_" + "a1B2c3" * 10,
        "glpat-" + "a1B2c3" * 4,
        "hf_" + "aBcD" * 8,
        "sk-" + "a1B2" * 12,
        "sk-proj-" + "a1B_" * 20,
        "sk-ant-api03-" + "a1B-" * 20,
        "sk_live_" + "a1B2" * 6,
        "xoxb-123456789012-123456789012-" + "aB1" * 8,
        "https://hooks.slack.com/services/T0/B0/" + "aB1" * 8,
        "AIza" + "a1B2c" * 7,
        "ya29." + "a1B2c" * 8,
        "npm_" + "a1B2" * 9,
        "nvapi-" + "a1B2" * 12,
        "pypi-" + "AgEI" * 12,
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\nxyz\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA",
        "a8F3kQ9zX2mW7rT5yU1oP4sD6gH0jL3cV8bN",
    ],
)
def test_what_has_the_shape_of_a_secret_is_hidden_without_any_name(secret):
    for argument in (secret, f"--note={secret}", f"see '{secret}' there"):
        (shown,) = mask([argument])
        assert secret[-12:] not in shown
        assert HIDDEN in shown


@pytest.mark.parametrize(
    "command",
    [
        "python -m torch.distributed.run --nproc_per_node=8 --nnodes 2 train.py",
        "python -u train.py --max-tokens 4096 --tokens 270e9 --tokenizer gpt2 --num-tokens=5",
        "train.py --pad-token '<pad>' --eos_token 2 --bos-token-id=1 --special-tokens a b",
        "train.py --lr 3e-4 --batch-size=32 --optimizer adamw --betas 0.9,0.95",
        "train.py model.layers=96 +trainer.max_steps=1000 ~logger 'data={a:1,b:2}'",
        "train.py --sort-key length --label-key y --metric-key loss --query-key-dim 64 --key-padding",
        "train.py --model meta-llama/Llama-3.1-405B-Instruct --revision 0e9e39f249a16976918f6564b8830bc894c89659",
        "train.py --data s3://bucket/path/part-0001.parquet --out /scratch/run7/ckpt",
        "train.py --data https://example.org/data.tar?part=3&size=large",
        "train.py --password-file /run/secrets/pw --token-path t.txt --secret-name k8s",
        "train.py --use-auth-token --lr 3",
        "train.py --use_auth_token train2.py",
        "train.py --master_port 29500 -p 8080 -pthread -j4 -p4",
        "gcc -pthread -O3 a.c",
        "train.py --passes 3 --num-pass 2 --author-count 4 --authors",
        "train.py --name DistilBertForSequenceClassification2 --id run-2026-11-24T10:00:00",
        "train.py --host localhost --bind=127.0.0.1 --version 1.13",
        "train.py 'a prompt: write a story about a key and a lock'",
        "bash -c 'cd x && python train.py --epochs 3 | tee log'",
        "git clone https://github.com/org/repo.git --depth 1",
        "train.py --token none --api-key=",
    ],
)
def test_what_is_harmless_stays_as_it_was(command):
    argv = shlex.split(command)
    assert mask(argv) == argv


@pytest.mark.parametrize(
    ("argument", "shown"),
    [
        ("/home/alice.smith/run/train.py", "~/run/train.py"),
        ("--out=/home/alice.smith", "--out=~"),
        ("/home/bob/data", "~/data"),
        ("/Users/bob/data", "~/data"),
        (r"C:\Users\bob\data", r"~\data"),
        ("/home2/x", "/home2/x"),
        ("/scratch/alice.smith/run", "/scratch/<user>/run"),
        ("alice.smith@cluster:run", "<user>cluster:run"),
        ("--to=bob@example.org", "--to=<address>"),
        ("gpu-node-17.lab:29500", "<host>:29500"),
        ("tcp://10.1.2.3:29500", "tcp://<host>:29500"),
        ("--master_addr=node-3", "--master_addr=***"),
        ("--user=bob", "--user=***"),
    ],
)
def test_nothing_says_who_or_where(argument, shown):
    assert mask([argument]) == [shown]


def test_the_environment_keeps_what_bears_on_the_training_and_no_secret():
    env = {
        "CUDA_VISIBLE_DEVICES": "0,1", "NCCL_DEBUG": "INFO", "NCCL_SOCKET_IFNAME": "eth0", "OMP_NUM_THREADS": "8", "WORLD_SIZE": "16", "RANK": "3",
        "HF_TOKEN": SECRET, "HF_HOME": "/home/alice.smith/hf", "SLURM_NNODES": "2", "SLURM_JOB_USER": "alice.smith", "SLURM_JOB_ACCOUNT": "lab",
        "SLURM_JOB_NODELIST": "gpu-node-[17-18]", "SLURMD_NODENAME": "gpu-node-17", "SLURM_SUBMIT_HOST": "login1", "MASTER_ADDR": "10.1.2.3",
        "AWS_SECRET_ACCESS_KEY": SECRET, "DATABASE_URL": f"postgres://me:{SECRET}@db", "HOME": "/home/alice.smith", "USER": "alice.smith",
        "HOSTNAME": "gpu-node-17.lab", "PWD": "/home/alice.smith/secret-project", "SSH_CONNECTION": "10.9.8.7 1 2 3", "TORCH_STORE": f"tcp://me:{SECRET}@x",
    }  # fmt: skip
    assert mask_env(env) == {
        "CUDA_VISIBLE_DEVICES": "0,1", "NCCL_DEBUG": "INFO", "NCCL_SOCKET_IFNAME": "eth0", "OMP_NUM_THREADS": "8", "WORLD_SIZE": "16", "RANK": "3",
        "HF_TOKEN": HIDDEN, "HF_HOME": "~/hf", "SLURM_NNODES": "2", "TORCH_STORE": "tcp://***@x",
    }  # fmt: skip


@given(st.lists(st.text(max_size=200), max_size=8))
def test_masking_keeps_the_number_of_arguments_and_masks_once(argv):
    masked = mask(argv)
    assert len(masked) == len(argv)
    assert mask(masked) == masked


@pytest.mark.parametrize(
    "text", ["a=" * 10_000, "x@" * 10_000, "/home/" * 5000, "eyJ" + "a." * 9000, "'\"" * 9000, "1." * 10_000, "-----BEGIN PRIVATE KEY-----" * 900, "A" * 20_000]
)
def test_a_hostile_argument_costs_no_more_than_a_long_one(text):
    began = time.process_time()
    mask_text("lorem ipsum dolor " * 1100)
    plain_s = time.process_time() - began
    began = time.process_time()
    mask_text(text)
    assert time.process_time() - began < 60 * max(plain_s, 0.005)


def test_only_the_beginning_of_an_endless_argument_is_kept():
    (shown,) = mask(["x " * 1_000_000])
    assert len(shown) == 20_000


def test_secrets_of_all_kinds_are_hidden_in_nearly_all_places_of_a_command_line():
    places = [(kind, place, core(secret)) for kind, secret in SECRETS.items() for place in argv_places(secret)]
    shown = [(kind, place) for kind, place, secret in places if any(secret in word for word in mask(place))]
    assert len(SECRETS) == 63
    assert len(shown) <= 0.03 * len(places), shown


def test_secrets_of_all_kinds_are_hidden_in_nearly_all_places_of_an_environment():
    places = [(kind, place, core(secret)) for kind, secret in SECRETS.items() for place in env_places(secret)]
    shown = [(kind, place) for kind, place, secret in places if any(secret in value for value in mask_env(place).values())]
    assert len(shown) <= 0.05 * len(places), shown


@pytest.mark.parametrize(
    "words",
    [
        ["--revision", "9f8c6a1d2e3b4c5d6e7f8a9b0c1d2e3f4a5b6c7d"],
        ["--commit=9f8c6a1d2e3b4c5d6e7f8a9b0c1d2e3f4a5b6c7d"],
        ["pip", "install", "git+https://github.com/a/b@9f8c6a1d2e3b4c5d6e7f8a9b0c1d2e3f4a5b6c7d"],
        ["--run-id", "8f14e45f-ceea-467f-a9f0-b2f1c3d4e5f6"],
        ["image@sha256:9f8c6a1d2e3b4c5d6e7f8a9b0c1d2e3f9f8c6a1d2e3b4c5d6e7f8a9b0c1d2e3f"],
        ["--gpus", "GPU-8f14e45f-ceea-467f-a9f0-b2f1c3d4e5f6"],
        ["--init-token", "0", "--modifier_token", "<new1>", "-k", "5", "-t", "target.txt"],
        ["--model", "meta-llama/Meta-Llama-3.1-8B-Instruct", "--data", "/data/openwebtext/train_000123.bin"],
    ],
)
def test_numbers_of_commits_runs_and_devices_are_kept(words):
    assert mask(["train.py", *words]) == ["train.py", *words]


@pytest.mark.parametrize("shape", _SHAPES)
def test_a_text_that_is_not_searched_for_forms_has_none(shape):
    @given(st.from_regex(re.compile(shape, re.DOTALL)))
    def every_match_is_searched(text):
        assert not re.search(shape, text, re.DOTALL) or re.search(_MAY_HAVE_A_SHAPE, text)

    every_match_is_searched()


def test_a_secret_in_a_long_text_is_found_by_the_same_search():
    for secret in SECRETS:
        for words in argv_places(secret):
            for word in words:
                found = any(re.search(shape, word, re.DOTALL) for shape in _SHAPES)
                assert not found or re.search(_MAY_HAVE_A_SHAPE, word)
