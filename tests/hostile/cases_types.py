# SPDX-License-Identifier: GPL-2.0-or-later
"""Files of distilled types that are of another kernel, cut, damaged or forged, given with dumps that carry no types."""
import gzip
import pathlib

from cases_content import btf_missing
from kit import NOT_EXPLAINED, SAMPLE, case, gap

TYPES = pathlib.Path(__file__).resolve().parent.parent / "kernel_matrix" / "types" / "6.1-amd64.types"


def given(kit, data, name="k.types"):
    """The sample without its types, and these instead."""
    made = btf_missing(kit)
    (kit.folder / name).write_bytes(data)
    made.arguments = ("--types", name)
    return made


def edited(kit, *changes):
    text = gzip.decompress(TYPES.read_bytes())
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return given(kit, gzip.compress(text))


def of_another_build():
    return gzip.compress(gzip.decompress(TYPES.read_bytes()).replace(b"build-id ", b"build-id 00", 1))


@gap("types: distilled types k.types (same build id)")
def types_beside_a_dump_without_any(kit):
    return given(kit, TYPES.read_bytes())


@gap("types: distilled types k.types (same build id)")
def types_that_somebody_unpacked(kit):
    return given(kit, gzip.decompress(TYPES.read_bytes()))


@case("VERDICT  undetermined", "distilled types: k.types does not belong to this dump",
      "types of the kernel: BTF header at", status=NOT_EXPLAINED)
def types_of_another_build(kit):
    made = given(kit, of_another_build())
    made.notice = "k.types does not belong to this dump"
    return made


@gap("types: BTF in the dump", "distilled types: k.types does not belong to this dump")
def types_of_another_build_that_are_not_needed(kit):
    made = kit.file(SAMPLE.read_bytes())
    (kit.folder / "k.types").write_bytes(of_another_build())
    made.arguments = ("--types", "k.types")
    made.notice = "k.types does not belong to this dump"
    return made


@gap("types: distilled types many/right.types (same build id)")
def types_among_others_in_a_folder(kit):
    made = btf_missing(kit)
    folder = kit.folder / "many"
    folder.mkdir()
    (folder / "a.types").write_bytes(b"noise")
    (folder / "b.types").write_bytes(of_another_build())
    (folder / "d.types").mkdir()
    (folder / "right.types").write_bytes(TYPES.read_bytes())
    made.arguments = ("--types", "many")
    return made


@case("VERDICT  undetermined", "many: none of its 1 files ending in .types belongs to this dump", status=NOT_EXPLAINED)
def types_in_a_folder_without_the_right_ones(kit):
    made = btf_missing(kit)
    (kit.folder / "many").mkdir()
    (kit.folder / "many" / "b.types").write_bytes(of_another_build())
    (kit.folder / "many" / "right.typos").write_bytes(TYPES.read_bytes())
    made.arguments = ("--types", "many")
    made.notice = "many: none of its 1 files ending in .types belongs to this dump"
    return made


@case("k.types: too large for distilled types")
def types_cut(kit):
    return given(kit, TYPES.read_bytes()[:-100])


@case("k.types: damaged or cut: it cannot be unpacked")
def types_with_a_damaged_byte(kit):
    data = bytearray(TYPES.read_bytes())
    data[len(data) // 2] ^= 0x10
    return given(kit, bytes(data))


@case("k.types: too large for distilled types")
def types_that_claim_4_gigabytes(kit):
    return given(kit, TYPES.read_bytes()[:-4] + b"\xff\xff\xff\xff")


@case("k.types: cut off: its end is missing")
def types_without_their_end(kit):
    return edited(kit, (b"\nend\n", b"\n"))


@case("k.types: distilled types of version 9; this whyhung reads 1")
def types_of_a_later_version(kit):
    return edited(kit, (b"whyhung-types 1\n", b"whyhung-types 9\n"))


@case("k.types: damaged: line 3 makes no sense")
def types_with_a_line_of_noise(kit):
    return edited(kit, (b"\nbanner", b"\n\x1b[2Jbanner"))


@case("k.types: not a file of distilled types")
def types_that_are_a_text(kit):
    return given(kit, b"These are no types.\n")


@case("k.types: cannot be opened: No such file or directory")
def types_that_do_not_exist(kit):
    made = given(kit, b"")
    (kit.folder / "k.types").unlink()
    return made


@gap("task_struct.pid: the kernel's types do not have it")
def types_without_a_task_struct(kit):
    return edited(kit, (b" task_struct\nname", b" task_structure\nname"))


@case("whyhung: vmlinux: neither an ELF file nor BTF")
def distilling_what_is_no_vmlinux(kit):
    made = kit.file(b"no vmlinux", "vmlinux")
    made.command = [kit.program, "distill", "vmlinux", "-o", "k.types"]
    return made


@case("whyhung: k.types: exists already")
def distilling_over_a_file(kit):
    made = kit.file(TYPES.read_bytes(), "k.types")
    made.command = [kit.program, "distill", "/proc/self/exe", "-o", "k.types"]
    return made
