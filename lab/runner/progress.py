# SPDX-License-Identifier: GPL-2.0-or-later
"""Says what is going on and for how long: one line that counts on a terminal,
one line per finished stage elsewhere. All of it goes to standard error, so
that standard output is left to results."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Progress:
    def __init__(self) -> None:
        self._start = time.monotonic()
        self._terminal = sys.stderr.isatty()
        self._stage = ""
        self._stage_start = self._start

    @contextmanager
    def stage(self, text: str) -> Iterator[None]:
        self._stage = text
        self._stage_start = time.monotonic()
        self.tick()
        try:
            yield
        except BaseException:
            self._write_line(f"{text}: failed")
            raise
        self._write_line(f"{text}")
        self._stage = ""

    def tick(self, detail: str = "") -> None:
        """Called now and then by whoever waits; moves the clock on a terminal."""
        if self._terminal and self._stage:
            spent = time.monotonic() - self._stage_start
            more = f" ({detail})" if detail else ""
            sys.stderr.write(f"\r\033[K{self._clock()} {self._stage} ... {spent:.0f} s{more}")
            sys.stderr.flush()

    def note(self, text: str) -> None:
        self._write_line(text, spent=False)

    def _write_line(self, text: str, spent: bool = True) -> None:
        took = f" ({time.monotonic() - self._stage_start:.1f} s)" if spent else ""
        clear = "\r\033[K" if self._terminal else ""
        sys.stderr.write(f"{clear}{self._clock()} {text}{took}\n")
        sys.stderr.flush()

    def _clock(self) -> str:
        return f"[{time.monotonic() - self._start:6.1f} s]"
