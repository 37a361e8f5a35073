"""The law of the database, its spread, and whom it speaks of."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acme import line
from traincarbon.errors import DatabaseError, OutOfRangeError
from traincarbon.estimation.plan import Plan
from traincarbon.explore.scaling_law import SPREAD, Size, read_law, size_of
from traincarbon.formulas.scaling import optimal_params, predicted_loss

ACME = line("scaling_laws", "acme-2020", 1.8, 400, 0.5, 400, 0.5, 0.1, 0.05, 0.04, 4e6, 16e6, 4e6, 16e6)


@pytest.fixture
def acme(make_database):
    return read_law(make_database({"scaling_laws.csv": ACME, "sources.toml": ""}))


def test_the_shipped_law_is_the_refit_of_chinchillas_runs(shipped):
    found = read_law(shipped)
    # 1.8172 + 482.01 / 70e9^0.3478 + 2085.43 / 1.4e12^0.3658 = 1.8172 + 0.0814 + 0.0753
    assert found.loss(70e9, 1.4e12).median == pytest.approx(1.9739, abs=2e-4)
    assert found.evidence.fact == "scaling_laws/besiroglu-2024"


def test_chinchilla_is_the_best_use_of_its_arithmetic_by_the_shipped_law(shipped):
    compute_flop = 6.0 * 70e9 * 1.4e12
    params = optimal_params(compute_flop=compute_flop, law=read_law(shipped).law)
    assert params == pytest.approx(70e9, rel=0.1)
    assert compute_flop / (6.0 * params) / params == pytest.approx(20.0, rel=0.15)


def test_the_law_is_the_first_of_the_database(make_database):
    assert read_law(make_database({"scaling_laws.csv": ACME, "sources.toml": ""})).evidence.fact == "scaling_laws/acme-2020"


def test_the_law_ranks_models_as_their_years_did(shipped):
    """Chinchilla beat Gopher, GPT-3 and MT-NLG 530B on most tasks; Hoffmann et al. 2022, abstract. Llama 3.1 405B came after all of them."""
    law = read_law(shipped)
    losses = {name: law.loss(*size).median for name, size in SIZES.items()}
    assert losses["Llama 3.1 405B"] < losses["Chinchilla"] < min(losses[name] for name in ("Gopher", "GPT-3", "MT-NLG 530B"))


SIZES = {
    "GPT-3": (175e9, 300e9),
    "Gopher": (280e9, 300e9),
    "MT-NLG 530B": (530e9, 270e9),
    "Chinchilla": (70e9, 1.4e12),
    "Llama 3.1 405B": (405e9, 15.6e12),
}


def test_a_database_without_a_law_says_so(make_database):
    with pytest.raises(DatabaseError, match="holds no law"):
        read_law(make_database({}))


def test_a_standard_error_larger_than_what_size_and_data_take_away_is_refused(make_database):
    bad = line("scaling_laws", "acme-2020", 1.8, 400, 0.5, 400, 0.5, 0.9, 0.05, 0.04, 4e6, 16e6, 4e6, 16e6)
    with pytest.raises(DatabaseError, match="irreducible_loss"):
        read_law(make_database({"scaling_laws.csv": bad, "sources.toml": ""}))


def test_in_the_middle_of_the_data_the_standard_errors_leave_the_loss_as_it_is(acme):
    # geometric means: 8e6 parameters, 8e6 tokens
    low, middle, high = acme.loss(8e6, 8e6)
    assert high - low == pytest.approx(0.0, abs=1e-12)
    assert middle == pytest.approx(1.8 + 2.0 * 400.0 / math.sqrt(8e6))


@given(st.floats(1.1, 1000.0), st.floats(1.1, 10.0))
def test_the_farther_from_the_data_the_less_sure_is_the_loss(shift, more):
    from traincarbon.database.load import Database, builtin_root

    law = read_law(Database([builtin_root()]))
    middle = math.sqrt(law.least.params * law.most.params), math.sqrt(law.least.tokens * law.most.tokens)
    near, far = (law.loss(middle[0] * factor, middle[1]) for factor in (shift, shift * more))
    assert far.high - far.low > near.high - near.low


def test_the_spread_of_a_figure_is_that_of_its_variants(acme):
    # An exponent of 0.5 ± 0.05 moves a figure of 10^(10 × exponent) by ln 10 × 10 × 0.05
    assert acme.spread(lambda law: 10.0 ** (10.0 * law.params_exponent)) == pytest.approx(0.5 * math.log(10.0))
    assert acme.spread(lambda law: 3.0 + 0.0 * law.params_scale) == 0.0


def test_a_variant_that_has_no_answer_counts_by_its_sibling(acme):
    def figure(law):
        if law.irreducible_loss > 1.85:
            raise OutOfRangeError("too low")
        return math.exp(10.0 * (law.irreducible_loss - 1.8))

    assert acme.spread(figure) == pytest.approx(1.0)


def test_the_best_size_for_a_loss_reaches_it(acme):
    size = acme.best_for(2.0)
    assert size.params == pytest.approx(16e6)
    assert predicted_loss(params=size.params, tokens=size.tokens, law=acme.law) == pytest.approx(2.0)


def test_the_same_size_needs_the_same_tokens_for_certain(acme):
    tokens = acme.same_loss_tokens(8e6, Size(8e6, 5e6))
    assert tokens.median == pytest.approx(5e6)
    assert tokens.spreads[SPREAD] == pytest.approx(0.0, abs=1e-9)


def test_another_size_needs_tokens_that_the_law_leaves_uncertain(acme):
    assert acme.same_loss_tokens(16e6, Size(8e6, 5e6)).spreads[SPREAD] > 0.001


def test_what_was_not_fitted_on_is_beyond_the_law(acme):
    assert not acme.is_beyond(Size(8e6, 8e6))
    assert acme.is_beyond(Size(20e6, 8e6))
    assert acme.is_beyond(Size(8e6, 1e6))


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "finetune"},
        {"kind": "lora"},
        {"family": "encoder"},
        {"active_params": 1e9},
        {"tokens": None},
        {"params": None},
    ],
)
def test_the_law_does_not_speak_of_other_trainings(fields):
    asked = {"params": 7e9, "tokens": 1e12, "hw": "h100", **fields}
    assert size_of(Plan(**{name: value for name, value in asked.items() if value is not None})) is None


def test_the_law_speaks_of_dense_decoders_and_takes_the_median_of_an_interval():
    assert size_of(Plan(params=7e9, tokens="1e12..4e12", hw="h100", active_params=7e9)) == (7e9, pytest.approx(2e12))
    assert Size(7e9, 2e12).compute_flop == 8.4e22


def test_a_size_is_said_as_people_say_it():
    assert str(Size(50.92e9, 952.8e9)) == "50.9B parameters on 953B tokens"


def test_far_below_its_fit_a_law_covers_nothing(shipped):
    law = read_law(shipped)
    assert law.covers(Size(law.least.params / 9.0, law.least.tokens / 9.0))
    assert law.covers(Size(530e9, 270e9))
    assert not law.covers(Size(law.least.params / 11.0, law.least.tokens))
    assert not law.covers(Size(law.least.params, law.least.tokens / 11.0))
