"""Lists and clusters that launchers write into the environment as JSON.

The decoder of the package is not used, as it takes time that the start of a training does not have.
"""

from collections.abc import Mapping

from traincarbon.tracking.launchers.values import Count, CountReader, Environment, stated


def json_of(env: Environment, name: str) -> object:
    """Return what a variable states in JSON, None if that is not valid."""
    written = stated(env, name)
    if not written:
        return None
    import json

    try:
        found: object = json.loads(written)
    except (ValueError, RecursionError):
        return None
    return found


def length(name: str) -> CountReader:
    """Return a reader of the length of a list in JSON."""

    def read(env: Environment) -> Count | None:
        found = len(_items(json_of(env, name)))
        return Count(found, (name,)) if found else None

    return read


def position(item: str, *, among: str) -> CountReader:
    """Return a reader of the place of the value of *item* in a list in JSON."""

    def read(env: Environment) -> Count | None:
        listed, wanted = _items(json_of(env, among)), stated(env, item)
        return Count(listed.index(wanted), (item, among)) if wanted in listed else None

    return read


def cluster_nodes(*names: str) -> CountReader:
    """Return a reader of the number of hosts in a cluster of TensorFlow: ``{"cluster": {"worker": ["a:2222", …]}}``."""

    def read(env: Environment) -> Count | None:
        return next((Count(len(found), (name,)) for name in names if (found := _cluster_hosts(json_of(env, name)))), None)

    return read


def cluster_node(*names: str) -> CountReader:
    """Return a reader of the place of this task's host in a cluster of TensorFlow: ``{"task": {"type": "worker", "index": 1}}``."""

    def read(env: Environment) -> Count | None:
        for name in names:
            whole = _table(json_of(env, name))
            task = _table(whole.get("task"))
            kind, index = _text(task.get("type")), task.get("index")
            tasks = _items(_table(whole.get("cluster")).get(kind))
            if isinstance(index, int) and 0 <= index < len(tasks) and (host := _host(tasks[index])) in (found := _cluster_hosts(whole)):
                return Count(found.index(host), (name,))
        return None

    return read


def _cluster_hosts(whole: object) -> list[str]:
    """Return the hosts of a cluster in the order of their tasks, each once; the evaluator of TensorFlow takes no part in training."""
    cluster = _table(_table(whole).get("cluster"))
    tasks = [task for kind, listed in cluster.items() if kind != "evaluator" for task in _items(listed)]
    return list(dict.fromkeys(host for task in tasks if (host := _host(task))))


def _host(task: object) -> str:
    return _text(task).rpartition(":")[0] or _text(task)


def _table(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _items(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
