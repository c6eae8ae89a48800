#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Composes what support tools make (a sosreport, a supportconfig, a report of apport, a crash folder, packed logs), in
which an episode is spread over several logs, and sees that whyhung finds and joins it; that damaged ones are judged as
far as they go; and that one made to fill a machine is refused.

usage: check_reports.py WHYHUNG"""
import base64
import bz2
import gzip
import io
import json
import lzma
import pathlib
import subprocess
import sys
import tarfile
import tempfile

import make_logs
from doubts import DOUBTS
from stories import Story, STORIES, header_61, SYSCALL

BOOT = 1_772_600_000  # the wall clock at which the boot in question began


def stamp(seconds):
    import time
    return time.strftime("%b %d %H:%M:%S", time.gmtime(BOOT + seconds))


def journal(records, host="heron"):
    return [f"{stamp(time)} {host} kernel: {text}" for time, _, text in records]


def filler(start, step, count, name="usb 1-1"):
    story = Story(start)
    for i in range(count):
        story.at(start + step * i).say(f"{name}: new high-speed USB device number {i} using xhci_hcd")
    return story.records


def start_of_boot(seed, uptime=1.5):
    story = Story(0.0)
    story.say("Linux version 6.1.0-21-amd64 (debian-kernel@lists.debian.org)").at(uptime)
    story.say(f"rtc_cmos 00:03: setting system clock to 2026-03-04T04:{seed:02}:20 UTC ({BOOT + seed * 60})")
    for i in range(4):
        story.at(uptime + i + seed / 1000).say(f"audit: type=1400 audit({BOOT + seed * 60 + i}.{seed:03}:{i}): apparmor=\"STATUS\"")
    return story.records


def episode():
    """The boot that hung: a disk fails at 5000 s, tasks are reported at 5125 s, and it was reset."""
    disk = Story(5000.0)
    disk.say("sd 2:0:0:0: [sdc] tag#4 FAILED Result: hostbyte=DID_TIME_OUT driverbyte=DRIVER_OK cmd_age=180s",
             "blk_update_request: I/O error, dev sdc, sector 2048 op 0x1:(WRITE) flags 0x800")
    hung = Story(5125.0)
    hung.hung("jbd2/sdc1-8", 410, 122, "__schedule", "schedule", "io_schedule", "bit_wait_io", "__wait_on_bit",
              "out_of_line_wait_on_bit", "__wait_on_buffer", "jbd2_journal_commit_transaction", "kjournald2", "kthread",
              "ret_from_fork", parent=2)
    hung.hung("mysqld", 900, 122, "__schedule", "schedule", "wait_transaction_locked", "add_transaction_credits",
              "start_this_handle", "jbd2__journal_start", "ext4_dirty_inode", *SYSCALL)
    return disk.records, hung.records


def sosreport():
    disk, hung = episode()
    common = start_of_boot(1) + filler(100, 600, 8)
    old = start_of_boot(0)
    messages = journal([(time - 90000, who, text) for time, who, text in old]) + journal(common + disk)
    # The console's ring had lost the disk's words when the machine was reset.
    crash = make_logs.dmesg([r for r in common if r[0] > 3] + hung)
    now = Story(0.0).say("Linux version 6.1.0-21-amd64 (debian-kernel@lists.debian.org)")
    now.records += start_of_boot(2, uptime=1.7)[1:] + filler(30, 10, 20, "usb 2-2")
    journalctl = ["-- Boot 11111111111111111111111111111111 --", *journal(common + disk),
                  "-- Boot 22222222222222222222222222222222 --",
                  *journal([(time + 20000, who, text) for time, who, text in now.records])]
    root = "sosreport-heron-2026-03-04-abcdefg"
    return {
        f"{root}/sos_commands/kernel/dmesg": lines(make_logs.dmesg(now.records)),
        f"{root}/sos_commands/kernel/dmesg_-T": lines(make_logs.human(now.records)),
        f"{root}/sos_commands/logs/journalctl_--no-pager": lines(journalctl),
        f"{root}/sos_commands/process/ps_auxwwwm": b"USER PID COMMAND\nroot 1 /sbin/init console=ttyS0 OK\n" * 400,
        f"{root}/var/log/messages": lines(messages),
        f"{root}/var/log/messages-20260222.gz": gzip.compress(lines(journal([(t - 900000, w, x) for t, w, x in old]))),
        f"{root}/var/crash/127.0.0.1-2026-03-04-05:40/vmcore-dmesg.txt": lines(crash),
        f"{root}/sys/kernel/notes": bytes(range(256)) * 9,
        f"{root}/" + "long/" * 40 + "name.txt": b"nothing\n",
    }


def lines(texts):
    return ("\n".join(texts) + "\n").encode()


def tar(files, form=tarfile.GNU_FORMAT):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


def apport():
    dialect, records, _ = STORIES["soft-lockup-backwards"]
    texts = [" " + line for line in make_logs.dmesg(records)]
    packed = gzip.compress(lines(make_logs.dmesg(records)))
    encoded = [" " + base64.b64encode(packed[i:i + 57 * 100]).decode() for i in range(0, len(packed), 57 * 100)]
    return (lines(["ProblemType: KernelOops", "Architecture: amd64", "Dmesg:", *texts, "Uname: Linux 6.1"]),
            lines(["ProblemType: KernelCrash", "CurrentDmesg.txt: base64", *encoded, "Uname: Linux 6.1"]))


def supportconfig():
    disk, hung = episode()
    dmesg = make_logs.dmesg([r for r in start_of_boot(1) if r[0] > 0] + hung)
    return {"scc_heron_260304/boot.txt": lines(["#==[ Command ]======================================#", "# /bin/dmesg",
                                                *dmesg]),
            "scc_heron_260304/messages.txt": lines(
                ["#==[ Log File ]=====================================#", "# /var/log/messages",
                 *journal(start_of_boot(1) + disk),
                 "#==[ Command ]======================================#", "# rpm -V systemd", "Verification Status: Passed"])}


def debian():
    """As sos makes one of Debian: rsyslog's files, in which only the kernel's lines have the kernel's clock."""
    _, records, _ = DOUBTS["others-without-uptime"]
    root = "sosreport-heron-2026-03-04-bcdefgh"
    text = make_logs.syslog_of_all(records)
    return {f"{root}/sos_commands/kernel/dmesg": lines(make_logs.dmesg(start_of_boot(2, uptime=1.7) + filler(30, 10, 20, "usb 2-2"))),
            f"{root}/sos_commands/logs/journalctl_--disk-usage": b"Archived and active journals take up 24.0M in the file system.\n",
            f"{root}/var/log/kern.log": lines(line for line in text if " kernel: " in line),
            f"{root}/var/log/syslog": lines(text)}


