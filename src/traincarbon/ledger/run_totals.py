"""The quantities of a run as sums over its processes: what several sessions metered at once counts once, what is missing is said."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from traincarbon.ledger.nodes import with_absent
from traincarbon.ledger.process_summary import Process
from traincarbon.ledger.sessions import Session, share_all, share_nothing, share_once
from traincarbon.quantities import J_PER_KWH
from traincarbon.uncertain import Interval

_BY_TIME = ("embodied_kgco2e", "cost_usd")
"""What follows from the hours of accelerators more than from energy."""
_ROUNDING = 1e-4
"""Share by which figures with four digits may seem to contradict each other."""


def total_of(name: str, found: list[tuple[Session, ...]], absent: int) -> dict[str, float] | None:
    """Return a recorded quantity of all nodes, with the share of those that sent nothing in its interval."""
    total = with_absent(_sum(name, found), found, absent, partial(_sum, name))
    return None if total is None else total.to_dict()


def _sum(name: str, found: Sequence[tuple[Session, ...]]) -> Interval | None:
    """Return a recorded quantity summed over the processes that state it. What several sessions metered at once counts once."""
    if len(found) == 1 and len(found[0]) == 1 and len(found[0][0].processes) == 1:  # as most runs are
        return found[0][0].processes[0].results.get(name)
    stated: list[Interval] = []
    for cluster in found:
        results = list(_by_session(name, cluster))
        if len(results) < 2 or share_nothing(cluster):
            stated += results
        elif share_all(cluster):
            stated.append(max(results, key=lambda result: float(result.median)))
        else:
            stated.append(_scaled(_added(results), share_once(cluster, by_time=name in _BY_TIME)))
    return _added(stated) if stated else None


def _scaled(interval: Interval, factor: float) -> Interval:
    return interval if factor == 1.0 else Interval(*(bound * factor for bound in interval))


def _by_session(name: str, cluster: tuple[Session, ...]) -> Iterator[Interval]:
    """Yield a quantity for each session of a cluster that states it, its processes added up, with the time for which none of them states it."""
    for session in cluster:
        stating = [process for process in session.processes if name in process.results]
        if stating:
            yield _scaled(_added([process.results[name] for process in stating]), _whole_over_stated(session, stating, by_time=name in _BY_TIME))


def _whole_over_stated(session: Session, stating: Sequence[Process], *, by_time: bool) -> float:
    """Return by how much a session took more than its processes state: one that was killed may have stated nothing, and the next began a moment later.

    The counters of devices go on meanwhile, so that the session has that energy.
    """
    if len(session.processes) < 2:
        return 1.0
    if by_time:
        whole, stated = session.to_s - session.from_s, sum(process.recorded_s for process in stating)
    else:
        whole = sum(device.energy_j for device in session.devices.values())
        stated = sum(device.energy_j for process in stating for device in process.devices.values())
    return max(whole / stated, 1.0) if stated > 0.0 else 1.0


def _added(intervals: Sequence[Interval]) -> Interval:
    return intervals[0] if len(intervals) == 1 else Interval(*(sum(bounds) for bounds in zip(*intervals, strict=True)))


def left_out(name: str, found: list[tuple[Session, ...]]) -> str:
    """Return a note if processes metered energy and ended before they could state a quantity that others state, and no other of their session did."""
    metered = [(session, process) for cluster in found for session in cluster for process in session.processes if process.devices]
    without = sum(all(name not in each.results for each in session.processes) for session, _ in metered)
    if not 0 < without < len(metered):
        return ""
    return f"{name} leaves out {without} of {len(metered)} processes, which ended before they could state it"


def cost_basis_of(ordered: Sequence[Process]) -> str:
    """Return what the cost counts, several separated by semicolons if the processes counted differently."""
    return "; ".join(dict.fromkeys(process.cost_basis for process in ordered if process.cost_basis and "cost_usd" in process.results))


def above_measured(facility_kwh: Mapping[str, float] | None, *, measured_j: float) -> dict[str, float] | None:
    """Return the interval of a facility's energy with a lower end that is no less than what was measured within it.

    Its median stays as it is, also where that contradicts what was measured.

    Args:
        facility_kwh: The interval, None if it is unknown. [kWh]
        measured_j: Energy that devices stated. [J]

    Example:
        >>> above_measured({"low": 0.5, "median": 2.0, "high": 3.0}, measured_j=3.6e6)["low"]
        1.0
    """
    if facility_kwh is None:
        return None
    low_kwh = max(facility_kwh["low"], measured_j / J_PER_KWH)
    return {**facility_kwh, "low": min(low_kwh, facility_kwh["median"])}


def contradiction(*, measured_j: float, facility_kwh: Mapping[str, float] | None) -> str:
    """Return a note if the facility used less energy than was measured within it, which cannot be; "" if it did not.

    Args:
        measured_j: Energy that devices stated; modelled energy bounds nothing. [J]
        facility_kwh: Interval of the facility's energy, None if it is unknown. [kWh]
    """
    if facility_kwh is None:
        return ""
    measured_kwh = measured_j / J_PER_KWH
    if facility_kwh["median"] >= measured_kwh * (1.0 - _ROUNDING):
        return ""
    return f"the energy of the facility, {facility_kwh['median']:.4g} kWh, is less than the {measured_kwh:.4g} kWh that were measured in it: do not rely on it"
