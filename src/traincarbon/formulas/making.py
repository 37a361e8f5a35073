"""Greenhouse gas emissions of making an accelerator and its share of a server, scaled from one that has been assessed."""

from traincarbon.formulas.equation import equation, require
from traincarbon.uncertain import Num

REFERENCE_MEMORY_B = 80e9
REFERENCE_AREA_MM2 = 814.0
REFERENCE_POWER_W = 700.0
"""Memory, die and power cap of an H100 SXM5, the accelerator that most methods have assessed."""
B_PER_GIB = 2.0**30


@equation(
    "reference_kgco2e × (memory_share × memory_b / 80e9 + logic_share × die_area_mm2 × area_factor / 814"
    " + (1 - memory_share - logic_share) × board_power_w / 700)",
    source="fit-making",
)
def accelerator_kgco2e(
    *, reference_kgco2e: Num, memory_b: Num, die_area_mm2: Num, area_factor: Num, board_power_w: Num, memory_share: Num, logic_share: Num
) -> Num:
    r"""Return the emissions of making an accelerator, from those of an H100 SXM5.

    Memory counts by its size, logic by its area and process, and the rest (board, power supply, heat sink) by the power cap.

    .. math:: M = M_{H100} \left(s_m \frac{B}{80\,\mathrm{GB}} + s_l \frac{A a}{814\,\mathrm{mm}^2} + (1 - s_m - s_l) \frac{P}{700\,\mathrm{W}}\right)

    Args:
        reference_kgco2e: Emissions of making an H100 SXM5. [kg CO2e]
        memory_b: Memory of the accelerator. [B]
        die_area_mm2: Area of its logic dies together. [mm2]
        area_factor: Emissions of its process for an area over those of the 5 nm process. [1]
        board_power_w: Its power cap. [W]
        memory_share: Share of memory in the reference. [1]
        logic_share: Share of logic dies in the reference. [1]

    Returns:
        Emissions of making one accelerator. [kg CO2e]

    Raises:
        OutOfRangeError: a size is negative, the reference or a factor is not positive, or a share exceeds 1.

    Example:
        >>> h100 = {"memory_b": 80e9, "die_area_mm2": 814.0, "area_factor": 1.0, "board_power_w": 700.0}
        >>> round(accelerator_kgco2e(reference_kgco2e=295.0, memory_share=0.7, logic_share=0.1, **h100))
        295

    References:
        The method of NVIDIA 2025, *HGX H100 product carbon footprint summary*, by components; shares fitted as in docs/method.md.
    """
    require(above=0.0, reference_kgco2e=reference_kgco2e, area_factor=area_factor)
    require(at_least=0.0, memory_b=memory_b, die_area_mm2=die_area_mm2, board_power_w=board_power_w)
    require(at_least=0.0, at_most=1.0, memory_share=memory_share, logic_share=logic_share)
    memory = memory_share * memory_b / REFERENCE_MEMORY_B
    logic = logic_share * die_area_mm2 * area_factor / REFERENCE_AREA_MM2
    return reference_kgco2e * (memory + logic + (1.0 - memory_share - logic_share) * board_power_w / REFERENCE_POWER_W)


@equation("host_kgco2e_per_gib × host_memory_b / 2 ^ 30 / accelerator_count", source="fit-making")
def host_kgco2e(*, host_kgco2e_per_gib: Num, host_memory_b: Num, accelerator_count: Num) -> Num:
    r"""Return an accelerator's share of the emissions of making its server, which follow from the server's memory.

    .. math:: M_{host} = h \, B_{host} / n

    Args:
        host_kgco2e_per_gib: Emissions of making a server, for each GiB of its memory. [kg CO2e/GiB]
        host_memory_b: Memory of the server, without that of its accelerators. [B]
        accelerator_count: Accelerators of the server. [1]

    Returns:
        Share of one accelerator. [kg CO2e]

    Raises:
        OutOfRangeError: an input is not positive.

    Example:
        >>> host_kgco2e(host_kgco2e_per_gib=1.0, host_memory_b=2.0**41, accelerator_count=8.0)
        256.0

    References:
        BoaviztAPI 2.5.0, whose servers with eight accelerators are proportional to their memory within a fifth; docs/method.md.
    """
    require(above=0.0, host_kgco2e_per_gib=host_kgco2e_per_gib, host_memory_b=host_memory_b, accelerator_count=accelerator_count)
    return host_kgco2e_per_gib * host_memory_b / B_PER_GIB / accelerator_count


@equation("accelerator_kgco2e + host_kgco2e", source="definition")
def hardware_kgco2e(*, accelerator_kgco2e: Num, host_kgco2e: Num) -> Num:
    r"""Return the emissions of making one accelerator and its share of the server.

    .. math:: M = M_{accelerator} + M_{host}

    Args:
        accelerator_kgco2e: Emissions of making the accelerator. [kg CO2e]
        host_kgco2e: Its share of those of the server. [kg CO2e]

    Returns:
        Both together. [kg CO2e]

    Raises:
        OutOfRangeError: an input is negative.

    Example:
        >>> hardware_kgco2e(accelerator_kgco2e=295.0, host_kgco2e=290.0)
        585.0
    """
    require(at_least=0.0, accelerator_kgco2e=accelerator_kgco2e, host_kgco2e=host_kgco2e)
    return accelerator_kgco2e + host_kgco2e
