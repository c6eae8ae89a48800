# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the lab keeps what it fetched, built and dumped: one folder outside of
the source tree, WHYHUNG_LAB_CACHE or ~/.cache/whyhung-lab. Every part of it can
be removed at any time and is made again when needed."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LAB = Path(__file__).resolve().parent.parent


class LabError(Exception):
    """A failure to tell the user in one sentence, without a traceback."""


def root() -> Path:
    configured = os.environ.get("WHYHUNG_LAB_CACHE")
    path = Path(configured) if configured else Path.home() / ".cache" / "whyhung-lab"
    path.mkdir(parents=True, exist_ok=True)
    return path


def folder(*names: str) -> Path:
    path = root().joinpath(*names)
    path.mkdir(parents=True, exist_ok=True)
    return path


@contextmanager
def locked() -> Iterator[None]:
    """Held while anything but a dump is made: two runs side by side may want the
    same module. Not to be nested."""
    with (root() / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
