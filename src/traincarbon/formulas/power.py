"""Power and energy of a training at its servers: accelerators, the rest of the servers, and the network."""

from traincarbon.formulas.equation import equation, require
from traincarbon.quantities import W_PER_KW
from traincarbon.uncertain import Num, clamp, median_of, where


@equation("board_power_w × clamp(reference_share × clamp(mfu / reference_mfu, 0, 1) ^ exponent, idle_share, 1)", source="fit-power")
def accelerator_power_w(*, board_power_w: Num, reference_share: Num, mfu: Num, reference_mfu: float, exponent: float, idle_share: float) -> Num:
    r"""Return the mean power of one accelerator over a run, which rises with its utilisation until it is busy.

    An empirical law above idle power: power rises more slowly than utilisation, and no further above *reference_mfu*.

    .. math:: P = P_{board} \, \max\left(s_{idle}, \; s_0 \min\left(1, \; \frac{U}{U_0}\right)^{e}\right)

    Args:
        board_power_w: Power cap (TDP, TGP) of one accelerator. [W]
        reference_share: Mean power as a share s0 of the cap at utilisation *reference_mfu* and above. [1]
        mfu: Model FLOP utilisation, end to end. [1]
        reference_mfu: Utilisation U0 from which on *reference_share* holds. [1]
        exponent: How fast the power rises with utilisation. [1]
        idle_share: Power of an idle accelerator as a share of the cap. [1]

    Returns:
        Mean power. [W]

    Raises:
        OutOfRangeError: an input is not positive, or a share exceeds 1.

    Example:
        >>> accelerator_power_w(board_power_w=400.0, reference_share=0.75, mfu=0.3, reference_mfu=0.3, exponent=0.4, idle_share=0.15)
        300.0

    References:
        Fitted here to measured runs; docs/method.md, section Power.
    """
    require(above=0.0, board_power_w=board_power_w, mfu=mfu, reference_mfu=reference_mfu)
    require(above=0.0, at_most=1.0, reference_share=reference_share)
    require(at_least=0.0, at_most=1.0, idle_share=idle_share, exponent=exponent)
    return board_power_w * clamp(reference_share * clamp(mfu / reference_mfu, 0.0, 1.0) ** exponent, idle_share, 1.0)


@equation("(max_power_w / accelerator_count - board_power_w) × host_share", source="cottier-2024-cost")
def host_power_w(*, max_power_w: Num, accelerator_count: Num, board_power_w: Num, host_share: Num) -> Num:
    r"""Return the mean power of the rest of a server per accelerator: processors, memory, fans, network cards, conversion.

    .. math:: P_{host} = \left(\frac{P_{max}}{n} - P_{board}\right) h

    Args:
        max_power_w: Nameplate of the whole server. [W]
        accelerator_count: Accelerators in it. [1]
        board_power_w: Power cap of one accelerator. [W]
        host_share: Mean power of the rest as a share of its nameplate. [1]

    Returns:
        Mean power of the rest of the server per accelerator. [W]

    Raises:
        OutOfRangeError: an input is not positive, or the accelerators alone exceed the nameplate.

    Example:
        >>> host_power_w(max_power_w=6500.0, accelerator_count=8.0, board_power_w=400.0, host_share=0.5)
        206.25

    References:
        Cottier et al. 2024, *The rising costs of training frontier AI models*, arXiv:2405.21015, appendix A: server over chip power.
    """
    require(above=0.0, max_power_w=max_power_w, accelerator_count=accelerator_count, board_power_w=board_power_w, host_share=host_share)
    rest_w = max_power_w / accelerator_count - board_power_w
    require(at_least=0.0, rest_w=rest_w)
    return rest_w * host_share


@equation("accelerator_hours_h × (accelerator_power_w + host_power_w) × (1 + network_share) / 1000", source="patterson-2021-carbon")
def it_energy_kwh(*, accelerator_hours_h: Num, accelerator_power_w: Num, host_power_w: Num, network_share: Num) -> Num:
    r"""Return the energy at the plugs of servers and network over a run.

    .. math:: E_{IT} = H \, (P_{acc} + P_{host}) \, (1 + w) / 1000

    Args:
        accelerator_hours_h: Accelerator-hours of the run. [h]
        accelerator_power_w: Mean power of one accelerator. [W]
        host_power_w: Mean power of the rest of the server per accelerator. [W]
        network_share: Power of the switches between servers as a share of the servers' power. [1]

    Returns:
        Energy of servers and network. [kWh]

    Raises:
        OutOfRangeError: *accelerator_hours_h* or *accelerator_power_w* is not positive, or another input is negative.

    Example:
        >>> it_energy_kwh(accelerator_hours_h=1000.0, accelerator_power_w=300.0, host_power_w=200.0, network_share=0.0)
        500.0

    References:
        Patterson et al. 2021, *Carbon emissions and large neural network training*, arXiv:2104.10350, section 2.2.
    """
    require(above=0.0, accelerator_hours_h=accelerator_hours_h, accelerator_power_w=accelerator_power_w)
    require(at_least=0.0, host_power_w=host_power_w, network_share=network_share)
    return accelerator_hours_h * (accelerator_power_w + host_power_w) * ((1.0 + network_share) / W_PER_KW)


@equation("power_w × factor", source="definition")
def calibrated_power_w(*, power_w: Num, factor: Num) -> Num:
    r"""Return an expected power, calibrated with the user's own runs.

    .. math:: P' = f \, P

    Args:
        power_w: Expected mean power without calibration. [W]
        factor: Measured over expected, of the runs of a calibration. [1]

    Returns:
        Mean power. [W]

    Raises:
        OutOfRangeError: *power_w* is negative or *factor* not positive.

    Example:
        >>> calibrated_power_w(power_w=300.0, factor=1.25)
        375.0
    """
    require(at_least=0.0, power_w=power_w)
    require(above=0.0, factor=factor)
    return power_w * factor


@equation("max(host_j - metered_j, host_j × rest_share)", source="definition")
def unmetered_j(*, host_j: Num, metered_j: Num, rest_share: Num) -> Num:
    r"""Return the energy of the part of a server that no meter covers.

    Meters of processors and memory take their part off the expected energy of the server beside its accelerators.
    Fans, network cards, disks and conversion remain, whatever the meters show.

    .. math:: E = \max(E_{host} - E_{metered}, \; s \, E_{host})

    Args:
        host_j: Expected energy of the server beside its accelerators. [J]
        metered_j: Energy that meters of processors and memory show. [J]
        rest_share: Share of *host_j* that no such meter covers. [1]

    Returns:
        Energy without a meter. [J]

    Raises:
        OutOfRangeError: an input is negative, or *rest_share* exceeds 1.

    Example:
        >>> unmetered_j(host_j=100.0, metered_j=30.0, rest_share=0.25), unmetered_j(host_j=100.0, metered_j=90.0, rest_share=0.25)
        (70.0, 25.0)
    """
    require(at_least=0.0, host_j=host_j, metered_j=metered_j)
    require(at_least=0.0, at_most=1.0, rest_share=rest_share)
    left, least = host_j - metered_j, host_j * rest_share
    return where(median_of(left) <= median_of(least), least, left)
