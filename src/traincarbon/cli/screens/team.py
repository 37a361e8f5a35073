"""A team's ledger in ``carbon doctor``: whether it answers, and how many runs of the store it lacks."""

from traincarbon.cli import output


def team_rows(store: str | None) -> list[tuple[str, str]]:
    """Return what there is to say about the ledger in ``$CARBON_LEDGER`` and a store, nothing if none is named or the store cannot be read."""
    from traincarbon.ledger.server.state import team_state

    found = None if store is None else team_state(store)
    if found is None:
        return []
    unsent = f"{output.counted(found.unsent, 'run')} of this store to send with: carbon runs sync" if found.unsent else "all runs of this store are sent"
    return [("ledger", found.problem or f"{found.server}: {unsent}")]


def team_dict(store: str | None) -> dict[str, object] | None:
    """Return the same for JSON, None if there is nothing to say."""
    from traincarbon.ledger.server.state import team_state

    found = None if store is None else team_state(store)
    return None if found is None else found._asdict()
