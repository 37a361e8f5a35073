"""Labels of what a derivation shows: facts, formulas and sources of uncertainty; those of quantities and of plan fields come from their declarations."""

from traincarbon.estimation.plan_fields import FIELDS
from traincarbon.quantities import QUANTITIES

_LABELS = {
    "ffn_over_hidden": "Width of the feed-forward layers over the hidden width",
    "trainable_share": "Share of trainable parameters",
    "memory_b": "Memory of an accelerator",
    "usable_memory_share": "Share of memory for weights and optimiser",
    "layout_memory_share": "Share of memory that driver and libraries leave",
    "peak_flop_per_s": "Peak rate of an accelerator",
    "scaled_mfu": "Utilisation scaled to the measured matrix products of the chip",
    "expected_mfu": "Expected utilisation",
    "calibrated_mfu": "Utilisation calibrated to your own runs",
    "calibrated_power_w": "Power calibrated to your own runs",
    "mfu_ample_params": "Parameters that fill an accelerator",
    "mfu_thin_exponent": "Exponent of utilisation below that size",
    "mfu_sparse_exponent": "Exponent of utilisation over the share of active parameters",
    "mfu_ample_image_s": "Time at the peak that an image has to be worth",
    "mfu_light_exponent": "Exponent of utilisation below that time",
    "board_power_w": "Power limit of an accelerator",
    "power_share": "Mean power of an accelerator over its limit",
    "power_reference_mfu": "Utilisation at that mean power",
    "support_share": "Support contracts in a year, of the price",
    "staff_share": "Staff in a year, of the price",
    "spares_share": "Spare parts in a year, of the price",
    "capital_share": "Cost of capital in a year",
    "disposal_share": "Disposal, of the price",
    "value_retained": "Value kept over a year",
    "resale_share": "Resale at the end, of the price",
    "colocation_price": "Rent of the building, per kW and month",
    "host_kgco2e": "Making the rest of a server",
    "accelerator_kgco2e": "Making an accelerator",
    "power_exponent": "Exponent of power over utilisation",
    "idle_share": "Idle power of an accelerator over its limit",
    "max_power_w": "Maximum power of a server",
    "host_share": "Power of the rest of a server over its maximum",
    "network_share": "Power of the network over that of the servers",
    "hardware_kgco2e": "CO2e of making an accelerator with its share of a server",
    "direct_intensity": "Direct carbon intensity of the grid (Scope 2)",
    "upstream_intensity": "Carbon intensity upstream of the grid (Scope 3)",
    "wue_l_per_kwh": "Water for cooling",
    "grid_water_l_per_kwh": "Water for generating electricity",
    "interconnect_share": "Share of the network in the price of a cluster",
    "service_life_h": "Service life",
    "training_state_b": "Memory of weights, gradients and optimiser",
    "fewest_accelerators": "Fewest accelerators that hold it",
    "activations_b": "Least memory of activations",
    "least_activations_b": "Least memory of activations",
    "fewest_with_activations": "Fewest accelerators that hold it with the least activations",
    "training_flop": "Compute",
    "transformer_training_flop": "Compute",
    "adapter_training_flop": "Compute",
    "matmul_params": "Parameters in matrix products",
    "thinned_mfu": "Utilisation on this many accelerators",
    "sparse_mfu": "Utilisation with this share of active parameters",
    "light_mfu": "Utilisation with this work for each image that is loaded",
    "end_to_end_mfu": "Utilisation of the whole run (MFU)",
    "accelerator_power_w": "Power of an accelerator",
    "host_power_w": "Power of the rest of a server, per accelerator",
    "accelerator_purchase_usd": "Price of an accelerator with server and network",
}
_UNCERTAINTIES = {
    "mfu": "the utilisation (MFU)",
    "carbon_intensity": "the carbon intensity of the grid",
    "electricity_price": "the price of electricity",
    "rent_price": "the price of renting",
    "purchase_price": "the price of a server",
    "service_life": "the service life of the hardware",
    "support_share": "the price of support contracts",
    "staff_share": "the cost of staff",
    "spares_share": "the cost of spare parts",
    "capital_share": "the cost of capital",
    "disposal_share": "the cost of disposal",
    "value_retained": "the value that hardware keeps",
    "colocation_price": "the rent of the building",
    "utilisation": "the share of its life in use",
    "power": "the power of accelerators",
    "host": "the power of the rest of a server",
    "network": "the power of the network",
    "interconnect": "the price of the network",
    "pue": "the facility’s overhead (PUE)",
    "embodied": "the making of the hardware",
    "wue_l_per_kwh": "the water for cooling",
    "grid_water_l_per_kwh": "the water for power generation",
}


def label_of(name: str) -> str:
    """Return the label of a plan field, a fact, a formula or a quantity; a name without one is written out.

    Example:
        >>> label_of("board_power_w"), label_of("water_l"), label_of("some_new_fact")
        ('Power limit of an accelerator', 'Water', 'Some new fact')
    """
    words = name.replace("_", " ")
    declared = QUANTITIES.get(name) or FIELDS.get(name)
    return _LABELS.get(name) or (declared.label if declared is not None else words[:1].upper() + words[1:])


def uncertainty_label(source: str) -> str:
    """Return what a source of uncertainty is called within a sentence; one without a label is written out.

    Example:
        >>> uncertainty_label("pue"), uncertainty_label("batch_size")
        ('the facility’s overhead (PUE)', 'batch size')
    """
    return _UNCERTAINTIES.get(source) or source.replace("_", " ")
