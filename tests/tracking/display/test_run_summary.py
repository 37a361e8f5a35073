"""What a run took fits one screen, with how it is known and how it compares with the plan."""

from dataclasses import replace

import pytest

from made_states import interval as interval_of
from traincarbon.ledger.run import Run
from traincarbon.ledger.run_energy import DeviceUse
from traincarbon.terminal_text import plain
from traincarbon.tracking.display.run_summary import MOST_LINES, page, summary
from traincarbon.tracking.live_state import BudgetState

BUDGETS = (BudgetState("kwh", 20.0, 14.2), BudgetState("usd", 100.0, 33.1))


def interval(median, spread=0.08):
    return interval_of(median, spread).to_dict()


PLAN = {"duration_s": interval(8560.0, 0.2), "facility_energy_kwh": interval(15.1, 0.2), "total_kgco2e": interval(5.0), "cost_usd": interval(40.0, 0.1)}


def record(**rest):
    stated = {
        "schema": "traincarbon/run/1", "run_id": "20261124-163653-837566", "project": "nlp", "argv": ["python", "train.py", "--lr", "3e-4"], "exit_code": 0, "state": "finished",
        "started_at": "2026-11-24T16:36:53.1Z", "duration_s": 7620.0, "nodes": 1, "accelerators": 8, "hw": "h100-sxm5-80gb",
        "energy_j": {"gpu": 4e7, "cpu": 2e6, "dram": 1e6, "other": None}, "how": {"gpu": "counter", "cpu": "modelled", "dram": "counter"},
        "missing": {"other": "no meter reported it"}, "gaps_s": 2.5, "samples": 7600, "facility_energy_kwh": interval(14.2), "operational_kgco2e": interval(5.1, 0.2),
        "embodied_kgco2e": interval(1.9, 0.3), "cost_usd": interval(33.1, 0.0), "tokens": 3.1e8, "mfu": 0.412, "plan": PLAN, "versions": {},
    }  # fmt: skip
    return Run.from_dict({**stated, **rest})


def test_a_run_is_summed_up_on_one_screen():
    assert summary(record(), budgets=BUDGETS).splitlines() == [
        "20261124-163653-837566 · nlp · finished, exit code 0",
        "  python train.py --lr 3e-4",
        "  2026-11-24 16:36 UTC, 2.12 h on 1 node, 8 accelerators (h100-sxm5-80gb)",
        "",
        "Measured: gpu 11.1 kWh · dram 278 Wh (by counter)",
        "Modelled: cpu 556 Wh",
        "Missing: other, no meter reported it",
        "Gaps: 2.5 s were not metered; 7,600 samples",
        "Of the facility's energy: 80 % measured, 4 % modelled, 16 % assumed",
        "",
        "Energy, facility    14.2  kWh  13 – 15             plan 15.1 kWh, −6 %, inside",
        "CO2e, electricity   5.10  kg   4.1 – 6.1",
        "CO2e, hardware      1.90  kg   1.3 – 2.5",
        "CO2e, total         7.00  kg   5.4 – 8.6           plan 5 kg, +40 %, above",
        "Cost               $33.1       no interval stated  plan $40, −17 %, below",
        "Duration            2.12  h                        plan 2.38 h, −11 %, inside",
        "Tokens              310M       40,700/s            0.13 J metered each",
        "MFU                 41.2  %",
        "",
        "Budget: 71 % of 20 kWh facility · 33 % of $100",
        "Again: carbon runs show 20261124-163653-837566",
    ]


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"gpu": "counter", "cpu": "power", "dram": "power"}, "0.14 J metered each"),
        ({"gpu": "counter", "cpu": "assumed", "dram": "modelled"}, "0.13 J metered each"),
        ({"gpu": "modelled", "cpu": "modelled", "dram": "assumed"}, "0.14 J modelled each"),
        ({"gpu": "assumed", "cpu": "assumed", "dram": "assumed"}, "0.14 J assumed each"),
    ],
)
def test_the_energy_of_a_token_says_how_it_is_known(how, words):
    assert words in summary(record(how=how))


def test_shares_of_the_facilitys_energy_add_up_and_never_exceed_it():
    assert "Of the facility's energy: 100 % measured, 0 % modelled, 0 % assumed" in summary(
        record(facility_energy_kwh=interval(1.0), how={"gpu": "power", "dram": "counter"})
    )
    assert "Of the facility" not in summary(record(facility_energy_kwh=None))


def test_without_a_plan_nothing_is_compared_and_without_a_kept_run_nothing_is_pointed_to():
    text = summary(record(plan=None), again=False)
    assert "plan" not in text
    assert "total" not in text
    assert "Again" not in text


def test_a_store_of_ones_own_is_named_so_that_the_command_can_be_copied():
    assert "Again: carbon runs show 'my run' --store '/data/my runs'" in summary(record(run_id="my run"), store="/data/my runs")


def test_a_run_whose_name_looks_like_an_option_can_be_shown_again():
    assert summary(record(run_id="-x")).endswith("\nAgain: carbon runs show -- -x")
    assert summary(record(run_id="-x"), store="/data").endswith("\nAgain: carbon runs show --store /data -- -x")


@pytest.mark.parametrize(("number", "ended"), [(15, "killed by SIGTERM"), (9, "killed by SIGKILL"), (250, "killed by signal 250")])
def test_the_signal_that_ended_it_has_its_name(number, ended):
    run = record(state="killed", exit_code=None)
    assert summary(Run.from_stored({**run.to_stored(), "signal": number})).splitlines()[0] == f"20261124-163653-837566 · nlp · {ended}"


