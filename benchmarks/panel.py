"""Draw the panel below a training's output as a picture for the documentation.

python benchmarks/panel.py docs/images/panel.svg
"""

import io
import math
import re
import sys
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from made_states import state
from traincarbon.tracking.display.panel import History, rows

WIDTH = 100
OUTPUT = """\
$ carbon track --plan plan.toml --max-kwh 2 --max-usd 5 -- python train.py
step  700 | loss 2.3391 | lr 2.9e-04
step  710 | loss 2.3302 | lr 2.9e-04
step  720 | loss 2.3188 | lr 2.9e-04
epoch 1:  34%|███████████▏                     | 728/2140 [12:03<23:23,  1.01it/s]"""


def main(file: str) -> None:
    history = History()
    for second in range(60):
        swing = 640.0 if second % 20 < 16 else 640.0 - 90.0 * (second % 4) + 20.0 * math.sin(second)
        last = state(4, elapsed_s=664.0 + second, power_w=swing)
        history.add(last)
    last = last._replace(budgets=tuple(budget._replace(limit=limit) for budget, limit in zip(last.budgets, (2.0, 5.0), strict=True)))
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor", legacy_windows=False)
    for row in [Text(OUTPUT, end=""), Text(""), *rows(last, history, width=WIDTH - 1)]:
        console.print(row, no_wrap=True, end="\n")
    picture = console.export_svg(title="carbon track", theme=MONOKAI, unique_id="panel")
    # the fonts would come from a server of others: a page must not ask it
    Path(file).write_text(re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL), "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
