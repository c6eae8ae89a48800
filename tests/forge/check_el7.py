#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Forges a 3.10 kernel of ppc64le, composes a machine with it, and holds whyhung's report against what was put there:
check_el7.py WHYHUNG MAKE_DUMP SITUATION. Ends with 77 when there is no cross compiler."""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
COMPILER = "powerpc64le-linux-gnu-gcc"
FLAGS = ["-g", "-O2", "-std=gnu11", "-mabi=elfv2", "-mcpu=power8", "-mno-vsx", "-mno-altivec", "-mtraceback=no",
         "-ffreestanding", "-fno-pic", "-fno-optimize-sibling-calls", "-fno-stack-protector",
         "-fno-asynchronous-unwind-tables", "-nostdlib", "-static", "-Wl,--build-id=none", "-Wl,--no-warn-rwx-segments"]
SKIPPED = 77
STOPPED_CPUS = [0, 1, 2, 3, 4, 5, 7]
UNSAVED_CPUS = [2, 3, 4, 5, 6, 7]
STOPPER_STACK = ["multi_cpu_stop", "cpu_stopper_thread", "smpboot_thread_fn", "kthread", "ret_from_kernel_thread"]
RMMOD_STACK = ["wait_for_completion", "stop_cpus", "__stop_machine", "stop_machine", "try_stop_module",
               "sys_delete_module", "system_call"]

failures = []


def expect(condition, what):
    if not condition:
        failures.append(what)


def expect_text(text, *parts):
    for part in parts:
        expect(part in text, f"the report does not say: {part}")


def compile_kernel(folder):
    if shutil.which(COMPILER) is None:
        print(f"skipped: {COMPILER} is not installed (Debian package gcc-powerpc64le-linux-gnu)")
        sys.exit(SKIPPED)
    source = HERE / "el7_ppc64le"
    for out, script, more in (("vmlinux", "kernel.lds", ["kernel.c", "head.S"]),
                              ("while1", "while1.lds", [f"-Wl,-R,{folder}/vmlinux", "while1.c"])):
        subprocess.run([COMPILER, *FLAGS, "-Wl,-T," + script, "-o", str(folder / out), *more], cwd=source, check=True)


def run(status, *command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    expect(done.returncode == status, f"exit status {done.returncode}, not {status}: {done.stderr}")
    return " ".join(done.stdout.split())


def evidence_of(link):
    return {(one["kind"], one["what"]): one.get("value", "") for one in link["evidence"]}


def check_sources(report):
    machine = report["machine"]
    expect(machine["symbols_from"] == "kallsyms in the dump", "kallsyms found where nothing names them")
    expect(machine["types_from"].startswith("DWARF of "), "types from the vmlinux")
    expect(machine["release"].startswith("3.10.0-1160"), "release")
    expect(machine["panic_cpu"] == 1, "the CPU that panicked")
    expect(not any("lack" in gap["why"] for gap in report["gaps"]), f"members that were not found: {report['gaps']}")


def check_request(chain):
    asked, state, took_part, missing, waits = chain[:5]
    expect(asked["claim"].startswith("rmmod (pid 8702) asked for the machine to be stopped"), asked["claim"])
    found = evidence_of(asked)
    for function in ("stop_cpus", "__stop_machine", "stop_machine"):
        expect(("frame", function) in found, f"frame {function} of rmmod")
    expect(found.get(("field", "cpu_stop_done.nr_todo")) == "8", "cpu_stop_done.nr_todo")
    found = evidence_of(state)
    for field, value in (("fn", "__try_stop_module"), ("state", "MULTI_STOP_PREPARE"), ("num_threads", "8"),
                         ("thread_ack", "1")):
        expect(found.get(("field", "multi_stop_data." + field)) == value, f"multi_stop_data.{field}")
    expect("CPUs 0–5 and 7 took part" in took_part["claim"], took_part["claim"])
    expect(len(took_part["evidence"]) == len(STOPPED_CPUS), "multi_cpu_stop on each of seven stacks")
    expect("CPU 6 did not" in missing["claim"] and "migration/6 (pid 14)" in missing["claim"], missing["claim"])
    expect(("list", "cpu_stopper.works of CPU 6") in evidence_of(missing), "the work that is still queued")
    expect(waits["claim"] == "migration/6 (pid 14) is runnable, but CPU 6 is occupied by pmount_kthread (pid 8689)",
           waits["claim"])
    expect(all(link["certainty"] == "certain" for link in chain[:5]), "the request is certain")


def check_culprit(report, knows_code):
    verdict = report["verdict"]
    expect(verdict["class"] == "stop-machine-starved", verdict["class"])
    expect(len(report["findings"]) == 1, f"other findings: {[one['class'] for one in report['findings']]}")
    expect(verdict["confidence"] == ("certain" if knows_code else "likely"), verdict["confidence"])
    expect(len(verdict["culprits"]) == 1, "one culprit")
    culprit = verdict["culprits"][0]
    expect((culprit["pid"], culprit["comm"], culprit["cpu"]) == (8689, "pmount_kthread", 6), f"culprit {culprit}")
    if knows_code:
        expect((culprit["function"], culprit["module"]) == ("pmount_kthread", "while1"), f"function {culprit}")
        expect((culprit["thread_function"], culprit["thread_function_module"]) == ("pmount_kthread", "while1"),
               "the function of the thread, which no kthread.threadfn names")
    expect([one["cpu"] for one in verdict["victims"] if one["kind"] == "cpu"] == STOPPED_CPUS, "seven victims")


def check_cpus(report, knows_code):
    unknown = {gap["what"]: gap["why"] for gap in report["gaps"]}
    for cpu in report["cpus"]:
        number = cpu["cpu"]
        is_saved = number not in UNSAVED_CPUS
        source = "crash-note" if is_saved else "none" if number == 6 and not knows_code else "reconstructed"
        expect(cpu["registers_from"] == source, f"registers of CPU {number}: {cpu['registers_from']}")
        expect((f"registers of CPU {number}" in unknown) != is_saved, f"CPU {number}: what could not be known")
    expect(report["cpus"][1]["bucket"] == "victim", "the CPU that panicked is a victim")


def check_stacks(stacks, knows_code):
    expect_text(stacks["8"], *STOPPER_STACK)
    expect_text(stacks["9"], "crash_kexec", "panic", "watchdog_timer_fn", "decrementer_common", *STOPPER_STACK)
    expect_text(stacks["8702"], *RMMOD_STACK, "System Call [c00] exception frame")
    if knows_code:
        expect_text(stacks["8689"], "registers were not saved for the dump; these are what the last interrupt found",
                    "[NIP : pmount_kthread+0] [while1]", "kthread at", "(from the link register)",
                    "ret_from_kernel_thread")


def check_stopped(report, text, stacks, knows_code):
    check_culprit(report, knows_code)
    chain = report["verdict"]["chain"]
    check_request(chain)
    check_cpus(report, knows_code)
    check_stacks(stacks, knows_code)
    expect("CPU 6 has been running pmount_kthread (pid 8689) for 25.0 s" in chain[5]["claim"], chain[5]["claim"])
    expect_text(text, "The panic came on CPU 1, which is a victim.", "the watchdog of CPU 6 was last served 25.0 s ago",
                "21 tasks: 8 running, 1 waits-for-cpu, 1 explained-wait, 11 normal-sleep",
                "8 CPUs: 1 culprit, 7 victim")
    if knows_code:
        expect_text(text, "that has no exit and calls nothing that yields",
                    "from registers that an interrupt saved before the dump",
                    "let pmount_kthread [while1] yield")
    else:
        expect_text(text, "in code that is not known: its registers were not saved",
                    "registers of CPU 6: not saved: the CPU did not answer when the dump was taken",
                    "when its task last let another one run, it stood in kthread",
                    "CPU#6 stuck for 22s! [pmount_kthread:8689]",
                    "NIP [d000000003a10000] pmount_kthread+0x0/0x10 [while1]", "let pmount_kthread (pid 8689) yield")


def check_innocent(report, text):
    expect(report["verdict"]["class"] == "none", report["verdict"]["class"])
    expect(not report["findings"], "nobody is accused")
    expect_text(text, "8 CPUs: 6 idle, 2 working", "SysRq : Trigger a crash")


def main():
    whyhung, make_dump, situation = sys.argv[1:]
    is_innocent = situation == "yielding"
    status = 1 if is_innocent else 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        compile_kernel(folder)
        vmcore = folder / "vmcore"
        subprocess.run([make_dump, str(folder), situation, str(vmcore)], check=True)
        arguments = ["--vmlinux", folder / "vmlinux", vmcore]
        report = json.loads(run(status, whyhung, "--json", *arguments))
        text = run(status, whyhung, *arguments)
        check_sources(report)
        if is_innocent:
            check_innocent(report, text)
        else:
            stacks = {pid: run(0, whyhung, *arguments, "-c", "bt " + pid) for pid in ("8", "9", "8689", "8702")}
            check_stopped(report, text, stacks, situation != "bare")
        # Without types nothing can be said, and that is what must be said.
        blind = run(1, whyhung, vmcore)
        expect_text(blind, "VERDICT undetermined", "types of the kernel")
    for failure in failures:
        print("FAILED:", failure)
    if failures:
        print(text)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
