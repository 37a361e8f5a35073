import json
import re

from traincarbon.estimation.links import CHAIN, MEMORY
from traincarbon.reporting.calculator_page.scripts import page_script, values_script


def rows_of(script, name):
    return json.loads(re.search(rf"{name} = (\[.*?\])[,;](?: [A-Z_]+ =|\n)", script)[1])


def test_the_rows_are_those_of_the_chain_and_the_memory():
    script = values_script()
    assert [row[0] for row in rows_of(script, "const LINKS")] == [link.name for link in CHAIN]
    assert [row[1] for row in rows_of(script, "MEMORY_LINKS")] == [link.formula.equation for link in MEMORY]
    assert rows_of(script, " WORK_LINKS")[0][1] == "6 × active_params × tokens"


def test_the_script_of_the_page_holds_each_part_once_and_runs_no_text():
    script = page_script()
    for mark in ("function walk(", "function shown(", "function readField(", "function calculated(", "function announce("):
        assert script.count(mark) == 1, mark
    for unsafe in ("innerHTML", "insertAdjacentHTML", "eval(", "Function(", "document.write", "outerHTML"):
        assert unsafe not in script
