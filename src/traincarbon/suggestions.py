"""Suggest the name that was probably meant, the same way on the command line, in Python and in files."""

from collections.abc import Iterable, Sequence

_LONGEST = 60
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."
"""Of which names are made."""
_ALIKE = 0.6
"""How alike two names must be, of 1 for the same."""
_MISSPELT = 0.75
"""Least similarity of a misspelling; words less alike mean something else."""

_WORDS = {
    "region": "country location zone datacenter datacentre city state grid place province country_iso_code where site cloud_region aws_region",
    "hw": "hardware gpu gpu_type gpu_name gpu_model device device_type accelerator accelerator_type instance instance_type machine_type server chip tpu node_type",
    "accelerators": "gpus gpu_count ngpus ngpu devices world_size tpus chips cards gpus_per_run",
    "servers": "nodes nnodes machines instances hosts node_count server_count",
    "accelerator_hours": "gpu_hours gpuh gpu_time device_hours tpu_hours chip_hours compute_hours node_hours",
    "hours": "duration time runtime wall_time walltime wallclock wall_clock elapsed training_time hours_trained",
    "days": "weeks",
    "params": "parameters size model_size param weights nparams",
    "tokens": "data_tokens corpus corpus_size steps iterations iters max_steps",
    "samples": "data dataset dataset_size examples images sequences records rows documents sample",
    "epochs": "epoch passes num_train_epochs",
    "flop": "flops compute tflops pflops petaflops exaflops training_flop",
    "gmac_per_sample": "gmacs_per_sample macs gmacs gmac mac gflops gflop multiply_adds",
    "flop_per_sample": "flops_per_sample flop_per_image flops_per_image flop_per_token flops_per_token",
    "image_size": "resolution img_size image crop input_size image_resolution",
    "patch_size": "patch patches",
    "audio_hours": "audio speech_hours hours_of_audio speech",
    "frames_per_s": "frame_rate fps frames",
    "attempts": "retries runs trials sweep sweeps hpo experiments restarts failed_runs failures hyperparameter_search multiplier",
    "teacher_params": "teacher distill distillation student",
    "frozen_params": "freeze frozen frozen_layers backbone",
    "active_params": "experts num_experts moe top_k experts_per_token active",
    "trainable_params": "trainable lora_rank rank lora_r adapter_params",
    "batch_tokens": "batch_size batch bs global_batch_size micro_batch_size mbs gbs per_device_train_batch_size gradient_accumulation_steps tokens_per_step",
    "seq_len": "context context_length max_length block_size ctx seq_length sequence_length max_seq_length max_seq_len max_position_embeddings context_window seqlen",
    "carbon_intensity": "carbon co2 intensity gco2 emission_factor emissions grid_intensity ci co2_intensity gco2_per_kwh",
    "rent_price": "price hourly_price gpu_price price_per_hour hourly_rate rate cost_per_hour usd_per_hour hourly_cost",
    "rent": "spot on_demand reserved preemptible pricing billing purchase_option",
    "electricity_price": "electricity power_price kwh_price energy_price tariff electricity_cost",
    "precision": "dtype fp16 bf16 fp8 fp32 tf32 mixed_precision amp torch_dtype number_format",
    "kind": "task type training_type method peft lora qlora finetune finetuning fine_tune fine_tuning pretrain pretraining",
    "family": "arch architecture model_type model_family domain modality",
    "hidden": "d_model dim n_embd hidden_size embed_dim width hidden_dim embedding_size",
    "layers": "n_layer depth num_hidden_layers layer blocks n_blocks",
    "heads": "n_head attention_heads num_attention_heads head",
    "kv_heads": "num_key_value_heads gqa key_value_heads",
    "ffn": "intermediate_size d_ff ffn_dim mlp_dim ffn_hidden_size ffn_size mlp_ratio",
    "vocab": "vocab_size vocabulary n_vocab vocabulary_size",
    "tp": "tensor_parallel tensor_parallel_size tensor_model_parallel_size tensor_parallelism",
    "pp": "pipeline_parallel pipeline_parallel_size pipeline_model_parallel_size pipeline_parallelism",
    "dp": "data_parallel data_parallel_size ddp data_parallelism fsdp",
    "recompute": "gradient_checkpointing activation_checkpointing checkpointing remat rematerialization activation_recomputation",
    "mfu": "efficiency utilization hfu gpu_utilization usage util gpu_util throughput flops_utilization",
    "goodput": "availability uptime downtime",
    "start": "year date when start_date month start_time",
    "service_life": "lifetime life lifespan depreciation amortization amortisation hardware_lifetime",
    "purchase_price": "capex hardware_price server_price hardware_cost server_cost",
    "market_intensity": "market_based contracts ppa recs renewable renewables green_energy",
    "explain": "verbose v debug details detail why show_steps",
    "as_json": "format output_format json_output",
    "save": "output out file write export",
    "max_usd": "budget max_cost cost_limit usd_limit",
    "max_kwh": "energy_limit max_energy",
    "max_kgco2e": "max_co2 max_carbon carbon_limit carbon_budget co2_limit",
    "max_hours": "max_time time_limit timeout",
    "total_tokens": "tokens",
    "total_steps": "steps max_steps",
}
"""Field or option to the words that people try for it."""
_NOTES = {
    "batch_tokens": "it counts tokens: sequences of a step × seq_len",
    "tokens": "all epochs included: steps × tokens of a step",
    "active_params": "of a mixture of experts, the parameters that a token passes through",
    "rent": "it takes on_demand, spot, reserved_1y or reserved_3y",
    "kind": "it takes pretrain, finetune or lora",
    "trainable_params": "it counts the parameters of the adapters",
}
"""What to know about a field that is not quite what was typed."""
_WITHOUT_EFFECT = frozenset(
    [
        "lr",
        "learning_rate",
        "optimizer",
        "optimiser",
        "weight_decay",
        "warmup",
        "warmup_steps",
        "dropout",
        "seed",
        "momentum",
        "betas",
        "scheduler",
        "lr_scheduler",
        "loss",
        "temperature",
    ]
)
_PLACES = frozenset(("cloud", "provider", "aws", "gcp", "azure"))
_COMMANDS = {
    "optimise": "optimise optimize optimization minimise minimize best budget_usd",
    "compare": "versus vs alternatives compared",
    "report": "pdf html page",
    "track": "measure monitor run",
}
"""Command to the words that people try as an option."""
_PREFIXES = ("num_", "n_", "total_", "number_of_", "training_", "train_", "model_", "max_")
_SYNONYMS = {
    "dora": ("lora", ""),
    "peft": ("lora", ""),
    "adapter": ("lora", ""),
    "adapters": ("lora", ""),
    "sft": ("finetune", ""),
    **dict.fromkeys(("rlhf", "ppo", "grpo", "rlvr", "reinforce"), ("rl", "")),
    **dict.fromkeys(("ipo", "kto", "orpo", "simpo", "preference"), ("dpo", "")),
    "fine-tune": ("finetune", ""),
    "fine-tuning": ("finetune", ""),
    "finetuning": ("finetune", ""),
    "fine_tune": ("finetune", ""),
    "full": ("finetune", ""),
    "instruct": ("finetune", ""),
    "pretraining": ("pretrain", ""),
    "pre-train": ("pretrain", ""),
    "pre-training": ("pretrain", ""),
    "scratch": ("pretrain", ""),
    "train": ("pretrain", ""),
    "float16": ("fp16", ""),
    "half": ("fp16", ""),
    "bfloat16": ("bf16", ""),
    "float32": ("fp32", ""),
    "float": ("fp32", ""),
    "mixed": ("bf16", ""),
    "llm": ("decoder", ""),
    "gpt": ("decoder", ""),
    "transformer": ("decoder", ""),
    "bert": ("encoder", ""),
    "t5": ("encoder-decoder", ""),
    "seq2seq": ("encoder-decoder", ""),
    "cnn": ("convolution", ""),
    "vit": ("vision", ""),
    "resnet": ("convolution", ""),
    "image": ("vision", ""),
    "audio": ("speech", ""),
    "asr": ("speech", ""),
    "whisper": ("speech", ""),
    "vlm": ("multimodal", ""),
    "unet": ("diffusion", ""),
    "on-demand": ("on_demand", ""),
    "ondemand": ("on_demand", ""),
    "preemptible": ("spot", ""),
    "reserved": ("reserved_1y", ""),
    "1y": ("reserved_1y", ""),
    "3y": ("reserved_3y", ""),
    "yes": ("full", ""),
    "true": ("full", ""),
}
"""A word that people write for a choice, to the choice and why."""


