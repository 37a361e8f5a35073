"""The fields of a plan as a table: each is declared here, once."""

from collections.abc import Mapping
from typing import Any

from traincarbon.database.records import BASES, PRECISIONS, PROVIDER_TYPES, PURCHASES
from traincarbon.errors import PlanError
from traincarbon.estimation.families import FAMILIES, KINDS
from traincarbon.estimation.fields import Check, Field, Section, Use

_PARAMS, _TOKENS, _LAYERS = ("parameters", "parameter", "params", "param", "weights"), ("tokens", "token", "tok", "toks"), ("layers", "blocks")
_SAMPLES = ("samples", "sample", "images", "examples", "sequences", "records", "rows", "documents", "pairs", "imgs")
_GPUS = ("GPUs", "GPU", "accelerators", "accelerator", "TPUs", "TPU", "chips", "devices", "cards")
_SERVERS = ("servers", "server", "nodes", "node", "machines", "instances", "hosts")
_JOB = Use.HOURS | Use.STEP
_WORK, _MEDIA, _TUNING, _SITE, _KNOWN, _PRICES, _SHAPE = Section

FIELDS: dict[str, Field] = {
    "name": Field(Check.TEXT, "Name", "What to call the run.", _WORK),
    "model": Field(
        Check.TEXT, "Model", "A known model, the path of a Hugging Face config.json, or `hub:ORG/NAME`; states parameters and shape.", _WORK, uses=Use.SIZE
    ),
    "params": Field(Check.POSITIVE, "Parameters", "Parameters of the model, all experts included.", _WORK, nouns=_PARAMS),
    "tokens": Field(Check.POSITIVE, "Tokens", "Tokens seen in training, all epochs included.", _WORK, nouns=_TOKENS),
    "samples": Field(
        Check.POSITIVE,
        "Samples",
        "Samples of the data set, with `--seq-len`, `--image-size` or FLOP per sample; replaces `--tokens`.",
        _WORK,
        uses=Use.DATA,
        nouns=_SAMPLES,
    ),
    "epochs": Field(Check.POSITIVE, "Epochs", "Passes over the samples or hours of audio.", _WORK, uses=Use.DATA, nouns=("epochs", "epoch", "passes")),
    "flop": Field(
        Check.POSITIVE,
        "FLOP of the training",
        "Known FLOP of the whole training; replaces `--params` and `--tokens`.",
        _WORK,
        unit="FLOP",
        uses=Use.SIZE | Use.DATA,
        aliases=("flops",),
    ),
    "flop_per_sample": Field(
        Check.POSITIVE, "FLOP per sample", "FLOP of one sample, forward and backward; with `--samples`.", _WORK, unit="FLOP", uses=Use.SIZE | Use.DATA
    ),
    "gmac_per_sample": Field(
        Check.POSITIVE,
        "Multiply-adds per sample",
        "Billions of multiply-adds of one sample's forward pass, 4.1 for ResNet-50; with `--samples`.",
        _WORK,
        unit="GMAC",
        uses=Use.SIZE | Use.DATA,
    ),
    "image_size": Field(
        Check.POSITIVE, "Image size", "Side of an image; with `--patch-size` it gives the tokens of an image.", _MEDIA, unit="px", uses=Use.DATA
    ),
    "patch_size": Field(Check.POSITIVE, "Patch size", "Side of a patch of a vision transformer.", _MEDIA, unit="px", uses=Use.DATA),
    "images_per_sample": Field(
        Check.POSITIVE,
        "Images loaded for a sample",
        "Images that are loaded for one sample: augmented views of an image, or frames of a clip; 1 unless stated, or all crops or frames.",
        _MEDIA,
        uses=Use.DATA,
        nouns=("images", "views", "crops", "frames"),
    ),
    "images": Field(
        Check.POSITIVE,
        "Images loaded",
        "Images that the training loads, each view and frame of all epochs counted; follows from `--samples`.",
        _MEDIA,
        uses=Use.DATA,
        nouns=_SAMPLES,
    ),
    "audio_hours": Field(Check.POSITIVE, "Hours of audio", "Hours of audio in the data set; replaces `--tokens`.", _MEDIA, unit="h", uses=Use.DATA),
    "frames_per_s": Field(
        Check.POSITIVE,
        "Frames a second",
        "Frames that the encoder sees for a second of audio: 50 in Whisper.",
        _MEDIA,
        uses=Use.DATA,
        nouns=("frames", "frames/s", "fps", "hz"),
    ),
    "latent_factor": Field(
        Check.POSITIVE, "Latent factor", "Pixels on a side of one cell of the latent image: 8 in Stable Diffusion.", _MEDIA, unit="px", uses=Use.DATA
    ),
    "frames": Field(Check.POSITIVE, "Frames of a clip", "Frames of one video clip.", _MEDIA, uses=Use.DATA, nouns=("frames", "frame")),
    "frames_per_token": Field(
        Check.POSITIVE, "Frames per token", "Frames that one token spans; 2 unless stated, 4 of latent video.", _MEDIA, uses=Use.DATA, nouns=("frames", "frame")
    ),
    "text_tokens": Field(
        Check.POSITIVE,
        "Tokens of text",
        "Tokens of text of an image (77 in CLIP, 512 in FLUX.1), or of a second of audio.",
        _MEDIA,
        uses=Use.DATA,
        nouns=_TOKENS,
    ),
    "text_params": Field(
        Check.POSITIVE, "Parameters of the text encoder", "Parameters that see text alone, part of `--params`.", _MEDIA, uses=Use.SIZE, nouns=_PARAMS
    ),
    "decoder_params": Field(
        Check.POSITIVE,
        "Parameters of the decoder",
        "Parameters of the decoder of a masked autoencoder or of speech, part of `--params`.",
        _MEDIA,
        uses=Use.SIZE,
        nouns=_PARAMS,
    ),
    "mask_ratio": Field(Check.SHARE, "Masked share", "Share of the patches that the encoder does not see; 0.75 unless stated.", _MEDIA, uses=Use.DATA),
    "global_crops": Field(
        Check.COUNT, "Large crops", "Large crops of an image in self-distillation; 2 unless stated.", _MEDIA, uses=Use.DATA, nouns=("crops", "crop")
    ),
    "local_crops": Field(
        Check.COUNT, "Small crops", "Small crops of an image in self-distillation; 8 unless stated.", _MEDIA, uses=Use.DATA, nouns=("crops", "crop")
    ),
    "local_size": Field(Check.POSITIVE, "Side of a small crop", "Side of a small crop; 96 unless stated.", _MEDIA, unit="px", uses=Use.DATA),
    "frozen_gmac_per_sample": Field(
        Check.POSITIVE,
        "Multiply-adds of frozen encoders",
        "Billions of multiply-adds that frozen encoders take for one sample, if their codes are not computed beforehand.",
        _MEDIA,
        unit="GMAC",
        uses=Use.DATA,
    ),
    "seconds_per_sample": Field(
        Check.POSITIVE,
        "GPU-seconds per sample",
        "Measured GPU-seconds of one sample, forward and backward; with `--samples`; gives the GPU-hours.",
        _MEDIA,
        unit="s",
        uses=Use.DATA | Use.PACE,
    ),
    "padding": Field(
        Check.REDUCTION,
        "Padding",
        "Share of what is computed that is padding; 0 if sequences are packed. `--tokens` then counts text alone.",
        _TUNING,
        uses=Use.DATA,
    ),
    "evaluation_tokens": Field(Check.POSITIVE, "Tokens of evaluation", "Tokens that all evaluations run forward over.", _TUNING, uses=Use.DATA, nouns=_TOKENS),
    "startup_hours": Field(Check.POSITIVE, "Start-up", "Wall-clock time of loading, compiling and saving, in which all accelerators wait.", _TUNING, unit="h"),
    "reference_params": Field(
        Check.AMOUNT,
        "Parameters of the reference model",
        "Parameters of the frozen model that preference tuning compares with; those of the model unless stated, 0 if computed beforehand.",
        _TUNING,
        uses=Use.SIZE,
        nouns=_PARAMS,
    ),
    "generated_tokens": Field(
        Check.POSITIVE,
        "Generated tokens",
        "Tokens that reinforcement learning generates; those it learns from unless stated.",
        _TUNING,
        uses=Use.DATA,
        nouns=_TOKENS,
    ),
    "generation_ratio": Field(
        Check.POSITIVE, "Utilisation of generation", "Utilisation while text is generated, over that while the model is trained.", _TUNING, uses=Use.PACE
    ),
    "attempts": Field(
        Check.FACTOR,
        "Attempts",
        "Runs' worth of work, failed ones and sweeps included; multiplies hours, energy and cost.",
        _WORK,
        nouns=("attempts", "attempt", "runs", "run", "trials", "x", "times"),
    ),
    "hw": Field(
        Check.TEXT,
        "Hardware",
        "Server, cloud instance or accelerator, by id or any unambiguous part of its name; a count may stand with it: 8xH100.",
        _SITE,
        aliases=("hardware", "gpu"),
    ),
    "active_params": Field(
        Check.POSITIVE,
        "Active parameters per token",
        "Parameters that each token passes through, if not all are (experts, adaptive norms).",
        _WORK,
        uses=Use.STEP,
        nouns=_PARAMS,
    ),
    "trainable_params": Field(
        Check.POSITIVE, "Trainable parameters", "Parameters that are updated, if not all are (LoRA).", _WORK, uses=Use.SIZE | Use.HOURS, nouns=_PARAMS
    ),
    "frozen_params": Field(
        Check.POSITIVE, "Frozen parameters", "Parameters that gradients pass through and that are not updated.", _WORK, uses=Use.SIZE, nouns=_PARAMS
    ),
    "teacher_params": Field(Check.POSITIVE, "Parameters of the teacher", "Parameters of a teacher that sees every token (distillation).", _WORK, nouns=_PARAMS),
    "servers": Field(Check.COUNT, "Servers", "Number of servers that train together.", _SITE, nouns=_SERVERS, aliases=("nodes",)),
    "accelerators": Field(
        Check.COUNT, "Accelerators", "Number of accelerators that train together; replaces `--servers`.", _SITE, nouns=_GPUS, aliases=("gpus",)
    ),
    "accelerator_hours": Field(
        Check.POSITIVE,
        "GPU-hours",
        "Known GPU-hours; replaces `--mfu`, and `--params` and `--tokens` are not needed.",
        _SITE,
        unit="GPU-hours",
        uses=Use.PACE,
        aliases=("gpu_hours",),
    ),
    "hours": Field(Check.POSITIVE, "Wall-clock hours", "Known wall-clock time; with a number of GPUs it gives the GPU-hours.", _SITE, unit="h", uses=Use.PACE),
    "days": Field(Check.POSITIVE, "Wall-clock days", "Known wall-clock time in days, as `--hours`.", _SITE, unit="days", uses=Use.PACE),
    "region": Field(Check.TEXT, "Region", "Cloud region, country or state.", _SITE, uses=Use.RUN),
    "start": Field(Check.DATE, "Start", "Start, YYYY or YYYY-MM; selects prices and intensities of that time.", _SITE, uses=Use.STEP | Use.RUN),
    "precision": Field(Check.CHOICE, "Number format", "Number format of the matrix products.", _WORK, choices=PRECISIONS, uses=_JOB | Use.RUN),
    "kind": Field(
        Check.CHOICE,
        "Kind of training",
        "Training from scratch, fine-tuning, adapters on a frozen model (of four bits: qlora), preference tuning (dpo) or reinforcement learning (rl).",
        _WORK,
        choices=tuple(KINDS),
        uses=_JOB,
    ),
    "family": Field(Check.CHOICE, "Model family", "Kind of model.", _WORK, choices=tuple(FAMILIES), uses=_JOB),
    "layers": Field(Check.COUNT, "Layers", "Number of transformer layers.", _SHAPE, uses=_JOB | Use.SIZE, nouns=_LAYERS),
    "hidden": Field(Check.COUNT, "Width of the model", "Width of the model.", _SHAPE, uses=_JOB | Use.SIZE),
    "heads": Field(Check.COUNT, "Attention heads", "Number of attention heads.", _SHAPE, uses=_JOB | Use.SIZE),
    "kv_heads": Field(Check.COUNT, "Key and value heads", "Number of key and value heads (grouped-query attention).", _SHAPE, uses=_JOB | Use.SIZE),
    "head_dim": Field(Check.COUNT, "Width of a head", "Width of an attention head, if it is not hidden over heads.", _SHAPE, uses=_JOB | Use.SIZE),
    "ffn": Field(
        Check.COUNT,
        "Width of the feed-forward layers",
        "Inner width of the feed-forward layers; below four times hidden they count as gated (three matrices).",
        _SHAPE,
        uses=_JOB | Use.SIZE,
    ),
    "ffn_matrices": Field(
        Check.COUNT, "Matrices of a feed-forward layer", "Matrices of a feed-forward layer: 2, or 3 if it is gated.", _SHAPE, uses=_JOB | Use.SIZE
    ),
    "vocab": Field(Check.COUNT, "Vocabulary size", "Size of the vocabulary.", _SHAPE, uses=_JOB | Use.SIZE),
    "seq_len": Field(Check.COUNT, "Sequence length", "Context length in training.", _SHAPE, uses=_JOB, nouns=_TOKENS),
    "attention": Field(
        Check.CHOICE,
        "Attention of a causal model",
        "Count its attention scores in full, as published MFU does, or the half that is not masked.",
        _SHAPE,
        choices=("full", "causal"),
    ),
    "batch_tokens": Field(Check.POSITIVE, "Tokens per step", "Tokens of one step.", _SHAPE, uses=Use.SIZE, nouns=_TOKENS),
    "recompute": Field(
        Check.CHOICE,
        "Recomputation",
        "Activations that the backward pass recomputes.",
        _SHAPE,
        choices=("none", "selective", "full"),
        uses=Use.LAYOUT | Use.STEP,
    ),
    "tp": Field(Check.COUNT, "Tensor parallelism", "Degree of tensor parallelism.", _SHAPE, uses=Use.LAYOUT | Use.DEGREE),
    "pp": Field(Check.COUNT, "Pipeline parallelism", "Degree of pipeline parallelism.", _SHAPE, uses=Use.LAYOUT | Use.DEGREE),
    "dp": Field(Check.COUNT, "Data parallelism", "Degree of data parallelism.", _SHAPE, uses=Use.LAYOUT | Use.DEGREE),
    "mfu": Field(Check.SHARE, "Utilisation (MFU)", "Model FLOP utilisation of the whole run; of its steps if goodput is given too.", _KNOWN, uses=Use.PACE),
    "goodput": Field(Check.SHARE, "Share of time spent training (goodput)", "Share of the wall-clock time that trains.", _KNOWN, uses=Use.PACE | Use.STEP),
    "pue": Field(Check.PUE, "PUE", "Power usage effectiveness of the facility.", _KNOWN, uses=Use.RUN),
    "carbon_intensity": Field(Check.INTENSITY, "Carbon intensity of the grid", "Carbon intensity of the grid.", _KNOWN, unit="g/kWh", uses=Use.RUN),
    "market_intensity": Field(
        Check.INTENSITY, "Carbon intensity by contracts", "Carbon intensity by energy contracts; adds market-based CO2e.", _KNOWN, unit="g/kWh"
    ),
    "basis": Field(
        Check.CHOICE,
        "Basis of the carbon intensity",
        "Whether carbon intensities count the whole life cycle of fuel and plant or direct emissions only.",
        _KNOWN,
        choices=BASES,
        uses=Use.RUN,
    ),
    "electricity_price": Field(Check.PRICE, "Price of electricity", "Price of electricity.", _PRICES, unit="$/kWh", uses=Use.RUN),
    "rent": Field(Check.CHOICE, "Rental terms", "Kind of price for rented hardware.", _PRICES, choices=PURCHASES),
    "rent_from": Field(
        Check.TEXT,
        "Rented from",
        "Whom hardware is rented from: the market, one kind of provider, or a provider by its id, as `lambda`.",
        _PRICES,
        choices=("market", *PROVIDER_TYPES),
        uses=Use.RUN,
        aliases=("provider",),
    ),
    "rent_price": Field(Check.PRICE, "Rent of an accelerator", "Rent of one accelerator for one hour.", _PRICES, unit="$/h", uses=Use.HARDWARE | Use.RUN),
    "discount": Field(Check.REDUCTION, "Discount on the rent", "Share of the rent that a contract takes off.", _PRICES, uses=Use.RUN),
    "purchase_price": Field(
        Check.POSITIVE,
        "Price of a server",
        "Purchase price of one server, or of one accelerator if `hw` names one.",
        _PRICES,
        unit="$",
        uses=Use.HARDWARE | Use.RUN,
    ),
    "service_life": Field(Check.POSITIVE, "Service life", "Years that the hardware stays in service.", _PRICES, unit="years", uses=Use.RUN),
    "utilisation": Field(Check.SHARE, "Share of its life in use", "Share of its service life in which the hardware is used.", _PRICES, uses=Use.RUN),
    "calibration": Field(Check.TEXT, "Calibration", "A named calibration, or none.", _KNOWN, choices=("none",), uses=Use.RUN),
}
"""Every field of a plan, in the order in which it is shown; each is an option of the command line by the same name."""
NUMBERS = frozenset(name for name, declared in FIELDS.items() if declared.is_number)
CHOICES: dict[str, tuple[str, ...]] = {name: declared.choices for name, declared in FIELDS.items() if declared.check is Check.CHOICE}
"""Fields that are one of a few words, and these words."""


