# SPDX-License-Identifier: GPL-2.0-or-later
"""Typed values of the crashed machine, read when they are asked for.

A structure's members are attributes; where a name is one of this class's own (`address`) or a word of Python, write
value["name"]. Scalars become int, bool, float or str, enumerators an int that knows its name.
"""
from ._library import NoMember, NotFound


class Enumerator(int):
    """An enumerator: a number with a name."""

    def __new__(cls, number, name):
        made = super().__new__(cls, number)
        made.name = name
        return made

    def __repr__(self):
        return self.name or str(int(self))

    __str__ = __repr__


def _wrapped(text):
    return text if text.isidentifier() or text.startswith("(") else f"({text})"


class Value:
    """What structures, arrays and pointers have in common."""

    def __init__(self, machine, expression, about):
        self._machine, self._expression, self._about = machine, expression, about

    @property
    def type(self):
        """The type as C writes it."""
        return self._about["type"]

    @property
    def address(self):
        """Where it lies; None when it lies nowhere."""
        place = self._about.get("address")
        return None if place is None else int(place, 16)

    @property
    def size(self):
        """Bytes; None when that is not known."""
        return self._about.get("size")

    def _at(self, suffix):
        return self._machine.evaluate(_wrapped(self._expression) + suffix)

    def __eq__(self, other):
        return isinstance(other, Value) and (self.address, self.type) == (other.address, other.type)

    def __hash__(self):
        return hash((self.address, self.type))


def _member(holder, name):
    """An attribute that is a member of the dump's: what is not there is no attribute, so that hasattr() works."""
    if name.startswith("__"):
        raise AttributeError(name)
    try:
        return holder[name]
    except NotFound as error:
        raise NoMember(str(error), error.status, error.hint) from None


class Struct(Value):
    """A structure or union at its address."""

    def __getattr__(self, name):
        return _member(self, name)

    def __getitem__(self, name):
        if not name.isidentifier():
            raise KeyError(name)
        return self._at("." + name)

    def read(self, *paths):
        """Several members at once, as a dict: read("pid", "comm", "se.vruntime"). One call, so it is quick."""
        if "name" not in self._about:
            return {path: self._at("." + path) for path in paths}
        return self._machine.read_value(self._about["name"] + "." + ",".join(paths), self.address)

    def to_dict(self):
        """All of it."""
        return self._machine.evaluate_whole(self._expression)

    def __dir__(self):
        return [*super().__dir__(), *self.to_dict()]

    def __repr__(self):
        return f"<{self.type} at {self.address:#x}>"


class Array(Value):
    """An array; texts are str already."""

    def __len__(self):
        return self._about["count"]

    def __getitem__(self, index):
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        if index < 0:
            index += len(self)
        # What is declared without a length goes on behind its end.
        if index < 0 or (len(self) and index >= len(self)):
            raise IndexError(index)
        return self._at(f"[{index}]")

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def to_list(self):
        """All of it."""
        return self._machine.evaluate_whole(self._expression)

    def __repr__(self):
        return f"<{self.type} at {self.address:#x}>"


class Pointer(Value):
    """A pointer. It is true unless it is NULL; members are those of what it points to."""

    @property
    def value(self):
        """The address that it holds."""
        return int(self._about["value"], 16)

    @property
    def symbol(self):
        """The name of what it points to, "schedule+16"; None when it has none."""
        return self._about.get("symbol")

    def deref(self):
        """What it points to."""
        return self._machine.evaluate(f"*{_wrapped(self._expression)}")

    def text(self, limit=4096):
        """The text that it points to, up to its end."""
        return self._machine.string(self.value, limit)

    def __getattr__(self, name):
        return _member(self, name)

    def __getitem__(self, index):
        if isinstance(index, str):
            return self._at("->" + index)
        return self._at(f"[{index}]")

    def __bool__(self):
        return self.value != 0

    def __int__(self):
        return self.value

    __index__ = __int__

    def __eq__(self, other):
        return self.value == (other.value if isinstance(other, Pointer) else other)

    def __hash__(self):
        return hash(self.value)

    def __repr__(self):
        symbol = f" <{self.symbol}>" if self.symbol else ""
        return f"({self.type}) {self.value:#x}{symbol}"


def made_of(machine, expression, about):
    """The Python value for what the library says of an expression."""
    kind = about["kind"]
    if kind in ("struct", "union"):
        # Where the type has a name the way that led here may be forgotten.
        if "name" in about and "address" in about:
            expression = f"(*({about['name']} *){about['address']})"
        return Struct(machine, expression, about)
    if kind == "array":
        return Array(machine, expression, about)
    if kind in ("pointer", "function"):
        if kind == "function":
            about = {**about, "value": about["address"]}
        return Pointer(machine, expression, about)
    if kind == "enum":
        return Enumerator(about["value"], about.get("name", ""))
    if kind == "void":
        if "address" not in about:
            return None
        return Pointer(machine, f"&{_wrapped(expression)}", {**about, "value": about["address"]})
    return about["value"]  # a number, a boolean, a text
