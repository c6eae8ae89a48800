# SPDX-License-Identifier: GPL-2.0-or-later
"""The hang on a line of time, whole names in data, and what stands on a terminal when the prompt comes back."""
import json
import os
import re
import unicodedata

from calls_report import SCENARIOS, _on_terminal
from kit import EXPLAINED, NOT_EXPLAINED, OTHER, SAMPLE, refused

PROMPT = "user@host:~$ "
SLACK = 0.002  # microseconds: times are numbers with a fraction


def _trace(kit, path, *more):
    ran = kit.run("-f", "--perfetto", "trace.json", *more, path)
    assert ran.status in (EXPLAINED, NOT_EXPLAINED), ran
    return json.loads((kit.folder / "trace.json").read_text())["traceEvents"]


def _slices(events):
    tracks = {}
    for event in events:
        if event["ph"] == "X":
            assert event["dur"] >= 0 and event["ts"] >= 0, event
            tracks.setdefault((event["pid"], event["tid"]), []).append((event["ts"], event["ts"] + event["dur"], event["name"]))
    return tracks


def _check_nesting(events, path):
    """What a viewer draws below each other lies within each other, whole."""
    for track, slices in _slices(events).items():
        open_until = []
        for begin, end, name in sorted(slices, key=lambda one: (one[0], -one[1])):
            while open_until and open_until[-1] <= begin + SLACK and open_until[-1] < end - SLACK:
                open_until.pop()
            assert not open_until or end <= open_until[-1] + SLACK, (path, track, name)
            open_until.append(end)


def _check_arrows(events, path):
    """Each has two ends at one moment, on two tracks, in something that goes on there."""
    tracks, ends = _slices(events), {}
    for event in events:
        if event["ph"] in "sf":
            ends.setdefault(event["id"], []).append(event)
            track = tracks.get((event["pid"], event["tid"]), [])
            assert any(begin - SLACK <= event["ts"] <= end + SLACK for begin, end, _ in track), (path, event)
    for pair in ends.values():
        assert [event["ph"] for event in pair] == ["s", "f"] and pair[0]["ts"] == pair[1]["ts"], (path, pair)
        assert (pair[0]["pid"], pair[0]["tid"]) != (pair[1]["pid"], pair[1]["tid"]) and pair[1]["bp"] == "e", (path, pair)
    return len(ends)


def a_trace_is_nested_and_its_arrows_lead_from_one_slice_to_another(kit):
    arrows = 0
    for path in [SAMPLE, OTHER, *sorted(SCENARIOS.glob("*/snapshot.json"))]:
        events = _trace(kit, path)
        _check_nesting(events, path)
        arrows += _check_arrows(events, path)
        named = {(event["pid"], event["tid"]) for event in events if event["name"] == "thread_name"}
        assert {(event["pid"], event["tid"]) for event in events if event["ph"] in "Xsf"} <= named, path
    assert arrows > 100, arrows


def a_trace_of_a_deadlock_shows_who_waits_for_whom_and_the_log(kit):
    events = _trace(kit, OTHER)
    tracks = {(event["pid"], event["tid"]): event["args"]["name"] for event in events if event["name"] == "thread_name"}
    arrows = [event for event in events if event["ph"] in "sf"]
    between = {(tracks[(a["pid"], a["tid"])], tracks[(b["pid"], b["tid"])]) for a, b in zip(arrows[::2], arrows[1::2])}
    assert any((b, a) in between for a, b in between), between
    lines = [event for event in events if event["ph"] == "i" and event["pid"] == 3]
    assert any("Linux version" in event["name"] for event in lines) and len(lines) > 100, len(lines)
    slept = [end - begin for track, slices in _slices(events).items() for begin, end, name in slices if "waits for mutex" in name]
    assert slept and all(seconds > 10e6 for seconds in slept), slept


def a_trace_needs_a_dump_and_replaces_nothing_without_force(kit):
    there, log = kit.file("there", b"precious"), kit.file("dmesg", b"[    1.0] Linux version 6.1.0\n[    2.0] more\n" * 3)
    refused(kit.run("--perfetto", there, SAMPLE), "exists")
    assert there.read_bytes() == b"precious"
    refused(kit.run("--perfetto", "new.json", log), "--perfetto needs a dump")


def a_redacted_trace_has_no_names_of_programs_and_no_command_line(kit):
    tasks = json.loads(kit.run("--json", SAMPLE).output)["tasks"]
    _trace(kit, SAMPLE, "--redact")
    text = (kit.folder / "trace.json").read_text()
    assert "ommand line: (redacted)" in text and "BOOT_IMAGE" not in text and "rdinit=" not in text
    for name in {task["comm"] for task in tasks if not task.get("kernel_thread", task.get("is_kernel_thread"))} - {"init"}:
        assert not re.search(rf"(?<![\w-]){re.escape(name)} \(\d+\)", text), name


def names_in_the_graph_are_whole_in_data_and_cut_in_pictures(kit):
    function, module = "wait_for_the_firmware_of_the_second_controller_to_answer", "a_module_with_quite_a_long_name_of_its_own"
    snapshot = json.loads((SCENARIOS / "mutex-abba" / "snapshot.json").read_text())
    for location in snapshot["locations"]:
        if location.get("module"):
            location["function"], location["module"] = function, module
    for resource in snapshot["resources"]:
        if resource["kind"] == "mutex":
            resource["name"] = f"{function} [{module}]"
    machine = kit.file("machine.json", json.dumps(snapshot).encode())
    graph = json.loads(kit.run("--json", machine).output)["graph"]
    labels = [line for node in graph["nodes"] for line in node["label"]]
    assert f"{function}() [{module}]" in labels and f"mutex {function} [{module}]" in labels, labels
    assert kit.run("-f", "--svg", "hang.svg", machine).status == EXPLAINED
    assert kit.run("--dot", machine).status == EXPLAINED
    for picture in ((kit.folder / "hang.svg").read_text(), kit.run("--dot", machine).output):
        assert function[:30] in picture and f"mutex {function} [{module}]" not in picture


# --- what stands on the terminal when the prompt comes back ---
def _width(c):
    return 0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1


def _visible(shown, rows, columns):
    """The lines of a terminal of that size behind which a prompt has been written."""
    lines, at = [""], 0
    text = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", shown).replace("\r\n", "\n") + PROMPT
    for c in text:
        if c == "\n":
            lines.append("")
            at = 0
        elif c == "\r":  # what told of the progress is wiped away
            lines[-1], at = "", 0
        else:
            if at + _width(c) > columns:
                lines.append("")
                at = 0
            lines[-1] += c
            at += _width(c)
    return lines[-rows:]


def the_headline_stands_on_the_terminal_when_the_prompt_comes_back(kit):
    for path in [SAMPLE, OTHER, *sorted(SCENARIOS.glob("*/snapshot.json"))]:
        for rows, columns in ((24, 80), (50, 120)):
            shown, status = _on_terminal(kit, [path], rows=rows, columns=columns, LC_ALL="C.UTF-8", WHYHUNG_PAGER="false")
            assert status in (EXPLAINED, NOT_EXPLAINED), (path, status, shown)
            visible = _visible(shown, rows, columns)
            assert re.match("(HUNG|NOT HUNG|CRASHED|UNDETERMINED)  ", visible[0]), (path, rows, columns, visible)
            assert visible[-1] == PROMPT and len(visible) <= rows, (path, visible)
