# SPDX-License-Identifier: GPL-2.0-or-later
"""What is named: dumps as crash's users name them, folders, and files that are something else."""
import base64
import gzip
import io
import json
import os
import pathlib
import resource
import tarfile
import time

from kit import CULPRIT, EXPLAINED, OTHER, SAMPLE, UNUSABLE, refused

# The head of a linked program: what a vmlinux begins with.
ELF_PROGRAM = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00\x3e\x00\x01\x00\x00\x00" + bytes(40)


def _found(ran, culprit=CULPRIT):
    assert ran.status == EXPLAINED and culprit in ran.output, ran


def a_vmlinux_among_the_inputs_is_taken_for_the_option(kit):
    dump, vmlinux = kit.dump(), kit.file("vmlinux-6.1", pathlib.Path(kit.program).read_bytes())
    for order in ([vmlinux, dump], [dump, vmlinux]):
        ran = kit.run(*order)
        by_option = kit.run("--vmlinux", vmlinux, dump)
        assert (ran.status, ran.output, ran.errors) == (by_option.status, by_option.output, by_option.errors), ran
        _found(ran)
        assert "vmlinux-6.1 does not belong to this dump" in ran.errors, ran


def a_vmlinux_alone_is_no_dump(kit):
    refused(kit.run(kit.file("vmlinux", ELF_PROGRAM)), "vmlinux: ")


def two_vmlinux_are_one_too_many(kit):
    dump, one, two = kit.dump(), kit.file("one", ELF_PROGRAM), kit.file("two", ELF_PROGRAM)
    refused(kit.run("--vmlinux", one, two, dump), "one and ", "two: only one can be the vmlinux")
    refused(kit.run(one, dump, two), "one and ", "two: only one can be the vmlinux")


def a_folder_is_the_newest_dump_in_it(kit):
    old, new = kit.dump("crash/127.0.0.1-2026-11-21-10:11:12/vmcore", OTHER), kit.dump("crash/host/202611221412/dump.202611221412")
    kit.file("crash/vmcore-dmesg.txt", b"[    0.000000] Linux version 6.1\n" * 100)
    os.utime(old, (time.time() - 1000,) * 2)
    ran = kit.run("crash")
    _found(ran)
    assert ran.errors == "whyhung: the newest dump of crash is crash/host/202611221412/dump.202611221412\n", ran
    os.utime(new, (time.time() - 2000,) * 2)
    assert "2026-11-21-10:11:12/vmcore" in kit.run("crash").errors
    assert kit.run("pack", "crash", "-o", "small").status == 0


def a_folder_without_a_dump_says_so(kit):
    (kit.folder / "crash").mkdir()
    kit.file("crash/notes.txt", b"a letter to somebody\n")
    refused(kit.run("crash"), "crash: is a directory, not a dump, and no kernel log is in it")


def an_incomplete_dump_is_second_to_a_complete_one(kit):
    kit.dump("crash/a/vmcore")
    newer = kit.dump("crash/b/vmcore-incomplete", OTHER)
    os.utime(newer, (time.time() + 1000,) * 2)
    _found(kit.run("crash"))


def a_loop_of_links_in_a_folder_ends(kit):
    (kit.folder / "crash").mkdir()
    (kit.folder / "crash" / "again").symlink_to(kit.folder / "crash")
    kit.dump("crash/vmcore")
    _found(kit.run("crash"))


def nothing_named_is_the_newest_dump_where_dumps_lie(kit):
    kit.dump("store/host/vmcore")
    ran = kit.run(environment={"WHYHUNG_DUMPS": f"{kit.folder}/nowhere:{kit.folder}/store"})
    _found(ran)
    assert "the newest dump" in ran.errors and "store/host/vmcore" in ran.errors, ran


def nothing_named_and_nothing_found_says_where_it_was_looked_for(kit):
    refused(kit.run(environment={"WHYHUNG_DUMPS": f"{kit.folder}/nowhere"}), "no dump was named", "nowhere",
            "hint: whyhung VMCORE")


