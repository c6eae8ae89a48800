# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs other programs at low priority with their output kept in a log, so that
a failure can be told in one line that names the log."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from .cache import LabError, folder


def log_path(name: str) -> Path:
    return folder("logs") / f"{name}.log"


def run(arguments: Sequence[str], log: str, *, limit: float = 900,
        cwd: Path | None = None, environment: Mapping[str, str] | None = None) -> None:
    """Runs to the end or raises LabError; output is appended to logs/LOG.log."""
    path = log_path(log)
    with path.open("ab") as output:
        output.write(f"$ {' '.join(map(str, arguments))}\n".encode())
        output.flush()
        try:
            done = subprocess.run(
                ["nice", *map(str, arguments)], cwd=cwd, stdin=subprocess.DEVNULL,
                stdout=output, stderr=subprocess.STDOUT, timeout=limit, check=False,
                env={**os.environ, "LC_ALL": "C", **(environment or {})})
        except subprocess.TimeoutExpired:
            raise LabError(f"{arguments[0]} did not end within {limit:.0f} s, see {path}") from None
    if done.returncode:
        raise LabError(f"{arguments[0]} failed (exit status {done.returncode}), see {path}")


def output_of(arguments: Sequence[str], *, limit: float = 120) -> str:
    """The standard output of a short command, or LabError with its last words."""
    try:
        done = subprocess.run(list(map(str, arguments)), stdin=subprocess.DEVNULL, text=True,
                              capture_output=True, timeout=limit, check=False,
                              env={**os.environ, "LC_ALL": "C"})
    except FileNotFoundError:
        raise LabError(f"{arguments[0]} is not installed") from None
    except subprocess.TimeoutExpired:
        raise LabError(f"{arguments[0]} did not end within {limit:.0f} s") from None
    if done.returncode:
        words = (done.stderr or done.stdout).strip().splitlines()
        raise LabError(f"{arguments[0]} failed: {words[-1] if words else 'no message'}")
    return done.stdout
