#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the first inputs of the corpora orc, modules, lists, disassembly and snapshot: make_walk_seeds.py CORPUS"""
import json
import pathlib
import struct
import sys

CORPUS = pathlib.Path(sys.argv[1])
NEGATIVE = 0xFFFFFFFF00000000


def seed(target, name, data):
    (CORPUS / target).mkdir(parents=True, exist_ok=True)
    (CORPUS / target / name).write_bytes(data)


def orc(flags, rows):
    """Place-relative addresses at 0x100, rows at 0x400, index at 0x800, stack at 0xa00."""
    memory = bytearray(0xC00)
    for number, (sp, bp, bits) in enumerate(rows):
        struct.pack_into("<i", memory, 0x100 + 4 * number, number * 0x200 - (0x100 + 4 * number))
        struct.pack_into("<hhH", memory, 0x400 + 6 * number, sp, bp, bits)
    for block in range(64):
        struct.pack_into("<I", memory, 0x800 + 4 * block, min(block // 2, len(rows) - 1))
    for slot in range(64):
        struct.pack_into("<Q", memory, 0xA00 + 8 * slot, 0xFFFFFFFF81000000 + slot * 0x123)
    return struct.pack("<BIIHHHH", flags, len(rows), 64, 0x100, 0x400, 0x800, 0xA00) + memory


ROWS = [(16, 0, 0x205), (16, -16, 0x245), (0, 0, 0x305), (8, 0, 0x204), (-8, 0, 0x409), (0, 0, 0x100), (8, 0, 0x606)]
for version in range(4):
    seed("orc", f"version-{version + 1}", orc(version, ROWS))
    seed("orc", f"version-{version + 1}-search", orc(version | 4 | 16, ROWS * 4))
seed("orc", "many-rows", orc(2, ROWS)[:1] + b"\xff" * 8 + orc(2, ROWS)[9:])


def module(order, next_node, previous):
    words = [0, next_node, previous]
    body = struct.pack(f"{order}Q", 0) + struct.pack(f"{order}QQ", next_node, previous) + b"while1".ljust(56, b"\0")
    words = [0x3000, 0x400, NEGATIVE | 0x1000, 0x500, NEGATIVE | 0x2000, 0x600, 0x300, 0x700, 0x800, NEGATIVE | 3, 0, 0, 0, 0]
    return (body + struct.pack(f"{order}{len(words)}Q", *words))[:192].ljust(192, b"\0")


for flags in range(16):
    order = ">" if flags & 4 else "<"
    head = struct.pack(f"{order}QQ", 0x48, 0x108).ljust(64, b"\0")
    seed("modules", f"layout-{flags}", bytes([flags]) + head + module(order, 0x108, 0x1000) + module(order, 0x1000, 0x48) + bytes(512))
seed("modules", "circle", bytes([0]) + struct.pack("<QQ", 0x48, 0x48).ljust(64, b"\0") + module("<", 0x48, 0x48))


def words(*values):
    return struct.pack(f"<{len(values)}Q", *values)


seed("lists", "complete", b"\0" + words(0x10, 0x20, 0x20, 0, 0x1A9, 0) + bytes(160))
seed("lists", "circle", b"\2" + words(0x10, 0x20, 0x20, 0, 0x10, 0) + bytes(200))
seed("lists", "outside", b"\0" + words(NEGATIVE, NEGATIVE, NEGATIVE))
seed("lists", "xarray", b"\4" + words(0x40, 0x12) + words(*range(0x12, 0x12 + 64 * 8, 8)))
seed("lists", "xarray-deep", b"\4" + words(8, 0x12) + words(0x52, 0x92, 0xD2, 0x112, 0x40, 0x80, 0, 2) * 6)
seed("lists", "big-endian", b"\1" + struct.pack(">8Q", 0x10, 0x20, 0x20, 0, 0, 0x30, 8, 16))
seed("lists", "red-black", b"\0" + words(0, 0x40, 0x80, 0, 0, 0, 0, 0, 0, 0xC0, 0x100, 0, 0, 0, 0, 0) + bytes(320))
seed("lists", "red-black-circle", b"\2" + words(0, 0x40, 0x40, 0, 0, 0, 0, 0, 0, 0, 0) + bytes(320))
LEAF, RANGES = 0x0A, 0x12  # what the low bits of a pointer to a maple node say
seed("lists", "maple", b"\0" + words(0, 0x100 | RANGES) + bytes(240) + words(0, 0x20, 0x40) + bytes(104) + words(0x200 | LEAF, 0x300 | LEAF)
     + bytes(112) + words(0, 8, 0x10) + bytes(104) + words(1, 0, 0x60) + bytes(104) + words(0, 0x30) + bytes(112) + words(0x70) + bytes(120))
seed("lists", "maple-circle", b"\2" + words(0, 0x100 | RANGES) + bytes(368) + words(0x100 | RANGES) + bytes(120))

seed("disassembly", "endless", bytes.fromhex("ebfe"))
seed("disassembly", "pause", bytes.fromhex("f390ebfc"))
seed("disassembly", "wait-for-flag", bytes.fromhex("488b05d31000004885c074f4c3"))
seed("disassembly", "calls", bytes.fromhex("0f1f440000538b3dcc1f0000e88f1f9101803d8023000000740765ff0552cabd3fe854ffffffe84fffffffebf4"))
seed("disassembly", "indirect", bytes.fromhex("ffe0ff24c500000081ff1425000000800f0b"))
seed("disassembly", "vector", bytes.fromhex("62f17c48280062f2fd4859c0c5fc7700f3480fc7f866900f0f0000e2fee3fce0fa"))

MACHINE = {"schema": "whyhung-snapshot-1"}
seed("snapshot", "no-members", json.dumps(MACHINE).encode())
for path in sys.argv[2:]:
    seed("snapshot", pathlib.Path(path).stem, pathlib.Path(path).read_bytes())
