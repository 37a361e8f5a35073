"""TensorBoard: an event file in a folder of the run."""

import os
from typing import Any

from traincarbon.tracking.settings import Settings
from traincarbon.tracking.sinks.status import Status, facts_of

_FOLDER = "runs"


class TensorboardSink:
    """Writes scalars; their step is the time since the run began, in whole seconds.

    Scalars of event files have seven digits, so what the run came to is written once more with all digits.

    Args:
        where: The folder of the event file.
        settings: The run.
    """

    def __init__(self, where: str, settings: Settings) -> None:
        from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2
        from tensorboard.summary.writer.event_file_writer import EventFileWriter

        self._event, self._summary, self._tensor = event_pb2.Event, summary_pb2, tensor_pb2.TensorProto
        self._writer: Any = EventFileWriter(where)
        self.where = os.path.abspath(where)
        self._write_text(facts_of(settings))

    def log(self, status: Status) -> None:
        """Write the numbers."""
        self._write(status, [self._summary.Summary.Value(tag=f"carbon/{name}", simple_value=value) for name, value in status.values.items()])
        self._writer.flush()

    def finish(self, status: Status) -> None:
        """Write what the run came to, in both forms."""
        self.log(status)
        self._write(status, [self._exact(name, value) for name, value in status.values.items()])
        self._writer.flush()

    def close(self) -> None:
        """Close the file."""
        self._writer.close()

    def _write(self, status: Status, values: list[Any]) -> None:
        self._writer.add_event(self._event(wall_time=status.time_s, step=int(status.duration_s), summary=self._summary.Summary(value=values)))

    def _exact(self, name: str, value: float) -> Any:
        metadata = self._summary.SummaryMetadata(
            plugin_data=self._summary.SummaryMetadata.PluginData(plugin_name="scalars"), data_class=self._summary.DATA_CLASS_SCALAR
        )
        tensor = self._tensor(dtype="DT_DOUBLE", double_val=[value])
        return self._summary.Summary.Value(tag=f"carbon/{name}", tensor=tensor, metadata=metadata)

    def _write_text(self, facts: dict[str, str]) -> None:
        """Write what is known of the run as a text."""
        rows = "\n".join(f"| {name} | {value} |" for name, value in facts.items())
        tensor = self._tensor(dtype="DT_STRING", string_val=[f"| | |\n|---|---|\n{rows}".encode()])
        tensor.tensor_shape.dim.add(size=1)
        metadata = self._summary.SummaryMetadata(plugin_data=self._summary.SummaryMetadata.PluginData(plugin_name="text"))
        value = self._summary.Summary.Value(tag="carbon/run", tensor=tensor, metadata=metadata)
        self._writer.add_event(self._event(step=0, summary=self._summary.Summary(value=[value])))


def opened(where: str, settings: Settings) -> TensorboardSink:
    """Return the sink for a folder.

    Raises:
        ImportError: TensorBoard is not installed.
    """
    folder = where or os.environ.get("TENSORBOARD_LOGGING_DIR") or os.path.join(_FOLDER, f"carbon-{settings.run_id}")
    return TensorboardSink(folder, settings)
