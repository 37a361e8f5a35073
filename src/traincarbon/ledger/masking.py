"""Hide secrets and names of persons in a command line and an environment before they are recorded."""

import os
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from itertools import pairwise

HIDDEN = "***"
"""The replacement for a secret."""

_MOST = 20_000
"""Characters of an argument that are checked; the journal keeps fewer."""
_SECRET = {
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "secret",
    "secrets",
    "credential",
    "credentials",
    "cred",
    "creds",
    "webhook",
    "apikey",
    "authorization",
    "bearer",
    "cookie",
}
"""Words anywhere in the name of an option or a variable that make its value a secret."""
_SECRET_LAST = {"token", "key", "auth", "pwd", "pw", "pass", "sig", "signature", "jwt", "pat", "sas", "apitoken", "authtoken", "accesstoken", "accesskey"}
"""Words at the end of a name that do so, except after the words below."""
_HARMLESS_BEFORE = {
    "token": {"pad", "init", "initializer", "modifier", "eos", "bos", "unk", "mask", "cls", "sep", "special", "image", "audio", "video", "start", "end", "stop", "begin", "prompt", "think",
              "trigger", "placeholder", "per", "max", "min", "next", "new", "first", "last", "every", "each", "by", "oov", "blank", "word", "separator", "decoder"},
    "key": {"sort", "group", "primary", "foreign", "query", "cache", "metric", "data", "dict", "label", "text", "column", "prompt", "feature", "target", "input",
            "output", "config", "search", "join", "index", "partition", "dataset", "image", "state", "response", "message", "split", "loss", "score", "reward", "per"},
    "pass": {"num", "n", "max", "first", "second", "single", "multi", "two", "one", "forward", "backward", "low", "high", "band", "dry", "per"},
}  # fmt: skip
_NOT_THE_SECRET = {"file", "path", "dir", "folder", "name", "length", "len", "size", "dim", "count", "policy", "type", "mode", "env", "var", "url", "arn", "ttl"}  # fmt: skip
"""Endings of a name whose value is about a secret, but not a secret."""
_SWITCHES = {"no", "use", "skip", "disable", "enable", "without", "ask", "prompt", "allow", "require", "has"}
"""First words of an option that takes no value."""
_PERSON = {"user", "username", "login", "email", "mail", "host", "hostname", "hosts", "addr", "address", "nodelist", "nodename", "endpoint", "account"}
"""Endings of a name whose value names a person or a machine."""
_LOCAL = {"localhost", "127.0.0.1", "0.0.0.0", "::1", "::"}  # noqa: S104  named, not bound to
_COMMON_USERS = {"root", "user", "ubuntu", "admin", "data", "train", "test", "ec2-user", "jovyan", "nobody", "runner", "app", "home", "src", "work"}
"""User names that say nothing about a person and are part of many other paths."""

