"""Models that somebody has trained already."""

from traincarbon.explore.advice.existing_models import models_as_good, size_of_run, trained_models
from traincarbon.explore.scaling_law import read_law
from traincarbon.formulas.scaling import predicted_loss


def test_models_are_dense_named_once_and_reliable(shipped):
    found = trained_models(shipped)
    names = [trained.model for trained in found]
    assert len(names) == len(set(names)) > 20
    assert "phi-2" not in names
    assert "LLaMA 65B" in names


def test_what_is_as_good_is_predicted_to_be_and_comes_smallest_first(shipped):
    law = read_law(shipped)
    found = models_as_good(shipped, law, 1.995, until=None)
    assert found
    assert [trained.size.params for trained in found] == sorted(trained.size.params for trained in found)
    assert all(predicted_loss(params=trained.size.params, tokens=trained.size.tokens, law=law.law) <= 1.995 for trained in found)


def test_what_was_trained_later_does_not_count(shipped):
    law = read_law(shipped)
    assert models_as_good(shipped, law, 1.995, until=2021) == []
    assert all(trained.year <= 2023 for trained in models_as_good(shipped, law, 1.995, until=2023))


def test_a_loss_that_nobody_reaches_finds_nothing(shipped):
    assert models_as_good(shipped, read_law(shipped), 1.82, until=None) == []


def test_a_model_is_found_by_its_id(shipped):
    assert size_of_run(shipped, "bert-large-google") == (340e6, 128e9)
    assert size_of_run(shipped, "no-such-run") is None
