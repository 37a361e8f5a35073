"""Each number of a run as a metric, for Prometheus and OpenTelemetry: of hardware by the semantic conventions of OpenTelemetry, of the run under ``carbon``."""

from collections.abc import Iterator
from typing import NamedTuple

from traincarbon.tracking.live_state import DeviceState
from traincarbon.tracking.sinks.status import Status


class Instrument(NamedTuple):
    """A metric of hardware."""

    name: str
    """In OpenTelemetry's words."""
    unit: str
    """In those of UCUM."""
    is_counter: bool
    prometheus: str
    """Its name in Prometheus, by OpenTelemetry's rules: points become underscores, the unit is spelt out, and counters end in ``total``."""
    help: str


ENERGY = Instrument("hw.energy", "J", True, "hw_energy_joules_total", "Energy of a component since the session began.")
POWER = Instrument("hw.power", "W", False, "hw_power_watts", "Power of a component.")
TEMPERATURE = Instrument("hw.temperature", "Cel", False, "hw_temperature_celsius", "Temperature of a component.")
GPU_USE = Instrument("hw.gpu.utilization", "1", False, "hw_gpu_utilization_ratio", "Share of the time in which a GPU is busy.")
GPU_MEMORY = Instrument("hw.gpu.memory.usage", "By", False, "hw_gpu_memory_usage_bytes", "Memory of a GPU in use.")
HOST_ENERGY = Instrument("hw.host.energy", "J", True, "hw_host_energy_joules_total", "Energy of the whole server since the session began.")
HOST_POWER = Instrument("hw.host.power", "W", False, "hw_host_power_watts", "Power of the whole server.")
INSTRUMENTS = (ENERGY, POWER, TEMPERATURE, GPU_USE, GPU_MEMORY, HOST_ENERGY, HOST_POWER)

_TYPES = {"dram": "memory"}
"""A part to its ``hw.type``, where that has another name."""
_SPELT_OUT = {"s": "seconds", "w": "watts", "j": "joules"}
_UNITS = {
    "_kwh": "kWh",
    "_kgco2e": "kg",
    "_usd": "{USD}",
    "_w": "W",
    "_s": "s",
    "_per_s": "1/s",
    "_per_token": "J",
}
_HELP = {
    "energy_kwh": "Energy of the facility since the run began; at its end that of the record.",
    "metered_kwh": "Energy that the meters show.",
    "operational_kgco2e": "CO2e of the electricity.",
    "embodied_kgco2e": "CO2e of making the hardware, the share of the run.",
    "total_kgco2e": "CO2e of the electricity and of making the hardware.",
    "cost_usd": "Cost of the run.",
    "mfu": "Model FLOP utilisation.",
    "left_s": "Time left by the forecast.",
    "duration_s": "Time since the run began.",
}


def metrics_of(device: DeviceState) -> Iterator[tuple[Instrument, dict[str, str], float]]:
    """Yield each metric of a device with its attributes and its value; a value that the device does not state is left out."""
    named = {"hw.name": device.name} if device.name else {}
    if device.part == "server":
        known = [(HOST_ENERGY, device.energy_j), (HOST_POWER, device.power_w)]
        attributes = named
    else:
        known = [(ENERGY, device.energy_j), (POWER, device.power_w), (TEMPERATURE, device.temperature_c)]
        attributes = {"hw.id": device.device, "hw.type": _TYPES.get(device.part, device.part), **named}
    if device.part == "gpu":
        known += [(GPU_USE, device.utilisation), (GPU_MEMORY, device.memory_used_b)]
    for instrument, value in known:
        if value is not None:
            yield instrument, attributes, value


def prometheus_name(name: str) -> str:
    """Return the name of a number of the run in Prometheus, which spells units out.

    Example:
        >>> prometheus_name("energy_kwh"), prometheus_name("forecast_duration_s_low"), prometheus_name("tokens_per_s")
        ('carbon_energy_kwh', 'carbon_forecast_duration_seconds_low', 'carbon_tokens_per_second')
    """
    return "_".join(["carbon", *(_SPELT_OUT.get(word, word) for word in name.replace("per_s", "per_second").split("_"))])


def unit_of(name: str) -> str:
    """Return the unit of a number of the run by the end of its name, ``1`` for a count or a ratio.

    Example:
        >>> unit_of("energy_kwh"), unit_of("forecast_cost_usd_low"), unit_of("mfu")
        ('kWh', '{USD}', '1')
    """
    plain = name.removesuffix("_low").removesuffix("_high")
    return next((unit for ending, unit in sorted(_UNITS.items(), key=lambda each: -len(each[0])) if plain.endswith(ending)), "1")


def help_of(name: str) -> str:
    """Return what a number of the run is, in one sentence."""
    if name.startswith("forecast_"):
        plain = name.removeprefix("forecast_").removesuffix("_low").removesuffix("_high")
        bound = " (lower bound of 90 %)" if name.endswith("_low") else " (upper bound of 90 %)" if name.endswith("_high") else ""
        return f"Forecast of {plain} at the end of the run{bound}."
    if name.startswith("budget_"):
        return "Share of a budget that is spent."
    return _HELP.get(name, f"{name} of the training.")


def run_metrics(status: Status) -> Iterator[tuple[str, float]]:
    """Yield each number of the run, in the order of their names."""
    yield from sorted(status.values.items())
