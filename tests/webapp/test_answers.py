"""The status of an error says whose fault it is."""

import pytest

from traincarbon.errors import CarbonError, NotFoundError
from traincarbon.ledger.server.connection import ServerAwayError
from traincarbon.webapp.answers import ForbiddenError, error_answer, json_answer, status_of
from traincarbon.webapp.ledger_thread import StoreError


@pytest.mark.parametrize(
    ("error", "is_of_run", "status"),
    [
        (CarbonError("x"), False, 400),
        (NotFoundError("x"), False, 400),
        (NotFoundError("x"), True, 404),
        (StoreError("x"), True, 503),
        (ServerAwayError("x"), True, 503),
        (ForbiddenError("x"), False, 403),
    ],
)
def test_the_status_of_an_error(error, is_of_run, status):
    assert status_of(error, is_of_run=is_of_run) == status


def test_json_ends_in_a_line_and_cannot_control_a_terminal():
    answer = json_answer({"name": "a\u202eb"})
    assert answer.body == b'{\n  "name": "a\\u202eb"\n}\n'
    assert error_answer(CarbonError("no", hint="yes"), status=418).status_code == 418
