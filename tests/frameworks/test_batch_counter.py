"""Test that batches are counted where a Trainer hands them to its step, and that the Trainer is left as it was."""

import pytest

from traincarbon.frameworks.batch_counter import BatchCounter, trainer_of


class Handler:
    def __init__(self, *callbacks):
        self.callbacks = list(callbacks)


class Trainer:
    """The part of a Trainer that is used."""

    def __init__(self, *callbacks):
        self.callback_handler = Handler(*callbacks)
        self.seen = []

    def training_step(self, model, inputs, num_items_in_batch=None):
        """Train on a batch."""
        self.seen.append((model, num_items_in_batch))
        if inputs == "bad":
            raise ValueError("bad batch")
        return 0.5

    def train(self, callback):
        return callback.found()


class Callback:
    def found(self):
        return trainer_of(self)


def counter(**options):
    return BatchCounter(**{"first": lambda _: None, "failed": lambda: None, "say": lambda _: None, **options})


def test_the_trainer_that_calls_is_found():
    callback = Callback()
    trainer = Trainer(callback)
    assert trainer.train(callback) is trainer
    assert callback.found() is None
    assert Trainer(Callback()).train(callback) is None


def test_tokens_and_samples_add_up_and_the_step_gets_what_it_was_given():
    trainer, found, first = Trainer(), counter(), []
    found = counter(first=first.append)
    assert found.attach(trainer)
    assert trainer.training_step.__doc__ == "Train on a batch."
    assert [trainer.training_step("model", {"input_ids": [[1, 2], [3, 4]]}, num_items_in_batch=7) for _ in range(3)] == [0.5] * 3
    assert (found.tokens, found.samples, trainer.seen) == (12, 6, [("model", 7)] * 3)
    assert first == [{"input_ids": [[1, 2], [3, 4]]}]


def test_a_batch_without_tokens_makes_them_unknown():
    trainer, found = Trainer(), counter()
    found.attach(trainer)
    trainer.training_step("model", {"input_ids": [[1]]})
    trainer.training_step("model", {"pixels": [[0.5]]})
    assert (found.tokens, found.samples) == (None, 2)


def test_the_trainer_is_left_as_it_was():
    trainer, found = Trainer(), counter()
    found.attach(trainer)
    found.detach()
    found.detach()
    assert "training_step" not in vars(trainer)
    own = trainer.training_step = lambda *_: 1
    again = counter()
    again.attach(trainer)
    again.detach()
    assert trainer.training_step is own


def test_a_step_that_raises_is_told_and_raises():
    failed = []
    trainer, found = Trainer(), counter(failed=lambda: failed.append(1))
    found.attach(trainer)
    with pytest.raises(ValueError, match="bad batch"):
        trainer.training_step("model", "bad")
    assert failed == [1]


def test_an_object_without_a_step_cannot_be_counted():
    assert not counter().attach(object())
