"""What the whole run will take: by hand, and compared with a thousand simulated runs."""

import json
import math
import random

import pytest

from played import played, seen_of, truth_of
from traincarbon.tracking.reports import Report
from traincarbon.tracking.value.forecast import Observed, forecast_of, spent
from traincarbon.tracking.value.run_results import Coefficients, run_results
from traincarbon.tracking.value.session_progress import Progress
from traincarbon.tracking.value.trend import Points
from traincarbon.tracking.value.valuation import EarlierSessions, PlannedRun
from traincarbon.uncertain import Interval, Uncertain

PUE = 1.25
KNOWN = Coefficients(pue=Uncertain(PUE), carbon_intensity=Uncertain(400.0), electricity_usd_per_kwh=Uncertain(0.1), embodied_kgco2e_per_h=Uncertain(0.02))
PLAN = PlannedRun(
    {"duration_s": Interval(500.0, 1000.0, 2000.0), "facility_energy_kwh": Interval(5.0, 10.0, 20.0), "total_kgco2e": Interval(2.0, 4.0, 8.0)}, tokens=1000.0
)


STEADY = [(10.0, 3600.0)] * 100
"""100 steps of 10 s at 3.6 kW: 1000 s and 1 kWh."""


def test_a_steady_run_by_hand():
    # 40 of 100 steps of 10 s at 3.6 kW, after 50 s of loading: 450 s gone, 600 s left; 0.4 kWh gone, 0.6 left, times the PUE
    found = forecast_of(seen_of(STEADY, 40, 100.0, start_up_s=50.0), coefficients=KNOWN)
    assert (found.why_not, found.basis, found.unit, found.done, found.total, found.share) == ("", "measured", "steps", 40.0, 100.0, 0.4)
    assert found.left_s.median == pytest.approx(600.0)
    assert {name: value.median for name, value in found.values.items()} == pytest.approx(
        {
            "duration_s": 1050.0,
            "it_energy_kwh": 1.0,
            "facility_energy_kwh": 1.25,
            "operational_kgco2e": 0.5,
            "embodied_kgco2e": 8.0 * 1050.0 / 3600.0 * 0.02,
            "total_kgco2e": 0.5 + 8.0 * 1050.0 / 3600.0 * 0.02,
            "electricity_usd": 0.125,
            "cost_usd": 0.125,
        }
    )
    # only what is left is uncertain: its pace by at least 5 % times the root of the share that is left
    assert found.values["duration_s"].sigma == pytest.approx(0.05 * math.sqrt(0.6) * 600.0 / 1050.0)
    # and its power by at least 1 %
    assert found.values["it_energy_kwh"].spreads["mean power"] == pytest.approx(0.01 * 0.6)


def test_the_end_is_certain():
    found = forecast_of(seen_of(STEADY, 100, 100.0), coefficients=KNOWN)
    assert found.share == 1.0
    assert found.values["duration_s"].interval() == (1000.0, 1000.0)
    assert found.values["facility_energy_kwh"].interval() == pytest.approx((1.25, 1.25))
    assert forecast_of(seen_of(STEADY, 100, 80.0), coefficients=KNOWN).share == 1.0


def test_between_reports_the_end_comes_nearer_and_a_stall_puts_it_off():
    left = []
    for passed_s in (0.0, 4.0, 10.0, 1000.0):
        seen = seen_of(STEADY, 40, 100.0)
        seen.energy.add(400.0 + passed_s, seen.energy.ys[-1] + 3600.0 * passed_s)
        left.append(forecast_of(seen, coefficients=KNOWN).left_s.median)
    assert left[:3] == pytest.approx([600.0, 596.0, 592.2], abs=0.1)  # 59 steps, and the rest of one that takes 10 s, or longer by a log-spread of 0.3
    assert left[3] == pytest.approx(60.0 * (390.0 + 990.0) / 39.0)  # the mean of all seconds since the first report


def test_the_spreads_of_the_place_stay_to_the_end():
    known = KNOWN._replace(carbon_intensity=Uncertain(400.0, {"carbon_intensity": 0.15}))
    assert forecast_of(seen_of(STEADY, 100, 100.0), coefficients=known).values["operational_kgco2e"].spreads["carbon_intensity"] == pytest.approx(0.15)


def test_without_a_total_there_is_no_forecast_and_the_reason():
    found = forecast_of(seen_of(STEADY, 40), coefficients=KNOWN)
    assert found.to_dict() == {"why_not": "the total number of steps is unknown: report total_steps, or give --total-steps"}
    found = forecast_of(Observed(10.0, {}, 0.0, Progress(), Points()), coefficients=KNOWN)
    assert found.why_not.startswith("the script reports no progress, and no plan is given")


