"""Test the callback of Hugging Face's Trainer in real Trainers."""

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

pytest.importorskip("transformers")

import torch
from transformers import Trainer, TrainerCallback

from frameworks.ranks import TESTS, torchrun
from frameworks.tiny_gpt2 import BATCH, LENGTH, STEPS, VOCAB, UntilValued, arguments, samples, tiny
from traincarbon.errors import CarbonError
from traincarbon.frameworks.huggingface import CarbonCallback

SCRIPT = str(Path(__file__).with_name("tiny_gpt2.py"))


class Act(TrainerCallback):
    """Does something after a step."""

    def __init__(self, step, do):
        self.step, self.do = step, do

    def on_step_end(self, args, state, control, **kwargs):
        if state.global_step == self.step:
            self.do()


def train(output, *callbacks, data=None, model=None, checkpoint=None, **options):
    trainer = Trainer(model or tiny(), arguments(str(output), **options), train_dataset=data or samples(), callbacks=list(callbacks))
    trainer.train(resume_from_checkpoint=checkpoint)
    return trainer


def tokenizer():
    """Return a tokenizer of the words "0" to "255"."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = Tokenizer(models.WordLevel({str(number): number for number in range(VOCAB)}, unk_token="0"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(tokenizer_object=words, eos_token="0", pad_token="0", unk_token="0")


def spend():
    """Ask this training to stop, as the meter does when a budget is spent."""
    os.kill(os.getpid(), signal.SIGUSR1)


def on_two_ranks(output, training, callback):
    return torchrun("tiny_gpt2.py", str(output), json.dumps(training), json.dumps(callback))


def last_energy(folder):
    """Return the last energy that TensorBoard has, with all digits."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.util.tensor_util import make_ndarray

    found = EventAccumulator(str(folder))
    found.Reload()
    return make_ndarray(found.Tensors("carbon/energy_kwh")[-1].tensor_proto).item()


def test_a_training_of_two_ranks_is_one_run_with_its_plan_its_exact_tokens_and_its_card(tmp_path, the_run):
    done = on_two_ranks(tmp_path / "out", {"valued": True}, {"quiet": False})
    assert done.returncode == 0, done.stderr
    run = the_run()
    assert (run.state, run.counts["steps"], run.tokens) == ("finished", STEPS, STEPS * BATCH * LENGTH * 2)
    assert (run.plan["layers"], run.plan["hidden"], run.plan["heads"], run.plan["vocab"]) == (2.0, 64.0, 2.0, float(VOCAB))
    assert run.plan["params"] == sum(each.numel() for each in tiny().parameters())
    assert run.plan["planned_tokens"] == run.tokens
    assert (run.nodes, run.attempts[0].steps) == (1, STEPS)
    card = (tmp_path / "out" / "README.md").read_text()
    grams = float(next(line for line in card.splitlines() if "emissions:" in line and "co2" not in line).split(":")[1])
    assert grams == pytest.approx((run.operational_kgco2e["median"] + (run.embodied_kgco2e or {"median": 0.0})["median"]) * 1e3)


@pytest.mark.usefixtures("place")
def test_the_estimate_comes_before_the_first_step(tmp_path, capfd):
    seen = []
    train(tmp_path / "out", CarbonCallback(), Act(1, lambda: seen.append(capfd.readouterr().err)), max_steps=3)
    assert "2 layers of width 64" in seen[0]
    assert "carbon: estimate: " in seen[0]


def test_a_budget_that_is_spent_at_a_step_leaves_its_checkpoint_and_the_resumed_run_adds_up(tmp_path, the_run):
    train(tmp_path / "out", Act(25, spend), CarbonCallback(max_hours=1.0, quiet=True))
    assert sorted(path.name for path in (tmp_path / "out").glob("checkpoint-*")) == ["checkpoint-25"]
    first = the_run()
    assert (first.state, first.counts["steps"], first.tokens) == ("finished", 25, 25 * BATCH * LENGTH)
    train(tmp_path / "out", CarbonCallback(quiet=True), checkpoint=str(tmp_path / "out" / "checkpoint-25"))
    run = the_run()
    assert (run.state, run.counts["steps"], run.tokens) == ("finished", STEPS, STEPS * BATCH * LENGTH)
    assert [(each.start_steps, each.steps) for each in run.attempts] == [(0, 25), (25, 35)]


def test_a_budget_of_energy_ends_the_training_by_itself(tmp_path, the_run):
    train(tmp_path / "out", CarbonCallback(max_kwh=1e-6, interval_s=0.05, quiet=True), Act(5, lambda: time.sleep(1.0)), max_steps=10_000)
    run = the_run()
    (kept,) = (tmp_path / "out").glob("checkpoint-*")
    assert run.state == "finished"
    assert run.counts["steps"] == int(kept.name.rpartition("-")[2]) < 10_000


