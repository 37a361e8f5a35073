"""What the journal says before anything was metered."""

import time

from traincarbon.tracking.options import settings_from
from traincarbon.tracking.sidecar.first_line import first_line


def test_it_says_what_runs_and_since_when():
    settings = settings_from(argv=["python", "train.py"], run_id="r", project="llama", interval_s=0.5)
    before_s = time.monotonic()
    line = first_line(settings, began_s=3.0)
    assert (line["argv"], line["project"], line["interval_s"], line["from_s"]) == (["python", "train.py"], "llama", 0.5, 3.0)
    assert before_s <= line["to_s"] <= time.monotonic()
    assert line["versions"]["carbon"]


def test_only_a_shell_outside_of_its_job_says_so():
    settings = settings_from(argv=["x"], run_id="r")
    assert "outside" not in first_line(settings, began_s=0.0)
    assert first_line(settings._replace(is_outside=True), began_s=0.0)["outside"] is True
