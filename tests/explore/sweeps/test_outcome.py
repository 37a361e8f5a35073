"""What a sweep made, fit for JSON."""

import json

from traincarbon.explore.sweeps.outcome import Sweep

MADE = Sweep("x.parquet", 100, (0, 100), 90, 20, {"why": 10}, 4.0, None, {"schema": "traincarbon/sweep/1"})


def test_the_rate_is_that_of_the_computed_plans():
    assert MADE.to_dict()["computed"] == 80
    assert MADE.to_dict()["plans_per_s"] == 20.0
    assert MADE._replace(reused=100).to_dict()["plans_per_s"] is None


def test_it_can_be_printed():
    assert json.loads(json.dumps(MADE.to_dict()))["rows"] == [0, 100]
