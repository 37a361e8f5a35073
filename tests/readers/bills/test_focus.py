"""Bills in FOCUS, as CSV and Parquet."""

import gzip
import io
import json
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from traincarbon import runs
from traincarbon.errors import CarbonError
from traincarbon.readers.bills.focus import Bill, bill_of, is_focus, read
from traincarbon.readers.content import CUT_OFF

COLUMNS = [
    "BilledCost",
    "EffectiveCost",
    "BillingCurrency",
    "BillingAccountId",
    "BillingPeriodStart",
    "ChargePeriodStart",
    "ChargePeriodEnd",
    "ChargeCategory",
    "ServiceName",
    "ResourceId",
    "ResourceName",
    "SkuId",
    "Tags",
]
ROW = {
    "BilledCost": "0",
    "EffectiveCost": "32.77",
    "BillingCurrency": "USD",
    "BillingAccountId": "123456789012",
    "BillingPeriodStart": "2026-03-01T00:00:00Z",
    "ChargePeriodStart": "2026-03-01T10:00:00Z",
    "ChargePeriodEnd": "2026-03-01T11:00:00Z",
    "ChargeCategory": "Usage",
    "ServiceName": "Amazon EC2",
    "ResourceId": "arn:aws:ec2:eu-west-3:123456789012:instance/i-0abc",
    "ResourceName": "gpu-1",
    "SkuId": "p4d",
    "Tags": '{"user:run_id": "run-a", "Name": "gpu-1.local"}',
}


def csv_of(*changes: dict[str, str], columns: list[str] = COLUMNS) -> io.BytesIO:
    lines = [",".join(columns)]
    for change in changes or ({},):
        row = {**ROW, **change}
        lines.append(",".join('"' + row[column].replace('"', '""') + '"' for column in columns))
    return io.BytesIO("\ufeff".encode() + "\n".join(lines).encode())


def test_a_charge_has_its_cost_its_time_and_its_names() -> None:
    ((charge,), left_out, _) = read(csv_of())
    assert (charge.usd, charge.to_s - charge.from_s, charge.service) == (32.77, 3600.0, "Amazon EC2")
    assert charge.names == (ROW["ResourceId"], "i-0abc", "gpu-1", "gpu-1.local")
    assert charge.tags == {"run_id": "run-a", "Name": "gpu-1.local"}
    assert left_out == []


def test_parquet_says_the_same_with_tags_as_a_map_and_times_as_times() -> None:
    stamp = pa.timestamp("us", tz="UTC")
    kinds = {"BilledCost": pa.float64(), "EffectiveCost": pa.decimal128(18, 6), "ChargePeriodStart": stamp, "ChargePeriodEnd": stamp}
    values = {name: [value] for name, value in ROW.items()}
    from datetime import datetime
    from decimal import Decimal

    values |= {"BilledCost": [0.0], "EffectiveCost": [Decimal("32.77")], "Tags": [list(json.loads(ROW["Tags"]).items())]}
    values |= {name: [datetime.fromisoformat(ROW[name])] for name in ("ChargePeriodStart", "ChargePeriodEnd")}
    kinds["Tags"] = pa.map_(pa.string(), pa.string())
    sink = io.BytesIO()
    parquet.write_table(pa.table({name: pa.array(values[name], kinds.get(name, pa.string())) for name in COLUMNS}), sink)
    sink.seek(0)
    assert is_focus(sink)
    assert read(sink) == read(csv_of())


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"EffectiveCost": "much"}, "line 2: column EffectiveCost: 'much' is not a number"),
        ({"EffectiveCost": "", "BilledCost": ""}, "line 2: it states no cost"),
        ({"ChargePeriodStart": "soon"}, "line 2: column ChargePeriodStart: 'soon' is no date and time"),
        ({"ChargePeriodEnd": "2026-02-01T00:00:00Z"}, "line 2: its period ends before it begins"),
        ({"BillingCurrency": "XTS"}, "32.77 XTS of 2026: its exchange rate is not known; add usd_per_xts,year=2026 to priors.csv of your own facts"),
        ({"BillingCurrency": "1,000"}, "32.77 1,000 of 2026: its exchange rate is not known; add usd_per_1,000,year=2026 to priors.csv of your own facts"),
    ],
)
def test_what_cannot_be_read_is_left_out_with_its_line(change: dict[str, str], says: str) -> None:
    assert read(csv_of(change)) == Bill([], [says], [])


