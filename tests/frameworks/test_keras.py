"""Test the callback of Keras in real fits, on the backend that the environment names."""

import pytest

pytest.importorskip("keras")

import os
import signal

import keras
import numpy as np

from traincarbon.frameworks.keras import Batches, CarbonCallback

BATCH, LENGTH, SAMPLES = 8, 16, 100


def small():
    """Return a model of one layer of attention."""
    inputs = keras.Input((LENGTH,), dtype="int32")
    x = keras.layers.Embedding(32, 8)(inputs)
    x = keras.layers.MultiHeadAttention(2, 4)(x, x)
    model = keras.Model(inputs, keras.layers.Dense(32)(x))
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def fit(*callbacks, epochs=2, model=None):
    tokens = np.random.default_rng(1).integers(0, 32, (SAMPLES, LENGTH))
    model = model or small()
    model.fit(tokens, tokens, batch_size=BATCH, epochs=epochs, verbose=0, callbacks=list(callbacks))
    return model


class SpendAt(keras.callbacks.Callback):
    """Asks this training to stop after a batch, as the meter does when a budget is spent."""

    def __init__(self, batch):
        super().__init__()
        self.batch = batch

    def on_train_batch_end(self, batch, logs=None):
        if batch == self.batch:
            os.kill(os.getpid(), signal.SIGUSR1)


def test_a_fit_is_a_run_with_its_plan_and_its_exact_counts(the_run, capfd):
    fit(CarbonCallback())
    run = the_run()
    assert (run.state, run.counts["steps"], run.counts["samples"], run.tokens) == ("finished", 26, 2 * SAMPLES, 2 * SAMPLES * LENGTH)
    assert (run.plan["params"], run.plan["layers"], run.plan["hidden"], run.plan["vocab"]) == (small().count_params(), 1.0, 8.0, 32.0)
    assert "carbon: estimate: " in capfd.readouterr().err


def test_a_budget_ends_the_fit_and_saves_the_model(the_run, tmp_path):
    fit(SpendAt(4), CarbonCallback(max_hours=1.0, quiet=True, checkpoint=str(tmp_path / "budget.keras")))
    assert (the_run().state, the_run().counts["steps"], the_run().tokens) == ("finished", 5, 5 * BATCH * LENGTH)
    assert keras.saving.load_model(tmp_path / "budget.keras").count_params() == small().count_params()


def test_fits_of_one_run_add_up(the_run):
    model = fit(CarbonCallback(quiet=True, run_id="both"), epochs=1)
    fit(CarbonCallback(quiet=True, run_id="both"), epochs=1, model=model)
    assert (the_run().counts["steps"], the_run().tokens) == (26, 2 * SAMPLES * LENGTH)


@pytest.mark.usefixtures("place")
def test_batches_of_a_generator_are_counted_as_steps_alone(the_run):
    data = ((np.zeros((BATCH, LENGTH), "int32"), np.zeros((BATCH, LENGTH), "int32")) for _ in range(9))
    small().fit(data, verbose=0, callbacks=[CarbonCallback(quiet=True)])
    assert (the_run().counts, the_run().tokens) == ({"steps": 9.0}, None)


def test_the_last_batch_of_an_epoch_is_smaller():
    assert [Batches(8, 13, 4).samples(steps) for steps in (0, 12, 13, 14, 26)] == [0, 96, 100, 108, 200]