def test_a_note_has_two_lines_where_there_is_room():
    note = "the journal cannot be written (Too many levels of symbolic links): what is measured stays in memory until it can"
    run = record(plan=None)
    text = summary(Run.from_stored({**run.to_stored(), "notes": [note]}))
    assert " ".join(text.split()).partition("Note: ")[2].startswith(f"{note} Again")


def test_what_is_next_to_nothing_is_not_written_out():
    text = summary(record(energy_j={"gpu": 2e-6, "cpu": 1e-6}, facility_energy_kwh=interval(1.47e-13), cost_usd=interval(1.66e-10), plan=None))
    assert "Measured: gpu <1 Wh (by counter)\nModelled: cpu <1 Wh\n" in text
    assert "\nEnergy, facility       <1  Wh\n" in text
    assert "\nCost               <$0.01\n" in text


def test_parts_that_are_missing_for_the_same_reason_share_it():
    text = summary(record(missing={"cpu": "no right to read", "dram": "no right to read", "other": "no meter of the whole server"}))
    assert "\nMissing: cpu and dram, no right to read; other, no meter of the whole server\n" in text


def test_samples_are_shown_where_no_tokens_are():
    run = record(tokens=None)
    counted = Run.from_stored({**run.to_stored(), "counts": {"samples": 1200.0, "steps": 12.0}})
    assert "0.157/s" in summary(counted)
    assert "Steps" in summary(counted)


@pytest.mark.parametrize("name", ["x" * 10_000, "a\x1b[2Jb\n\0", "\u202eevil", "<script>", "漢" * 20, "a b " * 900])
def test_the_worst_run_still_fits_the_screen_and_drives_nothing(name):
    run = record(
        run_id=name,
        project=name,
        argv=[name] * 40,
        hw=name,
        state="killed",
        missing=dict.fromkeys(["cpu", "dram", "other", "gpu"], name),
        accelerators=100_000,
        nodes=9000,
    )
    worst = Run.from_stored({**run.to_stored(), "notes": [name] * 50, "restarts": 12, "signal": 9, "counts": {"tokens": 1e15, "samples": 1e9, "steps": 1e7}})
    lines = summary(worst, budgets=[BudgetState("kwh", 1.0, 3.0)] * 9, store=name, styled=False).splitlines()
    assert len(lines) <= MOST_LINES
    assert max(len(line) for line in lines) <= 80
    assert all(line.isprintable() for line in lines)


def test_a_run_that_measured_nothing_says_so():
    text = summary(
        record(
            energy_j={},
            how={},
            facility_energy_kwh=None,
            operational_kgco2e=None,
            embodied_kgco2e=None,
            cost_usd=None,
            tokens=None,
            mfu=None,
            plan=None,
            exit_code=None,
        )
    )
    assert "Measured: nothing\nModelled: nothing" in text
    assert "0 kWh" not in text


def test_it_is_bold_and_dim_only_where_asked():
    assert "\x1b" not in summary(record())
    assert summary(record(), styled=True).startswith("\x1b[1m20261124")


def test_at_length_every_device_has_a_line():
    run = record()
    use = DeviceUse(1, "gpu:0", "gpu", "counter", 3.6e6, 701.0, 0.97, None)
    lines = "\n".join(page(Run.from_stored({**run.to_stored(), "by_device": [use] * 10})))
    assert "   1  gpu:0     1 kWh       701 W   97%         –  counter" in lines
    assert "and 2 devices more" in lines
    assert "covered" not in lines


def test_at_length_the_time_that_a_device_was_metered_is_shown_if_it_had_a_gap():
    use = DeviceUse(1, "gpu:0", "gpu", "counter", 3.6e6, 701.0, 0.97, None, metered_s=98.2, gaps_s=1.8)
    lines = "\n".join(page(Run.from_stored({**record().to_stored(), "by_device": [use]})))
    assert "max temp  time covered  source" in lines
    assert "–        98.2 %  counter" in lines


@pytest.mark.parametrize(
    ("basis", "label"),
    [("", "Cost "), ("rent", "Cost, rent "), ("electricity and a share of the purchase", "Cost, own "), ("electricity alone", "Cost, electricity ")],
)
def test_what_the_cost_counts_is_named(basis, label):
    run = replace((record()), cost_basis=basis)
    for text in (summary(run), "\n".join(page(run))):
        (line,) = [line for line in text.splitlines() if line.startswith("Cost")]
        assert line.startswith(label)


def test_energy_without_the_gpu_that_was_there_has_no_totals_and_says_why():
    known = dict.fromkeys(("facility_energy_kwh", "operational_kgco2e", "embodied_kgco2e", "cost_usd", "plan"))
    energy = {"energy_j": {"gpu": None, "cpu": 2e6, "dram": None, "other": None}, "missing": {"gpu": "the Python bindings of NVML are not installed"}}
    run = replace(record(**known, **energy, accelerators=None), unread_gpu=True)
    expected = "Energy, CO2e and cost: unknown, as a GPU was here and was not metered; carbon doctor shows how to meter it"
    for text in (summary(run), "\n".join(map(plain, page(run)))):
        assert expected in " ".join(text.split())
        assert "J each" not in text
        assert "Of the facility's energy" not in text
