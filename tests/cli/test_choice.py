"""A wrong word for one of a few is answered with the one that was meant, alike under every version of click."""

import click
import pytest

from traincarbon.cli.choice import Choice


@pytest.mark.parametrize(
    ("choices", "word", "message"),
    [
        (("rent", "own"), "rents", "'rents' is not one of 'rent', 'own'. Did you mean 'rent'?"),
        (("csv", "json"), "jsn", "'jsn' is not one of 'csv', 'json'. Did you mean 'json'?"),
        (("csv", "json"), "picture", "'picture' is not one of 'csv', 'json'."),
        (("pretrain", "qlora"), "q-lora", "'q-lora' is not one of 'pretrain', 'qlora'. Did you mean 'qlora'?"),
    ],
)
def test_a_wrong_word_is_answered_with_the_one_that_was_meant(choices, word, message):
    with pytest.raises(click.BadParameter) as caught:
        Choice(choices).convert(word, None, None)
    assert caught.value.message == message


def test_no_message_of_click_is_part_of_the_answer(monkeypatch):
    def refuse(self, value, param, ctx):
        self.fail(f"{value} is wrong in other words", param, ctx)

    monkeypatch.setattr(click.Choice, "convert", refuse)
    with pytest.raises(click.BadParameter) as caught:
        Choice(("rent", "own")).convert("rents", None, None)
    assert caught.value.message == "'rents' is not one of 'rent', 'own'. Did you mean 'rent'?"


def test_a_right_word_is_taken_as_the_option_spells_it():
    assert Choice(("bf16", "fp8"), case_sensitive=False).convert("BF16", None, None) == "bf16"
