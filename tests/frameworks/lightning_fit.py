"""A fit of Lightning on two ranks, as a program: OUTPUT, and the checkpoint from which it resumes if one is named; a new fit is stopped at step 25."""

import sys

from frameworks.test_lightning import SpendAt, fit
from traincarbon.frameworks.lightning import CarbonCallback


def main() -> None:
    """Fit to the end, or to the step at which the budget is spent."""
    output, checkpoint = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None
    options = {} if checkpoint else {"max_hours": 1.0}
    fit(output, SpendAt(0 if checkpoint else 25), CarbonCallback(**options), checkpoint=checkpoint, devices=2, strategy="ddp")


if __name__ == "__main__":
    main()
