# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes a kdump-compressed file again with its pages in another compression,
flattened if it was flattened. For the compressions that the tools at hand were
built without; the result is what such a tool would have written."""

from __future__ import annotations

import ctypes
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

from .cache import LabError

_SIGNATURE = b"KDUMP   "
_STATUS = 424                   # offsets in the header, amd64
_SIZES = struct.Struct("<III")  # block_size, sub_hdr_size, bitmap_blocks, behind status
_DESCRIPTOR = struct.Struct("<QIIQ")
_ZLIB, _LZO, _SNAPPY = 1, 2, 4
_COMPRESSIONS = _ZLIB | _LZO | _SNAPPY | 0x20

_FLAT = struct.Struct(">16sqq")
_FLAT_SIGNATURE = b"makedumpfile"
_FLAT_HEADER = 4096
_SEGMENT = struct.Struct(">qq")
_SEGMENT_SIZE = 16384


def recode(source: Path, target: Path, codec: str) -> None:
    data = bytearray(source.read_bytes())
    flat = data.startswith(_FLAT_SIGNATURE)
    if flat:
        data = _unflattened(data)
    if not data.startswith(_SIGNATURE):
        raise LabError(f"{source} is not a compressed kdump")
    result = _recoded(data, *_codec(codec))
    with target.open("wb") as output:
        if not flat:
            output.write(result)
            return
        output.write(_FLAT.pack(_FLAT_SIGNATURE, 1, 1).ljust(_FLAT_HEADER, b"\0"))
        for start in range(0, len(result), _SEGMENT_SIZE):
            piece = result[start:start + _SEGMENT_SIZE]
            output.write(_SEGMENT.pack(start, len(piece)) + piece)
        output.write(_SEGMENT.pack(-1, -1))


def _recoded(data: bytearray, flag: int, compress: Callable[[bytes], bytes]) -> bytearray:
    (status,) = struct.unpack_from("<I", data, _STATUS)
    block, sub_header, bitmaps = _SIZES.unpack_from(data, _STATUS + 4)
    bitmap = (1 + sub_header) * block
    descriptors = bitmap + bitmaps * block
    # The second half of the bitmap tells which pages have a descriptor.
    half = data[bitmap + bitmaps * block // 2:descriptors]
    count = sum(byte.bit_count() for byte in half)
    pages = descriptors + count * _DESCRIPTOR.size
    result = data[:pages]
    struct.pack_into("<I", result, _STATUS, status & ~_COMPRESSIONS | flag)
    moved: dict[int, tuple[int, int, int]] = {}   # pages may share their data
    for at in range(descriptors, pages, _DESCRIPTOR.size):
        offset, size, flags, page_flags = _DESCRIPTOR.unpack_from(data, at)
        if offset not in moved:
            page = bytes(data[offset:offset + size])
            if flags & _ZLIB:
                page = zlib.decompress(page)
            elif flags & _COMPRESSIONS:
                raise LabError("only zlib pages can be recoded")
            small = compress(page)
            if len(small) < len(page):
                moved[offset] = (len(result), len(small), flags & ~_COMPRESSIONS | flag)
                result += small
            else:
                moved[offset] = (len(result), len(page), flags & ~_COMPRESSIONS)
                result += page
        _DESCRIPTOR.pack_into(result, at, *moved[offset], page_flags)
    return result


def _unflattened(data: bytearray) -> bytearray:
    result = bytearray()
    at = _FLAT_HEADER
    while True:
        offset, size = _SEGMENT.unpack_from(data, at)
        at += _SEGMENT.size
        if offset < 0:
            return result
        if offset + size > len(result):
            result += bytes(offset + size - len(result))
        result[offset:offset + size] = data[at:at + size]
        at += size


def _codec(name: str) -> tuple[int, Callable[[bytes], bytes]]:
    if name == "lzo":
        lzo = _library("liblzo2.so.2", "liblzo2-2")
        work = ctypes.create_string_buffer(16384 * ctypes.sizeof(ctypes.c_void_p))

        def compress_lzo(page: bytes) -> bytes:
            out = ctypes.create_string_buffer(len(page) + len(page) // 16 + 67)
            size = ctypes.c_size_t(len(out))
            lzo.lzo1x_1_compress(page, ctypes.c_size_t(len(page)), out, ctypes.byref(size), work)
            return out.raw[:size.value]

        return _LZO, compress_lzo
    if name == "snappy":
        snappy = _library("libsnappy.so.1", "libsnappy1v5")

        def compress_snappy(page: bytes) -> bytes:
            size = ctypes.c_size_t(32 + len(page) + len(page) // 6)
            out = ctypes.create_string_buffer(size.value)
            snappy.snappy_compress(page, ctypes.c_size_t(len(page)), out, ctypes.byref(size))
            return out.raw[:size.value]

        return _SNAPPY, compress_snappy
    raise LabError(f"there is no codec {name!r}")


def _library(name: str, package: str) -> ctypes.CDLL:
    try:
        return ctypes.CDLL(name)
    except OSError:
        raise LabError(f"{name} is missing, install {package}") from None
