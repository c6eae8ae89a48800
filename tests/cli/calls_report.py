# SPDX-License-Identifier: GPL-2.0-or-later
"""The forms in which an answer is passed on: a page, a picture, plain words, without what is private, in a pager."""
import fcntl
import html.parser
import json
import os
import pty
import re
import select
import struct
import subprocess
import termios
import xml.etree.ElementTree

from kit import EXPLAINED, NOT_EXPLAINED, OTHER, SAMPLE, SOURCE, refused

SCENARIOS = SOURCE / "tests" / "scenarios"
LOG = b"[    1.0] Linux version 6.1.0\n[   99.0] INFO: task <script>:77 blocked for more than 120 seconds.\n" \
      b"[   99.0] task:<script>        state:D stack:0     pid:77    ppid:1\n[   99.0] Call Trace:\n[   99.0]  __schedule+0x1/0x2\n" \
      b"[   99.0]  __mutex_lock+0x1/0x2\n[   99.0]  update+0x1/0x2 [m]\n"
CIRCLE = b"".join(
    b"[  130.000001] INFO: task %s:%d blocked for more than 122 seconds.\n[  130.000001] task:%-15s state:D stack:0     pid:%-5d ppid:1      flags:0x0\n"
    b"[  130.000001] Call Trace:\n[  130.000001]  __schedule+0x1/0x2\n[  130.000001]  __mutex_lock+0x1/0x2\n[  130.000001]  %s+0x1/0x2 [m]\n"
    b"[  130.000001] INFO: task %s:%d is blocked on a mutex likely owned by task %s:%d.\n" % (a, p, a, p, f, a, p, b, q)
    for a, p, f, b, q in ((b"alpha", 7, b"take_a", b"beta", 8), (b"beta", 8, b"take_b", b"alpha", 7)))
VOID = {"meta"}


