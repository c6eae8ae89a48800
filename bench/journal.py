#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How long a large journal takes, and how much memory: composes one (most lines are of other programs, two hangs are in
it) and hands it to whyhung as a file, through a pipe, and packed.

usage: journal.py WHYHUNG [--megabytes 1000] [--folder /tmp]

Prints seconds by the clock, user seconds and peak memory of each; exit status 1 when the hang was not found, or when it
took more than 10 user seconds or 64 MB.
"""
import argparse
import gzip
import os
import pathlib
import random
import subprocess
import sys
import time

PROGRAMS = ("systemd[1]", "sshd[8123]", "CRON[1001]", "kubelet[900]", "containerd[812]", "NetworkManager[640]", "postgres[4410]")
SAID = ("Started Session {} of user root.", "Accepted publickey for admin from 10.0.0.{} port 55{} ssh2",
        "pam_unix(cron:session): session opened for user root(uid=0) by (uid={})",
        "level=info msg=\"ImageUpdate event name: sha256:{}beef{}\"",
        "checkpoint complete: wrote {} buffers (0.{}%); 0 WAL file(s) added")
KERNEL = ("usb 1-1: new high-speed USB device number {} using xhci_hcd", "docker0: port {}(veth{}) entered blocking state",
          "IPv6: ADDRCONF(NETDEV_CHANGE): veth{}: link becomes ready")
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
HUNG = ("INFO: task jbd2/sdc1-8:410 blocked for more than 122 seconds.", "      Not tainted 6.1.0-21-amd64 #1",
        "task:jbd2/sdc1-8     state:D stack:0     pid:410   ppid:2      flags:0x00004000", "Call Trace:", " <TASK>",
        " __schedule+0x5c/0x220", " schedule+0x5c/0x220", " io_schedule+0x5c/0x220", " bit_wait_io+0x5c/0x220",
        " __wait_on_bit+0x5c/0x220", " __wait_on_buffer+0x5c/0x220", " jbd2_journal_commit_transaction+0x5c/0x220", " </TASK>")


def compose(path, size):
    dice = random.Random(1)
    lines = []
    for i in range(4000):
        kernel = i % 10 >= 7
        words = dice.choice(KERNEL if kernel else SAID).format(*(dice.randrange(999) for _ in range(3)))
        lines.append(("kernel" if kernel else dice.choice(PROGRAMS)) + ": " + words)
    written, second, reported = 0, 0, 0
    with open(path, "w", buffering=1 << 20) as out:
        while written < size:
            second += 1
            stamp = f"{MONTHS[second // 86400 // 28 % 12]} {second // 86400 % 28 + 1:02} {second // 3600 % 24:02}:{second // 60 % 60:02}:{second % 60:02} heron "
            text = "".join(stamp + dice.choice(lines) + "\n" for _ in range(8))
            if written > (size * 0.4, size - 60_000, size * 2)[reported]:  # the last one a minute or so before the end
                reported += 1
                text += "".join(f"{stamp}kernel: {line}\n" for line in HUNG)
            written += out.write(text)


def measure(name, command, stdin):
    start = time.monotonic()
    run = subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE)
    output = run.stdout.read().decode(errors="replace")
    _, _, usage = os.wait4(run.pid, 0)
    seconds = time.monotonic() - start
    found = "VERDICT  io-stuck" in output
    user = usage.ru_utime + usage.ru_stime
    print(f"{name:10} {seconds:6.1f} s  {user:6.1f} s of CPU  {usage.ru_maxrss / 1024:6.1f} MB  {'found' if found else 'NOT FOUND'}")
    return found and user < 10 and usage.ru_maxrss < 64 * 1024


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("whyhung")
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--folder", default="/tmp")
    arguments = parser.parse_args()
    path = pathlib.Path(arguments.folder) / f"journal-{os.getpid()}.log"
    packed = path.with_suffix(".log.gz")
    try:
        compose(path, arguments.megabytes * 1_000_000)
        good = measure("file", [arguments.whyhung, "--full", str(path)], subprocess.DEVNULL)
        with subprocess.Popen(["cat", str(path)], stdout=subprocess.PIPE) as cat:
            good &= measure("pipe", [arguments.whyhung, "--full", "-"], cat.stdout)
        with open(path, "rb") as plain, gzip.open(packed, "wb", 1) as out:
            while chunk := plain.read(1 << 20):
                out.write(chunk)
        good &= measure("gzip", [arguments.whyhung, "--full", str(packed)], subprocess.DEVNULL)
    finally:
        path.unlink(missing_ok=True)
        packed.unlink(missing_ok=True)
    sys.exit(0 if good else 1)


main()
