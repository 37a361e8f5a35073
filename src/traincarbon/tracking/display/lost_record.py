"""Where the record of a run is that nobody confirmed: its store and the spare stores are looked at, each for a moment."""

from traincarbon.ledger.journal import run_journals
from traincarbon.ledger.patience import Asked
from traincarbon.ledger.spare_store import spare_stores
from traincarbon.tracking.display.record_fate import take_from

_LOOK_S = 0.4


def place_of_record(store: str, run_id: str) -> str:
    """Return a clause that says where the record of a run is, or that no store that answers has it."""
    asked = {each: Asked(lambda each=each: run_journals(each, run_id)) for each in (store, *spare_stores())}  # type: ignore[misc]  # the default binds
    journals = {each: _answer(question) for each, question in asked.items()}
    spares = [each for each, found in journals.items() if found and each != store]
    if journals[store] is None:
        silent = f"{store} does not answer"
        return f"{silent}; the record is in {spares[0]}: {take_from(spares[0])}" if spares else f"{silent}, and no other folder has the record"
    if spares:
        return f"the record, or the rest of it, is in {spares[0]}: {take_from(spares[0])}"
    if journals[store]:
        return f"the record in {store} may lack its last seconds"
    return f"neither {store} nor another folder has a record of it"


def _answer(question: Asked[list[str]]) -> list[str] | None:
    """Return the journals that a store has of the run, None if it does not answer."""
    try:
        return question.answer(within_s=_LOOK_S)
    except TimeoutError:
        return None
    except OSError:
        return []
