"""Print how many published values lie inside their 90 % intervals, as the report states it; ``make accuracy`` keeps it."""

import json
import subprocess
import sys
from pathlib import Path

CARBON = str(Path(sys.executable).parent / "carbon")
QUANTITIES = ("accelerator_hours_h", "facility_energy_kwh", "operational_kgco2e")


def main() -> None:
    shown = subprocess.run([CARBON, "validate", "--json", "--quiet"], capture_output=True, text=True, check=True).stdout
    pooled = {each["quantity"]: each for each in json.loads(shown)["sets"] if each["set"] == "all"}
    kept = {name: {"published": pooled[name]["n"], "inside": round(pooled[name]["n"] * pooled[name]["coverage_90"])} for name in QUANTITIES}
    print(json.dumps(kept, indent=2))


if __name__ == "__main__":
    main()
