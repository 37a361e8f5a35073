"""Plans for the tests of advice, comparisons and optima."""

from traincarbon.estimation.plan import Plan

MEGATRON = Plan(name="MT-NLG", params=530e9, tokens=270e9, hw="dgx-a100", servers=280, start="2021")
TUNED = Plan(params=7e9, tokens=1e9, kind="finetune", hw="h100", accelerators=8, region="us-east-1")
