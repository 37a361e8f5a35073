"""The user is told where a record is that its store does not have."""

from traincarbon.tracking.display.record_fate import fate_of_record
from traincarbon.tracking.messages import Final


def test_a_record_that_is_in_its_store_needs_no_word():
    assert fate_of_record(Final(), store="/s", run_id="r") == ""


def test_a_record_in_a_spare_store_is_named_with_what_takes_it_from_there():
    text = fate_of_record(Final(("{}",), fault="Read-only file system", kept_in="/spare"), store="/s", run_id="r")
    assert text.startswith("the run is not in /s (Read-only file system), but in /spare")
    assert text.endswith("carbon runs merge /spare")


def test_a_record_that_is_nowhere_is_said_to_be_lost():
    assert fate_of_record(Final(("{}",), fault="full"), store="/s", run_id="r").startswith("the run was not saved: /s cannot be written (full)")


def test_without_a_last_message_the_record_may_be_short():
    assert "did not confirm" in fate_of_record(None, store="/s", run_id="r")
