"""The packages that packs need, imported when a pack is made or opened."""

from typing import Any

from traincarbon.extras import MissingExtraError

EXTRA = "compact"


def pyarrow() -> Any:
    """Return pyarrow with what reads and writes JSON and Parquet.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import pyarrow as pa
        import pyarrow.compute
        import pyarrow.json
        import pyarrow.parquet
    except ImportError as error:
        raise MissingExtraError("packed journals need pyarrow, which is not installed", extra=EXTRA) from error
    return pa


def has_pyarrow() -> bool:
    """Return whether packs can be made and opened here, without importing what does it."""
    from importlib.util import find_spec

    return find_spec("pyarrow") is not None
