"""Real sshd on each machine, so that MPI and the tracker reach them without a scheduler."""

import contextlib
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from launchers.machines import Machines, free_ports, started, wait_until

_COMMANDS = ("sshd", "ssh", "ssh-keygen")
_CONF = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
PidFile {folder}/sshd.{name}.pid
StrictModes no
UsePAM no
PermitRootLogin yes
PasswordAuthentication no
MaxStartups 100
SetEnv {environment}
"""
_CLIENT = """\
Host {name}
    HostName 127.0.0.1
    Port {port}
    IdentityFile {folder}/user
    UserKnownHostsFile /dev/null
    StrictHostKeyChecking no
    LogLevel ERROR
"""


class Ssh:
    """The machines as somebody sees them who may log in to each.

    Args:
        machines: The machines.
        folder: Where keys, configuration and logs are.
        search: The PATH on all machines.
    """

    def __init__(self, machines: Machines, folder: Path, search: str) -> None:
        self.machines = machines
        self.hosts = folder / "hosts"
        """A file of all hosts, as schedulers write it."""
        self._environment = machines.environment(PATH=search)

    def run(self, name: str, *command: str, timeout_s: float = 120.0) -> subprocess.CompletedProcess[str]:
        """Run a command on the machine *name*."""
        return subprocess.run(["ssh", name, shlex.join(command)], env=self._environment, capture_output=True, text=True, timeout=timeout_s, check=False)

    def start(self, name: str, *command: str, log: Path, **env: str) -> subprocess.Popen[str]:
        """Start a command on the machine *name*, with the variables *env*; its stderr goes to *log*."""
        words = ["env", *(f"{variable}={value}" for variable, value in env.items()), *command]
        with log.open("w") as stream:
            return subprocess.Popen(["ssh", name, shlex.join(words)], env=self._environment, stdout=subprocess.DEVNULL, stderr=stream, text=True)


@contextlib.contextmanager
def sshd(machines: Machines) -> Iterator[Ssh]:
    """Start a server on each machine, and end them."""
    folder = machines.folder / "ssh"
    (folder / "bin").mkdir(parents=True)
    Path("/run/sshd").mkdir(exist_ok=True)  # sshd drops its privileges there
    for key in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / key)], check=True)
    client, server = shutil.which("ssh"), shutil.which("sshd")
    wrapper = folder / "bin" / "ssh"
    wrapper.write_text(f'#!/bin/sh\nexec {client} -F {folder}/config "$@"\n')
    wrapper.chmod(0o755)
    environment = machines.environment()
    environment["PATH"] = f"{folder}/bin:{environment['PATH']}"
    ports = free_ports(len(machines.names))
    (folder / "config").write_text("".join(_CLIENT.format(name=name, port=port, folder=folder) for name, port in zip(machines.names, ports, strict=True)))
    reached = Ssh(machines, folder, environment["PATH"])
    reached.hosts.write_text("".join(f"{name}\n" for name in machines.names))
    with contextlib.ExitStack() as services:
        for name, port in zip(machines.names, ports, strict=True):
            file, stated = folder / f"sshd.{name}.conf", " ".join(f'{variable}="{value}"' for variable, value in environment.items())
            file.write_text(_CONF.format(port=port, folder=folder, name=name, environment=stated))
            daemon = machines.enter(name, [str(server), "-D", "-e", "-f", str(file)])
            services.enter_context(started(daemon, env=environment, log=folder / f"sshd.{name}.out"))
        for name in machines.names:
            wait_until(lambda name=name: reached.run(name, "true").returncode == 0, f"{name} lets us log in")
        yield reached


def unavailable(*commands: str) -> str:
    """Return which of sshd's commands, or of *commands*, is not installed here, "" if all are."""
    absent = [name for name in (*_COMMANDS, *commands) if shutil.which(name) is None]
    return f"{', '.join(absent)}: not installed (openssh-server, mpich)" if absent else ""
