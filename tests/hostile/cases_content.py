# SPDX-License-Identifier: GPL-2.0-or-later
"""Machines that are not known, tables that are missing, memory that is left out, damaged, or runs in circles."""
import json
import re
import struct
import subprocess

from capsule_editor import Capsule
from kit import CULPRIT, NOT_EXPLAINED, case, gap

# struct idr and struct xa_node of the sample's kernel.
XA_HEAD, XA_SLOTS, XA_NODE_MARK = 8, 40, 2


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


def elf_of(kit, machine):
    file = kit.capsule().elf()[0]
    struct.pack_into("<H", file, 18, machine)
    return kit.file(file)


@case("the dump is of ELF machine 4711, which this whyhung does not read")
def elf_of_a_machine_that_is_not_known(kit):
    return elf_of(kit, 4711)


@case("the dump is of loongarch64, which this whyhung does not read", "hint: it reads x86_64, arm64, ppc64le, riscv64, s390x")
def elf_of_loongarch64(kit):
    return elf_of(kit, 258)


@case("VMCOREINFO names neither VA_BITS nor satp")
def elf_of_riscv64_with_the_memory_of_another_machine(kit):
    return elf_of(kit, 243)


@case("the kernel's page tables at", "beyond the memory that the dump covers")
def elf_of_s390x_with_the_memory_of_another_machine(kit):
    return elf_of(kit, 22)


@case("VMCOREINFO names neither VA_BITS nor satp")
def kdump_of_riscv64_with_the_memory_of_another_machine(kit):
    return edited(kit, other_machine("riscv64"))


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
@gap("task structure is not in the dump")
def a_task_in_the_middle_left_out(kit):
    capsule = kit.capsule()
    capsule.leave_out(kit.task(capsule, 12))
    return kit.file(capsule.kdump()[0])


@gap("task structure is not in the dump")
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
def radix_tables_in_a_circle(kit):
    """The same of POWER, whose entries are big-endian and tell the size of the table that they lead to."""
    capsule = kit.power_capsule()
    table = int(re.search(rb"SYMBOL\(swapper_pg_dir\)=([0-9a-f]+)", capsule.notes).group(1), 16)
    entry = 1 << 63 | capsule.physical(table) | 13
    for slot in range(8192):
        there = capsule.page_of(table + 8 * slot) in capsule.pages
        if there and capsule.read_pointer(table + 8 * slot) == 0:
            capsule.write(table + 8 * slot, entry.to_bytes(8, "big"))
    return kit.file(capsule.kdump()[0])


@gap()
def a_back_chain_in_a_circle(kit):
    """The frame of a caller of rmmod leads back to that of the function that it called."""
    capsule = kit.power_capsule()
    frames = kit.report_of_task(capsule, "comm", "rmmod")["stack"]["frames"]
    capsule.write_pointer(int(frames[4]["sp"], 16), int(frames[3]["sp"], 16))
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