class _Page(html.parser.HTMLParser):
    """That elements are closed in their order; ids, links and what could lead out of the page."""
    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.links, self.tags = [], set(), set(), set()
        self.feed(text)
        self.close()
        assert not self.open, f"not closed: {self.open}"

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        for name, value in attributes:
            assert not name.startswith("on") and name not in ("src", "srcset", "style", "action"), (tag, name)
            if name == "id":
                assert value not in self.ids, f"twice: {value}"
                self.ids.add(value)
            if name == "href":
                assert value.startswith("#"), value
                self.links.add(value[1:])
        if tag not in VOID and not self.get_starttag_text().endswith("/>"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, (self.open, tag, self.getpos())
        self.open.pop()


def _page(kit, *arguments, name="page.html"):
    ran = kit.run("-f", "--html", name, *arguments)
    assert ran.status in (EXPLAINED, NOT_EXPLAINED), ran
    return (kit.folder / name).read_text()


def a_page_is_written_beside_the_answer_and_is_whole_by_itself(kit):
    for path in (SAMPLE, OTHER, SCENARIOS / "twin-idle" / "snapshot.json", SCENARIOS / "crashed-null-dereference" / "snapshot.json"):
        text = _page(kit, path)
        page = _Page(text)
        assert page.links <= page.ids, page.links - page.ids
        assert "script" not in page.tags and "link" not in page.tags and "img" not in page.tags
        assert "http" not in re.sub(r'xmlns="[^"]*"|http-equiv', "", text), "an address of elsewhere"
        assert "Content-Security-Policy" in text and "prefers-color-scheme" in text and "@media print" in text
    assert kit.run("-f", "--html", "page.html", SAMPLE).output == kit.run(SAMPLE).output


def a_page_on_a_dump_has_the_log_and_one_on_a_log_too(kit):
    assert "soft lockup - CPU#" in _page(kit, SAMPLE) and "Linux version" not in _page(kit, SAMPLE)
    text = _page(kit, kit.file("dmesg", LOG))
    _Page(text)
    assert "<script" not in text and "&lt;script&gt;" in text, text
    assert "blocked for more than 120 seconds" in text and "Who waits for whom" not in text
    assert "Who waits for whom" in _page(kit, kit.file("circle", CIRCLE)), "a circle that the kernel names"


def a_page_never_replaces_what_is_read_and_nothing_else_without_force(kit):
    dump, there, log = kit.dump(), kit.file("there", b"precious"), kit.file("dmesg", LOG)
    before = dump.read_bytes()
    for option in ("--html", "--svg"):
        refused(kit.run(option, there, SAMPLE), "there: exists already", "-f")
        refused(kit.run("-f", option, dump, dump), "is the file that is being read")
    refused(kit.run("-f", "--html", log, log), "is the file that is being read")
    assert there.read_bytes() == b"precious" and dump.read_bytes() == before and log.read_bytes() == LOG
    refused(kit.run("-f", "--svg", log, log), "is the file that is being read")


def a_picture_is_well_formed_and_marks_the_culprit(kit):
    assert kit.run("--svg", "hang.svg", OTHER).status == EXPLAINED
    root = xml.etree.ElementTree.parse(kit.folder / "hang.svg").getroot()
    classes = [element.get("class", "") for element in root.iter()]
    assert "node culprit" in classes and "edge circle" in classes and "node resource" in classes, classes


def explain_shows_a_class_and_a_word_and_asks_back_what_it_does_not_know(kit):
    words = json.loads((SOURCE / "docs" / "report.schema.json").read_text())["$defs"]
    names = {*words["hang_class"]["enum"], *words["log_class"]["enum"]}
    assert "console-storm" in names and "stop-machine-starved" in names
    for name in names:
        ran = kit.run("explain", name)
        assert ran.status == 0 and ran.output.startswith(name + "\n") and len(ran.output.splitlines()) > 2, ran
    ran = kit.run("explain", "stop-machine-starved", environment={"COLUMNS": "60"})
    for part in ("What one sees", "How it looks", "What to do", "cond_resched()"):
        assert part in ran.output, ran
    assert "network" in kit.run("explain", "Softirq").output.lower()
    refused(kit.run("explain", "softriq"), "did you mean softirq?")
    refused(kit.run("explain", "mutex-deadlok"), "did you mean mutex-deadlock?")
    refused(kit.run("explain", "zzzzzzzzz"), "whyhung explain lists")
    everything = kit.run("explain").output
    assert all(name in everything.replace("\n  ", " ") for name in names) and "spinlock" in everything


def the_plain_answer_says_what_to_do_in_words_for_everybody(kit):
    for path in [SAMPLE, OTHER, *sorted(SCENARIOS.glob("*/snapshot.json"))]:
        ran = kit.run("--plain", path)
        assert ran.status == kit.run(path).status, ran
        assert ran.output.startswith("This machine ") or ran.output.startswith("Something "), ran
        assert "What happened  " in ran.output and "How sure" in ran.output and "whyhung explain" in ran.output, ran
        assert all(len(line) <= 80 for line in ran.output.splitlines()), ran
        assert not re.search(r"[a-z]\.\.(?!\w)| \. ", ran.output), ran


def folded_stacks_are_counted_and_add_up(kit):
    ran = kit.run("--folded", SAMPLE)
    lines = ran.output.splitlines()
    assert ran.status == EXPLAINED and all(re.fullmatch(r"[^ ;]+(;[^ ;]+)* [1-9][0-9]*", line) for line in lines), ran
    tasks = json.loads(kit.run("--json", SAMPLE).output)["accounting"]["task_total"]
    assert sum(int(line.rsplit(" ", 1)[1]) for line in lines) == tasks
    assert any(line.startswith("culprit;") and "pmount_kthread_[while1]" in line for line in lines), lines


# --- what is private ---
PUBLIC = {"function", "module", "thread_function", "thread_function_module", "meanings", "kind", "schema", "state", "role", "end",
          "origin", "release", "version", "symbols_from", "types_from", "dump_format", "task_state_member", "calls", "instructions"}


def _texts(value, key=""):
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _texts(inner, name)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one, key)
    elif isinstance(value, str) and key not in PUBLIC:
        yield value


