# SPDX-License-Identifier: GPL-2.0-or-later
"""Takes a capsule apart and puts it together again with something wrong: pages changed, left out or damaged, notes
edited, header fields overwritten; as a kdump file, as an ELF core, or flattened. Layouts as in makedumpfile's
diskdump_mod.h and elf.h; addresses are translated by the dump's own page tables (x86_64, four levels), or lie in linear
memory (PowerCapsule)."""
import ctypes
import re
import struct
import subprocess

PAGE = 4096
SUB_HEADER_BYTES = 104
ZSTD_FLAG = 0x20
IMAGE_BASE = 0xFFFFFFFF80000000
POWER_LINEAR, POWER_VMALLOC = 0xC000000000000000, 0xC008000000000000

_zstd = ctypes.CDLL("libzstd.so.1")
_zstd.ZSTD_decompress.restype = ctypes.c_size_t


def unpack(raw, flags):
    if flags != ZSTD_FLAG:
        return raw
    page = ctypes.create_string_buffer(PAGE)
    got = _zstd.ZSTD_decompress(page, ctypes.c_size_t(PAGE), raw, ctypes.c_size_t(len(raw)))
    assert got == PAGE, "a capsule's page does not unpack"
    return page.raw


class Parts:
    """Where the parts of a written kdump file begin and end."""

    def __init__(self, notes, bitmap, bitmap_bytes, descriptors, data, end):
        self.notes, self.bitmap, self.bitmap_bytes, self.descriptors = notes, bitmap, bitmap_bytes, descriptors
        self.data, self.end = data, end


