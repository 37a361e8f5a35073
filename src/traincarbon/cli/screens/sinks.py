"""Where a run can be logged while it is metered, in ``carbon doctor``: what is installed, and how to install the rest."""

from traincarbon.tracking.sinks.base import sink_states


def sink_rows(*, quiet: bool = False) -> list[tuple[str, str]]:
    """Return each sink with the version of its package, or how to install it; *quiet* leaves out those that are not installed."""
    return [
        (
            each.name,
            (f"{each.title} {each.version}" if each.version else f"{each.title}, which needs no package")
            if each.is_installed
            else f"not installed: {each.install}",
        )
        for each in sink_states()
        if each.is_installed or not quiet
    ]


def sink_dicts() -> list[dict[str, object]]:
    """Return the same for JSON."""
    return [each._asdict() for each in sink_states()]
