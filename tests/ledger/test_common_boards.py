"""Whether two records are of common GPUs."""

import pytest

from traincarbon.ledger.common_boards import share_boards
from traincarbon.ledger.run import RUN_SCHEMA, Run

UUID, OTHER_UUID = "a1ff7551-0000-1000-80e9-ddefa2d60f55", "b2ff7551-0000-1000-80e9-ddefa2d60f55"


def on(*boards, host="h"):
    devices = [{"id": f"gpu:{board}", "node": 1, "part": "gpu", "how": "counter", "energy_j": 1.0, "host": host} for board in boards]
    return Run.from_dict({"schema": RUN_SCHEMA, "run_id": "r", "state": "finished", "duration_s": 60.0, "devices": devices})


@pytest.mark.parametrize(
    ("one", "other", "answer"),
    [
        (on(f"GPU-{UUID}"), on(UUID.upper(), host=""), True),
        (on(UUID), on(OTHER_UUID, host="k"), False),
        (on(UUID, OTHER_UUID), on(OTHER_UUID), True),
        (on("692251001124"), on("0x692251001124", host="k"), True),
        (on("692251001124"), on(UUID), None),
        (on("0"), on("index-0"), True),
        (on("0"), on("1"), False),
        (on("0"), on("0", host="k"), None),
        (on("0"), on("0", host=""), None),
        (on("0000:c1:00.0"), on("00000000:C1:00.0"), True),
        (on("0000:c1:00.0"), on("c6:00.0"), False),
        (on("00000000:3b:00.0"), on("3b:00.0"), True),
        (on("0009:01:00.0"), on("00000009:01:00.0"), True),
        (on("00000009:01:00.0"), on("00000019:01:00.0"), False),
        (on("0009:01:00.0"), on("01:00.0"), False),
        (on("the big one"), on("the big one"), True),
        (on(), on(UUID), None),
    ],
)
def test_names_tell_if_they_have_the_same_form(one, other, answer):
    assert share_boards(one, other) is share_boards(other, one) is answer
