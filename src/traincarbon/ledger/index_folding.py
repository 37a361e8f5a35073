"""The lines of a journal folded for the index: a summary for each writer, the faults, and up to where the file was read."""

from traincarbon.ledger.checkpoint import advanced, latest_checkpoint
from traincarbon.ledger.index_progress import Progress
from traincarbon.ledger.journal_lines import CHECKPOINT_EVERY_B, RECORD, Line, read_lines
from traincarbon.ledger.process_summary import Process

_MOST_FAULTS = 20


class Folded:
    """What is known of the lines of a file so far.

    Args:
        summaries: Run and writer to the summary, and whether its lines do not come in order.
        faults: What cannot be read.
        read_b: Up to where the file was read.
    """

    def __init__(self, summaries: dict[tuple[str, str], tuple[Process, bool]], faults: list[str], read_b: int) -> None:
        self.summaries, self.faults, self.read_b = summaries, faults, read_b
        self.records_b: dict[tuple[str, str], int] = {}
        """Run and writer of each imported record to where its line begins."""

    @classmethod
    def begun(cls, path: str, *, size_b: int) -> "Folded":
        """Return where to begin with a file that was not read yet: at its latest checkpoint if it is large, else at its first line."""
        checkpoint = latest_checkpoint(path) if size_b > CHECKPOINT_EVERY_B else None
        if checkpoint is None:
            return cls({}, [], 0)
        process = checkpoint.process
        return cls({(process.run_id, process.writer): (process, False)}, [], checkpoint.end_b)

    def read(self, path: str, progress: Progress) -> set[str]:
        """Fold in the lines from there on; return their runs."""
        touched: set[str] = set()
        for line, fault, place_b in read_lines(path, begin_b=self.read_b):
            begin_b, self.read_b = self.read_b, place_b
            progress.add(place_b - begin_b)
            if line is not None:
                touched.add(line["run_id"])
                _add(self.summaries, line)
                if line["kind"] == RECORD:
                    self.records_b[line["run_id"], line["writer"]] = begin_b
            elif len(self.faults) < _MOST_FAULTS:
                self.faults.append(fault)
        return touched


def _add(summaries: dict[tuple[str, str], tuple[Process, bool]], line: Line) -> None:
    key = (line["run_id"], line["writer"])
    process, tangled = summaries.get(key) or (Process(line["run_id"], line["writer"], line["node"], line["process"]), False)
    tangled = tangled or line["seq"] <= process.seq or line["node"] != process.node
    summaries[key] = (process if tangled else advanced(process, line), tangled)


def record_at(path: str, run_id: str, writer: str, *, begin_b: int) -> Process | None:
    """Return the imported record whose line begins there, None if it does not any more."""
    line, _, _ = next(read_lines(path, begin_b=begin_b), (None, "", 0))
    if line is None or (line["kind"], line["run_id"], line["writer"]) != (RECORD, run_id, writer):
        return None
    return advanced(Process(run_id, writer, line["node"], line["process"]), line)


def has_ended(process: Process) -> bool:
    """Return whether a process wrote its last line, or is one of another program."""
    return process.end is not None or process.record is not None
