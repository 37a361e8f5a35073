"""The public face is typed: a client and the example of README pass mypy --strict, and its mistakes are found."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_a_client_and_the_example_of_readme_pass_mypy_strict(tmp_path: Path) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert blocks
    example = tmp_path / "readme_example.py"
    example.write_text("\n".join(blocks), "utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", str(example), str(ROOT / "tests" / "typing" / "client.py")]
    checked = subprocess.run(command, cwd=ROOT, env={**os.environ, "MYPYPATH": "src"}, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
