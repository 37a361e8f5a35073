import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from decoder import Decoder
from traincarbon.tracking.progress_pipe import environment_of
from training_loop import Options, batch_of, command_line, own_text

EXAMPLES = Path(__file__).parents[2] / "examples"
TINY = ["--layers", "1", "--hidden", "8", "--heads", "2", "--seq-len", "8", "--batch", "2"]


def options(*arguments):
    return Options.of(command_line("").parse_args([*TINY, *arguments]))


def run(*arguments, **rest):
    return subprocess.run([sys.executable, EXAMPLES / "train_numpy.py", *TINY, *map(str, arguments)], capture_output=True, text=True, timeout=60, **rest)


def test_the_same_step_of_the_same_seed_has_the_same_batch_and_other_steps_have_others():
    first, again, later, other = batch_of(options(), 3), batch_of(options(), 3), batch_of(options(), 4), batch_of(options("--seed", "1"), 3)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, later)
    assert not np.array_equal(first, other)


def test_a_batch_is_windows_of_the_text_up_to_its_very_end(tmp_path):
    (tmp_path / "text").write_bytes(bytes(range(10)))
    chosen = options("--text", str(tmp_path / "text"), "--batch", "50")
    batch = batch_of(chosen, 1)
    assert batch.shape == (50, 9)
    assert np.all(np.diff(batch, axis=1) == 1)
    assert {int(window[0]) for window in batch} == {0, 1}


def test_tokens_are_trained_on_up_to_a_whole_step():
    assert options("--tokens", "100").steps == 7
    assert options("--tokens", "96").steps == 6


def test_the_documentation_of_the_repository_is_long_enough_to_learn_from():
    assert len(own_text()) > 50_000


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["--batch", "0"], "at least 1"),
        (["--heads", "3"], "not a multiple"),
        (["--text", os.devnull], "0 bytes is too short"),
        (["--text", "no such file"], "No such file"),
        (["--tokens", "inf"], "infinity"),
        (["--tokens", "nan"], "NaN"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_a_training_that_cannot_be_is_refused_in_words(arguments, what, capsys):
    from training_loop import options_of

    parser = command_line("")
    with pytest.raises(SystemExit) as left:
        options_of(parser, parser.parse_args([*TINY, *arguments]))
    assert left.value.code == 2
    assert what in capsys.readouterr().err


def test_a_training_says_its_size_then_where_it_is():
    lines = run("--steps", "4", "--log-every", "2").stdout.splitlines()
    n_params = Decoder(layers=1, hidden=8, heads=2, seq_len=8).n_params()
    assert lines[0] == f"parameters {n_params:,} layers 1 hidden 8 heads 2 seq_len 8 batch 2"
    assert [re.sub(r"loss \d\.\d{4}", "loss L", line) for line in lines[1:3]] == ["step 2 loss L tokens 32", "step 4 loss L tokens 64"]
    assert lines[3].startswith("trained 64 tokens in ")


def test_what_was_stopped_and_continued_ends_where_it_would_have(tmp_path):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    run("--steps", "6", "--checkpoint", whole, check=True)
    run("--steps", "3", "--checkpoint", parts, check=True)
    assert f"continues {parts} after step 3" in run("--steps", "6", "--checkpoint", parts, check=True).stdout
    with np.load(whole) as one, np.load(parts) as other:
        assert all(np.array_equal(one[name], other[name]) for name in one.files)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["parts", "whole"]


def test_a_finished_training_asked_again_does_nothing(tmp_path):
    run("--steps", "2", "--checkpoint", tmp_path / "done", check=True)
    assert "trained 0 tokens" in run("--steps", "2", "--checkpoint", tmp_path / "done", check=True).stdout


@pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="there are no such signals here")
def test_signals_save_and_stop_between_steps(tmp_path):
    file = tmp_path / "saved"
    command = [sys.executable, "-u", EXAMPLES / "train_numpy.py", *TINY, "--steps", "1000000", "--log-every", "1", "--checkpoint", file]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        lines = iter(running.stdout)
        next(line for line in lines if line.startswith("step 1 "))
        running.send_signal(signal.SIGUSR1)
        assert next(line for line in lines if line.startswith("saved")).startswith(f"saved {file} after step ")
        assert file.exists()
        assert running.poll() is None
        running.terminate()
        last = [line for line in lines if line.startswith("saved")]
        running.wait(timeout=30)
    assert len(last) == 1
    assert running.returncode == 128 + signal.SIGTERM


def test_progress_is_told_to_whoever_meters_the_training():
    reading, writing = os.pipe()
    environment = {**os.environ, **environment_of(writing)}
    run("--steps", "3", env=environment, pass_fds=(writing,), check=True)
    os.close(writing)
    with os.fdopen(reading) as stream:
        told = [json.loads(line) for line in stream]
    assert [each["tokens"] for each in told] == [16, 32, 48]
    assert [each["steps"] for each in told] == [1, 2, 3]
    assert {each["total_tokens"] for each in told} == {48}
    assert all(0.0 < each["loss"] < 10.0 for each in told)


def test_a_checkpoint_of_other_sizes_is_refused(tmp_path):
    run("--steps", "1", "--checkpoint", tmp_path / "small", check=True)
    refused = run("--steps", "1", "--checkpoint", tmp_path / "small", "--hidden", "16")
    assert refused.returncode == 1
    assert "belongs to another model" in refused.stderr


def test_a_copy_outside_the_repository_learns_its_own_code(tmp_path, monkeypatch):
    file = tmp_path / "examples" / "training_loop.py"
    file.parent.mkdir()
    file.write_bytes(b"one")
    monkeypatch.setattr("training_loop.__file__", str(file))
    assert own_text() == b"one"
