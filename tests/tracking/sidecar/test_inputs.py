"""What arrives on a descriptor reaches what handles it."""

import os
import threading

import pytest

from traincarbon.tracking.sidecar.inputs import Inputs


class Members:
    """Two descriptors: one whose end is that of a process, one of reports."""

    def __init__(self, life, reports):
        self.lives, self._reports = {life}, reports

    def handlers(self, take):
        return {self._reports: lambda: take([os.read(self._reports, 10)])}


class Lookup:
    """The descriptor of the lookup process, -1 once it has answered."""

    def __init__(self, descriptor):
        self.descriptor = descriptor

    def fileno(self):
        return self.descriptor


@pytest.fixture
def pipes():
    ends = [os.pipe() for _ in range(3)]
    yield ends
    for each in (end for pair in ends for end in pair):
        os.close(each)


def test_reports_and_the_valuation_are_handled_and_an_end_is_told(pipes):
    (life, ends), (reports, reporting), (answer, answering) = pipes
    taken, valued = [], []
    lookup = Lookup(answer)

    def value():
        valued.append(os.read(answer, 10))
        lookup.descriptor = -1
        inputs.change()

    inputs = Inputs(Members(life, reports), lookup, take_reports=taken.extend, take_valuation=value)
    assert inputs.wait(0.0) is False
    os.write(reporting, b"report")
    assert inputs.wait(5.0) is False
    os.write(answering, b"value")
    assert inputs.wait(5.0) is False
    os.write(answering, b"not read any more")
    os.write(ends, b"end")
    assert inputs.wait(5.0) is True
    assert (taken, valued) == ([b"report"], [b"value"])


def test_a_wait_that_is_over_already_does_not_wait(pipes):
    (life, ends), (reports, _), _ = pipes
    inputs, answers = Inputs(Members(life, reports), Lookup(-1), take_reports=list, take_valuation=list), []
    thread = threading.Thread(target=lambda: answers.append(inputs.wait(-3.0)))
    thread.start()
    thread.join(10.0)
    os.write(ends, b"end")  # a poll that is given a negative time never ends
    thread.join(10.0)
    assert answers == [False]