def nearest(name: str, known: Iterable[str], *, most: int = 1, alike: float = _ALIKE) -> list[str]:
    """Return the *known* names that look most like *name*, the best first; none is less *alike* than that, of 1 for the same.

    Example:
        >>> nearest("toknes", ["params", "tokens", "hw"])
        ['tokens']
    """
    from difflib import get_close_matches

    return get_close_matches(name[:_LONGEST], sorted(set(known)), n=most, cutoff=alike)


def one_letter_off(name: str) -> list[str]:
    """Return the names that become *name* by one slip: a letter too many, missing or wrong, or two in the wrong order. None of a long name.

    They can be looked up one by one where there are too many known names to compare with all.

    Example:
        >>> "bert" in one_letter_off("best-1"), one_letter_off("x" * 61)
        (False, [])
        >>> [name in one_letter_off("bset") for name in ("best", "set", "bet", "bxset", "beet")]
        [True, True, True, True, True]
    """
    if len(name) > _LONGEST:
        return []
    parted = [(name[:at], name[at:]) for at in range(len(name) + 1)]
    found = [begin + end[1:] for begin, end in parted if end]
    found += [begin + end[1] + end[0] + end[2:] for begin, end in parted if len(end) > 1]
    found += [begin + letter + rest for begin, end in parted for letter in _LETTERS for rest in {end, end[1:]}]
    return sorted({*found} - {name, ""})


