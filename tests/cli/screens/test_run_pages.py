from journals import lines_of, write_lines
from traincarbon.cli.screens.run_pages import plot_run, plot_runs
from traincarbon.ledger.journal import run_folder
from traincarbon.runs import load


def test_one_run_and_many_become_pages(tmp_path):
    store = str(tmp_path / "store")
    for name in ("bert-1", "bert-2"):
        write_lines(f"{run_folder(store, name)}/a1-7-1.jsonl", lines_of(run_id=name, writer="a1-7-1", power_w=1.2e6, start={"project": "<b>nlp"}))
    one, many = tmp_path / "one.html", tmp_path / "many.html"
    plot_run("bert-1", str(one), store=store, quiet=True)
    plot_runs([load("bert-1", store=store), load("bert-2", store=store)], str(many), quiet=True)
    assert "Run bert-1" in one.read_text("utf-8")
    assert "Power over time" in one.read_text("utf-8")
    text = many.read_text("utf-8")
    assert "<h1>2 runs</h1>" in text
    assert "bert-2" in text
    assert "<b>nlp" not in text
