"""Runs that count their hardware in its name."""

import pytest

from traincarbon.errors import DatabaseError
from traincarbon.published.counted_hardware import with_counted_hardware, with_counts
from traincarbon.published.reported_runs import PublishedRun
from traincarbon.published.run_kinds import RunKind


def run(hardware, accelerators=None, **columns):
    return PublishedRun(id="a", kind=RunKind.RUN, hardware=hardware, accelerators=accelerators, family="dense-lm", **columns)


@pytest.mark.parametrize(
    ("hardware", "accelerators", "product", "count"),
    [
        ("8xH100", None, "h100-sxm5-80gb", 8.0),
        ("TPU v3-256", None, "tpu-v3", 128.0),
        ("4 x dgx-h100", None, "h100-sxm5-80gb", 32.0),
        ("8xH100", 8.0, "h100-sxm5-80gb", 8.0),
        ("8xH100", 64.0, "h100-sxm5-80gb", 64.0),
        ("H100", 64.0, "H100", 64.0),
        ("Zebra 9000", 64.0, "Zebra 9000", 64.0),
    ],
)
def test_a_count_in_the_name_of_hardware_counts_where_the_row_states_none(shipped, hardware, accelerators, product, count):
    found = with_counted_hardware(run(hardware, accelerators), shipped)
    if found.hardware != product:
        hardware = found.find_hardware(shipped)
        assert hardware.keys.get("accelerator", hardware.id) == product
    assert found.accelerators == count


@pytest.mark.parametrize(("hardware", "accelerators"), [("8xH100", 4.0), ("8xH100", 12.0), ("4 x dgx-h100", 4.0), ("TPU v3-256", 100.0)])
def test_a_column_that_contradicts_the_count_is_refused(shipped, hardware, accelerators):
    with pytest.raises(DatabaseError, match=f"column accelerators: {accelerators:g} contradicts hardware, '{hardware}', which counts "):
        with_counted_hardware(run(hardware, accelerators), shipped)


def test_hardware_that_counts_none_is_refused(shipped):
    with pytest.raises(DatabaseError, match="'0xH100' counts none"):
        with_counted_hardware(run("0xH100"), shipped)


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"accelerator_hours": 150_000.0, "wallclock_days": 1.0}, "150000 contradicts wallclock_days, 1 days on 8 accelerators: 192 h"),
        ({"energy_kwh": 1e6, "wallclock_days": 1.0}, "column energy_kwh: 1e\\+06 kWh in 192 h"),
        ({"co2e_t": 500.0, "wallclock_days": 1.0}, "column co2e_t: 500 t in 192 h"),
    ],
)
def test_columns_that_contradict_the_count_set_a_run_aside_and_the_others_stay(shipped, columns, reason):
    with pytest.raises(DatabaseError, match=reason):
        with_counted_hardware(run("8xH100", **columns), shipped)
    good = run("8xH100", accelerator_hours=190.0, wallclock_days=1.0)
    kept, aside = with_counts([run("8xH100", **columns), good], shipped)
    assert [(each.hardware, each.accelerators) for each in kept] == [("h100-sxm5-80gb", 8.0)]
    assert [row.id for row in aside] == ["a"]
