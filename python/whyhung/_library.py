# SPDX-License-Identifier: GPL-2.0-or-later
"""libwhyhung by ctypes: its functions with their types, and its errors as exceptions. whyhung.h says what each does."""
import ctypes
import ctypes.util
import os
import pathlib

SONAME = "libwhyhung.so.0"
_OK, _END = 0, 1


class Error(Exception):
    """What could not be done. `status` is the name of the kind, `hint` what can be done about it, or empty."""

    def __init__(self, message, status="internal", hint=""):
        super().__init__(message)
        self.status = status
        self.hint = hint


class NotADump(Error):
    """The file is none that this library reads."""


class NotFound(Error, LookupError):
    """There is no such symbol, type, member or task."""


class NoMember(NotFound, AttributeError):
    """A structure has no such member."""


class Unreadable(Error):
    """The dump does not hold that memory."""


class UsageError(Error, ValueError):
    """The call makes no sense."""


class Closed(Error):
    """The machine was closed."""


class Busy(Error):
    """Another thread uses the machine."""


_KINDS = {"not-a-dump": NotADump, "not-found": NotFound, "unreadable": Unreadable, "usage": UsageError, "handle": Closed,
          "busy": Busy}


def _candidates():
    """Where the library may be: named, found by the loader, or in the prefix that this module was installed to."""
    named = os.environ.get("WHYHUNG_LIBRARY")
    if named:
        yield named
        return
    yield SONAME
    for folder in pathlib.Path(__file__).resolve().parents[2:6]:
        yield from map(str, sorted([*folder.glob(SONAME), *folder.glob(f"lib*/{SONAME}"), *folder.glob(f"lib*/*/{SONAME}")]))


def _load():
    failures = []
    for path in _candidates():
        try:
            return ctypes.CDLL(path), path
        except OSError as error:
            failures.append(str(error))
    raise ImportError("libwhyhung is not installed: " + "; ".join(failures))


_library, library_path = _load()
_machine, _text, _json, _status = ctypes.c_void_p, ctypes.c_char_p, ctypes.POINTER(ctypes.c_void_p), ctypes.c_int
_u64 = ctypes.c_uint64
_FUNCTIONS = {
    "version": (_text,),
    "status_name": (_text, _status),
    "last_error": (_text,),
    "last_hint": (_text,),
    "free": (None, ctypes.c_void_p),
    "open": (_status, _text, _text, ctypes.POINTER(_machine)),
    "close": (_status, _machine),
    "notices": (_status, _machine, _json),
    "report": (_status, _machine, _text, _json),
    "command": (_status, _machine, _text, ctypes.c_int, _json),
    "stop": (_status, _machine),
    "read": (_status, _machine, _u64, ctypes.c_void_p, ctypes.c_size_t, ctypes.POINTER(ctypes.c_size_t)),
    "symbol_address": (_status, _machine, _text, ctypes.POINTER(_u64)),
    "symbol_at": (_status, _machine, _u64, _json),
    "read_value": (_status, _machine, _text, _u64, _json),
    "evaluate": (_status, _machine, _text, ctypes.c_int, _json),
    "next_task": (_status, _machine, ctypes.POINTER(_u64), _json),
}


def _declare(name):
    function = getattr(_library, "whyhung_" + name)
    function.restype, *function.argtypes = _FUNCTIONS[name]
    return function


_functions = {name: _declare(name) for name in _FUNCTIONS}


def library_version():
    """The version of the library that was loaded."""
    return _functions["version"]().decode()


def encoded(text):
    """A text as the library takes it. A zero byte would cut it short unnoticed."""
    raw = os.fsencode(text)
    if b"\0" in raw:
        raise UsageError("a text holds a zero byte", "usage")
    return raw


def failure(status):
    """The exception for a call that failed."""
    name = _functions["status_name"](status).decode()
    message = _functions["last_error"]().decode(errors="replace")
    return _KINDS.get(name, Error)(message or name, name, _functions["last_hint"]().decode(errors="replace"))


def call(name, *arguments):
    """Calls a function that gives nothing out."""
    status = _functions[name](*arguments)
    if status != _OK:
        raise failure(status)


def ask(name, *arguments):
    """Calls a function whose last argument takes a text; None at the end of what there is."""
    out = ctypes.c_void_p()
    status = _functions[name](*arguments, ctypes.byref(out))
    if status == _END:
        return None
    if status != _OK:
        raise failure(status)
    try:
        return ctypes.string_at(out.value).decode(errors="replace")
    finally:
        _functions["free"](out)


def read(machine, address, size):
    """(bytes that were read, why there are no more or None)"""
    buffer = ctypes.create_string_buffer(max(size, 1))
    done = ctypes.c_size_t()
    status = _functions["read"](machine, address, buffer, size, ctypes.byref(done))
    return buffer.raw[:done.value], None if status == _OK else failure(status)
