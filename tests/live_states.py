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
        {"device": "cpu:0", "part": "cpu", "how": "modelled", "energy_j": 1.3e5, "power_w": 182.0, "utilisation": 0.2},
        {"device": "dram:0", "part": "dram", "how": "counter", "energy_j": 2e4, "power_w": 28.0},
    ]
    return {
        "run_id": "20261124-163653-837566", "project": "nlp", "argv": ["python", "train.py"], "state": "running", "elapsed_s": elapsed_s, "interval_s": 5.0, "devices": devices,
        "energy_j": {"gpu": 4e6, "cpu": 1.3e5, "dram": 2e4}, "how": {"gpu": "counter", "cpu": "modelled", "dram": "counter"}, "missing": {},
        "figures": {"facility_energy_kwh": interval(1.334), "operational_kgco2e": interval(0.43), "embodied_kgco2e": interval(0.09), "cost_usd": interval(3.1)},
        "cost_basis": "rent",
        "progress": {"tokens": 3.1e7, "loss": 2.3143, "tokens_per_s": 41234.0, "share": 0.34, "eta_s": 4320.0, "mfu": 0.412, "j_per_token": 0.134},
        "forecast": {"duration_s": interval(7560.0), "facility_energy_kwh": interval(3.6), "total_kgco2e": interval(1.3), "cost_usd": interval(9.2)},
        "plan": {"duration_s": interval(8560.0, 0.2), "facility_energy_kwh": interval(4.1, 0.2), "total_kgco2e": interval(1.0), "cost_usd": interval(10.0, 0.2)},
        "budgets": [
            {"name": "kwh", "unit": "kWh", "limit": 5.0, "spent": 1.33, "forecast": interval(3.6)},
            {"name": "usd", "unit": "$", "limit": 10.0, "spent": 3.1, "forecast": interval(9.2)},
        ],
        "notes": ["gpu 3 was lost for 12 s"], **rest,
    }  # fmt: skip
