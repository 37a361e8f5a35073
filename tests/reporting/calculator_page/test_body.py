"""The page in a real browser: small, offline, reachable, and of the same figures as the package."""

import html
import json
import re
from urllib.parse import urlencode

import pytest

from browser import chromium, need_chromium
from traincarbon.quantities import QUANTITIES
from traincarbon.reporting.calculator_page.body import CARDS
from traincarbon.reporting.calculator_page.examples import EXAMPLES, example_answer
from traincarbon.reporting.currency import USD

MOST_B = 500_000
HOSTILE = "<img src=x onerror=document.title='run'>"
STATE = """<script>
const text = place => [...document.querySelectorAll(place)].map(each => each.textContent);
document.body.textContent = "[[" + JSON.stringify({
  title: document.title, values: text(".card .value"), bounds: text(".card .bounds"), wrong: text(".wrong .hint"), hints: text(".hint"), state: text(".state"), notes: text("#notes li"),
  sentence: document.getElementById("p-sentence").value, link: document.getElementById("p-link").value, command: document.getElementById("p-command").value,
  images: document.querySelectorAll("img").length, live: document.querySelectorAll("[aria-live], [role=status], [role=alert], output").length,
  over: document.documentElement.scrollWidth - document.documentElement.clientWidth,
}) + "]]";
</script></body>"""


@pytest.fixture
def opened(page, tmp_path):
    """Return what the page shows at an address."""
    need_chromium()
    file = tmp_path / "calculator.html"
    file.write_text(re.sub(r"<meta http-equiv[^>]*>", "", page).replace("</body>", STATE), encoding="utf-8")

    def at(fragment, *options):
        shown = chromium(f"{file}#{fragment}", "--dump-dom", "--virtual-time-budget=3000", *options)
        return json.loads(re.search(r"\[\[(.*)\]\]", html.unescape(shown), re.DOTALL)[1])

    return at


def test_the_page_is_one_small_file_that_loads_nothing(page):
    assert len(page.encode("utf-8")) <= MOST_B
    assert "default-src 'none'" in page
    assert not re.search(r"(?:src|href)=\"(?!#|data:)", page)
    assert "fetch(" not in page
    assert "XMLHttpRequest" not in page


def test_without_scripts_the_examples_answer(page):
    bare = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    assert "The form needs JavaScript" in bare
    assert bare.count('<a href="#') >= len(EXAMPLES)
    assert "$372k" in bare or re.search(r"\$\d", bare)


@pytest.mark.parametrize("example", EXAMPLES, ids=[each.label for each in EXAMPLES])
def test_the_cards_show_what_the_package_answers(opened, shipped, example):
    seen, answer = opened(urlencode(example.fields)), example_answer(example, shipped)
    for name, value, bounds in zip(CARDS, seen["values"], seen["bounds"], strict=True):
        median, scale, interval = USD.shown(answer[name], QUANTITIES[name].unit)
        assert value == f"{median} {scale}".strip()
        assert bounds == ("" if interval == "exact" else interval.replace(" – ", "\u00a0–\u2060\u00a0")), "it does not break at the end of a line"
    assert seen["wrong"] == []


def test_the_sentence_the_link_and_the_command_state_the_same_settings(opened):
    seen = opened("params=7e9&tokens=2T&hw=h100-sxm5-80gb&accelerators=256&region=FR&mfu=0.3..0.5")
    assert seen["sentence"].startswith("Training 7B parameters on 2T tokens on 256 × NVIDIA H100 SXM5 80GB in France is expected to take ")
    for words in ("to rent", "of electricity", "of CO2e", "of water", "90 % intervals", "calculator.html#params=7e9"):
        assert words in seen["sentence"]
    assert seen["command"] == "carbon estimate --params 7e9 --tokens 2T --accelerators 256 --mfu 0.3..0.5 --hw h100-sxm5-80gb --region FR"
    assert opened(seen["link"].partition("#")[2])["values"] == seen["values"]


@pytest.mark.parametrize("typed", ["0", "-7e9", "NaN", "1e400", "seven", "7 kg", "", HOSTILE, "7B;rm -rf", "1,5"])
def test_what_is_no_number_is_said_beside_its_field_and_no_figure_is_shown(opened, typed):
    seen = opened(urlencode({"params": typed, "tokens": "2T"}))
    assert len(seen["wrong"]) == 1
    assert set(seen["values"]) == {"–"}
    assert (seen["sentence"], seen["command"], seen["images"]) == ("", "", 0)


def test_a_hostile_address_is_shown_as_text_and_never_run(opened):
    seen = opened(urlencode(dict.fromkeys(("params", "tokens", "hw", "region", "kind", "rent", "precision", "pue", "mfu", HOSTILE), HOSTILE)))
    assert (seen["images"], seen["title"]) == (0, "What does a training cost?")
    assert "the link names one that is not known here" in seen["hints"]


def test_an_address_may_name_hardware_and_place_as_the_lists_do(opened):
    seen = opened(urlencode({"params": "7B", "tokens": "2T", "hw": "nvidia h100 sxm5 80gb", "region": "France"}))
    assert seen["command"].endswith("--hw h100-sxm5-80gb --region FR")


def test_gpu_hours_alone_give_figures_and_their_command(opened):
    seen = opened("accelerator_hours=10+k&hw=a100-sxm4-80gb&region=DE&pue=1.2")
    assert seen["command"] == "carbon estimate --accelerator-hours '10 k' --pue 1.2 --hw a100-sxm4-80gb --region DE"
    assert seen["sentence"].startswith("A training of 10,000 GPU-hours on NVIDIA A100 SXM4 80GB in Germany is expected to cost ")
    assert "Give a number of GPUs for the time." in seen["notes"]


def test_too_few_accelerators_and_unlikely_numbers_are_said(opened):
    few = opened("params=530B&tokens=270B&hw=dgx-a100&accelerators=8")
    assert "does not fit in the memory of 8" in few["state"][0]
    assert any("fewer tokens than parameters" in hint for hint in opened("params=530B&tokens=270B&hw=dgx-a100")["hints"])
    assert any("is a suffix missing" in hint for hint in opened("params=7&tokens=2T")["hints"])
    assert any("has no fp8 rate" in hint for hint in opened("params=7B&tokens=2T&hw=v100-sxm2-32gb&precision=fp8")["hints"])
    assert any("price of" in note for note in opened("params=7B&tokens=2T&hw=gtx-1080")["notes"])


def test_one_region_speaks_and_nothing_is_wider_than_the_screen(opened):
    seen = opened("", "--window-size=500,900")
    assert (seen["live"], seen["over"]) == (1, 0)
