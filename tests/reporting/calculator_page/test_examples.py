import html
import re
from urllib.parse import parse_qs

import pytest

from traincarbon.database.load import Database
from traincarbon.estimation.plan import Plan
from traincarbon.quantities import QUANTITIES
from traincarbon.reporting.calculator_page.examples import EXAMPLES, SHOWN, example_answer, examples_html
from traincarbon.reporting.currency import USD


@pytest.mark.parametrize("example", EXAMPLES, ids=[each.label for each in EXAMPLES])
def test_an_example_is_a_plan_whose_figures_stand_in_the_table(shipped, example):
    answer, made = example_answer(example, shipped), html.unescape(examples_html(shipped))
    row = next(row for row in re.findall(r"<tr>(.*?)</tr>", made) if example.label in row)
    assert Plan(**example.fields).hw == example.fields["hw"]
    assert {name: values[0] for name, values in parse_qs(re.search(r'href="#([^"]+)"', row)[1]).items()} == example.fields
    for name in SHOWN:
        median, scale, _ = USD.shown(answer[name], QUANTITIES[name].unit)
        assert f"{median} {scale}".strip() in row


def test_an_example_that_a_database_cannot_answer_is_left_out(tmp_path):
    assert "<tbody></tbody>" in examples_html(Database([str(tmp_path)]))