def test_two_ranks_stop_after_the_same_step(tmp_path, the_run):
    done = on_two_ranks(tmp_path / "out", {"max_steps": 100_000}, {"max_kwh": 1e-6, "interval_s": 0.05, "quiet": True})
    assert done.returncode == 0, done.stderr
    (kept,) = (tmp_path / "out").glob("checkpoint-*")
    run = the_run()
    assert (run.state, run.counts["steps"]) == ("finished", int(kept.name.rpartition("-")[2]))
    assert run.tokens == run.counts["steps"] * BATCH * LENGTH * 2


def test_a_budget_of_two_ranks_at_step_25_leaves_its_checkpoint_and_the_resumed_run_adds_up(tmp_path, the_run):
    logged = f"tensorboard={tmp_path / 'logs'}"
    first = on_two_ranks(tmp_path / "out", {"spent_at": 25}, {"max_hours": 1.0, "quiet": False})
    assert first.returncode == 0, first.stderr
    assert [path.name for path in (tmp_path / "out").glob("checkpoint-*")] == ["checkpoint-25"]
    assert first.stderr.count("a checkpoint is saved after step 25") == first.stderr.count("Again: carbon runs show") == 1
    assert first.stderr.index("carbon: estimate: ") < first.stderr.index("a checkpoint is saved after step 25")
    assert (the_run().counts["steps"], the_run().tokens) == (25, 25 * BATCH * LENGTH * 2)
    second = on_two_ranks(tmp_path / "out", {"checkpoint": str(tmp_path / "out" / "checkpoint-25")}, {"quiet": True, "log_to": logged})
    assert second.returncode == 0, second.stderr
    run = the_run()
    assert (run.state, run.counts["steps"], run.tokens) == ("finished", STEPS, STEPS * BATCH * LENGTH * 2)
    assert [(each.start_steps, each.steps) for each in run.attempts] == [(0, 25), (25, 35)]
    assert last_energy(tmp_path / "logs") == pytest.approx(run.facility_energy_kwh["median"], rel=1e-9)


def test_accumulated_gradients_are_counted_by_batch_and_by_step(tmp_path, the_run):
    train(tmp_path / "out", CarbonCallback(quiet=True), UntilValued(), gradient_accumulation_steps=4, max_steps=7)
    run = the_run()
    assert (run.counts["steps"], run.tokens, run.counts["samples"]) == (7, 7 * 4 * BATCH * LENGTH, 7 * 4 * BATCH)
    assert run.plan["planned_tokens"] == run.tokens


def test_packed_sequences_of_other_lengths_are_counted_exactly(tmp_path, the_run):
    data = [{"input_ids": torch.randint(0, VOCAB, (length,)), "labels": torch.zeros(length, dtype=torch.long)} for length in range(2, 42)]
    train(tmp_path / "out", CarbonCallback(quiet=True), data=data, per_device_train_batch_size=1, max_steps=-1, num_train_epochs=1)
    assert the_run().tokens == sum(range(2, 42))


def test_a_stream_without_length_is_estimated_with_its_first_batch(tmp_path, the_run, capfd):
    class Stream(torch.utils.data.IterableDataset):
        def __iter__(self):
            return iter(samples())

    train(tmp_path / "out", CarbonCallback(), data=Stream(), max_steps=5)
    assert the_run().tokens == 5 * BATCH * LENGTH
    told = capfd.readouterr().err
    assert told.index("the estimate comes with the first batch") < told.index("carbon: estimate: ")
    assert "the plan states no tokens" not in told


def test_a_batch_that_cannot_be_looked_at_leaves_the_training_as_it_is(tmp_path, the_run):
    class Guarded(dict):
        def get(self, name, default=None):
            raise RuntimeError("nobody looks at me")

    class Stream(torch.utils.data.IterableDataset):
        def __iter__(self):
            return iter(samples())

    class Opening(Trainer):
        def _prepare_inputs(self, inputs):
            return super()._prepare_inputs(dict(inputs))

    def collated(rows):
        return Guarded({name: torch.stack([row[name] for row in rows]) for name in ("input_ids", "labels")})

    trainer = Opening(tiny(), arguments(str(tmp_path / "out"), max_steps=3), collated, Stream(), callbacks=[CarbonCallback(quiet=True)])
    trainer.train()
    assert the_run().counts["steps"] == 3


def test_a_callback_that_is_added_twice_counts_once(tmp_path, the_run, capfd):
    train(tmp_path / "out", CarbonCallback(), CarbonCallback(), max_steps=5)
    assert the_run().tokens == 5 * BATCH * LENGTH
    assert capfd.readouterr().err.count("only the first is counted") == 1


