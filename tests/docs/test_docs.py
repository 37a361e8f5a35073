"""The documentation is run: its commands, its Python, its links; and it leaves no command out."""

import doctest
import json
import re
import runpy
from importlib import import_module
from pathlib import Path

import pytest
from click.testing import CliRunner

ROOT = Path(__file__).parents[2]
PAGES = [page for page in [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))] if page.exists()]
LINKED = [*PAGES, *(page for page in (*sorted(ROOT.glob("[A-Z]*.md")), ROOT / "hardware_db" / "README.md") if page not in PAGES)]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"")
IN_FRAMEWORKS = ("docs/frameworks.md",)
"""Pages whose Python runs in the frameworks that it is for: tests/frameworks/test_page.py."""
OUTPUTS = runpy.run_path(str(ROOT / "docs" / "outputs.py"))


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks(page: Path, *languages: str) -> list[str]:
    return [text for language, text in BLOCK.findall(page.read_text("utf-8")) if language in languages]


def commands(page: Path) -> list[str]:
    """The ``carbon …`` lines of the page's sh blocks; those of console blocks are run for their output."""
    lines = [line.strip() for text in blocks(page, "sh") for line in text.replace("\\\n", " ").splitlines()]
    return [line for line in lines if line.startswith("carbon ")]


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.fixture
def workplace(tmp_path: Path) -> Path:
    """A folder as a reader would stand in: the examples are there, and ``carbon`` is the one under test."""
    OUTPUTS["prepare"](tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", [page for page in PAGES if commands(page)], ids=name)
def test_the_commands_of_a_page_run(page: Path, tmp_path: Path) -> None:
    environment = OUTPUTS["prepare"](tmp_path)
    for command in commands(page):
        OUTPUTS["run"](command, tmp_path, environment)


@pytest.mark.parametrize("page", [page for page in PAGES if OUTPUTS["CONSOLE"].search(page.read_text("utf-8"))], ids=name)
def test_what_a_page_says_comes_out_is_what_comes_out(page: Path) -> None:
    assert OUTPUTS["rewritten"](page) == page.read_text("utf-8"), "run make readme"


def test_a_session_is_replayed_with_what_its_commands_print_now(tmp_path: Path) -> None:
    session = "$ echo one \\\n    two\nold\n\n$ carbon --version\nold\n"
    replayed = OUTPUTS["replayed"](session, tmp_path, OUTPUTS["prepare"](tmp_path))
    assert replayed.startswith("$ echo one \\\n    two\none two\n\n$ carbon --version\ncarbon ")
    assert "old" not in replayed


def test_a_command_that_fails_is_not_shown_as_an_output(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"carbon db show nothing\nfailed with exit code 1:\nerror: "):
        OUTPUTS["run"]("carbon db show nothing", tmp_path, OUTPUTS["prepare"](tmp_path))


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "python") and name(page) not in IN_FRAMEWORKS], ids=name)
def test_the_python_of_a_page_runs(page: Path, workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(workplace)
    namespace: dict[str, object] = {"__name__": "__main__"}
    for number, text in enumerate(blocks(page, "python"), 1):
        title = f"{name(page)}, Python block {number}"
        if text.lstrip().startswith(">>>"):
            example = doctest.DocTestParser().get_doctest(text, namespace, title, str(page), 0)
            failed, _ = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example, clear_globs=False)
            namespace.update(example.globs)
            assert not failed, title
        else:
            exec(compile(text, title, "exec"), namespace)


@pytest.mark.parametrize("page", LINKED, ids=name)
def test_relative_links_resolve(page: Path) -> None:
    for link in ("".join(groups) for groups in LINK.findall(re.sub(BLOCK, "", page.read_text("utf-8")))):
        if re.match(r"[a-z]+:", link):
            continue
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        assert target.exists(), link
        assert not anchor or target.suffix != ".md" or anchor in anchors(target), link


def test_every_command_is_documented() -> None:
    from traincarbon.cli import COMMANDS

    text = "\n".join(page.read_text("utf-8") for page in PAGES)
    missing = [command for command in COMMANDS if f"carbon {command}" not in text]
    assert not missing


def test_every_command_has_help() -> None:
    from traincarbon.cli import COMMANDS

    for command in COMMANDS:
        found = import_module(f"traincarbon.cli.commands.{command}").command
        assert CliRunner().invoke(found, ["--help"]).exit_code == 0, command


def test_the_method_holds_every_equation_of_the_formulas() -> None:
    method = (ROOT / "docs" / "method.md").read_text("utf-8")
    for file in sorted((ROOT / "src" / "traincarbon" / "formulas").glob("[a-z]*.py")):
        module = import_module(f"traincarbon.formulas.{file.stem}")
        equations = [value.equation for value in vars(module).values() if isinstance(getattr(value, "equation", None), str)]
        assert all(f"`{equation}`" in method for equation in equations), file.stem


def test_the_plan_that_the_readme_shows_can_be_estimated() -> None:
    from traincarbon.estimation.chain import estimate
    from traincarbon.estimation.plan import Plan

    (text,) = blocks(ROOT / "README.md", "toml")
    assert estimate(Plan.from_toml(text))["duration_s"] is not None


def test_each_command_prints_the_json_that_its_page_says(tmp_path: Path) -> None:
    environment = OUTPUTS["prepare"](tmp_path)
    rows = re.findall(r"^\| `carbon (.+?)` \| (.+) \|$", (ROOT / "docs" / "json.md").read_text("utf-8"), re.MULTILINE)
    assert len(rows) > 10
    for command, keys in rows:
        printed = OUTPUTS["run"](f"carbon {command} --json --quiet", tmp_path, environment)
        assert list(json.loads(printed)) == re.findall(r"`(\w+)`", keys), command
