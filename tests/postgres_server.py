"""A real server of PostgreSQL for tests, with a folder and a port of its own. Tests are skipped where it is not installed."""

import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

_PROGRAMS = "/usr/lib/postgresql/*/bin"
_WAIT_S = 60.0


class Server:
    """A server that can be killed and started again."""

    def __init__(self, programs: Path, folder: Path, user: str | None) -> None:
        self._programs, self._user = programs, user
        self._data, self.log = folder / "data", folder / "log.txt"
        self._folder = folder
        self.port = _free_port()

    @property
    def url(self) -> str:
        """The address of the database that every server has."""
        return self.address("postgres")

    def address(self, database: str, user: str = "carbon", password: str = "") -> str:
        return f"postgresql+psycopg://{user}{':' + password if password else ''}@127.0.0.1:{self.port}/{database}"

    def make(self, *settings: str) -> None:
        self._do("initdb", "-D", self._data, "-U", "carbon", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
        lines = [f"port = {self.port}", "listen_addresses = '127.0.0.1'", f"unix_socket_directories = '{self._folder}'", "max_connections = 260", *settings]
        with open(self._data / "postgresql.auto.conf", "a") as stream:
            stream.write("\n".join(lines) + "\n")

    def start(self) -> None:
        self._do("pg_ctl", "-D", self._data, "-l", self.log, "-w", "-t", int(_WAIT_S), "start")

    def stop(self) -> None:
        if (self._data / "postmaster.pid").exists():
            self._do("pg_ctl", "-D", self._data, "-m", "immediate", "-w", "stop")

    def kill(self) -> None:
        """Kill all of its processes at once, as a machine that loses power does."""
        main = int((self._data / "postmaster.pid").read_text().split()[0])
        os.kill(main, signal.SIGSTOP)  # it starts no other
        for each in (*_children(main), main):
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        until_s = time.monotonic() + _WAIT_S
        while _children(main) or os.path.exists(f"/proc/{main}"):
            assert time.monotonic() < until_s, "the server does not end"
            time.sleep(0.01)

    def query(self, sql: str, database: str = "postgres", user: str = "carbon") -> list[list[str]]:
        """Return the rows that psql prints."""
        command = [
            self._programs / "psql",
            "-X",
            "-q",
            "-A",
            "-t",
            "-F",
            "\t",
            "-v",
            "ON_ERROR_STOP=1",
            "-h",
            "127.0.0.1",
            "-p",
            str(self.port),
            "-U",
            user,
            "-d",
            database,
        ]
        done = subprocess.run([*command, "-f", "-"], input=sql, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return [line.split("\t") for line in done.stdout.splitlines()]

    def demand_password(self, user: str, password: str) -> None:
        """Make a role that has to give a password."""
        self.query(f"DROP ROLE IF EXISTS {user}; CREATE ROLE {user} LOGIN PASSWORD '{password}'")
        rules = self._data / "pg_hba.conf"
        rules.write_text(f"host all {user} all scram-sha-256\n{rules.read_text()}")
        self.query("SELECT pg_reload_conf()")
        until_s = time.monotonic() + _WAIT_S
        while self._lets_in(user):
            assert time.monotonic() < until_s, "the server does not demand it"
            time.sleep(0.05)

    def _lets_in(self, user: str) -> bool:
        command = [self._programs / "psql", "-X", "-w", "-h", "127.0.0.1", "-p", str(self.port), "-U", user, "-d", "postgres", "-c", "SELECT 1"]
        return subprocess.run(command, capture_output=True).returncode == 0

    def new_database(self, name: str) -> str:
        """Make a database and return its address."""
        self.query(f'CREATE DATABASE "{name}"')
        return self.address(name)

    def _do(self, program: str, *words: object) -> None:
        done = subprocess.run(
            [self._programs / program, *map(str, words)], user=self._user, group=self._group(), capture_output=True, text=True, cwd=self._folder
        )
        assert done.returncode == 0, f"{program}: {done.stderr or done.stdout}"

    def _group(self) -> int | None:
        return None if self._user is None else pwd.getpwnam(self._user).pw_gid


@contextmanager
def postgres(*settings: str) -> Iterator[Server]:
    """Run a server in a folder of its own; the test is skipped where PostgreSQL is not installed or has no user to run as."""
    found = sorted(glob.glob(_PROGRAMS))
    if not found:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    user = None
    if os.geteuid() == 0:  # it refuses to run as root
        user = next((name for name in ("postgres", "nobody") if _is_user(name)), None)
        if user is None:
            pytest.skip("there is no user that PostgreSQL can run as")
    with tempfile.TemporaryDirectory(prefix="carbon-pg-", ignore_cleanup_errors=True) as folder:
        if user is not None:
            shutil.chown(folder, user)
        server = Server(Path(found[-1]), Path(folder), user)
        server.make(*settings)
        try:
            server.start()
            yield server
        finally:
            server.stop()


def _children(parent: int) -> list[int]:
    """Return the processes that *parent* started, zombies left out."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdecimal():
            with suppress(OSError), open(f"/proc/{name}/stat") as stream:
                state, its_parent = stream.read().rpartition(")")[2].split()[:2]
                if int(its_parent) == parent and state != "Z":
                    found.append(int(name))
    return found


def _is_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
