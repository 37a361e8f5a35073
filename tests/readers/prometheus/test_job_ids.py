"""Which jobs ``--job`` names; what a server answers is tested against real ones."""

import pytest

from traincarbon.errors import CarbonError
from traincarbon.readers.prometheus.job_ids import is_like, job_ids


@pytest.mark.parametrize(
    ("stated", "ids"),
    [
        ("", ()),
        ((), ()),
        ("1234_7", ("1234_7",)),
        (" 7 , 7,8 ", ("7", "8")),
        ("pod=a, b,uuid=c", ("pod=a", "pod=b", "uuid=c")),
        (["pod=a", "b"], ("pod=a", "b")),
        ("train-[08-10,12]", ("train-08", "train-09", "train-10", "train-12")),
    ],
)
def test_jobs_are_listed_with_commas_brackets_and_repeated_options(stated: str | list[str], ids: tuple[str, ...]) -> None:
    assert job_ids(stated) == ids


@pytest.mark.parametrize("stated", ["a[1-", "[1-9999999]", ["x[1-9000]", "y[1-9000]"]])
def test_brackets_that_cannot_be_read_and_too_many_jobs_are_refused(stated: str | list[str]) -> None:
    with pytest.raises(CarbonError) as caught:
        job_ids(stated)
    assert caught.value.hint


def test_only_stars_and_question_marks_are_patterns() -> None:
    assert [is_like(id, "a.?-*") for id in ("a.1-x", "a.1-", "ab1-x", "a.12-x")] == [True, True, False, False]
