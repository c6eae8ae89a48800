# SPDX-License-Identifier: GPL-2.0-or-later
"""The cases. Each is a function that makes the file; its decorator says what the program must say of it. Cases that no
verdict can come of end with exit status 2 and one line of error; where only a part is lost, the verdict stands and the
report lists the gap."""
import dataclasses
import json
import os
import pathlib
import shutil
import socket
import struct
import subprocess

from capsule_editor import Capsule, flattened, symbol

SAMPLE = pathlib.Path(__file__).resolve().parent.parent / "vmcores" / "while1-6.1-4cpu.vmcore"
CULPRIT = "pmount_kthread"
EXPLAINED, NOT_EXPLAINED, UNUSABLE = 0, 1, 2
HUGE = 1 << 63
# struct idr and struct xa_node of the sample's kernel.
XA_HEAD, XA_SLOTS, XA_NODE_MARK = 8, 40, 2
ALL = []


@dataclasses.dataclass
class Case:
    name: str
    make: object
    statuses: tuple
    says: tuple
    never_says: tuple


@dataclasses.dataclass
class Made:
    files: list
    arguments: tuple = ()
    command: list = None


class Kit:
    """What a case makes its file with."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder

    def capsule(self):
        return Capsule(SAMPLE)

    def symbol(self, capsule, name):
        return symbol(self.program, capsule, name)

    def task(self, capsule, pid):
        """The task_struct of a process."""
        run = subprocess.run([self.program, "--json", capsule.path], capture_output=True, check=True)
        return next(int(task["task"], 16) for task in json.loads(run.stdout)["tasks"] if task["pid"] == pid)

    def file(self, data, name="vmcore"):
        path = self.folder / name
        path.write_bytes(data)
        return Made([path])


def case(*says, status=UNUSABLE, never=()):
    statuses = status if isinstance(status, tuple) else (status,)

    def add(make):
        ALL.append(Case(make.__name__, make, statuses, says, tuple(never)))
        return make

    return add


def gap(*says):
    """The culprit is found all the same, and the report says what is missing."""
    return case(*says, CULPRIT, status=EXPLAINED)


# Files that are no dumps.
@case("vmcore: is a text file, not a dump")
def a_text_file(kit):
    return kit.file(b"Linux version 6.1.0\n" * 50)


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


@case("needs 464 bytes at offset 0x0, the file ends at")
def kdump_cut_in_its_header(kit):
    return cut_kdump(kit, lambda parts: 463)


@case("needs 104 bytes at offset 0x1000, the file ends at 0x1000")
def kdump_cut_before_its_sub_header(kit):
    return cut_kdump(kit, lambda parts: 4096)


@case("needs 104 bytes at offset 0x1000, the file ends at 0x1067")
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


@case("needs 64 bytes at offset 0x0, the file ends at 0x3f")
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


@case("needs 32 bytes at offset 0x0, the file ends at 0x1f")
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


# Machines and kernels that are not what is needed.
def other_machine(name):
    def edit(capsule):
        capsule.main[12 + 4 * 65:12 + 5 * 65] = name.encode().ljust(65, b"\0")
    return edit


def edited(kit, edit):
    capsule = kit.capsule()
    edit(capsule)
    return kit.file(capsule.kdump()[0])


@case("the dump is of sparc64, which this whyhung does not read", "hint: it reads x86_64")
def kdump_of_a_machine_that_is_not_known(kit):
    return edited(kit, other_machine("sparc64"))


@case("the dump is of ELF machine 43, which this whyhung does not read")
def elf_of_a_machine_that_is_not_known(kit):
    file = kit.capsule().elf()[0]
    struct.pack_into("<H", file, 18, 43)  # EM_SPARCV9
    return kit.file(file)


@case("vmcore: is a program or kernel image (such as vmlinux), not the dump of a crash")
def elf_that_is_no_core(kit):
    file = kit.capsule().elf()[0]
    struct.pack_into("<H", file, 16, 3)  # ET_DYN
    return kit.file(file)


@case("the dump holds no VMCOREINFO, neither as a note nor in memory", "hint: is this the memory of a Linux kernel?")
def vmcoreinfo_missing(kit):
    return edited(kit, Capsule.remove_vmcoreinfo)


@case("VERDICT  undetermined", "types of the kernel: BTF header at", "filtered out when the dump was made", status=NOT_EXPLAINED)
def btf_missing(kit):
    capsule = kit.capsule()
    capsule.leave_out(kit.symbol(capsule, "__start_BTF"))
    return kit.file(capsule.kdump()[0])


@case("the types of the crashed kernel are not known", "hint: give the kernel's vmlinux with --vmlinux")
def btf_missing_and_a_command(kit):
    made = btf_missing(kit)
    made.arguments = ("-c", "ps")
    return made


@case("VERDICT  undetermined", "symbols of the kernel: kallsyms token table at", "filtered out when the dump was made",
      "types of the kernel: no symbol says where they are", status=NOT_EXPLAINED, never=("carries no BTF", "no ORC tables"))
def kallsyms_missing(kit):
    capsule = kit.capsule()
    capsule.leave_out(kit.symbol(capsule, "kallsyms_token_table"))
    return kit.file(capsule.kdump()[0])


# Memory that is left out, damaged, or runs in circles.
@gap("task structures are not in the dump")
def a_task_in_the_middle_left_out(kit):
    capsule = kit.capsule()
    capsule.leave_out(kit.task(capsule, 12))
    return kit.file(capsule.kdump()[0])


@gap("task structures are not in the dump")
def a_task_in_the_middle_corrupt(kit):
    capsule = kit.capsule()
    capsule.corrupt(kit.task(capsule, 12))
    return kit.file(capsule.kdump()[0])


@gap("list of modules", "runs in a circle")
def modules_in_a_circle(kit):
    capsule = kit.capsule()
    module = capsule.read_pointer(kit.symbol(capsule, "modules"))
    capsule.write_pointer(module, module)
    return kit.file(capsule.kdump()[0])


@gap("list of modules")
def modules_that_lead_nowhere(kit):
    capsule = kit.capsule()
    module = capsule.read_pointer(kit.symbol(capsule, "modules"))
    capsule.write_pointer(module, 0)
    return kit.file(capsule.kdump()[0])


def pid_tree(kit, capsule):
    """The root node of the xarray that holds all process ids: init_pid_ns.idr."""
    return capsule.read_pointer(kit.symbol(capsule, "init_pid_ns") + XA_HEAD) - XA_NODE_MARK


@gap("list of tasks: ")
def process_ids_in_a_circle(kit):
    capsule = kit.capsule()
    root = pid_tree(kit, capsule)
    capsule.write_pointer(root + XA_SLOTS + 8 * 63, root + XA_NODE_MARK)
    return kit.file(capsule.kdump()[0])


@gap("list of tasks: ")
def process_ids_left_out(kit):
    capsule = kit.capsule()
    root = pid_tree(kit, capsule)
    capsule.leave_out(capsule.read_pointer(root + XA_SLOTS) - XA_NODE_MARK)
    return kit.file(capsule.kdump()[0])


@gap()
def page_tables_in_a_circle(kit):
    """Each entry of the topmost table that the capsule does not need leads back to that table."""
    capsule = kit.capsule()
    table = kit.symbol(capsule, "init_top_pgt")
    frame = capsule.page_of(table)
    for slot in range(512):
        if capsule.read_pointer(table + 8 * slot) & 1 == 0:
            capsule.write_pointer(table + 8 * slot, frame * 4096 | 0x63)
    return kit.file(capsule.kdump()[0])


@gap()
def a_stack_left_out(kit):
    capsule = kit.capsule()
    capsule.leave_out(cpu_stack(kit, capsule, 2))
    return kit.file(capsule.kdump()[0])


def cpu_stack(kit, capsule, cpu):
    run = subprocess.run([kit.program, "--json", capsule.path], capture_output=True, check=True)
    return int(json.loads(run.stdout)["cpus"][cpu]["stack"]["frames"][0]["sp"], 16)


@gap()
def the_code_of_the_loop_left_out(kit):
    capsule = kit.capsule()
    capsule.leave_out(kit.symbol(capsule, CULPRIT))
    return kit.file(capsule.kdump()[0])


# Sizes beyond everything.
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


@gap("NOT KNOWN")
def kdump_with_a_page_at_two_to_the_63rd(kit):
    return kdump_with(kit, lambda parts: parts.descriptors + 24 * 700, "<Q", HUGE)


@gap("NOT KNOWN")
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
