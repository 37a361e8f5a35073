import json
from base64 import b64decode
from io import BytesIO

import pytest
from PIL import Image

from execute import DOTS_PER_INCH, canonical, code_of, execute, main, read


def notebook(*sources):
    cells = [{"cell_type": "code", "source": source, "execution_count": None, "outputs": []} for source in sources]
    return {"cells": [{"cell_type": "markdown", "source": "# A title"}, *cells]}


def outputs(*sources):
    return [output for cell in execute(notebook(*sources))["cells"] for output in cell.get("outputs", [])]


def test_what_a_cell_prints_is_kept_line_by_line():
    assert outputs("print('one\\ntwo')") == [{"name": "stdout", "output_type": "stream", "text": ["one\n", "two\n"]}]


def test_the_value_of_the_last_line_is_shown_and_none_is_not():
    (shown,) = outputs("1 + 1\n2 + 2", "None", "x = 3")
    assert shown["data"] == {"text/plain": ["4"]}
    assert shown["execution_count"] == 1


def test_a_value_with_a_form_in_html_is_shown_in_both():
    (shown,) = outputs("import pandas as pd\npd.DataFrame({'a': [1]})")
    assert "<table" in "".join(shown["data"]["text/html"])
    assert shown["data"]["text/plain"][0].split() == ["a"]


def test_cells_share_their_names_and_are_numbered():
    done = execute(notebook("x = 1", "x += 1", "x"))["cells"]
    assert [cell.get("execution_count") for cell in done] == [None, 1, 2, 3]
    assert done[-1]["outputs"][0]["data"]["text/plain"] == ["2"]


def test_a_figure_is_kept_as_a_small_picture_of_twice_its_size_on_a_screen():
    (drawn,) = outputs("from matplotlib import pyplot as plt\nfigure, axes = plt.subplots(figsize=(4, 3), num='A finding')")
    picture = Image.open(BytesIO(b64decode(drawn["data"]["image/png"])))
    assert picture.size == (4 * DOTS_PER_INCH, 3 * DOTS_PER_INCH)
    assert drawn["metadata"]["image/png"] == {"height": 288, "width": 384}
    assert drawn["data"]["text/plain"] == ["<Figure: A finding>"]
    assert outputs("1") == [{"data": {"text/plain": ["1"]}, "execution_count": 1, "metadata": {}, "output_type": "execute_result"}]


def test_a_line_with_an_exclamation_mark_is_a_command_that_sees_names_and_this_carbon():
    (printed,) = outputs("word = 'seven'\n!echo {word} && carbon --version")
    assert printed["text"][0] == "seven\n"
    assert "0." in printed["text"][1]


def test_a_command_that_fails_ends_the_notebook():
    with pytest.raises(RuntimeError, match="exit code 3: lost"):
        execute(notebook("!echo lost >&2; exit 3"))


def test_what_a_cell_raises_names_the_cell():
    with pytest.raises(ZeroDivisionError) as raised:
        execute(notebook("x = 0", "1 / x"), name="story")
    assert any("story, cell 2" in str(entry.path) for entry in raised.traceback)


def test_the_canonical_form_is_stable_and_drops_what_editors_add():
    given = notebook("x = 1\n\n")
    given["cells"][1] |= {"id": "9f3a", "metadata": {"collapsed": True}}
    given["metadata"] = {"kernelspec": {"name": "of somebody's own"}}
    text = canonical(given)
    assert canonical(json.loads(text)) == text
    assert "somebody" not in text
    assert "collapsed" not in text
    assert code_of(json.loads(text)) == ["x = 1"]


def test_a_notebook_is_run_and_written_anew(tmp_path, capsys):
    file = tmp_path / "story.ipynb"
    file.write_text(canonical(notebook("6 * 7")), encoding="utf-8")
    main([str(file)])
    assert read(file)["cells"][1]["outputs"][0]["data"]["text/plain"] == ["42"]
    assert read(file)["cells"][1]["metadata"]["jupyter"] == {"source_hidden": True}
    assert ">42</pre>" in (tmp_path / "html" / "story.html").read_text("utf-8")
    assert capsys.readouterr().out == "story.ipynb\n"