def meant(name: str, known: Iterable[str]) -> list[str]:
    """Return the *known* names that *name* means, or is a misspelling of; the best first.

    Example:
        >>> meant("country", ["region", "hw", "hours"]), meant("batch-size", ["batch_tokens"]), meant("hardware", ["markdown"])
        (['region'], ['batch_tokens'], [])
    """
    names = list(known)
    by_key = {each.lower().lstrip("-").replace("-", "_"): each for each in reversed(names)}
    word = name.lower().lstrip("-").replace("-", "_")[:_LONGEST]
    for form in _forms(word):
        if form in by_key:
            return [by_key[form]]
        if found := [by_key[field] for field, words in _WORDS.items() if field in by_key and form in words.split()]:
            return found
    return [by_key[key] for key in nearest(word, by_key, alike=_MISSPELT)]


def _forms(word: str) -> list[str]:
    """Return *word*, and the word without what people add to it."""
    forms = [word]
    forms += [word.removeprefix(prefix) for prefix in _PREFIXES if word.startswith(prefix)]
    return forms + [form[:-1] for form in forms if form.endswith("s")]


def note_on(name: str, suggested: Sequence[str]) -> str:
    """Return what else to say of an unknown *name* for which these names are *suggested*; empty if nothing.

    Example:
        >>> note_on("learning_rate", []), note_on("optimize", [])
        ('it has no effect on the cost of a training: leave it out', 'use the command carbon optimise')
    """
    word = name.lower().lstrip("-").replace("-", "_")
    if suggested:
        key = suggested[0].lstrip("-").replace("-", "_")
        return _NOTES.get(key, "") if word in _WORDS.get(key, "").split() else ""
    if word in _WITHOUT_EFFECT:
        return "it has no effect on the cost of a training: leave it out"
    if word in _PLACES:
        return "name a region with its provider, such as aws:us-east-1, or an instance as hw, such as p5.48xlarge"
    command = next((command for command, words in _COMMANDS.items() if word in words.split()), "")
    return f"use the command carbon {command}" if command else ""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the hint for an unknown *name*: what was probably meant, or else all *known* names.

    Example:
        >>> did_you_mean("toknes", ["params", "tokens"]), did_you_mean("abacus", ["params", "tokens"])
        ('did you mean tokens?', 'known are params, tokens')
        >>> did_you_mean("batch_size", ["params", "batch_tokens"])
        'did you mean batch_tokens? it counts tokens: sequences of a step × seq_len'
    """
    names = list(known)
    close = meant(name, names)
    note = note_on(name, close)
    if close:
        return f"did you mean {' or '.join(close)}?{f' {note}' if note else ''}"
    return note or f"known are {', '.join(names)}"


_UNCOUNTED = frozenset(
    ("gnn", "graph", "gcn", "recsys", "recommendation", "recommender", "dlrm", "tabular", "xgboost", "gbdt", "rnn", "lstm", "gan", "nerf", "rl-agent", "gnns")
)
"""Families of models whose FLOP no formula of ours counts."""


def choice_meant(text: str, choices: Sequence[str]) -> tuple[str, str]:
    """Return the choice that a *text* means, empty if none, and why.

    Example:
        >>> choice_meant("bfloat16", ["fp16", "bf16"]), choice_meant("xyz", ["fp16", "bf16"])
        (('bf16', ''), ('', ''))
    """
    word = text.strip().lower()
    choice, why = _SYNONYMS.get(word, ("", ""))
    return (choice, why) if choice in choices else (next(iter(nearest(word, choices, alike=_MISSPELT)), ""), "")


def one_of(text: str, choices: Sequence[str]) -> str:
    """Return the hint for a *text* that is none of *choices*: the one that it means, and all.

    Example:
        >>> one_of("grpo", ["pretrain", "finetune", "rl"])
        'did you mean rl? it must be one of pretrain, finetune, rl'
    """
    listed = f"it must be one of {', '.join(choices)}"
    if "decoder" in choices and text.strip().lower() in _UNCOUNTED:
        return (
            f"no formula counts its FLOP: leave out family, and give samples with seconds_per_sample (GPU-seconds that you measured), or flop and mfu; {listed}"
        )
    choice, why = choice_meant(text, choices)
    if not choice:
        return listed
    return f"did you mean {choice}? {why}; {listed}" if why else f"did you mean {choice}? {listed}"
