"""Live states as the metering process sends them, for the tests and for the picture in the documentation."""

from traincarbon.quantities import CostBasis
from traincarbon.tracking.live_state import BudgetState, DeviceState, LiveState, ProgressState
from traincarbon.uncertain import Interval


def interval(median, spread=0.08):
    return Interval(median * (1.0 - spread), median, median * (1.0 + spread))


def gpu(number, power_w=640.0):
    return DeviceState(f"gpu:GPU-{number}", "gpu", power_w + 10.0 * number, 0.97 - 0.01 * (number % 8), 60.0 + number % 8, 6.2e10)


def state(accelerators=8, *, elapsed_s=723.0, power_w=640.0, **rest):
    """A training on so many accelerators, a processor and memory, a third done, within its plan but for its carbon."""
    devices = (*(gpu(number, power_w) for number in range(accelerators)), DeviceState("cpu:0", "cpu", 182.0, 0.2), DeviceState("dram:0", "dram", 28.0))
    gpu_w = sum(device.power_w for device in devices[:-2])
    facility_kwh = 1.16 * (gpu_w + 210.0) * 723.0 / 3.6e6
    kgco2e, making_kgco2e, usd = 0.31 * facility_kwh, 0.009 * accelerators, 1.9 * accelerators * 723.0 / 3600.0
    whole = 1.0 / 0.34
    tokens_per_s = 5150.0 * accelerators
    made = LiveState(
        "20261124-163653-837566", "nlp", elapsed_s, devices, (gpu_w + 210.0) * 723.0 / 3.6e6,
        results={
            "facility_energy_kwh": interval(facility_kwh), "operational_kgco2e": interval(kgco2e), "embodied_kgco2e": interval(making_kgco2e), "cost_usd": interval(usd),
        },
        cost_basis=CostBasis.RENT,
        progress=ProgressState(
            {"tokens": 723.0 * tokens_per_s}, {"tokens": tokens_per_s}, loss=2.3143, share_done=0.34, left_s=723.0 * whole - 723.0, mfu=0.412,
            j_per_token=(gpu_w + 210.0) / max(tokens_per_s, 1.0),
        ),
        forecast={
            "duration_s": interval(723.0 * whole), "facility_energy_kwh": interval(facility_kwh * whole), "total_kgco2e": interval((kgco2e + making_kgco2e) * whole),
            "cost_usd": interval(usd * whole),
        },
        plan={
            "duration_s": interval(2400.0, 0.2), "facility_energy_kwh": interval(facility_kwh * whole * 1.13, 0.2),
            "total_kgco2e": interval((kgco2e + making_kgco2e) * whole / 1.3), "cost_usd": interval(usd * whole * 1.09, 0.2),
        },
        budgets=(BudgetState("kwh", 5.0, facility_kwh, interval(facility_kwh * whole)), BudgetState("usd", 10.0, usd, interval(usd * whole))),
        notes=("gpu 3 was lost for 12 s",),
    )  # fmt: skip
    return made._replace(**rest)
