import re

from traincarbon.reporting.charts.symbols import symbol


def test_symbols_differ_in_shape_about_the_same_point():
    drawn = [symbol(10.0, 20.0, "c0", shape) for shape in range(6)]
    assert len(set(drawn)) == 6
    assert drawn[0].startswith('<circle class="c0" cx="10.0" cy="20.0"')
    for path in drawn[1:]:
        corners = [tuple(map(float, point.split())) for point in re.search(r'd="M(.*)Z"', path)[1].split("L")]
        assert max(abs(x - 10.0) for x, _ in corners) <= 6.0
        assert max(abs(y - 20.0) for _, y in corners) <= 6.0


def test_shapes_begin_again_after_the_last():
    assert symbol(1.0, 1.0, "c0", 7) == symbol(1.0, 1.0, "c0", 1)
