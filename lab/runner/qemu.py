# SPDX-License-Identifier: GPL-2.0-or-later
"""One QEMU process: its command line, its control socket (QMP) and the two
serial ports, which it writes into files."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from .cache import LabError
from .pause import pause, resume
from .tables import Arch


_CONTROL = "qmp"
_CONSOLE = "console"


@dataclass(frozen=True)
class Machine:
    arch: Arch
    cpus: int
    memory: int
    paging: int | str
    vmcoreinfo: bool
    kernel: Path
    initrd: Path
    append: str
    bare: bool = False   # the guest shall not see that it is one
    slots: int = 0       # room for so many more CPUs


class Qemu:
    """Running from construction to close(); a context manager closes it."""

    def __init__(self, machine: Machine, scratch: Path) -> None:
        self.console = scratch / "console.log"
        self.facts = scratch / "facts.log"
        self.share = scratch / "share"
        self.share.mkdir()
        self._scratch = scratch
        self._errors = scratch / "qemu.err"
        arch = machine.arch
        arguments = [
            "nice", arch.qemu, *arch.machine, *_cpu(machine),
            "-smp", f"{machine.cpus},maxcpus={machine.cpus + machine.slots}", "-m", str(machine.memory),
            "-kernel", str(machine.kernel), "-initrd", str(machine.initrd),
            "-append", machine.append, "-nodefaults", "-display", "none", "-no-reboot",
            # The console is a socket with a log, so that a BREAK can be sent.
            "-chardev", f"socket,id=console,path={_CONSOLE},server=on,wait=off,"
                        f"logfile={self.console.name}",
            "-chardev", f"file,id=facts,path={self.facts.name}", *arch.ports,
            "-virtfs", f"local,path={self.share.name},mount_tag=lab,security_model=none",
            "-qmp", f"unix:{_CONTROL},server=on,wait=off",
        ]
        if machine.vmcoreinfo:
            arguments += ["-device", "vmcoreinfo"]
        with self._errors.open("wb") as errors:
            # Relative names throughout: the address of a socket has room for 108 bytes.
            self._process = subprocess.Popen(arguments, cwd=scratch, stdin=subprocess.DEVNULL,
                                             stdout=errors, stderr=errors)
        self._control: socket.socket | None = None
        self._console_socket: socket.socket | None = None
        self._received = b""
        self._paused = 0   # the thread of a virtual CPU that is kept from running

    def __enter__(self) -> Qemu:
        return self

    def __exit__(self, *unused: object) -> None:
        self.close()

    def running(self) -> bool:
        return self._process.poll() is None

    def stopped(self) -> bool:
        """The guest is paused; a panic may do that."""
        status = self.ask("query-status", limit=30)
        return isinstance(status, dict) and not status["running"]

    def last_words(self) -> str:
        text = self._errors.read_text(errors="replace").strip()
        return text.splitlines()[-1] if text else "no message"

    def console_text(self) -> str:
        return _text(self.console)

    def drain(self) -> None:
        """To be called while waiting: a console whose socket is full stops the guest."""
        try:
            while self._console_socket and self._console_socket.recv(65536, socket.MSG_DONTWAIT):
                pass   # the log has it
        except BlockingIOError:
            pass

    def facts_text(self) -> str:
        return _text(self.facts)

    def ask(self, command: str, limit: float = 300, **arguments: object) -> object:
        """One QMP command; the value returned, or LabError."""
        if self._control is None:
            self._control = _connect(self._scratch, _CONTROL)
            self._receive(30)   # the greeting
            self.ask("qmp_capabilities", limit=30)
        message = {"execute": command, "arguments": arguments}
        self._control.sendall(json.dumps(message).encode() + b"\n")
        deadline = time.monotonic() + limit
        while True:
            answer = self._receive(deadline - time.monotonic())
            if "return" in answer:
                return answer["return"]
            if "error" in answer:
                raise LabError(f"QEMU refused {command}: {answer['error']}")

    def _receive(self, limit: float) -> dict[str, object]:
        assert self._control is not None
        while b"\n" not in self._received:
            self._control.settimeout(max(limit, 0.1))
            try:
                chunk = self._control.recv(65536)
            except TimeoutError:
                raise LabError(f"QEMU did not answer within {limit:.0f} s") from None
            if not chunk:
                raise LabError(f"QEMU closed its control socket: {self.last_words()}")
            self._received += chunk
        line, self._received = self._received.split(b"\n", 1)
        message: dict[str, object] = json.loads(line)
        return message

    def type_on_console(self, text: str, after_break: bool) -> None:
        if self._console_socket is None:
            self._console_socket = _connect(self._scratch, _CONSOLE)
        if after_break:
            self.ask("chardev-send-break", id="console")
            time.sleep(0.5)
        self._console_socket.sendall(text.encode())

    def pause_cpu(self, cpu: int) -> None:
        """The virtual CPU executes nothing from now on, and does not know it."""
        cpus = self.ask("query-cpus-fast")
        assert isinstance(cpus, list)
        self._paused = next(one["thread-id"] for one in cpus if one["cpu-index"] == cpu)
        pause(self._paused)

    def _stop_paused(self) -> None:
        """Stops the machine so that the paused CPU goes no further than it has come."""
        assert self._control is not None
        # QEMU answers when every CPU stands. The paused one finds the request when it is let go.
        self._control.sendall(b'{"execute": "stop"}\n')
        time.sleep(1)
        resume(self._paused)
        self._paused = 0
        while "return" not in self._receive(60):
            pass

    def dump(self, target: Path, form: str) -> None:
        if self._paused:
            self._stop_paused()
        arguments: dict[str, object] = {"paging": False, "protocol": f"file:{target}"}
        if form != "elf":
            arguments["format"] = form
        self.ask("dump-guest-memory", limit=600, **arguments)

    def close(self) -> None:
        if self._paused:
            resume(self._paused)
        for connection in (self._control, self._console_socket):
            if connection is not None:
                connection.close()
        if self.running():
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


def _cpu(machine: Machine) -> list[str]:
    *option, model = machine.arch.cpu[machine.paging]
    return [*option, model + (machine.arch.bare if machine.bare else "")]


def _connect(folder: Path, name: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    handle = os.open(folder, os.O_PATH)
    try:
        connection.connect(f"/proc/self/fd/{handle}/{name}")
    except OSError as error:
        raise LabError(f"QEMU's socket {name} cannot be reached: {error.strerror}") from None
    finally:
        os.close(handle)
    return connection


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode(errors="replace").replace("\r", "")
    except FileNotFoundError:
        return ""
