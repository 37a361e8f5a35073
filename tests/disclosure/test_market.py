"""Market figures of a place: the provider's for its region, the residual mix of its grid, of the nearest year."""

from traincarbon.disclosure.market import market_figures


def test_a_region_has_the_figure_of_its_provider_and_the_residual_mix_of_its_country(shipped):
    provider, residual = market_figures(region="aws:eu-west-3", zone="FR", began="2024-05-01T00:00:00Z", database=shipped)
    assert (provider.mix, provider.zone, provider.gco2e_per_kwh) == ("provider", "aws:eu-west-3", 0.0)
    assert (residual.mix, residual.zone, residual.year, residual.gco2e_per_kwh) == ("residual", "FR", 2018, 53.2)
    assert residual.label == "by the residual mix of the grid: what contracts leave over (FR, 2018)"
    assert {provider.source, residual.source} <= shipped.sources().keys()


def test_the_year_nearest_to_the_run_is_taken(shipped):
    years = [market_figures(region="gcp:us-central1", zone="US-IA", began=began, database=shipped)[0].year for began in ("2020-06-01", "2022-05-01", "")]
    assert years == [2020, 2022, 2024]


def test_a_state_has_the_residual_mix_of_its_grid_or_its_country(shipped):
    (arizona,) = market_figures(region="", zone="US-AZ", began="", database=shipped)
    (virginia,) = market_figures(region="", zone="US-VA", began="", database=shipped)
    assert (arizona.zone, arizona.gco2e_per_kwh, virginia.zone) == ("US-AZNM", 474.108, "US")


def test_a_place_without_figures_has_none(shipped):
    assert market_figures(region="", zone="ZA", began="", database=shipped) == ()
    assert market_figures(region="", zone="", began="", database=shipped) == ()
