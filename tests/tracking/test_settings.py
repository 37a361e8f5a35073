"""What the process that meters is told crosses to it unchanged."""

import json

from traincarbon.tracking.options import prepared
from traincarbon.tracking.settings import POLICIES, Settings


def test_settings_cross_as_json_and_come_back_the_same(tmp_path):
    asked = prepared(
        argv=["train.py", "--lr", "3e-4", "ünïcode"], run_id="r", project="p", store=tmp_path, interval_s=0.5, tell_s=1.0,
        total_tokens="1.4T", max_kwh=5, max_hours="2", on_budget="stop", budget_signal="TERM", grace_s=3.0, region="france", hw="dgx-a100",
    )  # fmt: skip
    told = Settings(**json.loads(json.dumps(asked._asdict())))
    assert told == asked
    assert (told.totals, told.limits, told.budget_signal) == ({"tokens": 1.4e12}, {"kwh": 5.0, "hours": 2.0}, 15)
    assert told.context == {"hw": "dgx-a100", "region": "france"}


def test_a_run_is_first_warned_of_its_budget():
    assert POLICIES == ("warn", "signal", "stop")