def test_what_was_paid_in_advance_is_in_the_usage_that_it_paid_for() -> None:
    charges, *_ = read(csv_of({"ChargeCategory": "Purchase", "BilledCost": "9000", "EffectiveCost": "0"}, {}))
    assert [charge.usd for charge in charges] == [32.77]


def test_a_bill_in_euros_that_is_priced_in_dollars_counts_in_dollars() -> None:
    columns = [*COLUMNS, "PricingCurrency", "PricingCurrencyEffectiveCost"]
    charges, left_out, notes = read(csv_of({"BillingCurrency": "EUR", "PricingCurrency": "USD", "PricingCurrencyEffectiveCost": "35.5"}, columns=columns))
    assert ([charge.usd for charge in charges], left_out, notes) == ([35.5], [], [])


def test_a_bill_in_other_currencies_counts_at_the_rate_of_its_year() -> None:
    earlier = {"BillingCurrency": "gbp", "ChargePeriodStart": "2024-03-01T10:00:00Z", "ChargePeriodEnd": "2024-03-01T11:00:00Z"}
    charges, left_out, notes = read(
        csv_of({"BillingCurrency": "EUR"}, earlier, {"BillingCurrency": "EUR", "EffectiveCost": "100"}, {"BillingCurrency": "XTS"}, {})
    )
    assert [charge.usd for charge in charges] == pytest.approx([32.77 * 1.1568, 32.77 * 1.2786, 115.68, 32.77])
    assert left_out == ["32.77 XTS of 2026: its exchange rate is not known; add usd_per_xts,year=2026 to priors.csv of your own facts"]
    assert notes == [
        "132.77 EUR of 2026 count as $153.59, at the mean exchange rate of that year, 1.1568",
        "32.77 GBP of 2024 count as $41.90, at the mean exchange rate of that year, 1.2786",
    ]


@pytest.mark.parametrize("tags", ["", "null", "{", "[1]", "5", '{"a": null}'])
def test_tags_that_say_nothing_are_none(tags: str) -> None:
    ((charge,), *_) = read(csv_of({"Tags": tags}))
    assert charge.tags == {}


def test_a_charge_keeps_its_key_when_its_cost_grows_and_days_differ() -> None:
    charges, *_ = read(csv_of({}, {"EffectiveCost": "40"}, {"ChargePeriodStart": "2026-03-02T00:00:00Z", "ChargePeriodEnd": "2026-03-02T01:00:00Z"}))
    assert charges[0].key == charges[1].key != charges[2].key


def test_what_is_no_bill_is_none_and_an_error_if_it_was_to_be_one(tmp_path: Path) -> None:
    file = tmp_path / "runs.csv"
    file.write_text("name,hours\na,1\n")
    assert bill_of(str(file), "auto") is None
    assert bill_of(str(tmp_path / "none"), "focus") is None
    with pytest.raises(CarbonError, match=r"runs\.csv is no bill in FOCUS") as caught:
        runs.read(file, format="focus")
    assert "BilledCost" in caught.value.hint
    (tmp_path / "cut.parquet").write_bytes(b"PAR1 and no more")
    assert bill_of(str(tmp_path / "cut.parquet"), "auto") is None


def test_a_bill_that_was_packed_and_cut_off_at_the_end_of_a_line_is_noted(tmp_path: Path) -> None:
    packed = gzip.compress(csv_of({}, {}).read(), compresslevel=0)
    file = tmp_path / "bill.csv.gz"
    file.write_bytes(packed[: packed.rindex(b"\n") + 1])
    bill = bill_of(str(file), "auto")
    assert bill is not None
    assert (len(bill.charges), bill.left_out, bill.notes) == (1, [], [CUT_OFF])
