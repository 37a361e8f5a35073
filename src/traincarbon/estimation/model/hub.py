"""Fetching a configuration from Hugging Face. It is only done for a model that a plan calls ``hub:ORG/NAME``."""

import re
from os import environ

from traincarbon.errors import PlanError
from traincarbon.estimation.model.huggingface import MOST_BYTES, Reading, read_bytes

PREFIX = "hub:"
_ENDPOINT = "https://huggingface.co"
_TIMEOUT_S = 10.0
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}(/[A-Za-z0-9][A-Za-z0-9._-]{0,95})?(@[A-Za-z0-9._-]{1,100})?")
_NOT_FOUND, _MAY_NOT = 404, (401, 403)


def fetch(name: str) -> Reading:
    """Return the configuration of the model *name*, ``ORG/NAME`` or ``ORG/NAME@REVISION``, from Hugging Face.

    The address is that of ``$HF_ENDPOINT`` if it is set; ``$HF_TOKEN`` is sent if it is set.

    Raises:
        PlanError: the name is not one of a model, or the answer is no configuration; the hint says what to do.
    """
    if not _NAME.fullmatch(name):
        raise PlanError(f"{PREFIX}{name[:100]} is no name of a model on Hugging Face", hint="write hub:ORG/NAME, as hub:meta-llama/Llama-3.1-8B")
    model, _, revision = name.partition("@")
    return read_bytes(_get(f"{_endpoint()}/{model}/resolve/{revision or 'main'}/config.json", name), where=f"{PREFIX}{name}")


def _endpoint() -> str:
    """Return the address of the hub.

    Raises:
        PlanError: ``$HF_ENDPOINT`` is no web address.
    """
    endpoint = environ.get("HF_ENDPOINT", "").strip().rstrip("/") or _ENDPOINT
    if not endpoint.lower().startswith(("http://", "https://")):
        raise PlanError(f"HF_ENDPOINT is {endpoint[:100]!r}", hint=f"it must be a web address, as {_ENDPOINT}")
    return endpoint


def _get(url: str, name: str) -> bytes:
    from http.client import HTTPException
    from urllib.error import HTTPError, URLError
    from urllib.request import Request, urlopen

    headers = {"User-Agent": "traincarbon", "Accept": "application/json"}
    token = environ.get("HF_TOKEN", "").strip()
    request = Request(url, headers=headers)  # noqa: S310  the scheme is checked above
    if token:
        request.add_unredirected_header("Authorization", f"Bearer {token}")
    offline = "or give the path of a config.json that you downloaded, or --params"
    try:
        with urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310  the scheme is checked above
            content: bytes = answer.read(MOST_BYTES + 1)
    except HTTPError as error:
        code = error.code
        error.close()
        if code == _NOT_FOUND:
            raise PlanError(f"Hugging Face has no config.json of {name}", hint=f"check the name, {offline}") from error
        if code in _MAY_NOT:
            raise PlanError(
                f"Hugging Face does not give out {name} ({code})", hint=f"set HF_TOKEN to a token that may read it (the model may be gated), {offline}"
            ) from error
        raise PlanError(f"Hugging Face answered {code} for {name}", hint=f"try again, {offline}") from error
    except (URLError, TimeoutError, OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise PlanError(f"cannot reach {url.partition('/resolve/')[0]}: {str(reason)[:100]}", hint=f"check the network and HF_ENDPOINT, {offline}") from error
    return content
