"""Every upstream, by name."""

from traincarbon.database.refresh import carbon, cyclenerd, epoch, prices
from traincarbon.database.refresh.upstream import Upstream

UPSTREAMS: dict[str, Upstream] = {upstream.name: upstream for upstream in (*carbon.UPSTREAMS, *prices.UPSTREAMS, *cyclenerd.UPSTREAMS, *epoch.UPSTREAMS)}
