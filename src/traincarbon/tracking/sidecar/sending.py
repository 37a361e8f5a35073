"""Send a run to the team's ledger when its metering has ended: nobody waits for it, and what is not sent comes with the next ``carbon runs sync``."""

import contextlib
import os
import sys
from typing import NoReturn

from traincarbon.import_path import import_path

_SEND = "import sys; sys.path[:] = sys.argv[4:]; from traincarbon.ledger.server.at_end import main; main(*sys.argv[1:4])"
_LEDGER = "CARBON_LEDGER"
"""As :mod:`traincarbon.ledger.server.address` has it, which a metering process need not import."""
_STANDARD, _MOST_OPEN = 2, 1 << 16


def send_at_end(store: str, run_id: str, file: str) -> None:
    """Become the process that sends a run, if a server is named.

    Memory, descriptors and locks of the metering process are free from then on. The signals that it ignores stay ignored.

    Args:
        store: The folder of the runs.
        run_id: The run.
        file: The journal of this process.
    """
    if os.environ.get(_LEDGER, "").strip() and os.path.exists(file):
        with contextlib.suppress(OSError, ValueError):
            _become(sys.executable, "-S", "-c", _SEND, store, run_id, file, *import_path())


def _become(*arguments: str) -> NoReturn:
    """Replace this process.

    Raises:
        OSError: the system cannot do it.
        ValueError: an argument holds what no argument can.
    """
    os.closerange(_STANDARD + 1, _MOST_OPEN)
    os.execv(arguments[0], arguments)  # noqa: S606  no shell