def test_a_model_without_configuration_is_trained_with_a_note(tmp_path, the_run, capfd):
    class Bare(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = tiny()

        def forward(self, input_ids, labels):
            return {"loss": self.inner(input_ids=input_ids, labels=labels).loss}

    train(tmp_path / "out", CarbonCallback(), model=Bare(), max_steps=3)
    run = the_run()
    assert run.tokens == 3 * BATCH * LENGTH
    assert run.plan["params"] == sum(each.numel() for each in tiny().parameters())
    assert "Bare has no configuration" in capfd.readouterr().err


def test_report_to_carbon_needs_no_callback(tmp_path, the_run):
    train(tmp_path / "out", report_to="carbon", max_steps=3)
    assert the_run().tokens == 3 * BATCH * LENGTH


def test_a_step_that_fails_ends_the_run_as_failed_and_raises_as_before(tmp_path, the_run):
    def fail():
        raise RuntimeError("out of memory")

    model = tiny()
    model.register_forward_pre_hook(lambda *_: fail())
    with pytest.raises(RuntimeError, match="out of memory"):
        train(tmp_path / "out", CarbonCallback(quiet=True), model=model, max_steps=3)
    assert the_run().state == "failed"


def test_options_that_do_not_exist_are_refused_before_the_training():
    with pytest.raises(CarbonError, match="unknown option 'max_kw'"):
        CarbonCallback(max_kw=3)


def test_a_training_in_another_thread_than_the_main_one_is_metered(tmp_path, the_run):
    thread = threading.Thread(target=train, args=(tmp_path / "out", CarbonCallback(quiet=True)), kwargs={"max_steps": 3})
    thread.start()
    thread.join()
    assert the_run().tokens == 3 * BATCH * LENGTH


def test_within_a_tracked_command_it_reports_to_that_tracker(place, tmp_path):
    done = place.track(
        "--run-id",
        "outer",
        "--",
        sys.executable,
        SCRIPT,
        str(tmp_path / "out"),
        '{"max_steps": 5, "valued": true}',
        "{}",
        env={"PYTHONPATH": str(TESTS)},
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    run = place.record("outer")
    assert (run.tokens, run.counts["steps"], len(run.attempts)) == (5 * BATCH * LENGTH, 5, 1)
    assert (run.plan["layers"], run.plan["hidden"], run.plan["planned_tokens"]) == (2.0, 64.0, run.tokens)
    assert "carbon: estimate: " in done.stderr
    assert "co2_eq_emissions" in (tmp_path / "out" / "README.md").read_text()


def test_within_a_tracked_command_its_budget_leaves_a_checkpoint_and_ends_the_training(place, tmp_path):
    words = (sys.executable, SCRIPT, str(tmp_path / "out"), '{"max_steps": 100000}', '{"max_kwh": 1e-6, "quiet": true}')
    done = place.track("--run-id", "outer", "--", *words, env={"PYTHONPATH": str(TESTS)}, timeout=120)
    assert done.returncode == 0, done.stderr
    (kept,) = (tmp_path / "out").glob("checkpoint-*")
    assert (place.record("outer").state, place.record("outer").counts["steps"]) == ("finished", int(kept.name.rpartition("-")[2]))


def test_evaluation_and_checkpoints_are_phases_and_a_card_that_is_written_anew_keeps_the_emissions(tmp_path, the_run):
    options = {"eval_strategy": "steps", "eval_steps": 2, "save_strategy": "steps", "save_steps": 3, "max_steps": 4}
    longer = Act(1, lambda: time.sleep(0.5))  # four steps may end before a meter has read twice, and then their energy is unknown
    callbacks = [CarbonCallback(quiet=True), longer, UntilValued()]
    trainer = Trainer(tiny(), arguments(str(tmp_path / "out"), **options), train_dataset=samples(), eval_dataset=samples(8), callbacks=callbacks)
    trainer.train()
    assert {"eval", "checkpoint"} <= {phase.name for phase in the_run().phases}
    assert the_run().tokens == 4 * BATCH * LENGTH
    trainer.create_model_card(model_name="tiny", language="en")
    card = (tmp_path / "out" / "README.md").read_text()
    assert "co2_eq_emissions:" in card
    assert "language:" in card


def test_trl_counts_packed_sequences_exactly(tmp_path, the_run):
    pytest.importorskip("trl")
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    rows = [{"input_ids": torch.randint(0, VOCAB, (5 + number % 9,)).tolist()} for number in range(64)]
    seen = []
    arguments = SFTConfig(
        str(tmp_path / "out"), packing=True, packing_strategy="wrapped", max_length=32, per_device_train_batch_size=2, max_steps=5, report_to="none", use_cpu=True,
        save_strategy="no", bf16=False, gradient_checkpointing=False, dataset_kwargs={"skip_prepare_dataset": False},
    )  # fmt: skip
    trainer = SFTTrainer(tiny(), args=arguments, train_dataset=Dataset.from_list(rows), processing_class=tokenizer(), callbacks=[CarbonCallback(quiet=True)])
    step = trainer.training_step
    trainer.training_step = lambda model, inputs, *rest: (seen.append(inputs["input_ids"].numel()), step(model, inputs, *rest))[1]
    trainer.train()
    assert the_run().tokens == sum(seen)
    assert the_run().counts["steps"] == 5
