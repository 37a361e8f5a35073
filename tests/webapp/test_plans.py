"""Plans from outside name known models only; no file and no hub is read for them."""

import pytest

from traincarbon.errors import CarbonError, NotFoundError, PlanError
from traincarbon.estimation.model import hub
from traincarbon.webapp.plans import estimate_from, plan_from


def test_the_fields_make_a_plan_as_on_the_command_line(shipped):
    assert plan_from({"params": "7B", "hw": "dgx-h100"}, shipped).to_dict() == {"params": 7e9, "hw": "dgx-h100"}


def test_a_known_model_is_let_in(shipped):
    assert estimate_from({"model": "llama-3-8b", "tokens": "1T", "hw": "dgx-h100"}, shipped).median("compute_flop") > 4e22


@pytest.mark.parametrize("name", ["hub:meta-llama/llama-3-8b", "config.json", "/etc/passwd", "../secrets/llama-3-8b.json", "no such model", "<script>"])
def test_a_model_that_is_a_file_or_a_hub_or_unknown_is_refused_before_anything_is_read(name, shipped, monkeypatch):
    monkeypatch.setattr(hub, "fetch", lambda _: pytest.fail("the hub was asked"))
    with pytest.raises((PlanError, NotFoundError)):
        estimate_from({"model": name, "tokens": "1T", "hw": "dgx-h100"}, shipped)


def test_a_configuration_in_a_file_is_refused_although_it_exists(tmp_path, shipped):
    file = tmp_path / "config.json"
    file.write_text("{}")
    with pytest.raises(PlanError, match="is a file or a page"):
        plan_from({"model": str(file), "tokens": "1T", "hw": "dgx-h100"}, shipped)
    with pytest.raises(PlanError, match="is a file or a page"):
        plan_from({"model": str(tmp_path), "tokens": "1T", "hw": "dgx-h100"}, shipped)


@pytest.mark.parametrize(
    "fields", [{}, {"parms": 1}, {"params": []}, {"params": [7e9, 8e9], "tokens": 1e12, "hw": "h100"}, {"params": {"a": 1}}, {"params": None, "x": 1}]
)
def test_what_is_no_plan_is_refused_in_words(fields, shipped):
    with pytest.raises(CarbonError) as caught:
        estimate_from(fields, shipped)
    assert caught.value.hint