_SHAPES = (
    r"-----BEGIN[ A-Z0-9]{0,40}PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END[ A-Z0-9]{0,40}PRIVATE KEY(?: BLOCK)?-----|\Z)",
    r"\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?",  # JSON web token
    r"\b(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}\b",  # AWS
    r"\bgh[pousr]_\w{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}",
    r"\b(?:hf|api_org)_[A-Za-z0-9]{16,}",  # Hugging Face
    r"\b(?:sk|rk|pk)[-_](?:live[-_]|test[-_]|proj-|ant-|or-)?[\w-]{16,}",  # OpenAI, Anthropic, Stripe and others like them
    r"\bxox[a-z]-[\w-]{8,}|\bxapp-[\w-]{8,}|(?<=hooks\.slack\.com/services/)[\w/]+",
    r"\bAIza[\w-]{30,}|\bya29\.[\w-]{16,}|\bGOCSPX-[\w-]{16,}",  # Google
    r"\b(?:npm|gsk|r8|dop_v1|shpat|lin_api|figd)_\w{20,}|\bpypi-[\w-]{16,}|\bnvapi-[\w-]{16,}|\bpplx-\w{16,}|\bdapi[0-9a-f]{32}\b",
    r"\bgl(?:rt|ptt|dt|oas|soat|ft|imt|agent|cbt)-[\w-]{16,}|\bdckr_(?:pat|oat)_[\w-]{16,}|\bsl\.[\w-]{20,}|\bpat[A-Za-z0-9]{14}\.[0-9a-f]{40,}",
    r"\bAGE-SECRET-KEY-1[A-Z0-9]{20,}|\b(?:SK|AC)[0-9a-f]{32}\b|\bkey-[0-9a-f]{32}\b|\bLTAI\w{12,}|\bEAA[A-Za-z0-9]{24,}|\b1//0[\w-]{20,}",
    r"(?<=webhook\.office\.com/)\S+|(?<=office365\.com/webhook/)\S+|(?<=discord\.com/api/webhooks/)\S+|(?<=discordapp\.com/api/webhooks/)\S+",
    r"\b(?:hv[sbr]|dp\.\w{2,4})\.[\w-]{20,}|\bs\.[A-Za-z0-9]{24}\b|\bATATT3x[\w=-]{20,}|\b\w{14}\.atlasv1\.\w{20,}|\bsq0\w{3}-[\w-]{20,}|\bxkeysib-[\w-]{20,}",
    r"\b(?:sntry[su]|ph[cx]|rnd|tgp_v1|wandb_v1|secret|ntn|fw|pcsk|jina|glsa|glc|shp(?:ss|pa|ca)|rubygems|tfp|cfut|fo1|doo_v1|dor_v1)_[\w-]{20,}",
    r"\b(?:PMAK|NRAK|xai|pul|csk|API|nvapi|AQ)[-.][\w-]{24,}",
    r"\bSG\.[\w-]{16,}\.[\w-]{16,}|\b\d{8,10}:[\w-]{35}\b",  # SendGrid, Telegram
    r"(?i)(?<=\bbearer )\s*[^\s\"']+|(?<=\bbasic )\s*[A-Za-z0-9+/=]{8,}",
)
_MAY_HAVE_A_SHAPE = r"[\w-]{11}|\s|hook"
"""What is in every text that has one of these forms: most arguments of a training have none of it, and compiling the forms takes 5 ms."""
_RANDOM = r"[A-Za-z0-9+/]{40,}={0,2}|[A-Za-z0-9]{20,}"
_SHORTEST_KEY = 20
_HEXADECIMAL = r"(?i)(?<![\w-])(?:[0-9a-f]{32,}|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})(?![\w-])"
_HASH_BEFORE = r"(?i)(?:rev|revision|commit|branch|tag|sha\d*|hash|checksum|digest|md5|etag|ref|tree|blob|resolve|version|id|uuid|guid|run|session|job|device|devices|snapshots?|image)[\"']?[\s:=@/]*$|[\w./-]@$"
"""What stands before the hash of a commit or a file, or a number of a run or a device."""
_HEADER = r"(?i)\b((?:proxy-)?authorization|(?:set-)?cookie|x-[a-z-]{0,40}(?:key|token|secret|auth))(\s*:\s*)([^\"'\n]+)"
_NAME = r"""([A-Za-z_][\w.\-]{0,80})["']?\s{0,8}[:=]\s{0,8}"""
_VALUE = r"""(?!//)("[^"]*"|'[^']*'|[^\s"'&,;{}()]+)"""
_URL_LOGIN = r"\b([a-z][a-z0-9+.\-]{0,20}://)[^\s/@\"']{1,400}@"
_EMAIL = r"(?<![\w.+\-])[\w.+\-]{1,64}@[\w\-]{1,63}(?:\.[\w\-]{1,63}){0,6}\.[A-Za-z]{2,24}\b"
_IP = r"(?<![\w.\-])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\w.\-])"
_NO_PLACE = r"[^\\/@.]*"
"""Neither a path nor an address of any kind."""
_HOMES = r"(?i)(?<![\w.~])(?:[a-z]:)?(?:[\\/](?:export|var|usr|System[\\/]Volumes[\\/]Data))?[\\/](?:home|users)[\\/][^\\/\s:;,\"'=]+"