def a_vmlinux_beside_the_dump_is_looked_at(kit):
    dump = kit.dump("crash/vmcore")
    kit.file("crash/vmlinux", ELF_PROGRAM)  # of another kernel: passed over without a word
    ran = kit.run(dump)
    _found(ran)
    assert ran.errors == "", ran




def files_of_other_kinds_are_called_what_they_are(kit):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("var/crash/vmcore"))
    dump = SAMPLE.read_bytes()[:30000]
    cases = [
        ("page", b"\n<!DOCTYPE html>\n<html><head><title>Sign in</title>", ["page: is an HTML page", "log in"]),
        ("upper", b"<HTML><BODY>404", ["upper: is an HTML page"]),
        ("answer", b"<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>", ["answer: is an XML text"]),
        ("mail", base64.encodebytes(dump), ["mail: is base64 text", "base64 -d"]),
        ("one-line", base64.b64encode(dump), ["one-line: is base64 text"]),
        ("armour", b"-----BEGIN PGP MESSAGE-----\n\nhQEMA\n", ["armour: is encrypted", "gpg"]),
        ("pointer", b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", ["pointer: is a pointer of Git LFS", "git lfs pull"]),
        ("_usr_lib.crash", b"ProblemType: KernelCrash\nArchitecture: amd64\nVmCore: base64\n H4sIC\n", ["an apport report", "apport-unpack"]),
        ("sos.tar", packed.getvalue(), ["sos.tar: is a tar archive", "tar xf sos.tar", "var/crash"]),
        ("sos.tar.gz", gzip.compress(packed.getvalue()), ["is a tar archive", "tar xf sos.tar.gz", "var/crash"]),
        ("sosreport.txz", b"\xfd7zXZ\0" + bytes(100), ["is a tar archive", "tar xf sosreport.txz"]),
        ("vmcore.gz", gzip.compress(dump), ["is compressed with gzip", "gunzip -k"]),
        ("settings", b"[core]\nkey = value\n", ["settings: is a text file, not a dump"]),
    ]
    for name, data, says in cases:
        refused(kit.run(kit.file(name, data).name), *says)


def no_kernel_log_is_promised_to_be_read_that_is_not(kit):
    ran = kit.run(kit.file("notes.txt", b"a letter to somebody\n" * 20))
    assert ran.status == UNUSABLE and "is analysed as a log" not in ran.errors, ran


def a_file_that_is_too_short_is_cut_off(kit):
    refused(kit.run(kit.file("vmcore", SAMPLE.read_bytes()[:100])), "vmcore: is cut off: it has 100 bytes")


def addresses_and_standard_input_are_no_files(kit):
    for name in ("https://example.org/vmcore", "s3://bucket/vmcore", "ssh://host/var/crash/vmcore"):
        refused(kit.run(name), f"{name}: is an address, and only files are read", "hint: fetch it first")
    refused(kit.run("-"), "standard input")


def a_snapshot_that_went_through_an_editor_is_one(kit):
    text = kit.snapshot().read_bytes()
    for name, data in (("mark", b"\xef\xbb\xbf" + text), ("blank", b"\n\n  " + text)):
        _found(kit.run(kit.file(name, data)))


def _peak_kilobytes():
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss


def a_large_snapshot_takes_memory_as_its_text_does(kit):
    machine = json.loads(kit.snapshot().read_text())
    task = machine["tasks"][-1]
    for number in range(20000):
        machine["tasks"].append({**task, "pid": 100000 + number, "address": f"0xffff9999{number * 64:08x}"})
    text = json.dumps(machine).encode()
    _found(kit.run(kit.file("large.json", text)))
    assert _peak_kilobytes() < 4 * len(text) / 1024 + 40000, (_peak_kilobytes(), len(text))


def brackets_without_end_are_no_snapshot_and_take_no_memory(kit):
    text = b'{"schema":"whyhung-snapshot-2","tasks":' + b"[" * 10_000_000
    refused(kit.run(kit.file("deep.json", text)), "deep.json: the snapshot is")
    assert _peak_kilobytes() < 3 * len(text) / 1024 + 40000, _peak_kilobytes()
