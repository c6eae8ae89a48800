# SPDX-License-Identifier: GPL-2.0-or-later
"""What is written, where it is written, and what is said when it cannot be."""
import json
import os
import re
import stat
import subprocess

from kit import EXPLAINED, NOT_EXPLAINED, OTHER, SAMPLE, SOURCE, UNUSABLE, refused, warned

FULL = "/dev/full"


def _lost(kit, *arguments):
    with open(FULL, "wb") as full:
        ran = kit.run(*arguments, stdout=full)
    assert ran.status == UNUSABLE, (arguments, ran)
    assert ran.errors.splitlines()[-1] == "whyhung: standard output could not be written: No space left on device", \
        (arguments, ran)


def a_full_disk_behind_standard_output_is_exit_status_2_and_one_line(kit):
    for arguments in (["--help"], ["--version"], ["pack", "--help"], [SAMPLE], ["--json", SAMPLE], [SAMPLE, "-c", "ps"],
                      ["--json", SAMPLE, "-c", "ps"], ["pack", SAMPLE, "-o", kit.folder / "small"]):
        _lost(kit, *arguments)


def a_closed_standard_output_is_exit_status_2_and_one_line(kit):
    for arguments in (["--json", SAMPLE], ["pack", SAMPLE, "-o", kit.folder / "small"]):
        ran = kit.run(*arguments, stdout=None, preexec_fn=lambda: os.close(1))
        assert ran.status == UNUSABLE, ran
        assert "whyhung: standard output could not be written: Bad file descriptor" in ran.errors, ran


def what_is_printed_never_lands_in_a_file_that_got_the_number_of_a_closed_descriptor(kit):
    capsule = kit.folder / "small"
    kit.run("pack", SAMPLE, "-o", capsule, stdout=None, preexec_fn=lambda: (os.close(0), os.close(1)))
    assert b"pages" not in capsule.read_bytes()[-64:]
    assert kit.run("--json", capsule).status == EXPLAINED


def a_reader_that_went_away_is_named_where_its_signal_is_ignored(kit):
    reader, writer = os.pipe()
    os.close(reader)
    ran = kit.run(SAMPLE, stdout=writer, restore_signals=False)  # Python ignores SIGPIPE, and hands that on
    os.close(writer)
    assert ran.status == UNUSABLE and ran.errors == "whyhung: standard output could not be written: Broken pipe\n", ran


