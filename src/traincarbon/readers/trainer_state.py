"""Import ``trainer_state.json``, which the Trainer of Hugging Face writes beside a model and its checkpoints."""

import json
import zlib
from typing import TextIO

from traincarbon.decode import amount, items, table
from traincarbon.errors import CarbonError
from traincarbon.readers.imported import Format, Imported, ImportOptions, record_of

_LONGEST = 256 << 20
_NO_ENERGY = "the Trainer states no energy"
_NOT_ENDED = "it states no train_runtime, as the state of a checkpoint does; import the one that the Trainer writes at the end, beside the model"


def is_trainer_state(beginning: str) -> bool:
    """Return whether a file with this beginning is the state of a Trainer."""
    return beginning.lstrip()[:1] == "{" and '"global_step"' in beginning and '"log_history"' in beginning


def read(stream: TextIO, options: ImportOptions) -> Imported:  # noqa: ARG001  every reader has this shape
    """Return the run of a state: its time, and its tokens if they were counted (``include_num_input_tokens_seen``).

    Raises:
        CarbonError: the file is not JSON, for example cut off.
    """
    text = stream.read(_LONGEST)
    try:
        state = table(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise CarbonError(f"the file is not JSON: {error}", hint="is it cut off?") from error
    history = [table(entry) for entry in items(state.get("log_history"))]
    duration_s = next((found for entry in reversed(history) if (found := amount(entry.get("train_runtime"))) is not None), None)
    if not duration_s:
        return Imported([], [_NOT_ENDED], [])
    try:
        record = record_of(
            run_id=f"trainer-{zlib.crc32(json.dumps(history, sort_keys=True).encode('utf-8', 'replace')):08x}",
            state="finished",
            began=None,
            duration_s=duration_s,
            tokens=amount(state.get("num_input_tokens_seen")) or None,
            energy_j={},
            missing={"": _NO_ENERGY},
            versions={},
        )
    except (CarbonError, ValueError) as error:
        return Imported([], [str(error)], [])
    return Imported([record], [], [])


FORMAT = Format(
    "trainer",
    "`trainer_state.json` of the Trainer of Hugging Face",
    "duration, tokens if they were counted",
    "energy, the beginning, hardware, parameters",
    "the state of a checkpoint has no duration and is left out",
    is_trainer_state,
    read,
    files=("trainer_state.json",),
)
