"""The app in a process of its own, as a reader starts it."""

import subprocess
import sys
from contextlib import contextmanager
from typing import NamedTuple


class Served(NamedTuple):
    """A served store: the folder, the address without a slash at its end, and the link with the token."""

    store: object
    url: str
    link: str


@contextmanager
def serving(store, *options):
    """Serve *store* on a free port until the block ends."""
    command = [sys.executable, "-m", "traincarbon", "serve", "--port", "0", "--store", str(store), "--quiet", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        link = process.stdout.readline().strip()
        yield Served(store, link.partition("?")[0].rstrip("/"), link)
    finally:
        process.kill()
        process.communicate()