def nothing_private_is_left_and_the_verdict_is_the_same(kit):
    left = kit.folder / "left.json"
    for path in sorted(SCENARIOS.glob("*/snapshot.json")):
        snapshot = json.loads(path.read_text())
        snapshot["machine"]["node_name"] = "db-07-secret"
        snapshot["log"] = [{"sequence": 1, "time": 1, "level": 6, "caller": "", "text": text} for text in (
            "Kernel command line: BOOT_IMAGE=/vmlinuz root=UUID=0a1b2c3d-0000-1111-2222-333344445555 pw",
            "eth0: link 52:54:00:12:34:56 to 10.20.30.40 and fe80::5054:ff:fe12:3456 of db-07-secret", "open /home/alice/plan.txt",
            "password=hunter2 key 6b51d431df5d7f141cbececcf79edf3dd861c3b4069f0b11661a3eefacbba918")]
        machine = kit.file("machine.json", json.dumps(snapshot).encode())
        before, after = json.loads(kit.run("--json", machine).output), kit.run("-f", "--redact", "--save-snapshot", left, "--json", machine)
        assert after.errors.startswith("whyhung: redacted: "), after
        told = json.loads(after.output)
        for member in ("class", "confidence"):
            assert told["verdict"][member] == before["verdict"][member], path
        assert [(one["class"], one.get("signature")) for one in told["findings"]] == \
            [(one["class"], one.get("signature")) for one in before["findings"]], path
        threads = {task["comm"] for task in snapshot["tasks"] if task["is_kernel_thread"] or task["is_idle_task"]}
        programs = {task["comm"] for task in snapshot["tasks"]} - threads
        names = re.compile(r"(?<!\w)(" + "|".join(map(re.escape, sorted(programs))) + r")(?!\w)")
        text = left.read_text()
        for secret in ("db-07-secret", "52:54:00", "10.20.30.40", "fe80::", "alice", "hunter2", "0a1b2c3d", "6b51d431", "vmlinuz", "pw\""):
            assert secret not in text, (path, secret)
        for one in _texts(json.loads(text)):
            assert not programs or not names.search(one), (path, names.search(one)[0], one)
        again = kit.run("--json", left)
        assert json.loads(again.output)["verdict"]["class"] == before["verdict"]["class"]


def a_redacted_page_of_a_dump_holds_no_program_and_no_host(kit):
    text = _page(kit, "--redact", SAMPLE)
    tasks = json.loads(kit.run("--json", SAMPLE).output)["tasks"]
    _Page(text)
    assert "ommand line: " not in text.replace("ommand line: (redacted)", ""), "the kernel's command line"
    for name in {task["comm"] for task in tasks if not task.get("kernel_thread", task.get("is_kernel_thread"))} - {"", "init"}:
        if not name.startswith("swapper"):
            assert not re.search(rf"(?<![\w-]){re.escape(name)} \(\d+\)", text), name
    refused(kit.run("--redact", SAMPLE, "-c", "ps"), "--redact")


def a_log_is_told_plainly_as_stacks_and_as_a_graph_too(kit):
    log = kit.file("circle", CIRCLE)
    plain = kit.run("--plain", log).output
    assert "This machine hung, most likely" in plain and "module \"m\"" in plain, plain
    folded = kit.run("--folded", log).output
    assert "take_a_[m];__mutex_lock;__schedule 1" in folded, folded
    dot = kit.run("--dot", log).output
    assert "alpha (7)" in dot and dot.count("waits for") == 2 and dot.count("penwidth=3]") == 2, dot
    assert kit.run("--svg", "log.svg", log).status == EXPLAINED
    assert "edge circle" in (kit.folder / "log.svg").read_text()
    signature = json.loads(kit.run("--json", log).output)["verdict"]["signature"]
    assert signature["id"].startswith("mutex-deadlock:") and signature["id"] in kit.run(log).output, signature


def a_redacted_log_names_no_program_and_no_host(kit):
    run = kit.run("--redact", "--full", kit.file("circle", CIRCLE))
    assert "alpha" not in run.output and "beta" not in run.output and "program-1 (pid 7)" in run.output, run.output
    assert "redacted: " in run.errors, run.errors


