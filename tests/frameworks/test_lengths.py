"""Test that tokens and samples are counted in all forms of a batch, and that looking at a data set changes nothing."""

import random

import numpy as np
import pytest

from traincarbon.frameworks.lengths import lengths_of, samples_in, size_of, tokens_in


class Tensor:
    """The part of a tensor that is looked at."""

    def __init__(self, *shape, dtype="torch.int64"):
        self.shape, self.dtype = shape, dtype

    def numel(self):
        return int(np.prod(self.shape))

    def __len__(self):
        return self.shape[0]


@pytest.mark.parametrize(
    ("batch", "tokens", "samples"),
    [
        ({"input_ids": Tensor(4, 16), "labels": Tensor(4, 16)}, 64, 4),
        ({"input_ids": np.zeros((2, 3), int)}, 6, 2),
        ({"input_ids": [[1, 2], [3]]}, 3, 2),
        ({"pixel_values": Tensor(4, 3, 8, 8, dtype="torch.float32")}, None, 4),
        (Tensor(4, 16), 64, 4),
        ((Tensor(4, 16), Tensor(4, dtype="torch.float32")), 64, 4),
        ([Tensor(4, 8, dtype="torch.float32"), Tensor(4)], None, 4),
        ({"input_ids": Tensor()}, 1, None),
        ("text", None, None),
        (None, None, None),
        ({}, None, None),
    ],
)
def test_a_batch_is_counted(batch, tokens, samples):
    assert (tokens_in(batch), samples_in(batch)) == (tokens, samples)


def test_looking_at_samples_leaves_the_random_numbers_of_the_training_as_they_are():
    class Augmented(list):
        def __getitem__(self, index):
            return {"input_ids": [random.random() for _ in range(1 + int(np.random.rand() * 5))]}  # noqa: NPY002  the generator that data sets share

    def drawn():
        return random.random(), np.random.rand()  # noqa: NPY002

    states = random.getstate(), np.random.get_state()  # noqa: NPY002
    expected = drawn()
    random.setstate(states[0])
    np.random.set_state(states[1])  # noqa: NPY002
    assert lengths_of(Augmented(range(40))).least >= 1
    assert drawn() == expected


@pytest.mark.parametrize("dataset", [[], iter([1]), None, {"a": 1}, [{"text": "words"}], [None]])
def test_a_data_set_without_index_or_tokens_has_no_lengths(dataset):
    assert lengths_of(dataset) is None


def test_a_data_set_whose_samples_cannot_be_read_has_no_lengths():
    class Broken(list):
        def __getitem__(self, index):
            raise OSError("no such file")

    assert lengths_of(Broken([1, 2])) is None


def test_a_batch_that_cannot_be_looked_at_holds_nothing_known():
    class Broken(dict):
        def get(self, name, default=None):
            raise RuntimeError("lost")

    assert size_of(Broken(input_ids=[1])) == (None, None)
    assert size_of({"words": [[1, 2], [3, 4]]}, name="words") == (4, 2)
