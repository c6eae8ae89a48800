# SPDX-License-Identifier: GPL-2.0-or-later
"""Keeps a single thread of another process from running, as a host does that has no
time for a virtual CPU. Signals stop whole processes; a tracer stops one thread."""

from __future__ import annotations

import ctypes
import os

from .cache import LabError

_SEIZE, _INTERRUPT, _DETACH = 0x4206, 0x4207, 17   # sys/ptrace.h
_WALL = 0x40000000                                 # waitpid() for threads too
_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_libc.ptrace.restype = ctypes.c_long


def _ptrace(request: int, thread: int) -> None:
    if _libc.ptrace(request, thread, None, None) == -1:
        error = ctypes.get_errno()
        raise LabError(f"thread {thread} cannot be paused: {os.strerror(error)}")


def pause(thread: int) -> None:
    """Returns when the thread stands. Pausing and resuming must be done by one thread."""
    _ptrace(_SEIZE, thread)
    _ptrace(_INTERRUPT, thread)
    os.waitpid(thread, _WALL)


def resume(thread: int) -> None:
    _ptrace(_DETACH, thread)
