"""Fixtures of all tests: an environment without the user's settings, the shipped database, and small databases made by the tests."""

import os
import signal
import tempfile
from collections.abc import Iterator

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is imported: threads of several workers slow each other down

import pytest
from hypothesis import settings

from driven_browser import Browser
from traincarbon.database.load import Database, builtin_root
from traincarbon.database.records import TABLES

for _name, _usual in (("SIGINT", signal.default_int_handler), ("SIGQUIT", signal.SIG_DFL)):
    if (_number := getattr(signal, _name, None)) is not None and signal.getsignal(_number) == signal.SIG_IGN:
        signal.signal(_number, _usual)  # a job in the background of a shell ignores it, and so would the commands under test

settings.register_profile("repeatable", deadline=None, derandomize=True, database=None, max_examples=60)
settings.load_profile("repeatable")

ACCELERATOR = """\
name = "Acme One 40GB"
vendor = "Acme"
type = "gpu"
generation = "acme"
form_factor = "SXM"
aliases = ["one", "acme-one"]

[board_power_w]
value = 400
source = "acme-2020-datasheet"
locator = "table 1"
kind = "published"

[memory_b]
value = 40e9
source = "acme-2020-datasheet"
locator = "table 1"
kind = "published"

[peak_bf16_flop_per_s]
value = 100e12
source = "acme-2020-datasheet"
locator = "table 2"
kind = "published"
"""

SERVER = """\
name = "Acme Box"
vendor = "Acme"
operator = "on-prem"
accelerator = "acme-one-40gb"
aliases = ["box"]

[accelerator_count]
value = 8
source = "acme-2020-datasheet"
locator = "table 3"
kind = "published"
"""


@pytest.fixture(scope="session", autouse=True)
def _shielded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the databases, the terminal and the tracked runs of the user who runs the tests, and those of other workers, out of them."""
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory(prefix="carbon-") as runtime:  # short, as sockets in it must be
        patch.setenv("XDG_RUNTIME_DIR", runtime)
        for name in ("CARBON_DB", "CARBON_LEDGER", "CARBON_LEDGER_USER", "CARBON_CLUSTER", "COLUMNS", "NO_COLOR", "FORCE_COLOR"):
            patch.delenv(name, raising=False)
        patch.delenv("CARBON_CALIBRATIONS", raising=False)
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))
        yield


@pytest.fixture(scope="module")
def driven() -> Iterator[Browser]:
    """A browser for the tests of a module that drive one; each opens pages of its own. It ends with them, as other tests want no child to be left."""
    browser = Browser()
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def shipped() -> Database:
    """The database that is shipped, without any overlay."""
    return Database([builtin_root()])


@pytest.fixture
def make_root(tmp_path):
    """Return a function that writes a folder of facts: file name to text or bytes; a table is given by its rows only."""

    def make(files: dict[str, str | bytes], *, folder: str = "db") -> str:
        root = tmp_path / folder
        for name, content in files.items():
            file = root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, bytes):
                file.write_bytes(content)
            elif name in {f"{table}.csv" for table in TABLES}:
                file.write_text(f"{','.join(TABLES[name[:-4]])}\n{content}", encoding="utf-8", newline="")
            else:
                file.write_text(content, encoding="utf-8", newline="")
        return os.fspath(root)

    return make


@pytest.fixture
def make_database(make_root):
    """Return a function that opens such a folder, with one valid accelerator and one valid server in it unless replaced."""

    def make(files: dict[str, str | bytes] | None = None) -> Database:
        return Database([make_root({"accelerators/acme-one-40gb.toml": ACCELERATOR, "servers/acme-box.toml": SERVER, **(files or {})})])

    return make


@pytest.fixture
def accelerator_toml() -> str:
    """The text of the valid accelerator, for tests that damage it."""
    return ACCELERATOR


@pytest.fixture(scope="session")
def ask(shipped):
    """Return a function that estimates a run of seven billion parameters on DGX A100, with other fields; None leaves one out."""
    from traincarbon.estimation.chain import estimate

    def answer(*, level: float = 0.9, **fields):
        asked = {"params": 7e9, "tokens": 1e12, "hw": "dgx-a100", **fields}
        return estimate(database=shipped, level=level, **{name: value for name, value in asked.items() if value is not None})

    return answer


@pytest.fixture(scope="session")
def published_steps(shipped):
    """The steps read from the published runs that are shipped, and the rows set aside."""
    from traincarbon.published.runs_file import read_measured_steps, read_runs
    from traincarbon.published.step_rows import read_steps

    return read_steps([*read_runs()[0], *read_measured_steps()], shipped)
