"""The words of a name of hardware that tell products apart, however people, drivers, schedulers and clouds write it."""

import re
from typing import NamedTuple

from traincarbon.database.names import FORMS

_NOISE = frozenset(
    [
        *("nvidia", "amd", "intel", "apple", "google", "huawei", "habana", "aws", "gcp", "azure", "tesla", "geforce"),
        *("instinct", "radeon", "gpu", "gpus", "graphics", "accelerator", "card", "processor", "cpu", "core", "tensor", "generation"),
        *("gen", "edition", "chip", "soc", "with", "hbm2", "hbm2e", "hbm3", "hbm3e", "gddr5", "gddr6", "gddr6x"),
        *(
            "lambda",
            "runpod",
            "paperspace",
            "coreweave",
            "vast",
            "nebius",
            "gddr7",
            "oam",
            "vf",
            "hf",
            "standard",
            "cloud",
            "shared",
            "the",
            "of",
            "inc",
            "corporation",
        ),
    ]
)
"""Words that say who makes a product or what kind of thing it is, not which one."""
_TRADEMARKS = re.compile(r"\((?:r|tm|c)\)|[®™©]|@.*$|\b\d+-cores?\b|\b\d+th gen\b")
_WRAPPERS = re.compile(
    r"^(?:gres[/:])?gpu[:/]|^[\w.-]+/gpu\.product[=:]|^(?:[\w.-]+/)?(?:gke-accelerator|instance-type|gpu-name)[=:]\s*|^(?:apple\s)?(?:macbook\s(?:pro|air)|mac\s(?:studio|mini|pro)|imac|macbook)[\s,(-]+(?=(?:apple\s)?m\d)|^ml\.(?=\w+\.\w)|^(?:aws|gcp|azure)[:/]\s*"
)
"""What schedulers, Kubernetes, SageMaker and others write before a name."""
_MIG = re.compile(r"[\s-]mig[\s-]\d+g\.\d+gb.*$")
_GLUED = re.compile(
    r"(?<=[a-z0-9])(?=(?:sxm|pcie|hbm)\d?)|(?<=rtx)(?=a?\d)|(?<=gtx)(?=\d)|(?<=rx)(?=\d{4})|(?<=tpu)(?=v\d)|(?<=\d{4})(?=(?:ti|super|xtx?|laptop|mobile|v\d)\b)|(?<=ti)(?=super)|(?<=titan)(?=xp?\b|rtx\b|v\b)|(?<=\bm\d)(?=(?:pro|max|ultra)\b)|(?<=epyc)(?=\d)|(?<=dgx)(?=[abh]\d)"
)
_MEMORY = re.compile(r"(?<![\w.])(\d{1,3})\s?g(?:i?b)?(?!\w)")
_MEBIBYTES = re.compile(r"(?<![\w.])(\d{4,6})\s?mi?b(?!\w)")
_IS_MEMORY = re.compile(r"\d{1,3}gb")
_WORD = re.compile(r"[^\W_]+\+?")


class Words(NamedTuple):
    """The words of a name that tell products apart, those of its memory and of its form set apart."""

    core: frozenset[str]
    form: frozenset[str]
    memory: frozenset[str]


def unwrapped(text: str) -> str:
    """Return the name within what a scheduler, Kubernetes or SageMaker writes around it; an instance of a GPU is that GPU.

    Example:
        >>> unwrapped("nvidia.com/gpu.product=NVIDIA-A100-SXM4-80GB-MIG-1g.10gb"), unwrapped("ml.g5.xlarge")
        ('nvidia-a100-sxm4-80gb', 'g5.xlarge')
    """
    return _MIG.sub("", _WRAPPERS.sub("", text[:200].strip().lower()))


def words_of(text: str) -> Words:
    """Return the words of *text* that tell products apart.

    Example:
        >>> words = words_of("NVIDIA GeForce RTX4070Ti Super (16 GB)")
        >>> sorted(words.core), sorted(words.memory)
        (['4070', 'rtx', 'super', 'ti'], ['16gb'])
    """
    words = frozenset(_words(text))
    form, memory = words & FORMS, frozenset(word for word in words if _IS_MEMORY.fullmatch(word))
    return Words(words - form - memory, form, memory)


def telling(text: str) -> str:
    """Return the words of *text* that tell products apart, in their order."""
    return " ".join(_words(text))


def _words(text: str) -> list[str]:
    plain = _TRADEMARKS.sub(" ", text[:200].lower()).replace("_", " ").replace("-", " ")
    plain = _MEBIBYTES.sub(lambda found: f" {round(int(found[1]) / 1024)}gb ", plain)
    plain = _MEMORY.sub(lambda found: f" {found[1]}gb ", plain)
    return [word for word in _WORD.findall(_GLUED.sub(" ", plain)) if word not in _NOISE]
