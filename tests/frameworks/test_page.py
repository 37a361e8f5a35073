"""Test that each example of the page on frameworks runs in its framework, and is short."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "frameworks.md"
SECTIONS = {
    section.partition("\n")[0]: re.findall(r"^```python\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    for section in re.split(r"^## ", PAGE.read_text("utf-8"), flags=re.MULTILINE)[1:]
}
COMMANDS = re.findall(r"^carbon (.+)$", "".join(re.findall(r"^```bash\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)), re.MULTILINE)
EXAMPLES = [(title, number) for title, blocks in SECTIONS.items() for number in range(len(blocks))]
BEFORE = {
    "Hugging": "from datasets import Dataset; from frameworks.test_huggingface import tokenizer as made; from frameworks.tiny_gpt2 import samples, tiny; "
    "model, dataset, tokenizer = tiny(), samples(), made(); texts = Dataset.from_list([{'input_ids': list(range(20))} for _ in range(64)])\n",
    "Lightning": "import torch; from frameworks.test_lightning import Small; module, loader = Small(), torch.utils.data.DataLoader(torch.zeros(40, 16, dtype=int), 4)\n",
    "Keras": "import numpy; from frameworks.test_keras import small; keras_model = small(); x = y = numpy.zeros((40, 16), int)\n",
    "Loops": "import jax.numpy; batches = [jax.numpy.zeros(4096)] * 3; train = jax.numpy.sum; evaluate = lambda: None\n",
}
"""The first word of a section to what a reader has there already: a model, data."""
NEEDS = {"Hugging": "transformers", "Accelerate": "accelerate", "Lightning": "lightning", "Keras": "keras", "Ray": "ray", "Loops": "jax", "W&B": "tensorboard"}


@pytest.mark.parametrize(("title", "number"), EXAMPLES)
def test_an_example_of_the_page_is_a_run(title, number, place, tmp_path):
    first = title.split()[0].rstrip(",")
    pytest.importorskip(NEEDS[first])
    file = tmp_path / "example.py"
    file.write_text(BEFORE.get(first, "") + SECTIONS[title][number])
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), "CUDA_VISIBLE_DEVICES": "", "HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, str(file)], env=environment, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr
    (name,) = os.listdir(Path(place.store, "journals"))
    assert (place.record(name).state, place.record(name).counts["steps"] >= 5.0) == ("finished", True)


def test_the_loop_of_your_own_runs_in_pytorch_too(place, tmp_path):
    pytest.importorskip("torch")
    (title,) = [each for each in SECTIONS if each.startswith("Loops")]
    file = tmp_path / "example.py"
    before = "import torch; batches = [torch.zeros(64, 64)] * 3; train = torch.sum; evaluate = lambda: None\n"
    file.write_text(before + SECTIONS[title][0].replace("batch.size", "batch.numel()"))
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), "CUDA_VISIBLE_DEVICES": "", "HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, str(file)], env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    (name,) = os.listdir(Path(place.store, "journals"))
    assert (place.record(name).state, place.record(name).counts) == ("finished", {"steps": 6.0, "tokens": 6.0 * 4096.0})


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_page_logs_a_run(command, place, tmp_path):
    for name in re.findall(r"wandb|mlflow|tensorboard|trackio", command):
        pytest.importorskip(name)
    (tmp_path / "train.py").write_text("import time; time.sleep(6)")
    environment = {**os.environ, "WANDB_MODE": "offline", "TRACKIO_DIR": str(tmp_path / "trackio"), "MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path}/m.db"}
    words = [sys.executable if word == "python" else word for word in command.split()]
    done = subprocess.run([sys.executable, "-m", "traincarbon", *words], env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert not re.search("is missing|nothing is logged|nothing more|did not take", " ".join(done.stderr.split())), done.stderr
    (name,) = os.listdir(Path(place.store, "journals"))
    assert place.record(name).state == "finished"


@pytest.mark.parametrize("title", SECTIONS)
def test_a_user_adds_a_dozen_lines_at_most(title):
    ours = [line for block in SECTIONS[title] for line in block.splitlines() if re.search(r"carbon|must_stop|tracker|run\.", line, re.IGNORECASE)]
    assert len(ours) <= 12
