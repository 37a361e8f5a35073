"""Charts that are tables: a bar and its numbers in one row."""

import re

from traincarbon.reporting.currency import USD
from traincarbon.reporting.outline import section_html
from traincarbon.reporting.plan_variants import in_regions, region_options
from traincarbon.reporting.sections.comparison import Compared, comparison_table, hardware_section, plans_section, regions_section
from traincarbon.reporting.subjects import ReportedPlan
from traincarbon.reporting.view import EstimateView
from traincarbon.uncertain import Interval


def reported(answer):
    return ReportedPlan(EstimateView.of(answer), answer)


def places(answer, facts):
    return in_regions(answer, facts, region_options(answer, facts))


def test_each_row_shows_bar_median_and_interval():
    html = comparison_table(
        [Compared("<a>", {"total_kgco2e": Interval(1e3, 2e3, 4e3)}), Compared("b", {"total_kgco2e": None})], ["total_kgco2e", "rent_usd"], USD, "C"
    )
    assert "&lt;a&gt;" in html
    assert '<td class="n">2.00 t</td><td class="n">1.0 – 4.0 t</td>' in html
    assert '<td class="n">not known</td>' in html
    assert "Cost to rent" not in html
    assert html.count("<svg") == 1


def test_the_ends_of_the_axis_are_in_the_unit_of_the_column():
    html = comparison_table(
        [Compared("a", {"total_kgco2e": Interval(30e3, 90e3, 200e3)}), Compared("b", {"total_kgco2e": Interval(6e5, 1.2e6, 2.4e6)})], ["total_kgco2e"], USD, "C"
    )
    ends = re.search(r"<small>([\d,.]+) t to ([\d,.]+) t, logarithmic</small>", html)
    assert float(ends[1].replace(",", "")) <= 30.0
    assert float(ends[2].replace(",", "")) >= 2400.0


def test_nothing_known_is_no_chart():
    assert comparison_table([Compared("a", {"rent_usd": None})], ["rent_usd"], USD, "C") == ""


def test_other_places_and_hardware_are_two_sections_and_the_own_is_marked(ask, shipped):
    answer = ask(region="france", servers=64)
    html = section_html(regions_section(answer, places(answer, shipped), shipped, USD, "p1")) + section_html(hardware_section(answer, shipped, USD, "p1"))
    assert re.findall(r"<h2[^>]*>([^<]+)", html) == ["In other regions", "On other hardware"]
    assert html.count("(this plan)") == 2
    assert "names no region" not in html


def test_a_price_that_is_not_known_for_a_region_is_marked_and_explained(ask, shipped):
    facts = shipped.replace("electricity", [row for row in shipped.all_rows("electricity") if row["zone"] == "FI"])
    html = section_html(regions_section(ask(), places(ask(), facts), facts, USD, "p1"))
    rows = dict(re.findall(r'<tr><th scope="row">(France|Finland)</th>(.*?)</tr>', html))
    assert re.search(r"\$[\d,.]+[kM]\u202f\*</td>", rows["France"])
    assert not re.search(r"\$[\d,.]+[kM]?\u202f\*</td>", rows["Finland"])
    assert "the range of the world is used" in html
    answer = ask(electricity_price=0.1)
    stated = section_html(regions_section(answer, places(answer, shipped), shipped, USD, "p1"))
    assert not re.search(r"\$[\d,.]+[kM]?\u202f\*</td>", stated)


def test_without_a_region_the_reader_learns_what_one_would_change(ask, shipped):
    assert "The plan names no region" in section_html(regions_section(ask(), places(ask(), shipped), shipped, USD, "p1"))


def test_a_plan_with_stated_hours_is_not_compared_with_other_hardware(ask, shipped):
    assert hardware_section(ask(accelerator_hours=1e5), shipped, USD, "p1") is None


def test_plans_stand_side_by_side_where_there_are_several(ask):
    assert section_html(plans_section([reported(ask())], USD)) == ""
    html = section_html(plans_section([reported(ask(name="One")), reported(ask(name="Two", tokens=1e11))], USD))
    assert re.findall(r'<th scope="row">([^<]+)', html.partition("<caption>Plans</caption>")[2]) == ["One", "Two"]


def test_hardware_that_came_out_after_the_start_says_so(ask, shipped):
    shown = section_html(hardware_section(ask(servers=64, start="2021"), shipped, USD, "p1"))
    assert re.search(r"H100[^<]*, came out in 2022", shown)
    assert "came out" not in section_html(hardware_section(ask(servers=64), shipped, USD, "p1"))


def test_what_is_too_small_to_be_written_out_is_below_the_least_and_has_no_axis_in_numbers():
    small = Interval(1e-9, 2e-9, 4e-9)
    html = comparison_table([Compared("a", {"total_kgco2e": small, "rent_usd": small})], ["total_kgco2e", "rent_usd"], USD, "C")
    assert re.findall(r'<td class="n">([^<]*)</td>', html) == ["&lt;1 g", "", "&lt;$0.01"]
    assert "<small>logarithmic</small>" in html
