#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Drives `whyhung shell` as people do: at a terminal, with its keys, and by lines on standard input.

usage: check_shell.py WHYHUNG VMCORE     runs all checks on a capsule; exit status 1 when one fails
"""
import os
import pathlib
import pty
import select
import signal
import subprocess
import sys
import tempfile
import time

PATIENCE = 60  # seconds for one answer: builds may run beside


class Terminal:
    """The shell behind a terminal of 100 columns and 40 lines."""

    def __init__(self, arguments, home):
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            environment = dict(os.environ, HOME=home, TERM="xterm", PAGER="cat", COLUMNS="100", LINES="40", INPUTRC="/dev/null")
            environment.pop("XDG_STATE_HOME", None)
            os.execve(arguments[0], arguments, environment)
        self.seen = ""
        self.interrupts = 0

    def read_until(self, wanted, patience=PATIENCE):
        end = time.monotonic() + patience
        while wanted not in self.seen:
            left = end - time.monotonic()
            if left <= 0:
                raise AssertionError(f"{wanted!r} did not come; seen: {self.seen[-2000:]!r}")
            if select.select([self.terminal], [], [], left)[0]:
                try:
                    self.seen += os.read(self.terminal, 65536).decode(errors="replace")
                except OSError:
                    raise AssertionError(f"the shell ended before {wanted!r}; seen: {self.seen[-2000:]!r}") from None
        at = self.seen.index(wanted) + len(wanted)
        before, self.seen = self.seen[:at], self.seen[at:]
        return before

    def type(self, text):
        os.write(self.terminal, text.encode())

    def run(self, line, prompt="whyhung> "):
        self.type(line + "\r")
        return self.read_until(prompt)

    def interrupt(self):
        """Presses Ctrl-C, and Enter: a terminal throws away what is on its way to the screen, a prompt perhaps. Then
        has a word said, so that what is read next belongs to what is typed next."""
        self.type("\x03")
        time.sleep(0.5)
        self.interrupts += 1
        self.type(f"\r!echo interrupted-$(({self.interrupts}+1000))\r")
        self.read_until(f"interrupted-{self.interrupts + 1000}")
        self.read_until("whyhung> ")

    def end(self):
        self.type("q\r")
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                if not select.select([self.terminal], [], [], 1)[0] or not os.read(self.terminal, 65536):
                    continue
            except OSError:
                break
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def expect(condition, what, seen=""):
    if not condition:
        raise AssertionError(f"{what}; seen: {seen[-2000:]!r}")


def at_a_terminal(program, capsule, folder):
    shell = Terminal([program, "shell", capsule], folder)
    banner = shell.read_until("whyhung> ")
    expect("RELEASE: " in banner, "the banner names the kernel", banner)
    expect("verdict" in banner.lower() or "hung" in banner.lower(), "the banner has the verdict's headline", banner)
    seen = shell.run("bt -a")
    expect(seen.count("PID: ") >= 2, "bt -a shows the CPUs' stacks", seen)
    seen = shell.run("log | grep -c .")
    expect(any(line.strip().isdigit() and int(line) > 10 for line in seen.splitlines()), "a pipe counts the log", seen)
    shell.run(f"ps > {folder}/ps.txt")
    shell.run(f"ps >> {folder}/ps.txt")
    text = pathlib.Path(folder, "ps.txt").read_text()
    expect(text.count("COMM\n") == 2, "> and >> write files", text)
    seen = shell.run("bogus")
    expect("there is no command" in seen, "an unknown command is said to be one", seen)
    shell.type("fore\t")
    expect("each" in shell.read_until("each"), "a command is completed")
    shell.run(" UN ps")
    shell.run("alias stacks \"bt -a\"")
    seen = shell.run("stacks")
    expect(seen.count("PID: ") >= 2, "an alias runs its line", seen)
    seen = shell.run("!echo a-program-of-the-$((40+2))")
    expect("a-program-of-the-42" in seen, "! runs a program", seen)
    for line in ("no such line", "x" * 300):
        shell.type(line)
        shell.interrupt()
    seen = shell.run("set radix 16")
    expect("16 (hex)" in seen and "xx" not in seen, "Ctrl-C throws the line away and keeps the shell", seen)
    # A long command: Ctrl-C ends it, and the next one runs.
    shell.type("search -s ffff800000000000 -e ffffffffffffffff 1234567890abcdef\r")
    time.sleep(1)
    shell.interrupt()
    seen = shell.run("eval 6*7")
    expect("42" in seen, "Ctrl-C ends a command and not the shell", seen)
    expect(shell.end() == 0, "q ends the shell well")
    history = pathlib.Path(folder, ".local/state/whyhung/history")
    expect("bt -a" in history.read_text(), "the history is kept")
    expect(history.stat().st_mode & 0o077 == 0, "the history is nobody else's")
    again = Terminal([program, "shell", "-s", capsule], folder)
    again.read_until("whyhung> ")
    again.type("\x1b[A\x1b[A\r")  # twice up: the line before q
    expect("42" in again.read_until("whyhung> "), "the history is there in the next shell")
    again.end()


def run(arguments, text, folder, **more):
    return subprocess.run(arguments, input=text, cwd=folder, capture_output=True, text=True, timeout=PATIENCE,
                          env=dict(os.environ, HOME=folder), **more)


def from_standard_input(program, capsule, folder):
    done = run([program, "shell", "-s", capsule], "sys\nps -S\n# a remark\nq\nlog\n", folder)
    expect(done.returncode == 0, "lines on standard input run", done.stderr)
    expect(done.stdout.count("whyhung> ") == 3, "each line is said before its output, and q ends", done.stdout)
    expect("  RU: " in done.stdout, "ps -S counts", done.stdout)
    done = run([program, "shell", "-s", capsule], "bogus\nsys\n", folder)
    expect(done.returncode == 2 and "RELEASE" in done.stdout, "a line that fails is told by the exit status", done.stdout)
    commands = pathlib.Path(folder, "commands")
    commands.write_text("sys\n<commands\n")
    done = run([program, "shell", "-s", "-i", str(commands), capsule], "ps -S\n", folder)
    expect("in a circle" in done.stderr and "  RU: " in done.stdout, "files that name each other come to an end", done.stderr)


def safe(program, capsule, folder):
    evil = pathlib.Path(folder, ".whyhungrc")
    evil.write_text(f"!touch {folder}/evil\n")
    lines = f"!touch {folder}/a\nps | tee {folder}/b\nps > {folder}/c\nsys\n"
    done = run([program, "shell", "-s", "--safe", capsule], lines, folder)
    expect("RELEASE" in done.stdout, "--safe runs commands", done.stdout)
    expect(not any(pathlib.Path(folder, name).exists() for name in "abc"), "--safe runs no program and writes no file")
    expect(not pathlib.Path(folder, "evil").exists(), "a script runs no rc file")
    evil.unlink()


def as_crash(program, capsule, folder):
    link = pathlib.Path(folder, "whyhung-crash")
    link.symlink_to(program)
    done = run([str(link), "-s", "--no_modules", capsule, program], "sys -t\n", folder)
    expect("crash> sys -t" in done.stdout, "the name makes it crash's prompt", done.stdout + done.stderr)
    done = run([str(link), "--osrelease", capsule], "", folder)
    expect(done.returncode == 0 and done.stdout.count("\n") == 1 and done.stdout[0].isdigit(), "--osrelease says the release", done.stdout)
    done = run([str(link), "--saef", capsule], "", folder)
    expect(done.returncode == 2 and "did you mean --safe?" in done.stderr, "a wrong option names the right one", done.stderr)


def main():
    program, capsule = (str(pathlib.Path(path).resolve()) for path in sys.argv[1:3])
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    failed = 0
    for check in (from_standard_input, safe, as_crash, at_a_terminal):
        with tempfile.TemporaryDirectory() as folder:
            try:
                check(program, capsule, folder)
            except (AssertionError, subprocess.TimeoutExpired) as failure:
                print(f"{check.__name__}: {failure}")
                failed += 1
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