_AMBIGUOUS = r"-[kKtTas]"
"""Short options that take a key or a token in some programs, and anything in others."""
_PASSWORD_SHORT = {"mysql": "p", "mysqldump": "p", "mysqladmin": "p", "mariadb": "p", "mongo": "p", "mongosh": "p", "mongodump": "p", "sshpass": "p",
                   "redis-cli": "a", "docker": "p", "podman": "p", "helm": "p", "curl": "uU", "wget": "", "http": "a", "ldapsearch": "w", "sqlcmd": "P"}  # fmt: skip
"""Programs whose short options take a secret, either attached or as the next argument."""

_KEPT_ENVIRONMENT = (
    "CUDA_", "NVIDIA_VISIBLE", "NVIDIA_DRIVER_CAP", "NVIDIA_TF32", "NCCL_", "OMP_", "MKL_", "OPENBLAS_", "KMP_", "GOMP_", "NUMEXPR_", "TORCH", "PYTORCH_", "TF_", "XLA_",
    "JAX_", "HF_", "TRANSFORMERS_", "TOKENIZERS_", "ACCELERATE_", "DEEPSPEED_", "DS_", "FSDP_", "MEGATRON_", "SLURM_", "PBS_NP", "WORLD_SIZE", "RANK", "LOCAL_RANK",
    "LOCAL_WORLD_SIZE", "NODE_RANK", "GROUP_RANK", "ROCR_", "HIP_", "HSA_", "GPU_DEVICE_ORDINAL", "ZE_", "ONEAPI_", "TPU_", "NEURON_", "CARBON_", "PYTHONHASHSEED",
    "PYTHONUNBUFFERED", "PYTHONOPTIMIZE", "WANDB_MODE", "VLLM_", "TRITON_",
)  # fmt: skip
"""Beginnings of variables that affect a training; no others are recorded."""
_NEVER_ENVIRONMENT = ("CARBON_PROGRESS", "SLURMD_", "SLURM_TOPOLOGY", "SLURM_CONF", "SLURM_SRUN_COMM", "SLURM_LAUNCH", "SLURM_WORKING_CLUSTER")


def mask(argv: Sequence[str]) -> list[str]:
    """Return the command line without secrets and names of persons and machines, and with home folders as ``~``.

    Example:
        >>> mask(["train.py", "--max-tokens", "4096", "--api-key", "s3cr3t", "--data=https://me:pw@example.org/d"])
        ['train.py', '--max-tokens', '4096', '--api-key', '***', '--data=https://***@example.org/d']
    """
    masked: list[str] = []
    shorts = ""
    hide_next = ""
    for argument in argv:
        if hide_next and (not _looks_like_an_option(argument) or hide_next == "always"):
            masked.append(argument if argument.lower() in {"true", "false", "none", *_LOCAL} else HIDDEN)
            hide_next = ""
            continue
        program = re.split(r"[\\/]", argument)[-1].removesuffix(".exe")
        shorts = _PASSWORD_SHORT.get(program, shorts) if not argument.startswith("-") else shorts
        text, hide_next = _mask_argument(argument[:_MOST], shorts, before=argv[len(masked) - 1] if masked else "")
        if argument == "login" and masked and "docker" not in masked[-1]:
            hide_next = "unless an option"
        masked.append(text)
    return masked