def a_dump_that_cannot_be_opened_is_judged_by_the_log_beside_it(kit):
    (kit.folder / "crash").mkdir()
    dump, log = kit.folder / "crash" / "vmcore", kit.folder / "crash" / "vmcore-dmesg.txt"
    dump.write_bytes(b"KDUMP   " + bytes(64))
    log.write_bytes(CIRCLE)
    for named in (dump, dump.parent):
        run = kit.run("--json", named)
        assert json.loads(run.output)["verdict"]["class"] == "mutex-deadlock", run.output
        assert "so the log beside it is judged" in run.errors, run.errors
    log.unlink()
    refused(kit.run(dump), "vmcore")


# --- the pager ---
def _on_terminal(kit, arguments, rows=24, columns=80, **environment):
    """What stands on a terminal of that size, and the exit status."""
    clean = {name: value for name, value in os.environ.items()
             if name not in ("PAGER", "WHYHUNG_PAGER", "LESS", "LINES", "COLUMNS", "NO_COLOR")}
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    with subprocess.Popen([kit.program, *map(str, arguments)], stdin=slave, stdout=slave, stderr=slave, cwd=kit.folder,
                          env={**clean, "TERM": "xterm", **environment}, start_new_session=True) as process:
        os.close(slave)
        shown = b""
        while select.select([master], [], [], 30)[0]:
            try:
                piece = os.read(master, 65536)
            except OSError:
                break
            if not piece:
                break
            shown += piece
        status = process.wait(30)
    os.close(master)
    return shown.decode(errors="replace"), status


def a_long_page_goes_through_the_pager_of_the_user_and_keeps_its_exit_status(kit):
    mark = {"WHYHUNG_PAGER": "sed s/^/PAGED:/"}
    shown, status = _on_terminal(kit, ["--full", SAMPLE], **mark)
    assert "PAGED:" in shown and "EVERY TASK AND CPU" in shown and status == EXPLAINED, (status, shown)
    shown, status = _on_terminal(kit, ["--full", SCENARIOS / "made-waits-unknown" / "snapshot.json"], **mark)
    assert "PAGED:" in shown and status == NOT_EXPLAINED, (status, shown)
    shown, _ = _on_terminal(kit, ["--full", SAMPLE], PAGER="sed s/^/PAGED:/")
    assert "PAGED:" in shown
    shown, _ = _on_terminal(kit, [SAMPLE], rows=10, **mark)
    assert "PAGED:" in shown, "the first screen is longer than this terminal"


def no_pager_is_asked_where_the_text_fits_or_nobody_wants_it(kit):
    mark = {"WHYHUNG_PAGER": "sed s/^/PAGED:/"}
    for arguments, rows, environment in (([SAMPLE], 24, mark), (["--full", SAMPLE], 500, mark), (["--full", "--no-pager", SAMPLE], 24, mark),
                                         (["--full", SAMPLE], 24, {**mark, "TERM": "dumb"}), (["--json", SAMPLE], 24, mark),
                                         (["--full", SAMPLE], 24, {"WHYHUNG_PAGER": "", "PAGER": "sed s/^/PAGED:/"}),
                                         (["--full", SAMPLE], 24, {"PAGER": "cat"})):
        shown, status = _on_terminal(kit, arguments, rows=rows, **environment)
        assert "PAGED:" not in shown and status == EXPLAINED, (arguments, shown)
    assert "PAGED:" not in kit.run("--full", SAMPLE, environment=mark).output, "standard output is a pipe"


def who_leaves_the_pager_early_has_made_no_error_and_a_missing_pager_loses_nothing(kit):
    shown, status = _on_terminal(kit, ["--full", SAMPLE], WHYHUNG_PAGER="head -1")
    assert status == EXPLAINED and "EVERY TASK AND CPU" not in shown and "whyhung:" not in shown, (status, shown)
    shown, status = _on_terminal(kit, ["--full", SAMPLE], WHYHUNG_PAGER="no-such-pager")
    assert status == EXPLAINED and "EVERY TASK AND CPU" in shown, (status, shown)
    shown, status = _on_terminal(kit, ["explain", "stop-machine-starved"], rows=10, WHYHUNG_PAGER="sed s/^/PAGED:/")
    assert status == 0 and "PAGED:" in shown
