#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Composes the logs of this folder's stories, each with what may be said of it. usage: make_logs.py FOLDER

A story is a list of (seconds, caller, text) as a kernel would print them and a dialect that wraps them the way that a
collector does. Names of tasks, functions and machines are made up; the forms are the kernel's."""
import json
import pathlib
import sys

from bystanders import BYSTANDERS
from dialects import DIALECTS
from doubts import DOUBTS
from stories import STORIES


def dmesg(records):
    return [f"[{time:12.6f}] {text}" for time, _, text in records]


def caller(records):
    return [f"[{time:12.6f}][{who:>6}] {text}" for time, who, text in records]


def caller_apart(records):
    """As dmesg prints what /dev/kmsg says: with a blank between."""
    return [f"[{time:12.6f}] [{who:>6}] {text}" for time, who, text in records]


def journal(records):
    return [f"Mar  4 {int(time) // 3600 % 24:02}:{int(time) // 60 % 60:02}:{int(time) % 60:02} heron kernel: {text}"
            for time, _, text in records]


def journal_backwards(records):
    return list(reversed(journal(records)))


def human(records):
    return [f"[Wed Mar  4 {int(time) // 3600 % 24:02}:{int(time) // 60 % 60:02}:{int(time) % 60:02} 2026] {text}"
            for time, _, text in records]


def iso(records):
    return [f"2026-03-04T{int(time) // 3600 % 24:02}:{int(time) // 60 % 60:02}:{int(time) % 60:02}.{int(time % 1 * 1e6):06}+01:00"
            f" heron kernel: [{time:12.6f}] {text}" for time, _, text in records]


def as_json(records):
    return [json.dumps({"PRIORITY": "4", "_TRANSPORT": "kernel", "_HOSTNAME": "heron", "MESSAGE": text,
                        "__REALTIME_TIMESTAMP": str(int((1_770_000_000 + time) * 1e6)),
                        "_SOURCE_MONOTONIC_TIMESTAMP": str(int(time * 1e6))}) for time, _, text in records]


def netconsole(records):
    return [f"4,{100 + i},{int(time * 1e6)},-,caller={who};{text}" for i, (time, who, text) in enumerate(records)]


def levels(records):
    return [f"<4>[{time:12.6f}] {text}" for time, _, text in records]


def mail(records):
    return ["> " + line.replace("<", "&lt;").replace(">", "&gt;") if "[" in line else line for line in dmesg(records)]


def csv(records):
    return ['"time","host","message"'] + [f'"2026-03-04T01:{int(time) // 60 % 60:02}:{int(time) % 60:02}Z","heron","' +
                                          text.replace('"', '""') + '"' for time, _, text in records]


def csv_of_site(records):
    return ["Date,Host,Severity,Facility,Message"] + [
        f'2026-03-04 01:{int(time) // 60 % 60:02}:{int(time) % 60:02},heron,warning,kern,"' + text.replace('"', '""') + '"'
        for time, _, text in records]


def of_container(records):
    return [json.dumps({"log": f"[{time:12.6f}] {text}\n", "stream": "stdout", "time": f"2026-03-04T01:00:{int(time) % 60:02}.5Z"})
            for time, _, text in records]


def of_cloud(records):
    return [json.dumps({"insertId": f"x{i}", "labels": {"compute.googleapis.com/resource_name": "heron"},
                        "resource": {"type": "gce_instance"}, "textPayload": f"[{time:12.6f}] {text}\r\n",
                        "timestamp": f"2026-03-04T01:{int(time) // 60 % 60:02}:{int(time) % 60:02}.123456Z"})
            for i, (time, _, text) in enumerate(records)]


def wrapped_at(width, texts):
    return [line[i:i + width] for line in texts for i in range(0, max(len(line), 1), width)]


def wrapped(records):
    return wrapped_at(72, dmesg(records))


def journal_wrapped(records):
    return wrapped_at(80, [line.replace(" heron ", " heron-with-a-very-long-name ") for line in journal(records)])


def doubled(records):
    return [line for line in dmesg(records) for _ in (0, 1)]


def pstore(records):
    third = max(1, len(records) // 3)
    parts = [levels(records[i:i + third]) for i in range(0, len(records), third)]
    lines = []
    for number, part in enumerate(reversed(parts), 1):
        lines += [f"Panic#1 Part{number}", *part]
    return lines


def journal_with_a_liar(records):
    said = ["INFO: task victim:9 blocked for more than 120 seconds.", "BUG: soft lockup - CPU#1 stuck for 23s! [liar:8]",
            "Call Trace:", " liar_loop+0x1c/0x90"]
    return journal(records) + [line.replace("kernel: ", "liar[8]: ") for line in journal([(130, "", text) for text in said])]


def at(time):
    return f"{int(time) // 3600 % 24:02}:{int(time) // 60 % 60:02}:{int(time) % 60:02}"


def syslog_of_all(records):
    """As rsyslog writes it: the kernel's lines with its own clock behind rsyslog's, those of others without."""
    start, end = records[0][0], records[-1][0]
    lines = [f"Mar  4 {at(start - 30 + i)} heron systemd[1]: Started Session {i} of user root." for i in range(20)]
    lines += [f"Mar  4 {at(time)} heron kernel: [{time:12.6f}] {text}" for time, _, text in records]
    return lines + [f"Mar  4 {at(end + i)} heron sshd[77]: Connection closed by 10.0.0.{i}" for i in range(20)]


def of_two_machines(records):
    start = records[0][0]
    well = [(start + 30 * i, f"Mar  4 {at(start + 30 * i)} egret kernel: IPv6: ADDRCONF(NETDEV_CHANGE): veth{i}: link becomes ready")
            for i in range(40)]
    return [line for _, line in sorted([(time, line) for (time, _, _), line in zip(records, journal(records))] + well, key=lambda one: one[0])]


def dmesg_iso(records):
    return [f"2026-03-04T{at(time)},{int(time % 1 * 1e6):06}+01:00 {text}" for time, _, text in records]


def csv_as_shown(records):
    return ["Time,host,program,Message"] + [f'"Mar 4, 2026 @ {at(time)}.{int(time % 1 * 1e3):03}",heron,kernel,"' + text.replace('"', '""') + '"'
                                            for time, _, text in records]


def bare(records):
    return [text for _, _, text in records]


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, (dialect, records, truth) in (STORIES | DIALECTS | DOUBTS | BYSTANDERS).items():
        (folder / f"{name}.log").write_text("\n".join(globals()[dialect](records)) + "\n")
        (folder / f"{name}.truth.json").write_text(json.dumps(truth, indent=1) + "\n")


if __name__ == "__main__":
    main()
