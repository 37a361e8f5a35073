"""The log format of .wandb files."""

import io

from encoded import wandb_file
from traincarbon.readers.wandb_log import records

LONG = bytes(range(256)) * 400


def test_records_that_span_blocks_come_whole():
    contents = [b"a", LONG, b"b" * 32740, b"c", LONG + b"!"]
    assert list(records(io.BytesIO(wandb_file(*contents)))) == contents


def test_a_record_that_is_cut_off_is_none():
    whole = wandb_file(b"first", LONG)
    assert list(records(io.BytesIO(whole[:-5]))) == [b"first", None]
    assert list(records(io.BytesIO(whole[:40000]))) == [b"first", None]
    assert list(records(io.BytesIO(whole[:7]))) == []


def test_an_empty_end_is_no_record():
    assert list(records(io.BytesIO(wandb_file(b"first") + bytes(100)))) == [b"first"]