ALIASES: dict[str, str] = {alias: name for name, declared in FIELDS.items() for alias in declared.aliases}
"""Other names of fields, to the field."""


def named(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return *fields* by the names of a plan's fields, where some may be given by an alias.

    Raises:
        PlanError: a field does not exist, or is given under two names.

    Example:
        >>> named({"gpus": 8, "hardware": "a100"})
        {'accelerators': 8, 'hw': 'a100'}
    """
    found: dict[str, Any] = {}
    for given, value in fields.items():
        name = ALIASES.get(given, given)
        if name not in FIELDS:
            from traincarbon.suggestions import did_you_mean

            raise PlanError(f"unknown key {given!r} in the plan", hint=did_you_mean(str(given), FIELDS))
        if value is not None and found.get(name) is not None:
            alias = next(each for each in fields if ALIASES.get(each) == name)
            raise PlanError(f"{name} and {alias} are the same field", hint="give one of them")
        if found.get(name) is None:
            found[name] = value
    return found


def fields_with(use: Use) -> tuple[str, ...]:
    """Return the names of the fields that have any part of *use*.

    Example:
        >>> fields_with(Use.DEGREE)
        ('tp', 'pp', 'dp')
    """
    return tuple(name for name, declared in FIELDS.items() if declared.uses & use)
