# SPDX-License-Identifier: GPL-2.0-or-later
"""One run of a scenario: boots the kernel, lets the hang happen, takes the dump
in the forms asked for, and writes the truth beside it. Forms that the capture
kernel makes share one boot, forms that QEMU makes share another."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from . import initramfs, kernels, modules, recode, truth
from .cache import LabError, folder, locked
from .initramfs import Archive
from .progress import Progress
from .qemu import Machine, Qemu
from .scenario import LOCKUP, Scenario
from .scenarios import SCENARIOS
from .tables import ARCHES, FORMS

_WATCHDOG_THRESH = 4
_COMPANION = "acme_core"   # name of a scenario's second module
_SMALLEST = 65536   # bytes; no dump is smaller


# What the kernel says when it panics the way it was meant to.
_PANIC_WORDS = {"softlockup": "softlockup", "sysrq": "sysrq", "serial": "sysrq", "nmi": "NMI",
                "oops": "Fatal ", "hungtask": "hung_task", "own": ""}
_TRIES = 3


class Derailed(LabError):
    """The guest broke in a way that is not the scenario's. Emulated CPUs now and
    then stumble over code that the kernel patches while another runs it."""


@dataclass
class Options:
    scenario: str
    kernel: str
    forms: list[str]
    out: Path
    cpus: int = 4
    memory: int = 0
    paging: int | str = 0
    cpu: int = -1                 # the spinner's; -1: chosen here
    loop: str = "plain"
    no_preempt: bool | None = None
    module_name: str = ""
    thread_name: str = ""
    function_name: str = ""
    panic: str = ""               # softlockup, sysrq, nmi, serial; empty: the scenario's
    qemu_when: str = "panicked"
    vmcoreinfo: bool = True
    bare: bool = False            # hide the hypervisor
    name: str = ""                # of the files, FORM is put behind it
    variables: dict[str, str] = field(default_factory=dict)
    folder_each: bool = False     # OUT/NAME/NAME.vmcore instead of OUT/NAME.vmcore
    again: tuple[float, ...] = ()   # QEMU dumps once more, so many seconds after the first time
    keep: bool = False

    def folder_of(self, form: str) -> Path:
        return self.out / f"{self.base_name()}-{form}" if self.folder_each else self.out

    def base_name(self) -> str:
        return self.name or f"{self.kernel.replace('.', '')}-{self.scenario}-{self.cpus}cpu"


def run(options: Options, progress: Progress) -> list[Path]:
    """All dumps asked for; the paths of their first files."""
    made: list[Path] = []
    for maker in ("kdump", "qemu"):
        forms = [name for name in options.forms if FORMS[name].maker == maker]
        if forms:
            with locked():
                boot = _Boot(options, maker, forms, progress)
            made += boot.go()
    return made


class _Boot:
    def __init__(self, options: Options, maker: str, forms: list[str],
                 progress: Progress) -> None:
        self.options = options
        self.maker = maker
        self.forms = forms
        # What the machine itself writes; the rest is recoded from these here.
        self.direct = list(dict.fromkeys(FORMS[form].source or form for form in forms))
        self.progress = progress
        self.scenario: Scenario = SCENARIOS[options.scenario]
        self.kernel = kernels.unpacked(options.kernel)
        self.arch = ARCHES[self.kernel.kernel.arch]
        self.paging = options.paging or self.arch.paging
        self.memory = options.memory or max(self.scenario.memory, self.arch.memory)
        self.vmcoreinfo = options.vmcoreinfo and self.arch.vmcoreinfo and maker == "qemu"
        self.cpu = options.cpu if options.cpu >= 0 else options.cpus // 2
        if self.cpu >= options.cpus:
            raise LabError(f"there is no CPU {self.cpu} among {options.cpus}")
        if self.paging not in self.arch.cpu:
            raise LabError(f"{self.arch.debian} has no paging {self.paging} here, but "
                           f"{', '.join(map(str, self.arch.cpu))}")
        self.hung = maker == "qemu" and options.qemu_when == "hung"
        self.panic = "none" if self.hung else options.panic or self.scenario.panics[0]
        if not self.hung and self.panic not in self.scenario.panics:
            raise LabError(f"{options.scenario} cannot end in a panic by {self.panic}, "
                           f"but by {', '.join(self.scenario.panics)}")
        if maker not in self.arch.makers:
            raise LabError(f"{self.arch.debian} is dumped by {', '.join(self.arch.makers)} "
                           f"alone, not in the form {forms[0]}")
        for form in self.direct:
            if "makedumpfile" in FORMS[form].command and not self.kernel.kernel.makedumpfile:
                raise LabError(f"Debian's makedumpfile cannot read {options.kernel}; "
                               f"of the capture kernel's forms it has vmcore-raw, not {form}")
        if options.bare and not self.arch.bare:
            raise LabError(f"{self.arch.debian} sees no hypervisor here")
        if self.panic == "nmi" and not self.arch.inject_nmi:
            raise LabError(f"no NMI can be sent to {self.arch.debian}")
        self.names = modules.Names(
            options.module_name or self.scenario.module or "none",
            options.thread_name or "pmount_kthread", options.function_name or self.scenario.function)
        self.names.check()
        self.no_preempt = (self.kernel.kernel.no_preempt if options.no_preempt is None
                           else options.no_preempt)

    def go(self) -> list[Path]:
        for tries_left in reversed(range(_TRIES)):
            scratch = Path(tempfile.mkdtemp(prefix="run-", dir=folder("scratch")))
            try:
                return self._go(scratch)
            except Derailed as error:
                self._keep_logs(scratch)
                if not tries_left:
                    raise
                self.progress.note(f"{error}; trying again")
            except BaseException:
                self._keep_logs(scratch)
                raise
            finally:
                if not self.options.keep:
                    shutil.rmtree(scratch, ignore_errors=True)
        raise AssertionError("not reached")

    def _keep_logs(self, scratch: Path) -> None:
        kept = folder("failed") / self.options.base_name()
        shutil.rmtree(kept, ignore_errors=True)
        kept.mkdir(parents=True)
        for log in [*scratch.glob("*.log"), *scratch.glob("share/*.log")]:
            shutil.copy(log, kept)
        self.progress.note(f"the logs of this failure are in {kept}")

    def _go(self, scratch: Path) -> list[Path]:
        with self.progress.stage(f"build modules and initramfs for {self.kernel.release}"):
            with locked():
                initrd = self._initrd(scratch)
        machine = Machine(
            self.arch, self.options.cpus, self.memory, self.paging, self.vmcoreinfo,
            self.kernel.image, initrd,
            f"console={self.arch.console} rdinit=/init panic=0 "
            f"{self.arch.append.get(self.paging, '')} {self.scenario.append} "
            + (f"crashkernel={self.arch.crashkernel}" if self.maker == "kdump" else ""),
            self.options.bare, self.scenario.slots)
        with Qemu(machine, scratch) as qemu:
            if self.maker == "kdump":
                (qemu.share / "capture.sh").write_text(self._capture_script())
            with self.progress.stage(f"boot {self.kernel.release}, {self.options.cpus} CPUs, "
                                     f"{self.memory} MB"):
                self._wait(qemu, "the guest's first program is ready", 120,
                           lambda: "stage=ready" in qemu.facts_text() or _panicked(qemu))
                if "stage=ready" not in qemu.facts_text():
                    raise Derailed("the kernel panicked while it booted")
            with self.progress.stage(f"hang: {self.options.scenario}"):
                self._hang(qemu)
            self._save(qemu)
            self._check_panic(qemu)
            for form in self.forms:
                if FORMS[form].source:
                    with self.progress.stage(f"recode {FORMS[form].source} to {form}"):
                        recode.recode(qemu.share / f"{FORMS[form].source}.vmcore",
                                      qemu.share / f"{form}.vmcore", FORMS[form].codec)
            made = [self._deliver(form, qemu) for form in self.forms]
            return made + self._later_moments(qemu)

    def _later_moments(self, qemu: Qemu) -> list[Path]:
        """The same machine, still hung or still moving, some seconds later."""
        made: list[Path] = []
        passed = 0.0
        for moment in self.options.again if self.hung else ():
            with self.progress.stage(f"let {moment - passed:g} s pass"):
                self._sleep(qemu, moment - passed)
            passed = moment
            self._save(qemu)
            self._check_panic(qemu)
            made += [self._deliver(form, qemu, f"+{moment:g}s") for form in self.direct if form in self.forms]
        return made

    def _initrd(self, scratch: Path) -> Path:
        base = initramfs.base_image(
            self.kernel, {FORMS[form].suite for form in self.direct if FORMS[form].suite})
        archive = Archive()
        variables = {
            "FACTS": self.arch.facts, "CONSOLE": self.arch.console,
            "SUITE": self.kernel.kernel.suite, "KDUMP": int(self.maker == "kdump"),
            "CAPTURE_APPEND": self.arch.capture_append,
            "VMCOREINFO": int(self.vmcoreinfo),
            "PANIC": self.panic, "WATCHDOG_THRESH": _WATCHDOG_THRESH,
            "CPUS": self.options.cpus, "CPU": self.cpu, "LOOP": self.options.loop,
            "NO_PREEMPT": int(self.no_preempt), "MODULE": self.names.module,
            "THREAD": self.names.thread, "FUNCTION": self.names.function,
            "MODULE_SOURCE": self.scenario.module, "COMPANION": _COMPANION,
            **self.scenario.variables, **self.options.variables}
        archive.file("lab/run.conf", "".join(
            f"{key}={shlex.quote(str(value))}\n" for key, value in variables.items()).encode())
        archive.file("lab/steps.sh", self.scenario.steps.encode(), 0o755)
        for source, names in ((self.scenario.module, self.names),
                              (self.scenario.companion, modules.Names(_COMPANION))):
            if source:
                built = modules.build(self.kernel, source, names)
                archive.file(f"lab/{built.name}", built.read_bytes())
        if self.scenario.drivers:
            initramfs.add_drivers(archive, self.kernel, self.scenario.drivers, "more")
        for helper in self.scenario.helpers:
            archive.file(f"bin/{helper}",
                         modules.build_helper(self.kernel, helper).read_bytes(), 0o755)
        if self.maker == "kdump":
            archive.file("kdump/kernel", self.kernel.image.read_bytes())
            archive.file("kdump/initrd", base.read_bytes())
        target = scratch / "initrd"
        target.write_bytes(base.read_bytes() + archive.bytes())
        return target

    def _capture_script(self) -> str:
        own = self.kernel.kernel.suite
        lines = ["IN=/proc/vmcore", ": > /host/started",
                 f"/tools/{own}/bin/makedumpfile --dump-dmesg $IN /host/dmesg > /dev/null 2>&1"]
        for name in self.direct:
            form = FORMS[name]
            tools = f"/tools/{form.suite or own}/bin"
            lines += [f"OUT=/host/{name}",
                      f"( PATH={tools}:$PATH; {form.command} ) > /host/{name}.log 2>&1",
                      f"echo {name} $? >> /host/status"]
        return "\n".join(lines) + "\n"

    def _hang(self, qemu: Qemu) -> None:
        limit = self.scenario.limit
        reached = ("stage=hanging", "stage=hung")
        self._wait(qemu, "the hang is set up", limit,
                   lambda: any(stage in qemu.facts_text() for stage in reached)
                   or _panicked(qemu))
        if self.scenario.pauses:
            self._sleep(qemu, 3)
            qemu.pause_cpu(self.cpu)
        if self.hung or self.panic in ("nmi", "serial"):
            if self.scenario.hung_when and (self.arch.lockups or self.scenario.hung_when != LOCKUP):
                self._wait(qemu, f"the kernel says {self.scenario.hung_when!r}", limit,
                           lambda: self.scenario.hung_when in qemu.console_text())
            self._sleep(qemu, self.scenario.settle)
        if self.hung:
            return
        if self.panic == "nmi":
            qemu.ask("inject-nmi")
        elif self.panic == "serial":
            qemu.type_on_console("c", after_break=True)
        # Where several CPUs speak at once the line may not reach the console before the
        # capture kernel starts, whose share is then the proof.
        self._wait(qemu, "the kernel panics", limit,
                   lambda: _panicked(qemu) or (qemu.share / "started").exists())

    def _save(self, qemu: Qemu) -> None:
        if self.maker == "kdump":
            with self.progress.stage(f"save {', '.join(self.direct)}"):
                self._wait(qemu, "the capture kernel has saved the dump", 600,
                           lambda: (qemu.share / "done").exists())
                self._check_saved(qemu.share)
            return
        for form in self.direct:
            with self.progress.stage(f"save {form}"):
                if not self.hung:
                    self._wait(qemu, "the panic has run to its end", 60,
                               lambda: "end Kernel panic" in qemu.console_text()
                               or (self.arch.panic_stops and qemu.stopped()))
                qemu.dump((qemu.share / f"{form}.vmcore").resolve(), FORMS[form].format)

    def _check_saved(self, share: Path) -> None:
        status = dict(line.split() for line in (share / "status").read_text().splitlines())
        for form in self.direct:
            if status.get(form) != "0":
                log = (share / f"{form}.log").read_text(errors="replace").strip().splitlines()
                raise LabError(f"the capture kernel could not make {form}: "
                               f"{log[-1] if log else 'no message'}")

    def _panic_told(self, qemu: Qemu) -> dict[str, object] | None:
        log = _log(qemu)
        ends_at_oops = self.maker == "kdump" and self.panic in ("oops", "own")
        return truth.panic(log) or (truth.oops(log) if ends_at_oops else None)

    def _check_panic(self, qemu: Qemu) -> None:
        panic = self._panic_told(qemu)
        if self.hung:
            if panic:
                raise Derailed(f"the kernel panicked: {panic['message']}")
        elif panic is None:
            raise LabError("the kernel's log has no panic")
        elif _PANIC_WORDS[self.panic] not in str(panic["message"]) and "[#" not in str(panic["message"]):
            raise Derailed(f"the kernel panicked for another reason: {panic['message']}")

    def _wait(self, qemu: Qemu, what: str, limit: float, condition: Callable[[], bool]) -> None:
        limit *= float(os.environ.get("WHYHUNG_LAB_PATIENCE", "1"))
        deadline = time.monotonic() + limit
        while not condition():
            error = truth.facts(qemu.facts_text()).get("error")
            if error:
                raise LabError(f"the guest says: {error}")
            if not qemu.running() and not condition():
                raise LabError(f"QEMU ended before {what}: {qemu.last_words()}")
            if time.monotonic() > deadline:
                last = [line for line in qemu.console_text().splitlines() if line.strip()]
                raise LabError(f"gave up after {limit:.0f} s of waiting until {what}; "
                               f"last words on the console: {last[-1] if last else 'none'}")
            self.progress.tick(what)
            qemu.drain()
            time.sleep(0.2)

    def _sleep(self, qemu: Qemu, seconds: float) -> None:
        end = time.monotonic() + seconds
        self._wait(qemu, "the hang has settled", seconds + 60,
                   lambda: time.monotonic() >= end)

    def _deliver(self, form: str, qemu: Qemu, moment: str = "") -> Path:
        share = qemu.share
        parts = FORMS[form].parts
        suffixes = [".vmcore"] if parts == 1 else [f".vmcore.{n + 1}" for n in range(parts)]
        name = f"{self.options.base_name()}-{form}{moment}"
        out = self.options.folder_of(form).with_name(name) if self.options.folder_each else self.options.out
        out.mkdir(parents=True, exist_ok=True)
        for suffix in suffixes:
            made = share / f"{form}{suffix}"
            if not made.exists() or made.stat().st_size < _SMALLEST:
                raise LabError(f"{form} gave no {suffix} file")
            made.chmod(0o644)
            shutil.move(made, out / f"{name}{suffix}")
        (out / f"{name}.console.log").write_text(qemu.console_text())
        if (share / "dmesg").exists():
            shutil.copy(share / "dmesg", out / f"{name}.dmesg.log")
        if (share / f"{form}.log").exists():
            said = (share / f"{form}.log").read_text(errors="replace")
            # What a carriage return overwrote is progress.
            (out / f"{name}.save.log").write_text("".join(
                line.rstrip("\r").rsplit("\r", 1)[-1] + "\n" for line in said.splitlines()))
        files = [f"{name}{suffix}" for suffix in suffixes]
        told = self._truth(form, files, truth.facts(qemu.facts_text()), qemu)
        (out / f"{name}.truth.json").write_text(json.dumps(told, indent=2) + "\n")
        return out / files[0]

    def _truth(self, form: str, files: list[str], facts: dict[str, object],
               qemu: Qemu) -> dict[str, object]:
        log = _log(qemu)
        told = {key: value for key, value in facts.items() if key not in ("stage", "error", "expected")}
        return {
            "files": files,
            "form": form,
            "scenario": self.options.scenario,
            "expected": facts.get("expected", self.scenario.expected),
            **({"also_accepted": list(self.scenario.accepted)} if self.scenario.accepted else {}),
            "arch": self.arch.debian,
            "asked": {
                "kernel": self.options.kernel, "cpus": self.options.cpus,
                "memory_mb": self.memory, "paging": self.paging, "panic": self.panic,
                "qemu_when": self.options.qemu_when if self.maker == "qemu" else None,
                "vmcoreinfo": self.vmcoreinfo if self.maker == "qemu" else None,
                "bare": self.options.bare, "no_preempt": self.no_preempt, "loop": self.options.loop},
            **told,
            "panic": self._panic_told(qemu),
            "soft_lockups": truth.lockups(log),
            "rcu_stalls": truth.stalls(log),
        }


def _panicked(qemu: Qemu) -> bool:
    return "Kernel panic" in qemu.console_text()


def _log(qemu: Qemu) -> str:
    """The hung kernel's log: its own where the capture kernel extracted it, which
    is whole; the console's copy may lack the last lines."""
    own = qemu.share / "dmesg"
    text = own.read_text(errors="replace") if own.exists() else ""
    return text if "Kernel panic" in text or "[#" in text else qemu.console_text()