class Checks:
    def __init__(self, program):
        self.program, self.faults, self.done = program, 0, 0

    def run(self, name, path, wanted, culprit=None, least="possible", says=()):
        self.done += 1
        run = subprocess.run([self.program, "--json", str(path)], capture_output=True, timeout=300, text=True)
        if wanted is None:
            if run.returncode != 2 or len(run.stderr.strip().splitlines()) > 2 or run.stdout:
                self.fail(name, f"exit status {run.returncode}, {run.stderr.strip()[:200]}")
            for words in says:
                if words not in run.stderr:
                    self.fail(name, f"does not say {words}: {run.stderr.strip()[:200]}")
            return
        if run.returncode not in (0, 1):
            return self.fail(name, f"exit status {run.returncode}: {run.stderr.strip()[:200]}")
        report = json.loads(run.stdout)
        verdict = report["verdict"]
        accused = " ".join(str(c.get(key, "")) for c in verdict["culprits"] for key in ("comm", "function", "thing"))
        if verdict["class"] != wanted or (culprit or "") not in accused or (least == "likely" != verdict["confidence"]):
            self.fail(name, f"{verdict['class']} ({verdict['confidence']}), accuses {accused or 'nobody'}: {verdict['summary']}")
        for words in says:
            if words not in run.stdout:
                self.fail(name, f"does not say {words}")

    def fail(self, name, what):
        self.faults += 1
        print(f"{name}: {what}")


