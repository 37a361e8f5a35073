"""Run the command line: ``python -m traincarbon`` is ``carbon``."""

import gc
import sys
from _signal import SIG_DFL, SIGINT, default_int_handler, getsignal, signal  # type: ignore[import-not-found]  # signal itself imports enum: too late for Ctrl-C


def main() -> None:
    """Run the command line. Until the tracker handles signals, Ctrl-C ends it by the signal, as it would end the command itself."""
    gc.disable()  # what is imported is not garbage; looking for some would cost a tenth of the start-up
    if sys.argv[1:2] == ["track"] and getsignal(SIGINT) is default_int_handler:
        signal(SIGINT, SIG_DFL)
    from traincarbon.cli import main as run

    run()


if __name__ == "__main__":
    main()
