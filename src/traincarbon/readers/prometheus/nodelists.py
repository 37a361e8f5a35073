"""The nodes of SLURM's jobs, by which their energy is found in Prometheus; the reader of ``sacct`` keeps no names of machines."""

import io
import re
from collections.abc import Iterable, Iterator
from typing import TextIO

from traincarbon.errors import CarbonError
from traincarbon.ledger.masking import mask_text
from traincarbon.readers.prometheus.hostlist import hosts_of
from traincarbon.readers.sacct import is_sacct
from traincarbon.readers.sacct_layout import layout_rows
from traincarbon.reading import open_regular

_BEGINNING = 1 << 16
_COLUMNS = ("NodeList", "Nodelist", "NODELIST")
_NO_NODES = ("", "None assigned", "None", "(null)")


def nodes_of_jobs(files: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the hosts of each job in those *files* that are output of ``sacct`` with the column NodeList, by the id of its run."""
    found: dict[str, tuple[str, ...]] = {}
    for file in files:
        try:
            with io.TextIOWrapper(open_regular(file), encoding="utf-8-sig", errors="replace", newline="") as stream:
                if is_sacct(stream.read(_BEGINNING)):
                    stream.seek(0)
                    found |= dict(_nodes(stream))
        except (OSError, ValueError):
            continue  # the reader of its runs says why
    return found


def _nodes(stream: TextIO) -> Iterator[tuple[str, tuple[str, ...]]]:
    for row in layout_rows(stream):
        if isinstance(row, str):
            continue
        nodes, id = row.text(*_COLUMNS), row.text("JobID", "JobIDRaw").rstrip("+")
        if nodes in _NO_NODES or not id or "." in id:
            continue
        cluster = row.text("Cluster")
        run_id = "-".join(["slurm", *([cluster] if cluster else []), id, re.sub(r"\D", "", row.text("Start"))])
        try:
            yield mask_text(run_id, before="run_id"), hosts_of(nodes)
        except CarbonError:
            continue
