"""What became of the record of a run that its store does not have: a sentence for the user."""

from traincarbon.tracking.messages import Final

_UNCONFIRMED = "the metering process did not confirm the end of the run"


def fate_of_record(final: Final | None, *, store: str, run_id: str) -> str:
    """Return where the record is if it is not, or not all of it, in *store*; "" if it is.

    Args:
        final: The last message of the metering process, None if it sent none.
        store: The folder of the run.
        run_id: The run.

    Example:
        >>> fate_of_record(Final(("{}",), fault="No space left on device", kept_in="/tmp/spare"), store="/runs", run_id="r")
        'the run is not in /runs (No space left on device), but in /tmp/spare: take it from there with: carbon runs merge /tmp/spare'
    """
    if final is None:
        from traincarbon.tracking.display.lost_record import place_of_record

        return f"{_UNCONFIRMED}: {place_of_record(store, run_id)}"
    if not final.unwritten:
        return ""
    if final.kept_in:
        return f"the run is not in {store} ({final.fault}), but in {final.kept_in}: {take_from(final.kept_in)}"
    return f"the run was not saved: {store} cannot be written ({final.fault}), and no other folder takes it"


def take_from(store: str) -> str:
    """Return how to move runs from a spare store to the user's own."""
    return f"take it from there with: carbon runs merge {store}"