def a_reader_that_has_seen_enough_ends_the_program_as_it_ends_others(kit):
    with subprocess.Popen([kit.program, str(SAMPLE), *["-c", "foreach bt"] * 30], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as process:
        process.stdout.read(1)
        process.stdout.close()
        assert process.wait(60) == -13, "not ended by SIGPIPE"
        assert b"could not be written" not in process.stderr.read()


def a_snapshot_never_replaces_the_dump_that_it_is_made_of(kit):
    dump = kit.dump()
    link, hard = kit.folder / "link", kit.folder / "hard"
    link.symlink_to(dump)
    os.link(dump, hard)
    before = dump.read_bytes()
    for force in ([], ["-f"]):
        for name in (dump, hard):
            ran = kit.run(*force, "--save-snapshot", name, dump)
            assert ran.status == UNUSABLE, ran
        refused(kit.run(*force, "--save-snapshot", link, dump))
        assert dump.read_bytes() == before
    refused(kit.run("-f", "--save-snapshot", hard, dump), "is the file that is being read")


def a_capsule_never_replaces_the_dump_that_it_is_made_of(kit):
    dump = kit.dump()
    before = dump.read_bytes()
    refused(kit.run("pack", "-f", dump, "-o", dump), "is the file that is being read")
    assert dump.read_bytes() == before


def distilled_types_never_replace_the_file_that_they_are_made_of(kit):
    file = kit.file("vmlinux", b"\x7fELF")
    refused(kit.run("distill", "-f", file, "-o", file), "is the file that is being read")
    assert file.read_bytes() == b"\x7fELF"


def an_existing_file_is_kept_and_the_message_names_the_option_that_replaces_it(kit):
    there = kit.file("there", b"precious")
    for arguments in (["--save-snapshot", there, SAMPLE], ["pack", SAMPLE, "-o", there]):
        refused(kit.run(*arguments), "there: exists already", "-f")
        assert there.read_bytes() == b"precious"


def force_replaces_an_existing_file(kit):
    there = kit.file("there", b"precious")
    assert kit.run("-f", "--save-snapshot", there, SAMPLE).status == EXPLAINED
    assert json.loads(there.read_bytes())["schema"].startswith("whyhung-snapshot-")
    assert kit.run("pack", "-f", SAMPLE, "-o", there).status == 0
    assert there.read_bytes().startswith(b"KDUMP")


def what_holds_the_memory_of_a_machine_is_readable_by_its_owner_only(kit):
    os.umask(0o022)
    snapshot = kit.snapshot()
    assert stat.S_IMODE(snapshot.stat().st_mode) == 0o600


def a_snapshot_that_cannot_be_written_leaves_nothing_behind(kit):
    ran = kit.run("--save-snapshot", "nowhere/machine.json", SAMPLE)
    refused(ran, "nowhere/machine.json: cannot be written", "No such file or directory")
    assert list(kit.folder.iterdir()) == []


def a_snapshot_that_does_not_fit_leaves_the_old_one_as_it_was(kit):
    old = kit.file("machine.json", b"old")
    limit = ["prlimit", "--fsize=4096", "--"]
    ran = subprocess.run([*limit, "sh", "-c", 'trap "" XFSZ; exec "$@"', "sh", kit.program, "-f", "--save-snapshot", str(old),
                          str(SAMPLE)], capture_output=True, cwd=kit.folder, timeout=60)
    assert ran.returncode == UNUSABLE, ran
    assert b"machine.json: writing failed: File too large" in ran.stderr, ran
    assert old.read_bytes() == b"old" and [path.name for path in kit.folder.iterdir()] == ["machine.json"]


def a_machine_whose_inside_cannot_be_read_is_saved_and_measured_all_the_same(kit):
    dump, snapshot = kit.file("cut.vmcore", SAMPLE.read_bytes()[:SAMPLE.stat().st_size // 3]), kit.folder / "poor.json"
    ran = kit.run("--stats", "--save-snapshot", snapshot, dump)
    assert ran.status == NOT_EXPLAINED, ran
    assert "INCOMPLETE dump" in ran.output and "pages read" in ran.errors and "peak RSS" in ran.errors, ran
    again = kit.run(snapshot)
    assert (again.status, again.output) == (ran.status, ran.output)


def the_first_screen_and_the_long_page_obey_the_width_of_the_terminal(kit):
    for columns in (60, 80, 100):
        ran = kit.run(SAMPLE, environment={"COLUMNS": str(columns)})
        assert ran.status == EXPLAINED and all(len(line) <= columns for line in ran.output.splitlines()), ran
        page = kit.run("--full", SAMPLE, environment={"COLUMNS": str(columns)}).output.partition("\nVERDICT")[2]
        wide = [line for line in page.splitlines() if len(line) > columns]
        assert page and len(wide) <= len(page.splitlines()) // 10 and all("0x" in line for line in wide), wide  # long words


def one_answer_is_given_at_a_time(kit):
    refused(kit.run("--json", "--full", SAMPLE), "choose one")
    refused(kit.run("--markdown", "--dot", SAMPLE), "choose one")


def _hostile_snapshot(kit, comm):
    snapshot = json.loads(kit.snapshot().read_text())
    for task in snapshot["tasks"]:
        task["comm"] = comm
    for location in snapshot["locations"]:
        location["function"] = comm if location["module"] else location["function"]
    return kit.file("hostile.json", json.dumps(snapshot).encode())


def a_ticket_holds_the_screen_and_the_page_and_nothing_that_a_dump_makes_of_it(kit):
    ran = kit.run("--markdown", SAMPLE)
    assert ran.status == EXPLAINED and ran.output.startswith("### stop-machine-starved in pmount"), ran
    assert "**HUNG** CPU 2 never reached" in ran.output and "EVERY TASK AND CPU" in ran.output, ran
    ran = kit.run("--markdown", _hostile_snapshot(kit, "````\n# <script>[x](http://x)"))
    fence = re.search(r"^(`{3,})text$", ran.output, re.M)[1]
    outside, inside = [], False
    for line in ran.output.splitlines():
        if line.startswith(fence):
            inside = not inside
        elif not inside:
            outside.append(line)
    assert not inside and len(fence) >= 5, fence
    assert not re.search(r"(?<!\\)(<script|\[x\]|`)", "\n".join(outside)), outside


def a_graph_for_graphviz_marks_the_culprit_and_stays_in_its_quotes(kit):
    line = re.compile(r'  (n\d+ (\[shape=\w+[^"]*("#ffd9d2")?, label|-> n\d+ \[label)=|label=)"([^"\\]|\\.)*"(, penwidth=3)?\]?;')
    for path in (SAMPLE, OTHER, _hostile_snapshot(kit, '"]; } evil \\')):
        ran = kit.run("--dot", path)
        lines = ran.output.splitlines()
        assert ran.status == EXPLAINED and lines[0] == "digraph whyhung {" and lines[-1] == "}", ran
        assert any("culprit" in one and "penwidth" in one for one in lines), ran
        assert all(line.fullmatch(one) for one in lines[2:-1]), [one for one in lines[2:-1] if not line.fullmatch(one)]
        assert sum("->" in one for one in lines) >= 3, ran
    ran = kit.run("--dot", kit.file("dmesg", b"[    1.0] Linux version 6.1.0\n[   99.0] INFO: task a:1 blocked for more than 120 seconds.\n"))
    assert ran.status == NOT_EXPLAINED and ran.output.startswith("digraph whyhung {") and "->" not in ran.output, ran


def no_colour_goes_to_a_dumb_terminal(kit):
    script = ["script", "-qec", f"{kit.program} {SAMPLE}", "/dev/null"]
    if subprocess.run(["sh", "-c", "command -v script"], capture_output=True).returncode != 0:
        return
    for term, coloured in (("dumb", False), ("xterm", True)):
        environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
        output = subprocess.run(script, capture_output=True, env={**environment, "TERM": term}, stdin=subprocess.DEVNULL,
                                timeout=60).stdout
        assert b"never reached" in output and (b"\x1b[" in output) == coloured, (term, output)


def no_line_is_written_anew_on_a_dumb_terminal(kit):
    log = kit.file("dmesg", b"[    1.0] Linux version 6.1.0\n[   99.0] INFO: task a:1 blocked for more than 120 seconds.\n")
    slowly = f"(sleep 0.6; cat {log}) | {kit.program} --color=never -"
    for term, written_anew in (("dumb", False), ("xterm", True)):
        output = subprocess.run(["script", "-qec", slowly, "/dev/null"], capture_output=True, stdin=subprocess.DEVNULL,
                                env={**os.environ, "TERM": term}, timeout=60).stdout
        assert b"kernel log" in output and (b"\x1b[K" in output) == written_anew, (term, output)


def statistics_of_a_saved_snapshot_are_printed_too(kit):
    ran = kit.run("--stats", kit.snapshot())
    assert ran.status == EXPLAINED and "read the snapshot" in ran.errors and "pages read" not in ran.errors, ran


def a_saved_snapshot_says_the_same_as_the_dump(kit):
    snapshot = kit.snapshot()
    assert kit.run(snapshot).output == kit.run(SAMPLE).output
    for command in ("sys", "mod", "bt -a", "foreach UN bt"):
        ran = kit.run(snapshot, "-c", command)
        assert ran.status == 0 and ran.output == kit.run(SAMPLE, "-c", command).output, (command, ran)


def a_command_that_needs_memory_says_of_a_snapshot_that_it_holds_none(kit):
    refused(kit.run(kit.snapshot(), "-c", "log"), "log needs the machine's memory: a saved snapshot holds no memory")


def the_dump_is_opened_once(kit):
    trace = kit.folder / "trace"
    strace = subprocess.run(["sh", "-c", "command -v strace"], capture_output=True).stdout.decode().strip()
    if not strace:
        return  # the same is said by the number of bytes that --stats counts, below
    subprocess.run([strace, "-f", "-e", "trace=openat", "-o", trace, kit.program, SAMPLE], stdout=subprocess.DEVNULL, check=True)
    assert trace.read_text().count(str(SAMPLE)) == 1, trace.read_text()


def what_was_named_and_is_not_used_is_said_at_once(kit):
    ran = kit.run("--vmlinux", "k", "--types", "t", kit.snapshot())
    warned(ran, "whyhung: --vmlinux k is not used: ", "whyhung: --types t is not used: ")


def a_file_that_was_named_and_cannot_be_read_is_exit_status_2(kit):
    nonsense = kit.file("nonsense", b"nonsense" * 100)
    for option in ("--vmlinux", "--types"):
        for extra in ([], ["-c", "bt -l 115"], ["--json"]):
            refused(kit.run(option, kit.folder / "nosuch", SAMPLE, *extra), "nosuch: cannot be opened: No such file")
            refused(kit.run(option, nonsense, SAMPLE, *extra), "nonsense: ")
    refused(kit.run("pack", "--vmlinux", "nosuch", SAMPLE, "-o", "small"), "nosuch: cannot be opened")


def a_file_that_belongs_to_another_kernel_is_said_at_once_and_the_answer_given(kit):
    types = kit.dump("types/5.10-amd64.types", SOURCE / "tests" / "kernel_matrix" / "types" / "5.10-amd64.types")
    for extra in ([], ["-c", "bt -a"]):
        warned(kit.run("--types", types, SAMPLE, *extra), "does not belong to this dump and is not used")
    warned(kit.run("--types", types.parent, SAMPLE), "types: none of its 1 files ending in .types belongs to this dump")


def gaps_are_shown_on_standard_error_with_commands(kit):
    dump = kit.dump("cut.vmcore")
    dump.write_bytes(dump.read_bytes()[:-1])
    ran = kit.run(dump, "-c", "sys")
    assert ran.status == 0, ran
    assert "whyhung: the dump file: " in ran.errors, ran
