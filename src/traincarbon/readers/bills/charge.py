"""A charge of a bill: what it cost, when, and by which names it can be joined to runs."""

import zlib
from collections.abc import Mapping
from typing import NamedTuple


class Charge(NamedTuple):
    """A line of a bill.

    Attributes:
        usd: Its cost; a credit is negative. [$]
        from_s: When it begins, seconds since 1970. [s]
        to_s: When it ends. [s]
        account: The account and the billing period that it belongs to.
        service: What was bought.
        resource: The id of the resource, empty if the bill names none.
        names: Names of the resource: the id, its last part, and what a person calls it.
        tags: Tags of the resource.
        kind: Category and unit of what was bought, which tells charges of one resource apart.
    """

    usd: float
    from_s: float
    to_s: float
    account: str
    service: str
    resource: str
    names: tuple[str, ...]
    tags: Mapping[str, str]
    kind: str

    @property
    def key(self) -> str:
        """What names the charge on its day, so that a bill that is read again replaces what it said before.

        It is a hash, as ids of accounts and resources are not recorded.
        """
        words = "\0".join([self.account, self.service, self.resource, self.kind, f"{self.from_s // 86_400.0:.0f}"]).encode("utf-8", "replace")
        return f"{zlib.crc32(words):08x}{zlib.adler32(words):08x}"
