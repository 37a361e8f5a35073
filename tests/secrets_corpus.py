"""Kinds of secrets, places of a command line and of an environment where they stand, and harmless command lines of public READMEs."""

import base64
import json
import random
import string
from collections.abc import Iterator

_RANDOM = random.Random(5)
_LETTERS = string.ascii_letters + string.digits
_HEX = "0123456789abcdef"
_BASE64 = _LETTERS + "+/"
_URL = _LETTERS + "-_"
_UPPER = string.ascii_uppercase + string.digits


def _made(letters: str, length: int) -> str:
    return "".join(_RANDOM.choice(letters) for _ in range(length))


SECRETS = {
    "aws id": "AKIA" + _made(_UPPER, 16),
    "aws secret": _made(_BASE64, 40),
    "aws session": "IQoJb3JpZ2luX2Vj" + _made(_BASE64, 300),
    "github": "ghp_" + _made(_LETTERS, 36),
    "github fine": "github_pat_" + _made(_LETTERS, 22) + "_" + _made(_LETTERS, 59),
    "gitlab": "glpat-" + _made(_URL, 20),
    "gitlab runner": "glrt-" + _made(_URL, 20),
    "gitlab trigger": "glptt-" + _made(_HEX, 40),
    "hf": "hf_" + _made(_LETTERS, 34),
    "openai": "sk-" + _made(_LETTERS, 48),
    "openai project": "sk-proj-" + _made(_URL, 80),
    "anthropic": "sk-ant-api03-" + _made(_URL, 90),
    "stripe": "sk_live_" + _made(_LETTERS, 24),
    "slack bot": "xoxb-" + _made("0123456789", 12) + "-" + _made(_LETTERS, 24),
    "slack app": "xapp-1-" + _made(_UPPER, 11) + "-" + _made(_HEX, 40),
    "slack hook": "https://hooks.slack.com/services/T" + _made(_UPPER, 8) + "/B" + _made(_UPPER, 8) + "/" + _made(_LETTERS, 24),
    "google api": "AIza" + _made(_URL, 35),
    "google oauth": "ya29." + _made(_URL, 60),
    "google client": "GOCSPX-" + _made(_URL, 28),
    "google refresh": "1//0" + _made(_URL, 50),
    "npm": "npm_" + _made(_LETTERS, 36),
    "pypi": "pypi-AgEI" + _made(_URL, 80),
    "groq": "gsk_" + _made(_LETTERS, 52),
    "replicate": "r8_" + _made(_LETTERS, 37),
    "digitalocean": "dop_v1_" + _made(_HEX, 64),
    "shopify": "shpat_" + _made(_HEX, 32),
    "linear": "lin_api_" + _made(_LETTERS, 40),
    "figma": "figd_" + _made(_URL, 40),
    "nvidia": "nvapi-" + _made(_URL, 64),
    "perplexity": "pplx-" + _made(_HEX, 48),
    "databricks": "dapi" + _made(_HEX, 32),
    "sendgrid": "SG." + _made(_URL, 22) + "." + _made(_URL, 43),
    "telegram": _made("123456789", 9) + ":AA" + _made(_URL, 33),
    "jwt": "eyJhbGciOiJIUzI1NiJ9." + _made(_URL, 40) + "." + _made(_URL, 43),
    "wandb": _made(_HEX, 40),
    "wandb v1": "wandb_v1_" + _made(_LETTERS, 77),
    "comet": _made(_LETTERS, 25),
    "neptune": "eyJhcGlfYWRkcmVzcyI6" + _made(_LETTERS, 120) + "==",
    "docker": "dckr_pat_" + _made(_URL, 27),
    "dropbox": "sl." + _made(_URL, 130),
    "airtable": "pat" + _made(_LETTERS, 14) + "." + _made(_HEX, 64),
    "age": "AGE-SECRET-KEY-1" + _made("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58),
    "twilio": "SK" + _made(_HEX, 32),
    "mailgun": "key-" + _made(_HEX, 32),
    "teams": "https://acme.webhook.office.com/webhookb2/" + _made(_HEX, 8) + "-abcd@x/IncomingWebhook/" + _made(_HEX, 32),
    "heroku": f"{_made(_HEX, 8)}-{_made(_HEX, 4)}-4{_made(_HEX, 3)}-a{_made(_HEX, 3)}-{_made(_HEX, 12)}",
    "hex64": _made(_HEX, 64),
    "hex32": _made(_HEX, 32),
    "vault": "hvs." + _made(_LETTERS, 90),
    "atlassian": "ATATT3xFfGF0" + _made(_URL, 180),
    "sentry": "sntrys_" + _made(_LETTERS, 80),
    "azure": base64.b64encode(_RANDOM.randbytes(64)).decode(),
    "ssh key": "-----BEGIN OPENSSH PRIVATE KEY-----\n" + _made(_BASE64, 200) + "\n-----END OPENSSH PRIVATE KEY-----",
    "url login": "postgres://bob:" + _made(_LETTERS, 12) + "@db.acme.io/x",
    "notion": "secret_" + _made(_LETTERS, 43),
    "pinecone": "pcsk_" + _made(_URL, 60),
    "together": "tgp_v1_" + _made(_URL, 43),
    "xai": "xai-" + _made(_LETTERS, 80),
    "discord": "https://discord.com/api/webhooks/" + _made("0123456789", 18) + "/" + _made(_URL, 68),
    "alibaba": "LTAI" + _made(_LETTERS, 20),
    "fireworks": "fw_" + _made(_LETTERS, 24),
    "grafana": "glsa_" + _made(_LETTERS, 32) + "_" + _made(_HEX, 8),
    "posthog": "phx_" + _made(_LETTERS, 43),
}
"""Each kind with a made-up secret of its form."""


def argv_places(secret: str) -> Iterator[list[str]]:
    """Yield command lines with the secret."""
    yield ["train.py", "--api-key", secret]
    yield ["train.py", f"--api-key={secret}"]
    yield ["train.py", "--token", secret]
    yield ["train.py", f"--wandb_token={secret}"]
    yield ["train.py", "--creds", secret]
    yield ["train.py", "-k", secret]
    yield ["train.py", "-t", secret]
    yield ["train.py", secret]
    yield ["train.py", "--secret", secret]
    yield ["train.py", f"API_KEY={secret}"]
    yield ["sh", "-c", f"wandb login {secret}"]
    yield ["sh", "-c", f"export TOKEN={secret}; python train.py"]
    yield ["bash", "-c", f"X={secret} python t.py"]
    yield ["bash", "-c", f"python t.py --key '{secret}'"]
    yield ["wandb", "login", secret]
    yield ["huggingface-cli", "login", "--token", secret]
    yield ["curl", "-H", f"Authorization: Bearer {secret}", "http://x"]
    yield ["curl", "-u", f"me:{secret}", "http://x"]
    yield ["curl", f"http://x/?token={secret}"]
    yield ["train.py", json.dumps({"api_key": secret})]
    yield ["train.py", f"trainer.logger.key={secret}"]
    yield ["train.py", "--config", f"{{token: {secret}}}"]
    yield ["python", "-c", f"import w; w.login('{secret}')"]
    yield ["train.py", "--password", secret]
    yield ["env", f"HF_TOKEN={secret}", "python", "t.py"]
    yield ["train.py", f"+auth.password={secret}"]
    yield ["train.py", "--note", f"use {secret} please"]


def env_places(secret: str) -> Iterator[dict[str, str]]:
    """Yield environments with the secret in a variable that is recorded."""
    for name in (
        "HF_TOKEN",
        "WANDB_API_KEY",
        "TORCH_KEY",
        "CARBON_NOTE",
        "SLURM_COMMENT",
        "SLURM_JOB_NAME",
        "TF_CONFIG",
        "NCCL_X",
        "JAX_ARGS",
        "HF_HOME",
        "VLLM_API_KEY",
        "TORCHX_SECRET",
        "DS_ARGS",
        "TRANSFORMERS_X",
        "PYTORCH_OPT",
        "CARBON_PLAN",
        "XLA_FLAGS",
        "ACCELERATE_CONFIG",
        "MEGATRON_AUTH",
    ):
        yield {name: secret}
    yield {"TF_CONFIG": json.dumps({"token": secret})}
    yield {"DS_ARGS": f"--api-key {secret}"}
    yield {"DS_ARGS": f"--token={secret} x"}
    yield {"CARBON_URL": f"https://u:{secret}@h/x"}


def core(secret: str) -> str:
    """Return the part of a secret that must not be seen."""
    if "\n" in secret:
        return secret.split("\n")[1]
    if secret.startswith("postgres"):
        return secret.split("@", maxsplit=1)[0].split(":")[2]
    return secret.rsplit("/", 1)[1] if secret.startswith("http") else secret
