"""What the user asks to log to: names, places and addresses, and what is refused."""

import pytest

from traincarbon.errors import CarbonError
from traincarbon.tracking.settings import SinkRequest
from traincarbon.tracking.sinks.requests import NAMES, address_of, sinks_from


@pytest.mark.parametrize("log_to", ["wandb,mlflow", " wandb , mlflow ", ["wandb", "mlflow"], ("WandB,MLflow",), "wandb,mlflow,wandb"])
def test_names_are_separated_by_commas_or_given_one_by_one_and_count_once(log_to):
    assert sinks_from(log_to=log_to, env={}) == (SinkRequest("wandb"), SinkRequest("mlflow"))


@pytest.mark.parametrize("name", [name for name in NAMES if name != "prometheus"])
def test_each_sink_takes_where_it_logs(name):
    assert sinks_from(log_to=f"{name}=a/b=c", env={}) == (SinkRequest(name, "a/b=c"),)


def test_the_environment_counts_where_no_option_is_given():
    env = {"CARBON_LOG_TO": "trackio", "CARBON_PROMETHEUS": "9401"}
    assert sinks_from(env=env) == (SinkRequest("trackio"), SinkRequest("prometheus", ":9401"))
    assert sinks_from(log_to="wandb", prometheus=":1", env=env) == (SinkRequest("wandb"), SinkRequest("prometheus", ":1"))
    assert sinks_from(env={"CARBON_LOG_TO": "", "CARBON_PROMETHEUS": " "}) == ()


def test_prometheus_is_a_name_too_with_its_usual_port():
    assert sinks_from(log_to="prometheus", env={}) == (SinkRequest("prometheus", ":9400"),)


@pytest.mark.parametrize("text", ["", ":", "host", "host:", ":-1", ":65536", ":9400x", "a b:1", "http://x:1", "::1:9400", ":٣", "1:2:3", "[::1]"])
def test_what_is_no_address_is_refused(text):
    with pytest.raises(CarbonError, match="prometheus is") as caught:
        address_of(text)
    assert ":9400" in caught.value.hint


@pytest.mark.parametrize("text", [":9400", "127.0.0.1:9400", "[::1]:9400", "localhost:0"])
def test_an_address_is_written_as_it_is_read(text):
    assert str(address_of(text)) == text


def test_an_unknown_name_gets_the_one_that_was_meant():
    with pytest.raises(CarbonError, match="log_to is 'wanbd'") as caught:
        sinks_from(log_to="wanbd", env={})
    assert caught.value.hint == "did you mean wandb?"


@pytest.mark.parametrize("word", ["mlflow=" + "x" * 1001, "mlflow=a\nb"])
def test_a_place_that_cannot_be_one_is_refused(word):
    with pytest.raises(CarbonError, match="log_to is"):
        sinks_from(log_to=[word], env={})
