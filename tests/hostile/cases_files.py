# SPDX-License-Identifier: GPL-2.0-or-later
"""Files that are no dumps, cannot be opened, or end too early: at each boundary of each format and beside it."""
import os
import pathlib
import shutil
import socket

from capsule_editor import flattened
from kit import NOT_EXPLAINED, SAMPLE, Made, case, gap


# Files that are no dumps.
@case("vmcore: is a text file, not a dump")
def a_text_file(kit):
    return kit.file(b"Dear reader, this is a letter.\n" * 50)


@case("vmcore: is empty")
def an_empty_file(kit):
    return kit.file(b"")


@case("vmcore: no known dump format", "hint: known are: ")
def noise(kit):
    return kit.file(bytes((n * 7919 >> 3) & 255 for n in range(100000)))


@case("vmcore: begins with zeros only")
def zeros(kit):
    return kit.file(bytes(100000))


@case("is a directory, not a dump")
def a_directory(kit):
    return Made([kit.folder])


@case("cannot be opened: No such file or directory")
def no_file(kit):
    return Made([kit.folder / "vmcore"])


@case("cannot be opened: No such device or address")
def a_socket(kit):
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(kit.folder / "vmcore"))
    server.close()
    return Made([kit.folder / "vmcore"])


@case("is not a regular file")
def a_pipe(kit):
    os.mkfifo(kit.folder / "vmcore")
    return Made([kit.folder / "vmcore"])


@case("is not a regular file")
def an_endless_device(kit):
    return Made([pathlib.Path("/dev/zero")])


@case("cannot be opened: Permission denied")
def no_permission(kit):
    made = kit.file(SAMPLE.read_bytes())
    made.files[0].chmod(0)
    if os.geteuid() == 0:  # whom nothing is forbidden: the program runs as nobody, from where nobody may go
        kit.folder.chmod(0o755)
        program = shutil.copy(kit.program, kit.folder / "whyhung")
        made.command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", program, made.files[0]]
    return made


# kdump files that are cut at each boundary, and a byte to both sides.
def cut_kdump(kit, place):
    file, parts = kit.capsule().kdump()
    return kit.file(file[:place(parts)])


@case("is cut off: it has 463 bytes, and 464 are needed at offset 0x0")
def kdump_cut_in_its_header(kit):
    return cut_kdump(kit, lambda parts: 463)


@case("is cut off: it has 4096 bytes, and 104 are needed at offset 0x1000")
def kdump_cut_before_its_sub_header(kit):
    return cut_kdump(kit, lambda parts: 4096)


@case("is cut off: it has 4199 bytes, and 104 are needed at offset 0x1000")
def kdump_cut_in_its_sub_header(kit):
    return cut_kdump(kit, lambda parts: 4096 + 103)


@case("the file ends before the bitmap of its pages")
def kdump_cut_before_its_notes(kit):
    return cut_kdump(kit, lambda parts: parts.notes)


@case("the file ends before the bitmap of its pages")
def kdump_cut_in_its_notes(kit):
    return cut_kdump(kit, lambda parts: parts.notes + 1000)


@case("the file ends before the bitmap of its pages")
def kdump_cut_before_its_bitmaps(kit):
    return cut_kdump(kit, lambda parts: parts.bitmap)


