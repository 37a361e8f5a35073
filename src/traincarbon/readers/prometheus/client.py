"""Ask a Prometheus server over HTTP: series and raw samples, page by page, with timeouts and retries."""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple, Self

from traincarbon.decode import items, table
from traincarbon.errors import CarbonError
from traincarbon.extras import MissingExtraError
from traincarbon.readers.prometheus.address import TOKEN, Address

if TYPE_CHECKING:
    import httpx2

_TIMEOUT_S = 30.0
_CONNECT_S = 5.0
_TRIES, _TRIES_TO_WAIT = 4, 2
"""How often a question is asked, and how often if no answer comes in time: a shorter question may help then."""
_PAUSE_S = 0.5
"""The wait before the second try; it doubles with each one."""
_OK, _REFUSED = 200, (401, 403)
_TIMED_OUT = "timeout"
_BUSY = (429, 500, 502, 503, 504)
"""Answers after which the same question may be answered."""
_TOO_MUCH = (413, 422)
"""Answers to a question whose answer would be too long."""
_PAGE_S = 6.0 * 3600.0
_LEAST_PAGE_S = 60.0
_MOST_BLANK = 2.0**62
"""NVIDIA's DCGM states values from here on for what it does not know."""

Labels = Mapping[str, str]


class Series(NamedTuple):
    """A series with its raw samples: time [s] and value, by time."""

    labels: Labels
    samples: list[tuple[float, float]]


class _TooMuch(Exception):  # noqa: N818  it is no error to the user: a smaller page is asked for
    """The answer would be too long, or takes too long."""


