"""Install a wheel alone into a new environment and run there what README shows, one command after another, with a GPU that replays a trace.

``make packaging`` does so with each Python that is installed; ``make first-steps`` writes what comes out into ``docs/first-steps.md``.
A command that needs an extra must name the command that adds it. That command is run, and then the first one again.
"""

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
TRACE = "devices 2\nwave 1:350 1:450\nstagger 0.5\n"
"""Two GPUs at 400 W on average."""
METERED = "carbon track --project first-steps -- sleep 6"
AFTER = ("traincarbon --version", METERED, "carbon runs list", "carbon db show h100-sxm5-80gb")
"""Commands beside those of README: the other name of the command, and a run in which the GPUs can be seen."""
MOST_LINES = 40
HEAD = """# First steps

What a plain installation shows, command by command: a new environment with Python {python} and nothing in it but the wheel, in which
README's commands are run one after another. `make first-steps` records it; `make packaging` runs the same with every Python that is installed.

The machine that recorded it has no GPU. Its GPUs are a library that replays a trace of power, two GPUs at 400 W on average, and is read
through NVIDIA's own bindings; `tests/native/nvml_replay.c` is its source. Long output is cut. Lines that describe the recording machine are left out.

```text
$ python -m venv venv && . venv/bin/activate
$ pip install {wheel}
$ pip list
{packages}
```
"""
OF_THE_MACHINE = re.compile(r"^This machine\n(?:  .*\n)+", re.MULTILINE)


class Shown(NamedTuple):
    """A command and what it printed."""

    command: str
    text: str


class Installation:
    """A new environment with the wheel, in a home of its own, and the folder in which a reader of README would stand."""

    def __init__(self, wheel: Path, python: str, work: Path) -> None:
        self.home = work / "home"
        self.here = self.home / "traincarbon"
        self.here.mkdir(parents=True)
        for folder in ("reports", "examples"):
            shutil.copytree(ROOT / folder, self.here / folder)
        self.wheel = Path(shutil.copy(wheel, self.home))
        self.bin = self.home / "venv" / "bin"
        run([python, "-m", "venv", str(self.home / "venv")])
        run([str(self.bin / "python"), "-m", "pip", "install", "-qq", "-c", str(ROOT / "constraints.txt"), str(self.wheel)])
        self.environment = {
            **{name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "http", "https", "no_proxy"))},
            "PATH": os.pathsep.join([str(self.bin), os.defpath.lstrip(os.pathsep), "/usr/bin", "/bin"]),
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "COLUMNS": "80",
            "PIP_CONSTRAINT": str(ROOT / "constraints.txt"),
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        }
        self.has_gpus = self._with_gpus(work)

    def _with_gpus(self, work: Path) -> bool:
        """Add the library that replays a trace, if there is a compiler for it."""
        compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
        if compiler is None:
            return False
        (work / "nvml").mkdir()
        library = work / "nvml" / "libnvidia-ml.so.1"
        source = ROOT / "tests" / "native" / "nvml_replay.c"
        run([compiler, "-shared", "-fPIC", "-O2", "-Wl,-soname,libnvidia-ml.so.1", "-o", str(library), str(source), "-lm"])
        (work / "nvml" / "trace").write_text(TRACE)
        self.environment |= {"LD_LIBRARY_PATH": str(work / "nvml"), "NVML_REPLAY_TRACE": str(work / "nvml" / "trace")}
        return True

    def shell(self, command: str) -> tuple[int, str]:
        """Return the exit code of *command* and what it printed."""
        done = subprocess.run(
            command,
            shell=True,
            cwd=self.here,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
            check=False,
        )
        return done.returncode, done.stdout.replace(str(self.home), "~")

    def shown(self, command: str) -> Iterator[Shown]:
        """Run *command*; if it needs an extra, do what its hint says and run it again."""
        code, text = self.shell(command)
        yield Shown(command, text)
        remedy = re.search(r"^hint: (pip install .*)$", text, re.MULTILINE)
        if code and remedy:
            code, printed = self.shell(f"{remedy[1]} -qq".replace("~", str(self.home)))
            yield Shown(remedy[1], printed)
            if not code:
                code, text = self.shell(command)
                yield Shown(command, text)
        if code:
            sys.exit(f"{command}\n{text}\nexit code {code}")
        if command == METERED and self.has_gpus and not re.search(r"^Measured: gpu \d", text, re.MULTILINE):
            sys.exit(f"{command}\n{text}\nno GPU was metered")


def run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{shlex.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout


def steps() -> list[str]:
    """Return the commands of README, in order, without comments."""
    text = (ROOT / "README.md").read_text("utf-8")
    lines = [line.strip() for language, block in BLOCK.findall(text) if language == "sh" for line in block.replace("\\\n", " ").splitlines()]
    shown = [
        line.removeprefix("$ ")
        for language, block in BLOCK.findall(text)
        if language in ("text", "console")
        for line in block.splitlines()
        if line.startswith("$ ")
    ]
    return [re.sub(r"\s+# .*", "", line) for line in (*shown, *lines) if line.startswith("carbon ")]


def python_blocks() -> list[str]:
    return [block for language, block in BLOCK.findall((ROOT / "README.md").read_text("utf-8")) if language == "python"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wheel", type=Path, required=True)
    parser.add_argument("--python", default=sys.executable, help="the Python of the new environment")
    parser.add_argument("--work", type=Path, required=True, help="an empty folder to work in")
    parser.add_argument("--write", type=Path, help="the page to write")
    options = parser.parse_args()
    installation = Installation(options.wheel.resolve(), options.python, options.work.resolve())
    version = run([str(installation.bin / "python"), "-c", "import platform; print(platform.python_version())"]).strip()
    listed = run([str(installation.bin / "python"), "-m", "pip", "list", "--format", "freeze"]).split()
    packages = "\n".join(name for name in listed if not name.startswith(("pip==", "setuptools==")))
    page = [HEAD.format(python=version, wheel=f"~/{installation.wheel.name}", packages=packages)]
    for command in (*steps(), *AFTER):
        page += map(as_block, installation.shown(command))
    for number, block in enumerate(python_blocks()):
        script = installation.here / f"block{number}.py"
        script.write_text(block, "utf-8")
        code, text = installation.shell(f"python {script.name}")
        if code:
            sys.exit(f"{block}\n{text}")
    if options.write:
        options.write.write_text("\n".join(page), "utf-8")
    print(f"Python {version}: the wheel alone runs {len(page) - 1} commands{'' if installation.has_gpus else ', without GPUs, as there is no C compiler'}")


def as_block(shown: Shown) -> str:
    """Return a command with what it printed, as Markdown."""
    lines = OF_THE_MACHINE.sub("", shown.text).rstrip().split("\n")
    over = len(lines) - MOST_LINES
    if over > 1:
        lines = [*lines[:MOST_LINES], f"… and {over} more lines"]
    text = "\n".join(line.rstrip() for line in lines)
    return f"```text\n$ {shown.command}\n{text}\n```\n".replace("\n\n```", "\n```")


if __name__ == "__main__":
    main()
