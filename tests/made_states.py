"""Live states as a sidecar sends them, for the tests and for the picture in the documentation."""


def interval(median, spread=0.08):
    return {"low": median * (1.0 - spread), "median": median, "high": median * (1.0 + spread)}


def gpu(number, power_w=640.0):
    return {
        "device": f"gpu:GPU-{number}", "name": "NVIDIA H100", "part": "gpu", "how": "counter", "energy_j": 5e5, "power_w": power_w + 10.0 * number,
        "utilisation": 0.97 - 0.01 * (number % 8), "temperature_c": 60.0 + number % 8, "memory_used_b": 6.2e10,
    }  # fmt: skip


def state(accelerators=8, *, elapsed_s=723.0, power_w=640.0, **rest):
    """A training on so many accelerators, a processor and memory, a third done, within its plan but for its carbon."""
    devices = [
        *(gpu(number, power_w) for number in range(accelerators)),
        {"device": "cpu:0", "part": "cpu", "how": "modelled", "energy_j": 182.0 * 723.0, "power_w": 182.0, "utilisation": 0.2},
        {"device": "dram:0", "part": "dram", "how": "counter", "energy_j": 28.0 * 723.0, "power_w": 28.0},
    ]
    gpu_w = sum(device["power_w"] for device in devices[:-2])
    facility_kwh = 1.16 * (gpu_w + 210.0) * 723.0 / 3.6e6
    kgco2e, making_kgco2e, usd = 0.31 * facility_kwh, 0.009 * accelerators, 1.9 * accelerators * 723.0 / 3600.0
    whole = 1.0 / 0.34
    tokens_per_s = 5150.0 * accelerators
    return {
        "run_id": "20261124-163653-837566", "project": "nlp", "argv": ["python", "train.py"], "state": "running", "elapsed_s": elapsed_s, "interval_s": 5.0, "devices": devices,
        "energy_j": {"gpu": gpu_w * 723.0, "cpu": 182.0 * 723.0, "dram": 28.0 * 723.0}, "how": {"gpu": "counter", "cpu": "modelled", "dram": "counter"}, "missing": {},
        "figures": {
            "facility_energy_kwh": interval(facility_kwh), "operational_kgco2e": interval(kgco2e), "embodied_kgco2e": interval(making_kgco2e), "cost_usd": interval(usd),
        },
        "cost_basis": "rent",
        "progress": {
            "tokens": 723.0 * tokens_per_s, "loss": 2.3143, "tokens_per_s": tokens_per_s, "share": 0.34, "eta_s": 723.0 * whole - 723.0, "mfu": 0.412,
            "j_per_token": (gpu_w + 210.0) / max(tokens_per_s, 1.0),
        },
        "forecast": {
            "duration_s": interval(723.0 * whole), "facility_energy_kwh": interval(facility_kwh * whole), "total_kgco2e": interval((kgco2e + making_kgco2e) * whole),
            "cost_usd": interval(usd * whole),
        },
        "plan": {
            "duration_s": interval(2400.0, 0.2), "facility_energy_kwh": interval(facility_kwh * whole * 1.13, 0.2),
            "total_kgco2e": interval((kgco2e + making_kgco2e) * whole / 1.3), "cost_usd": interval(usd * whole * 1.09, 0.2),
        },
        "budgets": [
            {"name": "kwh", "unit": "kWh", "limit": 5.0, "spent": facility_kwh, "forecast": interval(facility_kwh * whole)},
            {"name": "usd", "unit": "$", "limit": 10.0, "spent": usd, "forecast": interval(usd * whole)},
        ],
        "notes": ["gpu 3 was lost for 12 s"], **rest,
    }  # fmt: skip
