"""The question to the lookup process and its answer cross to another process unchanged."""

import json

from traincarbon.decode import decode, encode
from traincarbon.tracking.value.run_results import Coefficients
from traincarbon.tracking.value.valuation import EarlierSessions, PlannedRun, RunQuestion, Valuation
from traincarbon.uncertain import Interval, Uncertain


def crossed(value):
    return decode(type(value), json.loads(json.dumps(encode(value))))


def test_a_question_crosses_as_it_is():
    question = RunQuestion(stated={"pue": "1.1..1.3"}, plan={"params": 1e9}, devices={"gpu:0": "NVIDIA H100"}, accelerators=8, nodes=2, run_id="r")
    assert crossed(question) == question


def test_an_answer_crosses_with_its_uncertainties():
    answer = Valuation(
        hw="dgx-a100",
        coefficients=Coefficients(pue=Uncertain(1.2, {"pue": 0.1})),
        is_rented=True,
        plan=PlannedRun({"duration_s": Interval(1.0, 2.0, 3.0)}, tokens=5.0),
        assumptions=("pue: assumed",),
        earlier=EarlierSessions({"cost_usd": Uncertain(3.0, {"earlier sessions": 0.2})}, {"tokens": 7.0}, ("a note",)),
    )
    assert crossed(answer) == answer


def test_an_empty_answer_crosses_too():
    assert crossed(Valuation()) == Valuation()
    assert Valuation().coefficients.pue is None
