"""What the facts, priors, fields of a plan and figures of an estimate are called on a page."""

from traincarbon.reporting.sections.summary import LABELS

_NAMES = {
    "name": "Name",
    "params": "Parameters",
    "tokens": "Tokens",
    "hw": "Hardware",
    "active_params": "Parameters active for each token",
    "servers": "Servers",
    "accelerators": "Accelerators",
    "accelerator_hours": "Accelerator-hours",
    "region": "Place",
    "start": "Start",
    "kind": "Kind of training",
    "family": "Kind of model",
    "precision": "Number format",
    "seq_len": "Tokens of a sequence",
    "vocab": "Words of the vocabulary",
    "ffn": "Width of the feed-forward layers",
    "ffn_over_hidden": "Width of the feed-forward layers over that of the model",
    "tp": "Tensor parallelism",
    "pp": "Pipeline parallelism",
    "dp": "Data parallelism",
    "trainable_share": "Share of the parameters that adapters train",
    "memory_b": "Memory of an accelerator",
    "usable_memory_share": "Share of the memory for weights and optimiser",
    "peak_flop_per_s": "Peak rate of an accelerator",
    "mfu": "Utilisation of the steps (MFU)",
    "mfu_ample_params": "Parameters that fill an accelerator",
    "mfu_thin_exponent": "Fall of utilisation below that, an exponent",
    "goodput": "Share of the time that trains (goodput)",
    "interruptions_per_h": "Interruptions for each accelerator",
    "interruption_h": "Time lost by an interruption",
    "board_power_w": "Power cap of an accelerator",
    "power_share": "Mean draw of an accelerator over its cap",
    "power_reference_mfu": "Utilisation at which it draws so",
    "power_exponent": "Rise of the draw with utilisation, an exponent",
    "idle_share": "Idle draw of an accelerator over its cap",
    "max_power_w": "Nameplate power of a server",
    "host_share": "Draw of the rest of a server over its nameplate",
    "network_share": "Draw of the network over that of the servers",
    "pue": "PUE",
    "carbon_intensity": "Carbon intensity of the grid",
    "market_intensity": "Carbon intensity by contracts",
    "service_life": "Service life",
    "utilisation": "Share of its life in use",
    "hardware_kgco2e": "CO2e of making an accelerator and its share of a server",
    "wue_l_per_kwh": "Water for cooling",
    "grid_water_l_per_kwh": "Water in making electricity",
    "electricity_price": "Price of electricity",
    "purchase_price": "Price of the hardware",
    "interconnect_share": "Share of the network in the price of a cluster",
    "rent_price": "Rent of an accelerator",
    "training_flop": "Arithmetic of the training",
    "transformer_training_flop": "Arithmetic of the training",
    "adapter_training_flop": "Arithmetic of the training",
    "matmul_params": "Parameters in matrix products",
    "thinned_mfu": "Utilisation on so many accelerators",
    "run_goodput": "Share of the time that trains, on so many accelerators",
    "end_to_end_mfu": "Utilisation of the whole run (MFU)",
    "accelerator_power_w": "Draw of an accelerator",
    "host_power_w": "Draw of the rest of a server, for each accelerator",
    "accelerator_purchase_usd": "Price of an accelerator with server and network",
}


def named(key: str) -> str:
    """Return what *key* is called, in plain text; what has no name is called by its words.

    Example:
        >>> named("board_power_w"), named("water_l"), named("batch_tokens")
        ('Power cap of an accelerator', 'Water', 'Batch tokens')
    """
    words = key.replace("_", " ")
    return _NAMES.get(key) or LABELS.get(key) or words[:1].upper() + words[1:]
