# SPDX-License-Identifier: GPL-2.0-or-later
"""Machine: an opened dump, snapshot or log."""
import ctypes
import functools
import json

from . import _library
from ._library import UsageError, ask, call, encoded
from .values import made_of

_TEXT, _JSON = 0, 1
_SHALLOW, _DEEP = 0, 1
_PIECE = 256  # bytes of a text that are read at once


class Symbol:
    """A name of the kernel's or of a module's, with its address, and how far behind it what was asked for lies."""

    def __init__(self, about):
        self.name = about["name"]
        self.address = int(about["address"], 16)
        self.offset = about["offset"]
        self.size = about.get("size")
        self.module = about.get("module")

    def __str__(self):
        offset = f"+{self.offset:#x}" if self.offset else ""
        return f"{self.name}{offset}" + (f" [{self.module}]" if self.module else "")

    __repr__ = __str__


class Frame:
    """One call on a stack."""

    def __init__(self, about):
        self._about = about

    def __getattr__(self, name):
        try:
            value = self._about[name]
        except KeyError:
            raise AttributeError(name) from None
        return int(value, 16) if name in ("address", "sp") else value

    def __str__(self):
        module = f" [{self.module}]" if self.module else ""
        return f"{self.function or format(self.address, '#x')}+{self.offset:#x}{module}"

    __repr__ = __str__


class Task:
    """A task as it was collected; its attributes are the members of the report's "tasks": pid, tgid, comm, state, cpu,
    bucket and more. `object` is its task_struct."""

    def __init__(self, machine, about):
        self._machine, self._about = machine, about

    def __getattr__(self, name):
        try:
            return self._about[name]
        except KeyError:
            raise AttributeError(name) from None

    @property
    def address(self):
        """Of its task_struct."""
        return int(self._about["task"], 16)

    @property
    def object(self):
        """Its task_struct."""
        return self._machine.struct("task_struct", self.address)

    @property
    def stack(self):
        """Its calls, the innermost first."""
        return [Frame(one) for one in self._about["stack"]["frames"]]

    def to_dict(self):
        """All that was collected."""
        return self._about

    def __repr__(self):
        return f"<task {self.pid} {self.comm!r}>"


