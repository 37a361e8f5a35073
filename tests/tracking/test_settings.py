"""The settings of the metering process, and the budgets in them."""

import json

from traincarbon.decode import decode, encode
from traincarbon.quantities import BUDGETED
from traincarbon.tracking.options import settings_from
from traincarbon.tracking.settings import BudgetPolicy, Limits, Settings


def test_settings_cross_as_json_and_come_back_the_same(tmp_path):
    asked = settings_from(
        argv=["train.py", "--lr", "3e-4", "ünïcode"], run_id="r", project="p", store=tmp_path, interval_s=0.5, state_every_s=1.0,
        total_tokens="1.4T", max_kwh=5, max_hours="2", on_budget="stop", budget_signal="TERM", grace_s=3.0, region="france", hw="dgx-a100",
    )  # fmt: skip
    received = decode(Settings, json.loads(json.dumps(encode(asked))))
    assert received == asked
    assert (received.totals, received.limits, received.budget_signal) == ({"tokens": 1.4e12}, Limits(kwh=5.0, hours=2.0), 15)
    assert received.context == {"hw": "dgx-a100", "region": "france"}
    assert received.on_budget is BudgetPolicy.STOP


def test_a_limit_is_set_where_it_is_given():
    assert Limits(usd=0.0, hours=2.0).given == {"usd": 0.0, "hours": 2.0}


def test_every_budget_has_a_limit():
    assert Limits._fields == tuple(BUDGETED)