@case("the file ends before the bitmap of its pages")
def kdump_cut_between_its_bitmaps(kit):
    return cut_kdump(kit, lambda parts: parts.bitmap + parts.bitmap_bytes // 2)


@case("[INCOMPLETE]", "VERDICT  undetermined", "0 of 1479 pages are in the file", "no symbol says where they are",
      status=NOT_EXPLAINED, never=("carries no BTF",))
def kdump_cut_in_its_second_bitmap(kit):
    return cut_kdump(kit, lambda parts: parts.bitmap + parts.bitmap_bytes - 1)


@case("[INCOMPLETE]", "VERDICT  undetermined", "0 of 1479 pages are in the file", "no symbol says where they are",
      status=NOT_EXPLAINED, never=("carries no BTF",))
def kdump_cut_before_its_descriptors(kit):
    return cut_kdump(kit, lambda parts: parts.descriptors)


@case("[INCOMPLETE]", "VERDICT  undetermined", "0 of 1479 pages are in the file", "no symbol says where they are",
      status=NOT_EXPLAINED, never=("carries no BTF",))
def kdump_cut_in_its_descriptors(kit):
    return cut_kdump(kit, lambda parts: parts.descriptors + 24 * 700 + 11)


@case("[INCOMPLETE]", "VERDICT  undetermined", "0 of 1479 pages are in the file", "no symbol says where they are",
      status=NOT_EXPLAINED, never=("carries no BTF",))
def kdump_cut_before_its_pages(kit):
    return cut_kdump(kit, lambda parts: parts.data)


@case("[INCOMPLETE]", "VERDICT  undetermined", "of 1479 pages are in the file; it is at least", status=NOT_EXPLAINED)
def kdump_cut_in_its_pages(kit):
    return cut_kdump(kit, lambda parts: (parts.data + parts.end) // 2)


@gap("[INCOMPLETE]", "1478 of 1479 pages are in the file; it is at least 1 bytes")
def kdump_cut_by_its_last_byte(kit):
    return cut_kdump(kit, lambda parts: parts.end - 1)


# ELF cores.
def cut_elf(kit, place):
    file, notes, data = kit.capsule().elf()
    return kit.file(file[:place(notes, data, len(file))])


@gap("(ELF vmcore, none)")
def elf_whole(kit):
    return cut_elf(kit, lambda notes, data, end: end)


@case("is cut off: it has 63 bytes, and 64 are needed at offset 0x0")
def elf_cut_in_its_header(kit):
    return cut_elf(kit, lambda notes, data, end: 63)


@case("an ELF core without any memory in it", "hint: ")
def elf_cut_before_its_program_headers(kit):
    return cut_elf(kit, lambda notes, data, end: 64)


@case("ELF vmcore: the dump holds no VMCOREINFO", "hint: the file is cut off: copy it again")
def elf_cut_in_its_program_headers(kit):
    return cut_elf(kit, lambda notes, data, end: 64 + 56 * 3 + 17)


@case("ELF vmcore: the dump holds no VMCOREINFO", "hint: the file is cut off: copy it again")
def elf_cut_before_its_notes(kit):
    return cut_elf(kit, lambda notes, data, end: notes)


@case("ELF vmcore: the dump holds no VMCOREINFO", "hint: the file is cut off: copy it again")
def elf_cut_in_its_notes(kit):
    return cut_elf(kit, lambda notes, data, end: notes + 500)


@case("[INCOMPLETE]", "VERDICT  undetermined", "the file is cut off: 6057984 bytes of memory are missing",
      status=NOT_EXPLAINED, never=("carries no BTF",))
def elf_cut_before_its_memory(kit):
    return cut_elf(kit, lambda notes, data, end: data)


@case("[INCOMPLETE]", "VERDICT  undetermined", "the file is cut off: 3028992 bytes", status=NOT_EXPLAINED)
def elf_cut_in_its_memory(kit):
    return cut_elf(kit, lambda notes, data, end: (data + end) // 2)


@gap("[INCOMPLETE]", "the file is cut off: 1 bytes of memory are missing")
def elf_cut_by_its_last_byte(kit):
    return cut_elf(kit, lambda notes, data, end: end - 1)


# Flattened files.
def cut_flattened(kit, place):
    stream = flattened(kit.capsule().kdump()[0])
    return kit.file(stream[:place(len(stream))])


@gap("(kdump-compressed, zstd, flattened)")
def flattened_whole(kit):
    return cut_flattened(kit, lambda end: end)


@case("is cut off: it has 31 bytes, and 32 are needed at offset 0x0")
def flattened_cut_in_its_header(kit):
    return cut_flattened(kit, lambda end: 31)


@case("a flattened dump without any content", "hint: ")
def flattened_cut_behind_its_header(kit):
    return cut_flattened(kit, lambda end: 4096)


@case("a flattened dump without any content", "hint: ")
def flattened_cut_in_the_head_of_a_piece(kit):
    return cut_flattened(kit, lambda end: 4096 + 9)


@case("the file ends before the bitmap of its pages")
def flattened_cut_in_a_piece(kit):
    return cut_flattened(kit, lambda end: 4096 + 16 + 5000)


@gap("[INCOMPLETE]", "the flattened stream ends at", "without its end mark")
def flattened_cut_before_its_end_mark(kit):
    return cut_flattened(kit, lambda end: end - 16)
