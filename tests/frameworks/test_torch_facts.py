"""Test what PyTorch tells of machine and number format, with stand-ins for it."""

import sys
from types import SimpleNamespace

import pytest

from traincarbon.frameworks.torch_facts import machine_of_torch, precision_of_torch
from traincarbon.frameworks.training_plan import Machine


def torch(*, name="", tf32=False):
    def fail():
        raise RuntimeError("no driver")

    cuda = SimpleNamespace(is_available=lambda: bool(name), get_device_name=fail if name == "broken" else lambda: name)
    return SimpleNamespace(cuda=cuda, backends=SimpleNamespace(cuda=SimpleNamespace(matmul=SimpleNamespace(allow_tf32=tf32))))


@pytest.mark.parametrize(("name", "expected"), [("NVIDIA H100", Machine("NVIDIA H100", 8)), ("", Machine("cpu", 2)), ("broken", Machine("", 8))])
def test_the_machine_is_what_the_driver_names(monkeypatch, name, expected):
    monkeypatch.setitem(sys.modules, "torch", torch(name=name))
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "4")
    assert machine_of_torch(ranks=8) == expected


@pytest.mark.parametrize("here", ["", "0", "many"])
def test_without_torch_the_processor_trains(monkeypatch, here):
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    monkeypatch.setenv("LOCAL_WORLD_SIZE", here)
    assert machine_of_torch(ranks=1) == Machine("cpu", 1)


@pytest.mark.parametrize(
    ("dtype", "tf32", "expected"), [("float32", False, "fp32"), ("float32", True, "tf32"), ("bfloat16", True, "bf16"), ("int8", False, "")]
)
def test_the_format_is_that_of_the_parameters_where_none_is_mixed_in(monkeypatch, dtype, tf32, expected):
    monkeypatch.setitem(sys.modules, "torch", torch(name="NVIDIA A100", tf32=tf32))
    model = SimpleNamespace(parameters=lambda: iter([SimpleNamespace(dtype=f"torch.{dtype}")]))
    assert precision_of_torch(model) == expected


@pytest.mark.parametrize(("mixed", "expected"), [("bf16", "bf16"), ("16-mixed", "fp16"), ("bf16-true", "bf16"), ("transformer-engine", "fp8"), ("32-true", "")])
def test_the_format_is_the_one_that_is_mixed_in(mixed, expected):
    assert precision_of_torch(None, mixed=mixed) == expected