class Machine:
    """What was opened. For one thread at a time; `with` closes it."""

    def __init__(self, path, vmlinux=None, types=None, parts=()):
        options = {"exact_numbers": True}
        options |= {name: value for name, value in (("vmlinux", vmlinux), ("types", types)) if value is not None}
        if parts:
            options["parts"] = [str(one) for one in parts]
        self._handle, self._keywords = None, {}
        handle = ctypes.c_void_p()
        call("open", encoded(path), json.dumps(options, default=str).encode(), ctypes.byref(handle))
        self._handle = handle

    def close(self):
        """Ends the examination; nothing when it has ended."""
        handle, self._handle = self._handle, None
        if handle is not None:
            call("close", handle)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __del__(self):
        if getattr(self, "_handle", None) is not None:
            try:
                self.close()
            except Exception:  # pylint: disable=broad-except
                pass  # the interpreter may be ending

    @property
    def _open(self):
        if self._handle is None:
            raise _library.Closed("the machine was closed", "handle")
        return self._handle

    @property
    def notices(self):
        """What was to be said when it was opened."""
        return json.loads(ask("notices", self._open))

    @functools.cached_property
    def document(self):
        """The whole report, as `whyhung --json` prints it (report.schema.json)."""
        return json.loads(ask("report", self._open, b"json"))

    @property
    def verdict(self):
        """What hung, who is to blame, and the proof."""
        return self.document["verdict"]

    def report(self, form="screen"):
        """The report as text: "screen", "full", "json", "crash", "drgn"."""
        return ask("report", self._open, encoded(form))

    def command(self, line):
        """The text that a command line of the shell prints."""
        return ask("command", self._open, encoded(line), _TEXT)

    def command_json(self, line):
        """What a command line finds, as values."""
        return json.loads(ask("command", self._open, encoded(line), _JSON))

    def stop(self):
        """Ends the command that another thread runs."""
        call("stop", self._open)

    def tasks(self):
        """All tasks, one after the other."""
        position = ctypes.c_uint64()
        while True:
            one = ask("next_task", self._open, ctypes.byref(position))
            if one is None:
                return
            yield Task(self, json.loads(one))

    def task(self, pid):
        """The task with that pid."""
        for one in self.tasks():
            if one.pid == pid:
                return one
        raise _library.NotFound(f"there is no task {pid}", "not-found")

    def read(self, address, size):
        """Bytes of the kernel's memory; all of them or an exception."""
        data, why = self.read_some(address, size)
        if why is not None:
            raise why
        return data

    def read_some(self, address, size):
        """(the bytes up to the first that the dump does not hold, the exception that says why or None)"""
        address = int(address)
        if not 0 <= address < 1 << 64 or size < 0:
            raise UsageError(f"{address:#x} and {size} are no place in memory", "usage")
        if size > 64 << 20:
            raise _library.Error(f"{size} bytes are too many for one read", "limit")
        return _library.read(self._open, address, size)

    def string(self, address, limit=4096):
        """The text at an address, up to its zero byte."""
        found = b""
        while len(found) < limit:
            place = int(address) + len(found)
            data, why = self.read_some(place, min(_PIECE, limit - len(found), (1 << 64) - place))
            end = data.find(b"\0")
            if end >= 0:
                return (found + data[:end]).decode(errors="replace")
            if why is not None:
                raise why
            found += data
        return found.decode(errors="replace")

    def symbol(self, what):
        """The symbol of that name, or the one that covers that address."""
        address = what
        if isinstance(what, str):
            found = ctypes.c_uint64()
            call("symbol_address", self._open, encoded(what), ctypes.byref(found))
            address = found.value
        try:
            about = json.loads(ask("symbol_at", self._open, int(address)))
        except _library.NotFound:
            if not isinstance(what, str):
                raise
            about = {"offset": 0, "address": hex(address)}  # it covers nothing: its size is not known
        if isinstance(what, str):
            # Several may lie at one address: the one that was asked for is meant.
            about["name"] = what
        return Symbol(about)

    def evaluate(self, expression):
        """A C expression: numbers, texts, or a Struct, Pointer or Array to go on from."""
        about = json.loads(ask("evaluate", self._open, encoded(expression), _SHALLOW))
        return made_of(self, expression, about)

    def evaluate_whole(self, expression):
        """The same as plain dicts and lists, with all that is in it."""
        about = json.loads(ask("evaluate", self._open, encoded(expression), _DEEP))
        return int(about["value"], 16) if about["kind"] == "pointer" else about.get("value")

    def struct(self, name, address):
        """The structure of that type at an address; nothing is read yet."""
        if name not in self._keywords:
            self._keywords[name] = "" if name.startswith(("struct ", "union ")) else self._keyword(name)
        keyword = self._keywords[name]
        return self.evaluate(f"*({keyword}{name} *){int(address):#x}")

    def _keyword(self, name):
        for keyword in ("struct ", "union "):
            try:
                ask("evaluate", self._open, encoded(f"sizeof({keyword}{name})"), _SHALLOW)
                return keyword
            except _library.Error:
                continue
        return ""

    def read_value(self, type_, address):
        """A whole value of a type, or of "type.member,member" those members, as plain dicts and lists."""
        return json.loads(ask("read_value", self._open, encoded(type_), int(address)))

    def per_cpu(self, name, cpu):
        """A variable that each CPU has one of."""
        return self.evaluate(f"{name}:{int(cpu)}")

    def __repr__(self):
        return f"<whyhung.Machine {'closed' if self._handle is None else 'open'}>"


def open(path, *, vmlinux=None, types=None, parts=()):  # pylint: disable=redefined-builtin
    """Opens a dump, a saved snapshot, a kernel log, or the newest dump in a folder."""
    return Machine(path, vmlinux, types, parts)
