#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the first inputs of the corpora page_tables and stack_walks: make_machine_seeds.py CORPUS"""
import pathlib
import struct
import sys

CORPUS = pathlib.Path(sys.argv[1])
TABLE = 4096


def seed(target, name, lines, memory):
    (CORPUS / target).mkdir(parents=True, exist_ok=True)
    (CORPUS / target / name).write_bytes("\n".join(lines).encode() + b"\n\n" + memory)


def table(order, *entries):
    """One page whose entries may lead to the page itself, which so is the table of each level."""
    memory = bytearray(TABLE)
    for index, entry in entries:
        struct.pack_into(f"{order}Q", memory, index % (TABLE // 8) * 8, entry)
    return bytes(memory)


def page_tables(name, lines, memory):
    seed("page_tables", name, [*lines, "NUMBER(everywhere)=1"], memory)
    seed("page_tables", name + "-here", [*lines, f"SYMBOL(memory)={0x1000:x}"], memory)


def indexes(address, *shifts):
    return [address >> shift & 0x1FF for shift in shifts]


# x86_64: present is bit 0, a large page bit 7.
X86 = ["MACHINE=x86_64", "NUMBER(phys_base)=0", "SYMBOL(swapper_pg_dir)=ffffffff80001000"]
FOUND = 0xFFFF880012345678
WAY = indexes(FOUND, 39, 30, 21)
page_tables("x86_64", [*X86, f"ADDRESS={FOUND:x}"], table("<", *((i, 0x1063) for i in WAY), (FOUND >> 12 & 0x1FF, 0x5163)))
page_tables("x86_64-5-levels", [*X86, "NUMBER(pgtable_l5_enabled)=1", f"ADDRESS={FOUND:x}"],
            table("<", (FOUND >> 48 & 0x1FF, 0x1063), *((i, 0x1063) for i in WAY), (FOUND >> 12 & 0x1FF, 0x5163)))
page_tables("x86_64-large-pages", [*X86, f"ADDRESS={FOUND:x}", "NUMBER(sme_mask)=140737488355328"],
            table("<", *((i, 0x1063) for i in WAY[:2]), (WAY[2], 0x8000002001E3)))
page_tables("x86_64-circle", [*X86, "SYMBOL(process)=1000"], table("<", *((i, 0x1063) for i in range(512))))
seed("page_tables", "x86_64-search", ["MACHINE=x86_64", "SYMBOL(init_uts_ns)=ffffffff80000100",
     "SYMBOL(phys_base)=ffffffff80000200", "SYMBOL(swapper_pg_dir)=ffffffff80001000", "SYMBOL(memory)=200000"],
     bytes(0x104) + b"Linux\0" + bytes(0xF6) + struct.pack("<Q", 0x200000) + bytes(256))

# arm64: valid is bit 0, bit 1 a table, or a page at the last level.
ARM = ["MACHINE=arm64", "SYMBOL(swapper_pg_dir)=ffff800008001000", "SYMBOL(_stext)=ffff800008000000",
       "NUMBER(kimage_voffset)=0xffff800008000000", "NUMBER(PHYS_OFFSET)=0x40000000", f"ADDRESS={0xFFFF000012345678:x}"]
for page, bits, t1sz, physical in ((4096, 48, 16, 48), (4096, 52, 12, 52), (16384, 48, 16, 48), (65536, 52, 12, 52), (4096, 39, 25, 48)):
    lines = [*ARM, f"PAGESIZE={page}", f"NUMBER(VA_BITS)={bits}", f"NUMBER(TCR_EL1_T1SZ)=0x{t1sz:x}",
             f"NUMBER(MAX_PHYSMEM_BITS)={physical}"]
    page_tables(f"arm64-{page}-{bits}", lines, table("<", *((i, 0x1003 if i % 3 else 0x40001F01) for i in range(512))))
    page_tables(f"arm64-{page}-{bits}-circle", lines, table("<", *((i, 0x1003) for i in range(512))))

# ppc64le: radix entries are big-endian, with the size of the next table; Linux's trees beside a hash MMU; entries of old.
POWER = ["MACHINE=ppc64le", "SYMBOL(swapper_pg_dir)=c000000000001000", "SYMBOL(modules)=c000000000001100",
         "ADDRESS=c008000012345678", "ADDRESS=d000000003a10000"]
RADIX, LEAF = 1 << 63 | 0x1000, 1 << 63 | 1 << 62 | 0x30000
for page, bits in ((65536, (9, 9, 5)), (4096, (9, 9, 9))):
    radix = [*POWER, f"PAGESIZE={page}", "NUMBER(RADIX_MMU)=1"]
    page_tables(f"ppc64le-radix-{page}", radix,
                table(">", *((i, LEAF if i % 5 == 0 else RADIX | bits[i % 3]) for i in range(512))))
    page_tables(f"ppc64le-radix-{page}-circle", radix, table(">", *((i, RADIX | 13) for i in range(512))))
    hashed = [*POWER, f"PAGESIZE={page}"]
    sizes = [f"SYMBOL(__{level}_index_size)=c000000000001{place:x}" for level, place in
             (("pgd", 0x200), ("pud", 0x208), ("pmd", 0x210), ("pte", 0x218))]
    words = [(i, LEAF if i % 5 == 0 else RADIX) for i in range(512)]
    page_tables(f"ppc64le-hash-{page}", hashed, table(">", *words))
    memory = bytearray(table(">", *words))
    struct.pack_into("<4Q", memory, 0x200, 8, 10, 10, 8)
    page_tables(f"ppc64le-hash-{page}-sizes", [*hashed, *sizes, "SYMBOL(__kernel_virt_start)=c000000000001220"], bytes(memory))
    page_tables(f"ppc64le-old-{page}", hashed,
                table("<", *((i, 0xC000000000001000 if i % 3 else 3 << 30 | 1) for i in range(512))))


def stack_walk(name, machine, base, registers, functions, memory):
    lines = [f"MACHINE={machine}", f"SYMBOL(memory)={base:x}"]
    lines += [f"SYMBOL({name})={value:x}" for name, value in registers.items()]
    for function, (address, size) in functions.items():
        lines += [f"FUNCTION={function}", f"SYMBOL({function})={base + address:x}", f"SIZE({function})={size}"]
    seed("stack_walks", name, lines, bytes(memory))


def words(memory, at, *values, order="<"):
    struct.pack_into(f"{order}{len(values)}Q", memory, at, *values)


# x86_64 by frame pointers: functions of 64 bytes, each with a frame and a call of the one before; the stack behind.
BASE = 0xFFFFFFFF81000000
FRAME = bytes.fromhex("0f1f440000554889e5")
NAMES = {"_stext": (0, 64), "leaf": (64, 64), "middle": (128, 64), "kthread": (192, 64), "__entry_text_start": (256, 1),
         "apic_timer_interrupt": (257, 63), "ret_from_fork": (320, 64), "system_call_fastpath": (384, 64),
         "__entry_text_end": (448, 1)}


def x86_memory():
    memory = bytearray(0x400)
    for at in (64, 128, 192):
        memory[at:at + 9] = FRAME
        memory[at + 27:at + 28] = b"\xe8"
        struct.pack_into("<i", memory, at + 28, -96)  # returns to at + 32
    for at in (280, 340, 400):
        memory[at:at + 2] = b"\xff\xd0"
    return memory


REGISTERS = {"RIP": BASE + 64 + 16, "RSP": BASE + 0x200, "RBP": BASE + 0x210, "CS": 0x10, "RFLAGS": 0x246}
memory = x86_memory()
words(memory, 0x210, BASE + 0x230, BASE + 160, 0, 0, BASE + 0x250, BASE + 224, 0, 0, 0, BASE + 342)
stack_walk("x86_64-thread", "x86_64", BASE, REGISTERS, NAMES, memory)
memory = x86_memory()
words(memory, 0x210, BASE + 0x210, BASE + 160)
stack_walk("x86_64-circle-of-one", "x86_64", BASE, REGISTERS, NAMES, memory)
memory = x86_memory()
words(memory, 0x210, BASE + 0x230, BASE + 160, 0, 0, BASE + 0x210, BASE + 224)
stack_walk("x86_64-circle-of-two", "x86_64", BASE, REGISTERS, NAMES, memory)
memory = x86_memory()
words(memory, 0x210, BASE + 0x2C0, BASE + 282, BASE + 0x240)  # the interrupt's stack, and what it saved
words(memory, 0x240, BASE + 0x2C0, *[0] * 10, 0x6F, BASE + 150, 0x10, 0x246, BASE + 0x2A8, 0x18)
words(memory, 0x2C0, 0, BASE + 402)
stack_walk("x86_64-interrupt", "x86_64", BASE, REGISTERS, NAMES, memory)
memory = x86_memory()
words(memory, 0x210, BASE + 0x230, BASE + 282, *[0] * 16, BASE + 70, 0x10, 0x46, BASE + 0x300, 0x18)
words(memory, 0x300, BASE + 160)
stack_walk("x86_64-exception", "x86_64", BASE, REGISTERS, NAMES, memory)

# C code that went to another stack by itself, and came back from there by pop %rsp.
memory = x86_memory()
memory[160] = 0x5C
words(memory, 0x210, BASE + 0x2D0, BASE + 160, BASE + 0x2C0)
words(memory, 0x2D0, BASE + 0x240 | 1, BASE + 282)
words(memory, 0x240, *[0] * 16, BASE + 150, 0x10, 0x246, BASE + 0x300, 0x18)
stack_walk("x86_64-another-stack", "x86_64", BASE, REGISTERS, NAMES, memory)
# Return addresses that tracers took: one is noted in words, one in a list, one in a list that leads back into itself.
for name, trampoline, notes in (
        ("graph", "return_to_handler", [8, BASE + 0x3A0, 0, 0, BASE + 160, 0, 0, BASE + 0x218]),
        ("probe", "arch_rethook_trampoline", [0, 0, BASE + 0x3B0, 0, 0, 0, 0, 0, BASE + 160, BASE + 0x218]),
        ("probe-circle", "kretprobe_trampoline", [0, 0, 0, BASE + 0x3A0, BASE + 0x3A0, 0, 0, 0, 0, 0])):
    memory = x86_memory()
    words(memory, 0x210, BASE + 0x230, BASE + 450, 0, 0, BASE + 0x250, BASE + 224, 0, 0, 0, BASE + 342)
    words(memory, 0x380, *notes)
    stack_walk(f"x86_64-{name}", "x86_64", BASE, {**REGISTERS, "task": BASE + 0x380},
               {**NAMES, trampoline: (450, 40)}, memory)

# ppc64le by back chains: mflr, std r0,16(r1), stdu, nop, bl, nop, blr.
BASE = 0xC000000000000000
CODE = struct.pack("<7I", 0x7C0802A6, 0xF8010010, 0xF8210001 | 0xFF90, 0x60000000, 0x48000041, 0x60000000, 0x4E800020)
NAMES = {"_stext": (0, 64), "leaf": (64, 64), "middle": (128, 64), "kthread": (192, 64), "decrementer_common": (256, 64),
         "ret_from_kernel_thread": (320, 64), "__end_interrupts": (16, 4)}
REGISTERS = {"NIP": BASE + 64 + 16, "R1": BASE + 0x200, "LR": BASE + 148, "MSR": 0x8000000000009033}


def power_memory():
    memory = bytearray(0x600)
    for at in (64, 128, 192, 256, 320):
        memory[at:at + len(CODE)] = CODE
    return memory


memory = power_memory()
words(memory, 0x200, BASE + 0x270, 0, BASE + 148)
words(memory, 0x270, BASE + 0x2E0, 0, BASE + 212)
words(memory, 0x2E0, 0, 0, BASE + 340)
stack_walk("ppc64le-thread", "ppc64le", BASE, REGISTERS, NAMES, memory)
for name, back in (("one", 0x200), ("two", 0x270)):
    memory = power_memory()
    words(memory, 0x200, BASE + back, 0, BASE + 148)
    words(memory, 0x270, BASE + 0x200, 0, BASE + 212)
    stack_walk(f"ppc64le-circle-of-{name}", "ppc64le", BASE, REGISTERS, NAMES, memory)
for name, marker, registers, mark in (("regshere", 96, 112, 0x7265677368657265), ("regs", 32, 48, 0x52454753)):
    memory = power_memory()
    words(memory, 0x200, BASE + 0x400, 0, BASE + 276)
    words(memory, 0x200 + marker, mark)
    words(memory, 0x200 + registers + 8, BASE + 0x400)
    words(memory, 0x200 + registers + 8 * 32, BASE + 80, 0x8000000000009033, 0, 0, BASE + 148)
    words(memory, 0x400, BASE + 0x470, 0, BASE + 148)
    words(memory, 0x470, 0, 0, BASE + 340)
    stack_walk(f"ppc64le-interrupt-{name}", "ppc64le", BASE, REGISTERS, NAMES, memory)

# arm64 by frame records.
BASE = 0xFFFF800008000000
NAMES = {"_stext": (0, 64), "first": (64, 64), "vectors": (128, 64), "ret_from_fork": (192, 64)}
REGISTERS = {"PC": BASE + 80, "SP": BASE + 0x100, "X29": BASE + 0x100, "LR": BASE + 84, "PSTATE": 0x3C5}
memory = bytearray(0x400)
words(memory, 0x100, BASE + 0x120, BASE + 90, 0, 0, 0, BASE + 200)
stack_walk("arm64-thread", "arm64", BASE, REGISTERS, NAMES, memory)
words(memory, 0x120, BASE + 0x100, BASE + 90)
stack_walk("arm64-circle", "arm64", BASE, REGISTERS, NAMES, memory)