def mask_env(env: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that affect a training, without secrets and names of persons and machines.

    Example:
        >>> mask_env({"NCCL_DEBUG": "INFO", "HF_TOKEN": "hf_abc", "HOME": "/home/me", "AWS_SECRET_ACCESS_KEY": "x"})
        {'HF_TOKEN': '***', 'NCCL_DEBUG': 'INFO'}
    """
    kept = {}
    for name in sorted(env):
        if not name.startswith(_KEPT_ENVIRONMENT) or name.startswith(_NEVER_ENVIRONMENT) or _is_personal(name):
            continue
        kept[name] = HIDDEN if _is_secret(name, in_environment=True) else mask_text(env[name], before=name)
    return kept


@lru_cache(maxsize=1024)
def mask_text(text: str, *, before: str = "") -> str:
    """Return *text* without anything that looks like a secret, an address of a person or a machine, or a home folder.

    Args:
        text: An argument or the value of a variable.
        before: The argument or the name before it, which may say that it is the hash of a commit or a file.
    """
    text = text[:_MOST]
    for shape in _SHAPES if re.search(_MAY_HAVE_A_SHAPE, text) else ():
        text = re.sub(shape, HIDDEN, text, flags=re.DOTALL)
    if ":" in text or "=" in text:
        text = re.sub(_HEADER, rf"\1\2{HIDDEN}", text)
        text = re.sub(_URL_LOGIN, rf"\1{HIDDEN}@", text, flags=re.IGNORECASE)
        text = _mask_pairs(text)
    if len(text) >= _SHORTEST_KEY:
        text = re.sub(_RANDOM, _mask_if_random, text)
        text = re.sub(_HEXADECIMAL, partial(_mask_unless_a_hash, before=before), text)
    return _mask_persons_and_machines(text)


def _mask_argument(argument: str, shorts: str, *, before: str) -> tuple[str, str]:
    """Return the masked argument and when to hide the next one. "" means never."""
    short = re.match(r"-([A-Za-z])(.*)", argument, re.DOTALL)
    if short and short[1] in shorts:
        return (argument, "always") if not short[2] else (f"-{short[1]}{HIDDEN}", "")
    if short and short[1] in "pP" and _looks_like_a_password(short[2]):
        return f"-{short[1]}{HIDDEN}", ""
    name, equals, value = argument.partition("=")
    if equals and not re.search(r"[\s/:?&\"'{(]", name):
        if _is_secret(name) or (_last_word(name) == "key" and _looks_random(value)):
            return f"{name}={value if value.lower() in {'true', 'false', 'none', ''} else HIDDEN}", ""
        if _is_personal(name) and value.lower() not in _LOCAL and "://" not in value and not value.isdigit():
            return f"{name}={HIDDEN}", ""
    elif re.fullmatch(r"--?[A-Za-z][\w.\-]*", argument):
        hide = (_is_secret(argument) or _is_personal(argument)) and _words(argument)[0] not in _SWITCHES
        return argument, "unless an option" if hide else ""
    elif re.fullmatch(_AMBIGUOUS, before) and _could_be_a_key(argument):
        return HIDDEN, ""
    return mask_text(argument, before=before), ""


def _mask_pairs(text: str) -> str:
    """Return *text* with secret values hidden after a name and ``=`` or ``:``, as in code, JSON and URLs."""
    shown = ""
    end = 0
    for name in re.finditer(_NAME, text):
        hides = name.end() > end and (_is_secret(name[1]) or (_is_personal(name[1]) and "=" in name[0]))
        value = re.compile(_VALUE).match(text, name.end()) if hides else None  # only for secret names, as it reads to the end of the value
        if value is None:
            continue
        plain = value[0].strip("\"'")
        if plain.lower() in {"true", "false", "none", "null", "", HIDDEN, *_LOCAL} or (plain.isdigit() and not _is_secret(name[1])):
            continue
        quote = value[0][0] if value[0][0] in "\"'" else ""
        shown += f"{text[end : name.end()]}{quote}{HIDDEN}{quote}"
        end = value.end()
    return shown + text[end:]


def _mask_if_random(word: "re.Match[str]") -> str:
    return HIDDEN if _looks_random(word[0]) else word[0]


def _mask_unless_a_hash(word: "re.Match[str]", *, before: str) -> str:
    """Hide a hexadecimal number as long as a key, unless what stands before it says that it is no secret."""
    is_mixed = re.search(r"\d", word[0]) and re.search(r"[a-f]", word[0], re.IGNORECASE)
    at = word.string[max(word.start() - 60, 0) : word.start()]
    return HIDDEN if is_mixed and not re.search(_HASH_BEFORE, at or f"{before} ") else word[0]


def _mask_persons_and_machines(text: str) -> str:
    host = os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "")
    if re.fullmatch(_NO_PLACE, text) and (not host or host not in text):
        return text
    home = os.path.expanduser("~")
    if len(home) > 1 and not home.startswith("~"):
        text = re.sub(rf"(?<![\w.]){re.escape(home)}(?![\w.\-])", "~", text)
    text = re.sub(_HOMES, "~", text)
    user = os.environ.get("USER") or os.environ.get("LOGNAME") or os.environ.get("USERNAME") or ""
    if len(user) > 2 and user not in _COMMON_USERS:
        text = re.sub(rf"(?<=[\\/]){re.escape(user)}(?=[\\/]|$)|\b{re.escape(user)}@", "<user>", text)
    if len(host) > 3 and host != "localhost":
        text = re.sub(rf"(?<![\w.\-]){re.escape(host)}(?![\w\-])", "<host>", text)
    text = re.sub(_EMAIL, "<address>", text)
    return re.sub(_IP, lambda found: found[0] if found[0] in _LOCAL else "<host>", text)


def _words(name: str) -> list[str]:
    """Return the lower-case words in the name of an option or a variable, split at separators and in ``camelCase``.

    Example:
        >>> _words("--wandb.apiKey"), _words("AWS_SECRET_ACCESS_KEY")
        (['wandb', 'api', 'key'], ['aws', 'secret', 'access', 'key'])
    """
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)] or [""]


def _last_word(name: str) -> str:
    return _words(name)[-1]


def _is_secret(name: str, *, in_environment: bool = False) -> bool:
    words = _words(name)
    last = words[-1]
    if last in _NOT_THE_SECRET:
        return False
    if not _SECRET.isdisjoint(words):
        return True
    if last not in _SECRET_LAST:
        return False
    before = words[-2] if len(words) > 1 else ""
    if last == "key" and not before:
        return in_environment
    return before not in _HARMLESS_BEFORE.get(last, set())


def _is_personal(name: str) -> bool:
    return _last_word(name) in _PERSON


def _looks_like_an_option(argument: str) -> bool:
    return bool(re.match(r"--?[A-Za-z][\w\-]*(=|$)", argument)) and not _looks_like_a_password(argument)


def _looks_like_a_password(text: str) -> bool:
    """Return whether the text after ``-p`` is not a number, path, list or plain word."""
    kinds = sum(bool(re.search(kind, text)) for kind in (r"[a-z]", r"[A-Z]", r"\d", r"[^\w\s./,:=\-]"))
    return len(text) >= 6 and kinds >= (2 if re.search(r"[^\w\s./,:=\-]", text) else 3) and not re.match(r"[./~]", text)


def _could_be_a_key(text: str) -> bool:
    """Return whether an argument has letters and digits and neither a path nor a word in it, as a key after ``-k`` has."""
    return bool(re.fullmatch(r"[\w+=.:-]{12,}", text) and re.search(r"[a-z]", text, re.IGNORECASE)) and sum(map(str.isdigit, text)) >= 3


def _looks_random(text: str) -> bool:
    """Return whether letters and digits alternate as in a key, not as in ``DistilBertForClassification2``."""
    kinds = ["d" if letter.isdigit() else "u" if letter.isupper() else "l" for letter in text]
    changes = sum(here != there for here, there in pairwise(kinds))
    return len(text) >= 16 and kinds.count("d") >= 2 and len(set(kinds)) == 3 and changes >= 0.4 * len(text)