def test_before_the_second_report_there_is_no_pace():
    found = forecast_of(seen_of(STEADY, 1, 100.0), coefficients=KNOWN)
    assert found.why_not == "the script has not yet reported steps twice, and no plan says how long it takes"
    assert (found.values, found.left_s, found.share) == ({}, None, 0.01)


def test_before_anything_is_reported_the_plan_is_the_forecast():
    found = forecast_of(Observed(0.0, {}, 8.0, Progress(), Points()), coefficients=KNOWN, plan=PLAN)
    assert (found.basis, found.unit, found.total) == ("plan", "tokens", 1000.0)
    assert found.values["duration_s"].interval() == pytest.approx((500.0, 2000.0))
    assert found.values["facility_energy_kwh"].interval() == pytest.approx((5.0, 20.0))
    assert found.over_plan == pytest.approx({"duration_s": 1.0, "facility_energy_kwh": 1.0, "total_kgco2e": 1.0})


def test_a_run_that_reports_nothing_uses_up_its_plan():
    # the plan: 1000 s with a log-spread of 0.421; half the runs that are not over after 1000 s take longer than its upper quartile, 1000 × exp(0.421 × 0.674)
    left = [
        forecast_of(Observed(passed_s, {}, 8.0, Progress(), Points()), coefficients=KNOWN, plan=PLAN).left_s for passed_s in (0.0, 200.0, 1000.0, 3000.0, 1e9)
    ]
    assert [round(one.median) for one in left[:3]] == [1000, 800, 329]
    assert left[0].interval()[1] == pytest.approx(2000.0)
    assert 0.0 < left[3].median < 1000.0
    assert left[4].median == pytest.approx(1e8)


def test_a_node_of_several_is_compared_with_its_part_of_the_plan():
    found = forecast_of(Observed(0.0, {}, 2.0, Progress(), Points(), nodes=4), coefficients=KNOWN, plan=PLAN)
    assert found.values["facility_energy_kwh"].median == pytest.approx(2.5)
    assert found.values["duration_s"].median == pytest.approx(1000.0)


def test_plan_and_measurement_are_weighed_by_precision():
    # the plan: 1 s a token, log-spread ln 4 / (2 × 1.645) = 0.42; measured: 2 s a token, log-spread m; they differ by d = ln 2, more than both spreads,
    # so the plan's variance becomes d² − m², and its weight m² / d²; after many reports the measurement decides
    run = [(2.0, 3600.0)] * 1000
    few = forecast_of(seen_of(run, 4, name="tokens"), coefficients=KNOWN, plan=PLAN)
    many = forecast_of(seen_of(run, 400, name="tokens"), coefficients=KNOWN, plan=PLAN)
    assert few.basis == many.basis == "plan and measured"
    measured = math.hypot(0.3, 0.05 * math.sqrt(0.996))
    assert few.left_s.median == pytest.approx(996.0 * 2.0 ** (1.0 - measured**2 / math.log(2.0) ** 2))
    assert many.left_s.median == pytest.approx(1200.0, rel=0.02)
    assert many.over_plan["duration_s"] == pytest.approx(2.0, rel=0.02)


def test_plan_and_measurement_that_agree_are_weighed_by_their_spreads():
    # measured: 1.1 s a token; ln 1.1 is less than both spreads
    found = forecast_of(seen_of([(1.1, 3600.0)] * 1000, 4, name="tokens"), coefficients=KNOWN, plan=PLAN)
    planned, measured = math.log(4.0) / (2.0 * 1.6448536), math.hypot(0.3, 0.05 * math.sqrt(0.996))
    weight = planned**2 / (planned**2 + measured**2)
    assert found.left_s.median == pytest.approx(996.0 * 1.1**weight)


def test_a_plan_of_other_tokens_counts_pro_rata():
    # the plan: 1000 tokens in 1000 s and 10 kWh; the run states 2,400: 2400 s and 24 kWh
    seen = Observed(0.0, {}, 8.0, Progress({"tokens": 2400.0}), Points())
    found = forecast_of(seen, coefficients=KNOWN, plan=PLAN)
    assert found.values["duration_s"].median == pytest.approx(2400.0)
    assert found.values["facility_energy_kwh"].median == pytest.approx(24.0)
    assert found.over_plan == pytest.approx({"duration_s": 1.0, "facility_energy_kwh": 1.0, "total_kgco2e": 1.0})
    assert found.plan.results["duration_s"] == pytest.approx((1200.0, 2400.0, 4800.0))


