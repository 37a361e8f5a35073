"""Messages of protocol buffers."""

import pytest

from encoded import double, part, single, whole
from traincarbon.readers.protobuf import message


def test_fields_come_in_their_order_with_their_values():
    fields = list(message(whole(1, 300) + part(2, "hi") + double(3, 0.5) + single(4, 0.25) + whole(1000, -2)))
    assert [field.number for field in fields] == [1, 2, 3, 4, 1000]
    assert (fields[0].integer, fields[1].text, fields[2].double, fields[3].single, fields[4].integer) == (300, "hi", 0.5, 0.25, -2)


def test_a_value_of_another_kind_is_nothing():
    (number,) = message(whole(1, 5))
    assert (number.content, number.text, number.double, number.single) == (b"", "", 0.0, 0.0)
    (text,) = message(part(1, "abc"))
    assert (text.integer, text.double, text.single) == (0, 0.0, 0.0)


@pytest.mark.parametrize("content", [part(2, "hello")[:-1], whole(1, 300)[:-1], b"\x0b", b"\xff" * 12, double(1, 1.0)[:-2]])
def test_what_is_cut_off_or_no_message_is_refused(content):
    with pytest.raises(ValueError, match="cut off"):
        list(message(content))
