#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Forges a 3.10 kernel, composes a machine with it, and holds whyhung's report against what was put there, first with
the kernel's vmlinux, then with the types that are distilled from it:
check_el7.py WHYHUNG MAKE_DUMP MACHINE SITUATION. Ends with 77 when there is no compiler."""
import json
import pathlib
import subprocess
import sys
import tempfile

import forge_el7

SKIPPED = 77
STOPPED_CPUS = [0, 1, 2, 3, 4, 5, 7]
STOPPER_STACK = ["multi_cpu_stop", "cpu_stopper_thread", "smpboot_thread_fn", "kthread"]
RMMOD_STACK = ["wait_for_completion", "stop_cpus", "__stop_machine", "stop_machine", "try_stop_module",
               "sys_delete_module"]
LOCK_STACK = ["__schedule", "schedule", "schedule_preempt_disabled", "__mutex_lock_slowpath", "mutex_lock"]
INNOCENT = ("yielding", "passing")

failures = []


def expect(condition, what):
    if not condition:
        failures.append(what)


def expect_text(text, *parts):
    """In this order."""
    at = 0
    for part in parts:
        found = text.find(part, at)
        expect(found >= 0, f"the report does not say, or not in this place: {part}")
        at = max(at, found)


def expect_words(text, *parts):
    """In any order."""
    for part in parts:
        expect_text(text, part)


def run(status, *command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    expect(done.returncode == status, f"exit status {done.returncode}, not {status}: {done.stderr}")
    return " ".join(done.stdout.split())


def evidence_of(link):
    return {(one["kind"], one["what"]): one.get("value", "") for one in link["evidence"]}


def check_sources(report, machine, panic_cpu):
    system = report["machine"]
    expect(system["symbols_from"] == "kallsyms in the dump", "kallsyms found where nothing names them")
    expect(system["types_from"].startswith("DWARF of "), "types from the vmlinux")
    expect(system["release"] == f"3.10.0-1160.forged.{machine.name}", "release")
    expect(system["panic_cpu"] == panic_cpu, "the CPU that panicked")
    found_by = {frame["found_by"] for task in report["tasks"] for frame in task["stack"]["frames"]}
    expect(not found_by & {"scan", "frame-pointer"}, f"no frame is a guess: {found_by}")
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
    expect("CPUs 0-5 and 7 took part" in took_part["claim"], took_part["claim"])
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


def check_cpus(report, machine, situation):
    unknown = {gap["what"]: gap["why"] for gap in report["gaps"]}
    answers = situation not in ("bare", "unanswered")
    for cpu in report["cpus"]:
        number = cpu["cpu"]
        is_saved = number not in machine.unsaved_cpus and (number != 6 or answers)
        source = "crash-note" if is_saved else "none" if number == 6 and situation == "bare" else "reconstructed"
        expect(cpu["registers_from"] == source, f"registers of CPU {number}: {cpu['registers_from']}")
        expect((f"registers of CPU {number}" in unknown) != is_saved, f"CPU {number}: what could not be known")
    expect(report["cpus"][1]["bucket"] == "victim", "CPU 1 is a victim")


def check_stacks(machine, stacks, situation):
    stopper = [*STOPPER_STACK, machine.thread_start]
    expect_text(stacks["8"], *stopper)
    if situation != "nmi":
        panic = ["crash_kexec", "panic", "watchdog_timer_fn", "__run_hrtimer", "hrtimer_interrupt"]
        expect_text(stacks["9"], *panic, *machine.interrupt, *stopper)
    preempted = situation in ("preempted", "unanswered", "nmi")
    expect_text(stacks["8702"], *(["__schedule", "_cond_resched"] if preempted else ["schedule_timeout"]), *RMMOD_STACK,
                *machine.system_call)
    if situation == "nmi":
        expect_text(stacks["8689"], "crash_kexec", "panic", "watchdog_overflow_callback", "perf_event_nmi_handler",
                    "do_nmi", "end_repeat_nmi", "--- <NMI exception stack> ---", "pmount_kthread at", "kthread at",
                    machine.thread_start)
    elif situation == "unanswered":
        expect_text(stacks["8689"], "pmount_kthread", "kthread at", machine.thread_start)
    elif situation != "bare":
        expect_text(stacks["8689"], *machine.culprit)


def check_stopped(report, text, machine, stacks, situation):
    knows_code = situation != "bare"
    check_culprit(report, knows_code)
    chain = report["verdict"]["chain"]
    check_request(chain)
    check_cpus(report, machine, situation)
    check_stacks(machine, stacks, situation)
    expect("CPU 6 has been running pmount_kthread (pid 8689) for 25.0 s" in chain[5]["claim"], chain[5]["claim"])
    expect_words(text, "the watchdog of CPU 6 last ran 25.0 s ago",
                 "21 tasks: 8 running, 1 waiting for a CPU, 1 blocked (explained), 11 sleeping normally",
                 "8 CPUs: 1 culprit, 7 victim")
    if situation != "nmi":
        expect_words(text, "The panic came on CPU 1, which is a victim.")
    if not knows_code:
        expect_words(text, "in code that is not known: its registers were not saved",
                     "registers of CPU 6: not saved: the CPU did not answer when the dump was taken",
                     "when its task last let another one run, it stood in kthread",
                     "CPU#6 stuck for 22s! [pmount_kthread:8689]", machine.log_line,
                     "make pmount_kthread (pid 8689) yield")
        return
    expect_words(text, "that has no exit and calls nothing that yields",
                 "enable interrupts within pmount_kthread() [while1]" if situation == "nmi" else
                 "make pmount_kthread() [while1] yield")
    if situation == "nmi":
        expect_words(text, "interrupts are disabled on CPU 6: it takes no tick and answers no other CPU")
    elif situation == "unanswered" or machine.unsaved_cpus:
        expect_words(text, "from registers that an interrupt saved before the dump")


def check_deadlock(report, text, machine, stacks):
    verdict = report["verdict"]
    expect((verdict["class"], verdict["confidence"]) == ("mutex-deadlock", "certain"), f"{verdict['class']}")
    expect(len(report["findings"]) == 1, f"other findings: {[one['class'] for one in report['findings']]}")
    expect(sorted((one["pid"], one["comm"]) for one in verdict["culprits"]) == [(9001, "alpha"), (9002, "beta")],
           f"both are of the circle: {verdict['culprits']}")
    expect_words(text, "alpha (pid 9001) waits for the mutex beta_lock [abba], which beta (pid 9002) holds",
                 "beta (pid 9002) waits for the mutex alpha_lock [abba], which alpha (pid 9001) holds",
                 "alpha_thread() [abba] for 241.0 s", "mutex_waiter on its stack",
                 "field mutex.owner = ", "22 tasks: 8 running, 2 blocked (explained), 12 sleeping normally",
                 "8 CPUs: 7 idle, 1 working")
    for pid, function in (("9001", "alpha_thread"), ("9002", "beta_thread")):
        expect_text(stacks[pid], *LOCK_STACK, function, "[abba]", "kthread", machine.thread_start)
    expect_text(stacks["55"], "crash_kexec", "panic", "check_hung_uninterruptible_tasks", "watchdog at", "kthread",
                machine.thread_start)


def check_frozen(report, text, machine, stacks):
    verdict = report["verdict"]
    expect(verdict["class"] == "cpu-hog", verdict["class"])
    expect([(one["pid"], one["function"], one["cpu"]) for one in verdict["culprits"]] == [(8689, "pmount_kthread", 6)],
           f"culprits {verdict['culprits']}")
    # A clock that its runqueue lets stand still says nothing of ticks.
    for words in ("no timer tick", "was not run", "interrupts are disabled", "hypervisor"):
        expect(words not in text, f"said of a CPU whose watchdog has just run: {words}")
    expect_text(stacks["8689"], "crash_kexec", "panic", "watchdog_timer_fn", "pmount_kthread", "kthread",
                machine.thread_start)


def check_rwsem(report, text, machine, stacks):
    verdict = report["verdict"]
    expect((verdict["class"], verdict["confidence"]) == ("mixed-lock-cycle", "certain"), f"{verdict['class']}")
    expect(sorted(one["comm"] for one in verdict["culprits"]) == ["alpha", "gamma"], f"{verdict['culprits']}")
    expect_words(text, "gamma (pid 9003) waits for the rw_semaphore gamma_sem [abba], which alpha (pid 9001) holds",
                 "alpha (pid 9001) waits for the mutex beta_lock [abba], which gamma (pid 9003) holds")
    expect_text(stacks["9003"], "schedule", "rwsem_down_read_failed", "down_read", "gamma_thread", machine.thread_start)


def check_innocent(report, text):
    expect(report["verdict"]["class"] == "none", report["verdict"]["class"])
    expect(not report["findings"], "nobody is accused")
    expect_words(text, "8 CPUs: 6 idle, 2 working", "SysRq : Trigger a crash")


def check(report, text, machine, situation, stack_of):
    check_sources(report, machine, 6 if situation in ("nmi", "frozen") else 1)
    if situation in INNOCENT:
        check_innocent(report, text)
    elif situation == "frozen":
        check_frozen(report, text, machine, {"8689": stack_of("8689")})
    elif situation == "rwsem":
        check_rwsem(report, text, machine, {"9003": stack_of("9003")})
    elif situation == "abba":
        check_deadlock(report, text, machine, {pid: stack_of(pid) for pid in ("9001", "9002", "55")})
    else:
        stacks = {pid: stack_of(pid) for pid in ("8", "9", "8689", "8702")}
        check_stopped(report, text, machine, stacks, situation)


def without_lines(value):
    """Lines of source are in no distilled file."""
    if isinstance(value, dict):
        return {key: without_lines(one) for key, one in value.items() if key != "lines"}
    return [without_lines(one) for one in value] if isinstance(value, list) else value


def differences(first, second, path=""):
    if isinstance(first, dict) and isinstance(second, dict):
        pairs = [(key, first.get(key), second.get(key)) for key in sorted(first.keys() | second.keys())]
    elif isinstance(first, list) and isinstance(second, list) and len(first) == len(second):
        pairs = [(number, *both) for number, both in enumerate(zip(first, second))]
    else:
        return [] if first == second else [f"{path}: {first} and {second}"]
    return [one for key, *both in pairs for one in differences(*both, f"{path}/{key}")]


def check_distilled(whyhung, folder, vmcore, report, status):
    """What is distilled of a vmlinux says the same as the vmlinux."""
    types = folder / "forged.types"
    run(0, whyhung, "distill", folder / "vmlinux", "-o", types)
    (folder / "vmlinux").rename(folder / "vmlinux.away")
    again = json.loads(run(status, whyhung, "--json", "--types", types, vmcore))
    expect(again["machine"]["types_from"].startswith(f"distilled types {types}"), again["machine"]["types_from"])
    for one in (report, again):
        del one["machine"]["types_from"]
    for one in differences(without_lines(report), without_lines(again)):
        expect(False, f"by distilled types: {one}")


def main():
    whyhung, make_dump, name, situation = sys.argv[1:]
    machine = forge_el7.MACHINES[name]
    if not forge_el7.can_compile(machine):
        print(f"skipped: {machine.compiler} is not installed (Debian package {machine.package})")
        sys.exit(SKIPPED)
    status = 1 if situation in INNOCENT else 0
    with tempfile.TemporaryDirectory() as path:
        folder = pathlib.Path(path)
        forge_el7.compile_kernel(machine, folder)
        vmcore = folder / "vmcore"
        subprocess.run([make_dump, name, str(folder), situation, str(vmcore)], check=True)
        arguments = ["--vmlinux", folder / "vmlinux", vmcore]
        report = json.loads(run(status, whyhung, "--json", *arguments))
        text = run(status, whyhung, "--full", *arguments)
        check(report, text, machine, situation, lambda pid: run(0, whyhung, *arguments, "-c", "bt " + pid))
        check_distilled(whyhung, folder, vmcore, report, status)
        # Without types nothing can be said, and that is what must be said.
        blind = run(1, whyhung, "--full", vmcore)
        expect_words(blind, "VERDICT undetermined", "types of the kernel")
    for failure in failures:
        print("FAILED:", failure)
    if failures:
        print(text)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
