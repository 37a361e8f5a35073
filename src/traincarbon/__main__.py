"""Run the command line: ``python -m traincarbon`` is ``carbon``."""

from traincarbon.cli import main

if __name__ == "__main__":
    main()
