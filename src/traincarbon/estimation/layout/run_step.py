"""The time of a step of the whole run, which its duration, its tokens and the sequences of a layout give."""

from typing import TYPE_CHECKING

from traincarbon.estimation.work import SEQ_LEN
from traincarbon.uncertain import Num, median_of

if TYPE_CHECKING:
    from traincarbon.estimation.layout.search import Spread
    from traincarbon.estimation.result import Estimate


def run_step_s(answer: "Estimate", spread: "Spread") -> Num | None:
    """Return how long the run takes for as many tokens as a step of *spread* has, None where its utilisation is unknown. [s].

    The FLOP are those of the estimate, so steps add up to its time: the utilisation of a layout counts all attention scores, a plan may count
    half of them or none. The time before the first step is left out. Where the plan states FLOP and no tokens, the FLOP of the layout are taken.
    """
    if answer["mfu"] is None:
        return None
    mfu, tokens = answer.median("mfu"), median_of(answer.plan.number("tokens"))
    n, peak_flop_per_s = median_of(answer.accelerators), median_of(answer.of_link("peak_flop_per_s"))
    if tokens is None or n is None or peak_flop_per_s is None:
        return spread.step.total_s * spread.mfu / mfu
    seq_len = median_of(answer.plan.number("seq_len"))
    step_tokens = spread.layout.sequences * (SEQ_LEN if seq_len is None else seq_len)
    return answer.median("compute_flop") * step_tokens / tokens / (n * peak_flop_per_s * mfu)