class Client:
    """A server and the connection to it.

    Args:
        address: The server.
        timeout_s: The longest wait for an answer. [s]
        sleep: How to wait between tries.

    Raises:
        MissingExtraError: httpx is not installed.
    """

    def __init__(self, address: Address, *, timeout_s: float = _TIMEOUT_S, sleep: Callable[[float], None] = time.sleep) -> None:
        try:
            import httpx2
        except ImportError as error:
            raise MissingExtraError("Prometheus is asked with httpx, which is not installed", extra="prometheus") from error
        self._sleep = sleep
        self._address = address
        self._page_s = _PAGE_S
        self._http: httpx2.Client = httpx2.Client(
            auth=address.login, headers=address.headers, timeout=httpx2.Timeout(timeout_s, connect=min(_CONNECT_S, timeout_s)), follow_redirects=False
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._http.close()

    def series(self, selectors: Sequence[str], from_s: float, to_s: float) -> list[dict[str, str]]:
        """Return the labels of the series that have samples in that time.

        Raises:
            CarbonError: the server cannot be asked, or refuses.
        """
        try:
            found = self._ask("series", {"match[]": list(selectors), "start": f"{from_s:.3f}", "end": f"{to_s:.3f}"})
        except _TooMuch as error:
            raise self._fault(f"does not list its series: {error}", "name the time with --from and --to") from None
        return [_texts(each) for each in items(found)]

    def samples(self, selector: str, from_s: float, to_s: float) -> list[Series]:
        """Return the raw samples of all series that match *selector* in that time, those at its ends included.

        Raises:
            CarbonError: the server cannot be asked, or refuses.
        """
        found: dict[tuple[tuple[str, str], ...], Series] = {}
        at_s = from_s
        while True:
            end_s = min(at_s + self._page_s, to_s)
            try:
                page = self._page(selector, at_s, end_s)
            except _TooMuch as error:
                if self._page_s / 2.0 < _LEAST_PAGE_S:
                    raise self._fault(f"does not answer for a minute of {selector[:80]}: {error}", "ask for fewer hosts") from None
                self._page_s /= 2.0
                continue
            for labels, samples in page:
                kept = found.setdefault(tuple(sorted(labels.items())), Series(labels, [])).samples
                last_s = kept[-1][0] if kept else -math.inf
                kept += [sample for sample in samples if sample[0] > last_s]
            if end_s >= to_s:
                return [series for series in found.values() if series.samples]
            at_s = end_s

    def _page(self, selector: str, from_s: float, to_s: float) -> Iterator[Series]:
        """Yield the series with their samples from *from_s* to *to_s*. Prometheus 3 leaves out the first instant of a range, so it is asked a little earlier."""
        length_ms = max(round((to_s - from_s) * 1e3) + 1, 1)
        answer = table(self._ask("query", {"query": f"{selector}[{length_ms}ms]", "time": f"{to_s:.3f}"}))
        return iter([Series(_texts(table(each).get("metric")), list(_samples(table(each).get("values")))) for each in items(answer.get("result"))])

    def _ask(self, what: str, parameters: Mapping[str, str | list[str]]) -> object:
        """Return the data of an answer.

        Raises:
            _TooMuch: the answer would be too long, or takes too long.
            CarbonError: there is none.
        """
        import httpx2

        url = f"{self._address.url}/api/v1/{what}"
        attempt = 0
        while True:
            attempt += 1
            try:
                answer = self._http.post(url, data=dict(parameters))
            except (httpx2.ReadTimeout, httpx2.WriteTimeout):
                if attempt >= _TRIES_TO_WAIT:
                    raise _TooMuch("it takes too long") from None
            except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
                if attempt >= _TRIES:
                    raise self._fault(f"cannot be reached: {error or type(error).__name__}", "is it running, and is the address right?") from None
            else:
                stated = _stated(answer)
                if answer.status_code not in _BUSY or attempt >= _TRIES or stated.get("errorType") == _TIMED_OUT:
                    return self._data(answer.status_code, stated)
            self._sleep(_PAUSE_S * 2.0 ** (attempt - 1))

    def _data(self, status: int, stated: Mapping[str, object]) -> object:
        """Return what an answer states.

        Raises:
            _TooMuch: it would be too long, or takes too long.
            CarbonError: the server refuses, or is none of Prometheus.
        """
        if status == _OK and stated.get("status") == "success":
            return stated.get("data")
        why = " ".join(str(stated.get("error") or f"HTTP {status}").split())[:200]
        if status in _TOO_MUCH or stated.get("errorType") == _TIMED_OUT:
            raise _TooMuch(why)
        if status in _REFUSED:
            raise self._fault(f"refuses: {why}", f"state who asks with {TOKEN} or with prom+http://USER:PASSWORD@HOST")
        if status != _OK or stated.get("status") == "error":
            raise self._fault(f"does not answer: {why}", "does its address need a path, as prom+http://HOST/prometheus?")
        raise self._fault("answers, but not as Prometheus does", "name Prometheus, VictoriaMetrics, Mimir or Thanos, not an exporter or a page")

    def _fault(self, text: str, hint: str) -> CarbonError:
        """Return an error that names the server, without its login."""
        return CarbonError(f"Prometheus at {self._address.url} {text}", hint=hint)


def matching(**conditions: str) -> str:
    """Return a selector with regular expressions that labels must match as a whole; ``name`` is the name of the metric.

    Example:
        >>> matching(name="up|down", instance="a")
        '{__name__=~"up|down",instance=~"a"}'
    """
    stated = (f"{'__name__' if label == 'name' else label}=~{quoted(pattern)}" for label, pattern in conditions.items())
    return "{" + ",".join(stated) + "}"


def quoted(text: str) -> str:
    r"""Return *text* as a string of PromQL.

    Example:
        >>> print(quoted('a"b\\.c'))
        "a\"b\\.c"
    """
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def literal(text: str) -> str:
    r"""Return a regular expression of RE2 that matches *text* alone.

    Example:
        >>> print(literal("gpu-01.site"))
        gpu-01\.site
    """
    return "".join(f"\\{letter}" if letter in r"\.+*?()|[]{}^$" else letter for letter in text)


def _stated(answer: "httpx2.Response") -> Mapping[str, object]:
    """Return the JSON of an answer, an empty table if there is none."""
    try:
        return table(answer.json())
    except (ValueError, RecursionError):
        return {}


def _texts(value: object) -> dict[str, str]:
    return {name: text for name, text in table(value).items() if isinstance(text, str)}


def _samples(value: object) -> Iterator[tuple[float, float]]:
    """Yield the samples that state a number."""
    for pair in items(value):
        time_s, text = pair if isinstance(pair, list) and len(pair) == 2 else (None, "")
        try:
            number = float(text)
        except (TypeError, ValueError):
            continue
        if isinstance(time_s, int | float) and 0.0 <= number < _MOST_BLANK:
            yield float(time_s), number
