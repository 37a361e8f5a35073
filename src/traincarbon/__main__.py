"""Run the command line: ``python -m traincarbon`` is ``carbon``."""

import gc
import os
import sys
from _signal import SIG_DFL, SIGINT, default_int_handler, getsignal, signal  # type: ignore[import-not-found]  # signal itself imports enum: too late for Ctrl-C

_INTERRUPTED = 130


def main() -> None:
    """Run the command line. Ctrl-C ends it with one line, or, until the tracker handles signals, by the signal, as it would end the command itself."""
    gc.disable()  # what is imported is not garbage; looking for some would cost a tenth of the start-up
    if getsignal(SIGINT) is default_int_handler:
        signal(SIGINT, SIG_DFL if sys.argv[1:2] == ["track"] else _leave)
    from traincarbon.cli import main as run

    run()


def _leave(*_signal: object) -> None:
    """Leave while modules are being imported: nothing has begun, and an exception could be lost."""
    os.write(2, b"carbon: interrupted\n")
    os._exit(_INTERRUPTED)


if __name__ == "__main__":
    main()