class Capsule:
    def __init__(self, path):
        self.path = str(path)
        file = path.read_bytes()
        assert file[:8] == b"KDUMP   "
        # The header's byte order is its writer's, and not always the kernel's.
        self.order = "<" if struct.unpack_from("<I", file, 428)[0] == PAGE else ">"
        block, sub_blocks, bitmap_blocks = struct.unpack_from(self.order + "III", file, 428)
        assert block == PAGE
        self.main = bytearray(file[:464])
        self.sub = bytearray(file[PAGE:PAGE + SUB_HEADER_BYTES])
        notes_at, notes_size = struct.unpack_from(self.order + "QQ", self.sub, 48)
        self.notes = bytearray(file[notes_at:notes_at + notes_size])
        bitmap_bytes = bitmap_blocks * PAGE // 2
        self.frames = struct.unpack_from(self.order + "Q", self.sub, 96)[0]
        first = (1 + sub_blocks) * PAGE
        bits = file[first + bitmap_bytes:first + 2 * bitmap_bytes]
        existing = file[first:first + bitmap_bytes]
        self.existing = [n for n in range(self.frames) if existing[n // 8] >> n % 8 & 1]
        present = [n for n in range(self.frames) if bits[n // 8] >> n % 8 & 1]
        table = first + 2 * bitmap_bytes
        # Frame to (bytes in the file, flags); an edited page is stored as it is, with flags 0.
        self.pages = {}
        for rank, frame in enumerate(present):
            offset, size, flags, _ = struct.unpack_from(self.order + "QIIQ", file, table + 24 * rank)
            self.pages[frame] = (file[offset:offset + size], flags)

    # Memory.
    def physical(self, address):
        return self.page_of(address) * PAGE + address % PAGE

    def word(self, physical):
        frame, offset = divmod(physical, PAGE)
        return struct.unpack_from("<Q", unpack(*self.pages[frame]), offset)[0]

    def page_of(self, address):
        """Frame of a kernel address."""
        base = int(re.search(rb"NUMBER\(phys_base\)=(-?\d+)", self.notes).group(1))
        table = int(re.search(rb"SYMBOL\(swapper_pg_dir\)=([0-9a-f]+)", self.notes).group(1), 16) - IMAGE_BASE + base
        for shift in (39, 30, 21, 12):
            entry = self.word(table + 8 * (address >> shift & 511))
            assert entry & 1, f"{address:#x} is not mapped"
            target = entry & 0x000FFFFFFFFFF000
            if shift > 12 and entry & 0x80:
                return (target & -(1 << shift) | address & (1 << shift) - 1) // PAGE
            table = target
        return table // PAGE

    def read(self, address, size):
        frame = self.page_of(address)
        return unpack(*self.pages[frame])[address % PAGE:address % PAGE + size]

    def read_pointer(self, address):
        return struct.unpack("<Q", self.read(address, 8))[0]

    def write(self, address, data):
        frame = self.page_of(address)
        page = bytearray(unpack(*self.pages[frame]))
        page[address % PAGE:address % PAGE + len(data)] = data
        self.pages[frame] = (bytes(page), 0)

    def write_pointer(self, address, value):
        self.write(address, struct.pack("<Q", value))

    def leave_out(self, address):
        """As makedumpfile does: the page exists, and is not in the file."""
        del self.pages[self.page_of(address)]

    def corrupt(self, address):
        """Bytes that are no compressed page."""
        self.pages[self.page_of(address)] = (b"\xff" * 100, ZSTD_FLAG)

    # Notes.
    def edit_vmcoreinfo(self, old, new):
        old, new = old.encode(), new.encode()
        assert len(old) == len(new) and old in self.notes, old
        self.notes = bytearray(bytes(self.notes).replace(old, new))

    def remove_vmcoreinfo(self):
        self.edit_vmcoreinfo("VMCOREINFO", "SOMETHINGS")
        struct.pack_into(self.order + "QQ", self.sub, 32, 0, 0)

    # Files.
    def kdump(self):
        """The file's bytes and its parts."""
        sub_blocks = (SUB_HEADER_BYTES + len(self.notes) + PAGE - 1) // PAGE
        bitmap_bytes = (self.frames + 8 * PAGE - 1) // (8 * PAGE) * PAGE
        struct.pack_into(self.order + "II", self.main, 432, sub_blocks, 2 * bitmap_bytes // PAGE)
        file = bytearray(self.main).ljust(PAGE, b"\0") + self.sub + self.notes
        file = file.ljust((1 + sub_blocks) * PAGE, b"\0")
        bitmap = len(file)
        for frames in (set(self.existing) | self.pages.keys(), self.pages.keys()):
            bits = bytearray(bitmap_bytes)
            for frame in frames:
                bits[frame // 8] |= 1 << frame % 8
            file += bits
        descriptors = len(file)
        data = descriptors + 24 * len(self.pages)
        table, body = bytearray(), bytearray()
        for frame in sorted(self.pages):
            raw, flags = self.pages[frame]
            table += struct.pack(self.order + "QIIQ", data + len(body), len(raw), flags, 0)
            body += raw
        file += table + body
        return file, Parts(PAGE + SUB_HEADER_BYTES, bitmap, 2 * bitmap_bytes, descriptors, data, len(file))

    def elf(self):
        """An ELF core of the same memory: bytes, offset of the notes, offset of the first page."""
        runs = []
        for frame in sorted(self.pages):
            if runs and runs[-1][-1] == frame - 1:
                runs[-1].append(frame)
            else:
                runs.append([frame])
        notes = 64 + 56 * (1 + len(runs))
        data = notes + len(self.notes)
        file = bytearray(struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01", 4, 62, 1, 0, 64, 0, 0, 64, 56, 1 + len(runs),
                                     0, 0, 0))
        file += struct.pack("<IIQQQQQQ", 4, 0, notes, 0, 0, len(self.notes), len(self.notes), 0)
        body = bytearray()
        for run in runs:
            size = len(run) * PAGE
            file += struct.pack("<IIQQQQQQ", 1, 7, data + len(body), 0, run[0] * PAGE, size, size, 0)
            body += b"".join(unpack(*self.pages[frame]) for frame in run)
        return file + self.notes + body, notes, data


class PowerCapsule(Capsule):
    """Of ppc64le."""

    def page_of(self, address):
        assert POWER_LINEAR <= address < POWER_VMALLOC, f"{address:#x} is not in linear memory"
        return (address - POWER_LINEAR) // PAGE


def flattened(file, piece=1 << 20):
    """makedumpfile -F: a head of a page, then pieces with their offset and size, big endian, and an end mark."""
    stream = bytearray(b"makedumpfile\0\0\0\0" + struct.pack(">QQ", 1, 1)).ljust(PAGE, b"\0")
    for offset in range(0, len(file), piece):
        part = file[offset:offset + piece]
        stream += struct.pack(">qq", offset, len(part)) + part
    return stream + struct.pack(">qq", -1, -1)


def symbol(program, capsule, name):
    """The address of a kernel symbol, as the program under test knows it."""
    line = subprocess.run([program, capsule.path, "-c", f"dis {name} 1"], capture_output=True, check=True).stdout.decode()
    return int(line.split()[0], 16)
