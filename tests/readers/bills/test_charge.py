"""A charge and its key."""

from traincarbon.readers.bills.charge import Charge

CHARGE = Charge(1.0, 0.0, 3600.0, "account", "EC2", "i-1", ("i-1",), {}, "Usage/p4d")


def test_the_key_of_a_charge_names_its_day_and_product_and_no_account() -> None:
    assert CHARGE.key == CHARGE._replace(usd=2.0, from_s=7200.0, to_s=9000.0, tags={"a": "b"}).key
    others = [{"account": "x"}, {"service": "x"}, {"resource": "x"}, {"kind": "x"}, {"from_s": 86_400.0}]
    assert len({CHARGE.key, *(CHARGE._replace(**other).key for other in others)}) == 6
    assert "account" not in CHARGE.key
