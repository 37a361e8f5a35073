"""Where budgets are stated."""

from traincarbon.budgets.place import budget_file, has_budgets


def test_they_stand_beside_the_users_own_facts(tmp_path, monkeypatch):
    monkeypatch.delenv("CARBON_BUDGET_FILE")
    expected = tmp_path / "settings" / "traincarbon" / "budgets.toml"
    assert budget_file() == str(expected)
    assert not has_budgets()
    expected.parent.mkdir(parents=True)
    expected.touch()
    assert has_budgets()


def test_a_team_may_name_a_file(monkeypatch):
    monkeypatch.setenv("CARBON_BUDGET_FILE", " /shared/budgets.toml ")
    assert budget_file() == "/shared/budgets.toml"
    assert has_budgets()
