# SPDX-License-Identifier: GPL-2.0-or-later
"""Machines that crashed, one for each kind of crash, by two modules in different ways; and hangs that end in a panic
and must stay hangs."""

from __future__ import annotations

from .scenario import ALIVE, Scenario
from .scenarios_kit import MEDIA, innocents_of, names
from .scenarios_locks import SETTLE, VARIABLES

_OOPS = ("oops",)
_OWN = ("own",)          # the steps see to the panic
_HUNG_TASK = ("hungtask",)
_DISPLAY = names("dpu_commit", "dpu_vblank", "dpu_flip", "dpu_client")


def _crash(summary: str, module: str, steps: str, panics: tuple[str, ...] = _OOPS, expected: str = "crashed",
           accepted: tuple[str, ...] = (), hung_task: str = "", limit: float = 150.0) -> Scenario:
    return Scenario(summary, expected, steps, panics, module=module, settle=SETTLE, accepted=accepted, limit=limit,
                    variables={**VARIABLES, **(MEDIA if module == "crashes" else _DISPLAY), "AGE": "",
                               "HUNG_TASK": hung_task})


def _thread(summary: str, fault: str, function: str, told: str = "", after: str = "fact stage=hung\n",
            **settings: object) -> Scenario:
    """The first module's thread does it."""
    return _crash(summary, "crashes", f'''
insert hang={fault} "cpu=$CPU" "names=$THREAD,$OTHER,$THIRD" "victim=$VICTIM"
tell_spinning culprit "$THREAD" {function}
{told}
began
begin_hang
{after}
''', **settings)  # type: ignore[arg-type]


def _elsewhere(summary: str, fault: str, function: str) -> Scenario:
    """Not in a task that anybody can tell of before."""
    return _crash(summary, "crashes", f'''
insert hang={fault} "cpu=$CPU" "names=$THREAD,$OTHER,$THIRD" "victim=$VICTIM"
fact culprit.module=$MODULE
fact culprit.function={function}
began
begin_hang
fact stage=hung
''')


# A shell writes the order; echo is its own command, so it is the shell that is in the module.
_ORDER = '''
insert "cpu=$CPU"
fact culprit.module=$MODULE
fact culprit.function={function}
{told}
began
fact stage=hung
sleep 1
sh -c '{own}sleep 1; echo {order} > /sys/module/'$MODULE'/parameters/order'
'''
_TOLD_PID = 'echo "culprit.pid=$$" >&3; echo culprit.comm=sh >&3; '


def _ordered(summary: str, order: str, function: str, own: bool = True, told: str = "",
             **settings: object) -> Scenario:
    """The second module does it in a task of user space, or where it sends the order."""
    return _crash(summary, "mishaps", _ORDER.format(function=function, order=order, told=told,
                                                    own=_TOLD_PID if own else ""), **settings)  # type: ignore[arg-type]


CRASHES = {
    "fault-null": _thread("a NULL pointer is written through", "null", "set_gain"),
    "fault-bug": _thread("BUG()", "bug", "check_rate"),
    "fault-wild": _thread("a pointer that is no address (general protection)", "wild", "follow_next"),
    "fault-divide": _thread("a division by zero", "divide", "divide_band"),
    "fault-stack": _thread("recursion through the guard page of the stack", "stack", "walk_bands"),
    "fault-freed": _thread("a pointer out of freed memory is followed", "freed", "follow_next"),
    "fault-list": _thread("an entry leaves its list twice, which the list's own check finds", "list", "drop_tuner"),
    # Who asks for the last page need not be who has the others: no verdict may accuse by that.
    "fault-memory": _crash("a thread takes all memory, and the kernel panics when there is none", "crashes", '''
echo 1 > /proc/sys/vm/panic_on_oom
insert hang=memory "cpu=$CPU" "names=$THREAD,$OTHER,$THIRD" "victim=$VICTIM"
began
begin_hang
fact stage=hung
''', _OWN),
    "fault-called": _thread("a module calls panic()", "called", "give_up", panics=_OWN),
    "fault-work": _elsewhere("a work item of the kernel's own queue writes through NULL", "work", "set_gain"),
    "fault-timer": _elsewhere("a timer's callback writes through NULL", "timer", "set_gain"),
    "fault-sysrq": _crash("sysrq-c on a healthy machine", "crashes", 'sleep 3\ncrash\n', ALIVE, "none",
                          accepted=("crashed",)),

    "mishap-member": _ordered("a member of NULL is written by a process", "member", "expire_fence"),
    "mishap-call": _ordered("a NULL function is called", "call", "signal_fence"),
    "mishap-data": _ordered("data is called", "data", "signal_fence"),
    "mishap-far": _ordered("what is no address is called", "far", "signal_fence"),
    "mishap-constant": _ordered("a constant is written: mapped, but not for that", "constant", "raise_limit"),
    "mishap-quotient": _ordered("a quotient that has no room (divide error, and no zero)", "quotient", "scale_seqno"),
    "mishap-deep": _ordered("two functions call each other until the stack ends", "deep", "match_fence"),
    "mishap-twice": _ordered("an object is freed twice, which the allocator finds", "twice", "release_twice"),
    "mishap-stray": _ordered("an entry is put into a list that is broken", "stray", "insert_fence"),
    "mishap-smash": _ordered("a buffer on the stack overflows", "smash", "copy_name", panics=_OWN),
    "mishap-refuse": _ordered("panic() by a process in a module", "refuse", "refuse_fence", panics=_OWN),
    "mishap-deadline": _ordered("an hrtimer's callback writes through NULL", "deadline", "expire_fence", own=False),
    "mishap-remote": _ordered("BUG() in a function that another CPU runs", "remote", "on_other_cpu", own=False),
    "mishap-queued": _ordered("BUG() in a work item of a queue of its own", "queued", "collect_fences", own=False),
    "mishap-memory": _crash("a process takes all memory, and the kernel panics when there is none", "", '''
echo 1 > /proc/sys/vm/panic_on_oom
fact stage=hung
sleep 1
tail /dev/zero
''', _OWN),

    "panic-hung-task": _thread("hung_task panics over a mutex whose holder waits for good", "waits", "wait_tuned",
                               told=innocents_of(("$VICTIM",)), panics=_HUNG_TASK, expected="lock-held-by-sleeper",
                               accepted=("never-completed",), hung_task="10"),
    "panic-soft-lockup": _thread("the watchdog panics over a thread that loops", "loops", "poll_tuned",
                                 panics=("softlockup",), expected="cpu-hog"),
    # After an Oops the detector of hung tasks is silent: sysrq ends these.
    "panic-after-oops": _thread(
        "an Oops ends the holder of a mutex, the machine goes on, and others wait for it", "left", "set_gain",
        told="fact culprit.exited=yes\n" + innocents_of(("$VICTIM",)), after="sleep 25\ncrash\n", panics=ALIVE,
        expected="lock-held-by-exited-task"),
    "panic-after-mishap": _crash(
        "the same: a process ends in a module with a mutex of the kernel's held, and others want to write there",
        "mishaps", '''
insert "cpu=$CPU"
fact culprit.module=$MODULE
fact culprit.function=expire_fence
fact culprit.exited=yes
sh -c 'echo "culprit.pid=$$" >&3; sleep 1; echo member > /sys/module/'$MODULE'/parameters/order'
sleep 3
began
for writer in 1 2 3; do
	sh -c 'echo constant > /sys/module/'$MODULE'/parameters/order' &
done
sleep 25
crash
''', ALIVE, "lock-held-by-exited-task"),
}