def test_electricity_is_compared_with_the_plans_electricity_where_the_making_of_the_hardware_is_unknown():
    parts = {"operational_kgco2e": Interval(0.2, 0.4, 0.8), "embodied_kgco2e": Interval(3.0, 3.6, 4.0)}
    plan = PLAN._replace(results={**PLAN.results, **parts}, tokens=100.0)
    seen = seen_of(STEADY, 40, 100.0, name="tokens")
    found = forecast_of(seen, coefficients=KNOWN._replace(embodied_kgco2e_per_h=None), plan=plan)
    assert found.over_plan["total_kgco2e"] == pytest.approx(found.values["operational_kgco2e"].median / 0.4)
    whole = forecast_of(seen, coefficients=KNOWN, plan=plan)
    assert whole.over_plan["total_kgco2e"] == pytest.approx(whole.values["total_kgco2e"].median / 4.0)


def test_a_plan_that_states_its_batch_gives_the_steps():
    found = forecast_of(seen_of(STEADY, 40), coefficients=KNOWN, plan=PLAN._replace(batch_tokens=10.0))
    assert (found.unit, found.done, found.total) == ("steps", 40.0, 100.0)


def test_tokens_are_preferred_where_both_have_totals():
    progress = Progress({"tokens": 100.0, "steps": 10.0})
    for second in range(5):
        progress.add(Report(float(second), tokens=10.0 * second, steps=float(second)))
    assert forecast_of(Observed(5.0, {}, 1.0, progress, Points()), coefficients=KNOWN).unit == "tokens"


def test_earlier_sessions_count_once():
    earlier = EarlierSessions({"duration_s": Uncertain(500.0), "facility_energy_kwh": Uncertain(3.0)}, {"steps": 50.0})
    # the script counts from 0 again: 50 + 20 are done
    fresh = forecast_of(seen_of(STEADY, 20, 100.0), coefficients=KNOWN, earlier=earlier)
    assert (fresh.done, fresh.left_s.median) == (70.0, pytest.approx(300.0))
    assert fresh.values["duration_s"].median == pytest.approx(500.0 + 200.0 + 300.0)
    assert fresh.values["facility_energy_kwh"].median == pytest.approx(3.0 + 0.5 * PUE)
    # the script goes on from its checkpoint at 45
    seen = seen_of(STEADY, 20, 100.0)
    progress = Progress({"steps": 100.0})
    for count in range(20):
        progress.add(Report(10.0 * count, steps=46.0 + count))
    assert forecast_of(seen._replace(progress=progress), coefficients=KNOWN, earlier=earlier).done == 65.0


def test_a_first_report_of_half_the_earlier_work_or_more_includes_it():
    earlier = EarlierSessions(counts={"steps": 50.0})
    for first, done in ((48.0, 48.0), (26.0, 26.0), (24.0, 74.0), (2.0, 52.0)):
        progress = Progress({"steps": 100.0})
        progress.add(Report(0.0, steps=first))
        assert forecast_of(Observed(5.0, {}, 1.0, progress, Points()), coefficients=KNOWN, earlier=earlier).done == done


def test_the_forecast_goes_into_the_record_as_json():
    stated = json.loads(json.dumps(forecast_of(seen_of(STEADY, 40, 100.0), coefficients=KNOWN, plan=PLAN).to_dict()))
    assert stated["share_done"] == 0.4
    assert stated["eta_s"]["low"] < stated["eta_s"]["median"] < stated["eta_s"]["high"]
    assert set(stated) >= {"basis", "unit", "done", "total", "duration_s", "facility_energy_kwh", "total_kgco2e", "cost_usd", "over_plan"}


def test_what_is_spent_has_the_names_that_budgets_know():
    seen = seen_of(STEADY, 40, 100.0)
    found = spent(run_results(seen.parts, accelerator_hours_h=1.0, coefficients=KNOWN), seen)
    assert found["duration_s"].median == 400.0
    assert found["facility_energy_kwh"].median == pytest.approx(0.5)


def test_nine_in_ten_forecasts_of_ninety_percent_come_true_and_they_narrow():
    runs, steps = 60, 300
    widths = []
    for share in (0.1, 0.3, 0.6):
        chance = random.Random(3)
        hits = {"duration_s": 0, "facility_energy_kwh": 0}
        width = 0.0
        for kind in ("walk", "drift", "correlated", "trend"):
            for _ in range(runs):
                run = played(kind, chance, steps)
                truth = truth_of(run, PUE)
                found = forecast_of(seen_of(run, int(steps * share), float(steps)), coefficients=KNOWN)
                for name in hits:
                    low, high = found.values[name].interval()
                    hits[name] += low <= truth[name] <= high
                width += found.values["duration_s"].sigma / (4 * runs)
        widths.append(width)
        for name, hit in hits.items():
            assert 0.85 <= hit / (4 * runs) <= 0.97, (share, name, hit / (4 * runs))
    assert widths == sorted(widths, reverse=True)
    assert widths[2] < 0.7 * widths[0]
