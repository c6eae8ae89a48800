# SPDX-License-Identifier: GPL-2.0-or-later
"""Sizes and offsets beyond everything, in each place of each format that has one."""
import struct

from capsule_editor import flattened
from kit import case, gap

HUGE = 1 << 63


def kdump_with(kit, place, form, *values):
    file, parts = kit.capsule().kdump()
    struct.pack_into(form, file, place if isinstance(place, int) else place(parts), *values)
    return kit.file(file)


@case("a kdump-compressed header whose sizes make no sense")
def kdump_with_blocks_of_two_gigabytes(kit):
    return kdump_with(kit, 428, "<I", 1 << 31)


@case("the file ends before the bitmap of its pages")
def kdump_with_more_bitmap_than_file(kit):
    return kdump_with(kit, 436, "<I", 0xFFFFFFFF)


@case("its header claims 0x8000000000000000 page frames, its bitmap has room for 0x50000")
def kdump_of_two_to_the_63rd_pages(kit):
    return kdump_with(kit, 4096 + 96, "<Q", HUGE)


@gap("its ELF notes are cut off or damaged: some are missing")
def kdump_with_notes_of_two_to_the_63rd_bytes(kit):
    return kdump_with(kit, 4096 + 56, "<Q", HUGE)


@gap("its ELF notes are cut off or damaged: some are missing")
def kdump_with_notes_that_wrap_around(kit):
    return kdump_with(kit, 4096 + 48, "<QQ", HUGE, HUGE)


@gap()
def kdump_with_vmcoreinfo_of_two_to_the_63rd_bytes(kit):
    return kdump_with(kit, 4096 + 40, "<Q", HUGE)


@gap("COULD NOT BE READ")
def kdump_with_a_page_at_two_to_the_63rd(kit):
    return kdump_with(kit, lambda parts: parts.descriptors + 24 * 700, "<Q", HUGE)


@gap("COULD NOT BE READ")
def kdump_with_a_page_of_four_gigabytes(kit):
    return kdump_with(kit, lambda parts: parts.descriptors + 24 * 700 + 8, "<I", 0xFFFFFFFF)


def elf_with(kit, place, form, *values):
    file = kit.capsule().elf()[0]
    struct.pack_into(form, file, place, *values)
    return kit.file(file)


@gap("its ELF notes are cut off or damaged: some are missing")
def elf_with_notes_of_two_to_the_63rd_bytes(kit):
    return elf_with(kit, 64 + 32, "<QQ", HUGE, HUGE)


@gap("1 of 306 segments have impossible addresses and are not used")
def elf_with_memory_of_two_to_the_63rd_bytes(kit):
    return elf_with(kit, 64 + 56 + 32, "<QQ", HUGE, HUGE)


@gap("1 of 306 segments have impossible addresses and are not used")
def elf_with_memory_that_wraps_around(kit):
    return elf_with(kit, 64 + 56 + 24, "<QQQ", (1 << 64) - 4096, HUGE, HUGE)


@case("an ELF core without any memory in it")
def elf_with_program_headers_at_two_to_the_63rd(kit):
    return elf_with(kit, 32, "<Q", HUGE)


@case("the dump holds no VMCOREINFO")
def elf_with_a_note_of_four_gigabytes(kit):
    file, notes, _ = kit.capsule().elf()
    struct.pack_into("<II", file, notes, 0xFFFFFFFF, 0xFFFFFFFF)
    return kit.file(file)


def flattened_with(kit, place, *values):
    stream = flattened(kit.capsule().kdump()[0])
    struct.pack_into(f">{len(values)}Q", stream, place, *values)
    return kit.file(stream)


@case("a flattened dump without any content")
def flattened_piece_of_two_to_the_63rd_bytes(kit):
    return flattened_with(kit, 4096 + 8, HUGE)


@case("a flattened dump without any content")
def flattened_piece_of_nearly_two_to_the_63rd_bytes(kit):
    return flattened_with(kit, 4096 + 8, HUGE - 1)


@case("a flattened dump without any content")
def flattened_piece_at_nearly_two_to_the_63rd(kit):
    return flattened_with(kit, 4096, HUGE - 1)
