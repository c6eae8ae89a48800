#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Two scripts that people write, in Python over libwhyhung and in drgn, on the same dump: the stacks of all tasks, and ten
members of each task. Both are timed from the start of the process to its end.

usage: scripts_side_by_side.py --library libwhyhung.so [--drgn DRGN --vmlinux FILE] [--runs N] VMCORE
"""
import argparse
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
MEMBERS = ["pid", "tgid", "comm", "prio", "static_prio", "flags", "exit_state", "on_cpu", "on_rq", "policy"]
WHYHUNG = {
    "all stacks": "import sys, whyhung\nm = whyhung.open(sys.argv[1])\n"
                  "print(sum(len(t.stack) for t in m.tasks()), 'frames')\n",
    "ten members": "import sys, whyhung\nm = whyhung.open(sys.argv[1])\n"
                   f"print(len([t.object.read(*{MEMBERS!r}) for t in m.tasks()]), 'tasks')\n",
}
DRGN = {
    "all stacks": "from drgn.helpers.linux.pid import for_each_task\n"
                  "n = 0\nfor t in for_each_task(prog):\n    try:\n        n += len(prog.stack_trace(t))\n    except Exception:\n        pass\n"
                  "print(n, 'frames')\n",
    "ten members": "from drgn.helpers.linux.pid import for_each_task\n"
                   f"print(len([[t.member_(m).value_() for m in {MEMBERS!r}] for t in for_each_task(prog)]), 'tasks')\n",
}


def timed(command, runs, **how):
    best, said = None, ""
    for _ in range(runs):
        before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        ran = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, **how)
        wall, after = time.monotonic() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
        user = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
        said = ran.stdout.strip() or ran.stderr.strip()[-80:]
        best = min(best or (user, wall), (user, wall))
    return best, said


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", required=True)
    parser.add_argument("--drgn")
    parser.add_argument("--vmlinux")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("vmcore")
    args = parser.parse_args()
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "python"), "WHYHUNG_LIBRARY": args.library}
    print("| script | with | CPU s | wall s | says |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        script = pathlib.Path(folder) / "script.py"
        for name, text in WHYHUNG.items():
            script.write_text(text)
            (user, wall), said = timed([sys.executable, script, args.vmcore], args.runs, env=environment)
            print(f"| {name} | whyhung | {user:.2f} | {wall:.2f} | {said} |")
            if args.drgn:
                script.write_text(DRGN[name])
                vmlinux = ["-s", args.vmlinux] if args.vmlinux else []
                (user, wall), said = timed([args.drgn, "-q", "-c", args.vmcore, *vmlinux, script], args.runs)
                print(f"| {name} | drgn | {user:.2f} | {wall:.2f} | {said} |")


main()