def main():
    checks = Checks(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)

        def write(name, content):
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            return path

        report = sosreport()
        both = ["line 15 of sosreport-heron-2026-03-04-abcdefg/var/log/messages", "vmcore-dmesg.txt"]
        for form, name in ((tarfile.GNU_FORMAT, "gnu"), (tarfile.PAX_FORMAT, "pax")):
            packed = lzma.compress(tar(report, form))
            checks.run(f"sosreport, {name}", write(f"{name}.tar.xz", packed), "io-stuck", "sdc", "likely", both[1:])
        checks.run("sosreport, gzip", write("sos.tar.gz", gzip.compress(tar(report))), "io-stuck", "sdc", "likely")
        checks.run("sosreport, bzip2", write("sos.tbz", bz2.compress(tar(report))), "io-stuck", "sdc", "likely")
        for name, content in report.items():
            write(f"unpacked/{name}", content)
        checks.run("sosreport, unpacked", root / "unpacked", "io-stuck", "sdc", "likely")
        # Cut off behind the logs in question; the order of an archive is that of its files.
        whole = tar(report)
        cut = lzma.compress(whole)[:-200]
        checks.run("sosreport, cut off", write("cut.tar.xz", cut), "io-stuck", "sdc", "likely", ["the rest of the file"])
        # Without the messages file the disk is not known: the stacks alone are no proof.
        less = {name: content for name, content in report.items() if "messages" not in name and "journalctl" not in name}
        checks.run("sosreport, only the crash folder", write("less.tar.xz", lzma.compress(tar(less))), "io-stuck", "block device")
        checks.run("supportconfig", write("scc.txz", lzma.compress(tar(supportconfig()))), "io-stuck", "sdc", "likely",
                   ["of scc_heron_260304/boot.txt"])
        plain, packed = apport()
        checks.run("apport, as text", write("a.crash", plain), "cpu-hog", "kworker/5:1", "likely", ["of Dmesg"])
        checks.run("apport, packed", write("b.crash", packed), "cpu-hog", "kworker/5:1", "likely", ["of CurrentDmesg.txt"])
        one = lines(make_logs.dmesg(STORIES["soft-lockup-backwards"][1]))
        for ending, pack in ((".gz", gzip.compress), (".xz", lzma.compress), (".bz2", bz2.compress)):
            checks.run(f"a log, {ending}", write(f"dmesg{ending}", pack(one)), "cpu-hog", "kworker/5:1", "likely")
        wide = one.decode().replace("\n", "\r\n")
        for form in ("utf-16-le", "utf-16-be"):
            text = ("\ufeff" + wide).encode(form)
            checks.run(f"a log, {form}", write(f"{form}.txt", text), "cpu-hog", "kworker/5:1", "likely")
            checks.run(f"a log, {form}, packed", write(f"{form}.gz", gzip.compress(text)), "cpu-hog", "kworker/5:1", "likely")
        checks.run("sosreport of Debian", write("debian.tar.xz", lzma.compress(tar(debian()))), "cpu-hog", "roach", "likely",
                   ["var/log/kern.log"])
        # 64 MB of nothing, forty times, packed twice.
        nothing = gzip.compress(gzip.compress(bytes(64 << 20)) * 40)
        checks.run("a bomb", write("bomb.log.gz", b"" + nothing), None)
        bomb = gzip.compress(gzip.compress(one + b"x" * (64 << 20)) + gzip.compress(b"x" * (64 << 20)) * 40)
        checks.run("a bomb that begins as a log", write("bomb2.log.gz", bomb), "cpu-hog", "kworker/5:1", "likely", ["the rest of the file"])
        checks.run("an archive without logs", write("none.tar.gz", gzip.compress(tar({"a": b"b\n"}))), None)
        checks.run("a damaged archive", write("bad.tar.xz", lzma.compress(b"x" + whole[1:])), None)
    print(f"{checks.done} reports, {checks.faults} faults")
    sys.exit(1 if checks.faults else 0)


if __name__ == "__main__":
    main()
