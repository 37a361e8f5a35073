"""How a run stands as text that Prometheus reads."""

from collections.abc import Mapping

from traincarbon.tracking.sinks.metric_names import INSTRUMENTS, help_of, metrics_of, prometheus_name, run_metrics
from traincarbon.tracking.sinks.status import Status

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


def exposition(status: Status | None, *, labels: Mapping[str, str], facts: Mapping[str, str]) -> str:
    """Return the metrics of a run.

    Args:
        status: How it stands, None before the first reading.
        labels: Labels of every metric: the run and its project.
        facts: What is known of the run, for ``carbon_run_info``.

    Example:
        >>> text = exposition(None, labels={"run_id": "toy"}, facts={"run_id": "toy", "region": "france"})
        >>> text.splitlines()[-1]
        'carbon_run_info{region="france",run_id="toy"} 1'
    """
    lines = _family("carbon_run_info", "gauge", "What is known of a run.", [(dict(facts), 1.0)])
    if status is None:
        return "\n".join([*lines, ""])
    lines += _family("carbon_run_ended", "gauge", "1 once the run has ended, 0 before.", [(dict(labels), float(status.is_last))])
    for name, value in run_metrics(status):
        lines += _family(prometheus_name(name), "gauge", help_of(name), [(dict(labels), value)])
    found = [metric for device in status.devices for metric in metrics_of(device)]
    for instrument in INSTRUMENTS:
        samples = [({**_plain(attributes), **labels}, value) for each, attributes, value in found if each is instrument]
        if samples:
            lines += _family(instrument.prometheus, "counter" if instrument.is_counter else "gauge", instrument.help, samples)
    return "\n".join([*lines, ""])


def _family(name: str, kind: str, text: str, samples: list[tuple[dict[str, str], float]]) -> list[str]:
    return [f"# HELP {name} {text}", f"# TYPE {name} {kind}", *(f"{name}{_labelled(labels)} {_number(value)}" for labels, value in samples)]


def _labelled(labels: Mapping[str, str]) -> str:
    return "{" + ",".join(f'{name}="{value.translate(_ESCAPES)}"' for name, value in sorted(labels.items())) + "}"


def _plain(attributes: Mapping[str, str]) -> dict[str, str]:
    """Return attributes with names that Prometheus takes."""
    return {name.replace(".", "_"): value for name, value in attributes.items()}


def _number(value: float) -> str:
    return repr(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
