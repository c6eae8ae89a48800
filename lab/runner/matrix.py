# SPDX-License-Identifier: GPL-2.0-or-later
"""The standard sets of dumps: `small` is enough to try a reader on, `full` holds
every kernel, scenario and form and the variations that readers stumbled over,
`catalogue` one dump of each way to hang and of each innocent twin, `misleading` the same of what is made to mislead,
`crashes` one of each kind of crash by two modules.
What exists already is skipped, so an interrupted set is simply asked for again."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from .cache import LabError, folder
from .progress import Progress
from .run import Options, run
from .scenarios import CATALOGUE
from .scenarios_adversary import ADVERSARY
from .scenarios_crashes import CRASHES
from .tables import ARCHES, FORMS, KERNELS, Arch

_KDUMP_FORMS = [name for name, form in FORMS.items() if form.maker == "kdump"]
_QEMU_FORMS = [name for name, form in FORMS.items() if form.maker == "qemu"]
_HANGS = ("while1-hotplug", "while1-clocksource", "cpu-hog", "softirq-hog", "irqs-off")
_TWINS = ("simple", "busy", "idle")
# Machines whose dumps are the capture kernel's for the most part; of the others they are QEMU's.
_CAPTURED = ("amd64", "ppc64el")
# Kernels of which all forms are made; of the others those that differ by kernel.
_ALL_FORMS = ("6.1", "7.2")
# makedumpfile 1.7.8 misjudges pages of 7.2: with -d 31 some that are needed may be missing.
_USUAL_FORM = {"7.2": "kdump-full"}
# Kernels that differ from another one of this table in the size of pages, or in little.
_ALIKE = ("6.12-arm64", "6.12-arm64-16k", "7.2-arm64-16k")
_SOME_FORMS = ["kdump-lzo", "kdump-zstd", "kdump-elf", "qemu-elf", "qemu-zlib"]

_CATALOGUE_KERNELS = ("6.1", "7.2")
# Those of the catalogue that are taken by the capture kernel too: files that other programs read.
_CRASHED = ("mutex-abba", "mutex-self", "mutex-chain", "mutex-exited-reused", "rwsem-reader", "stop-mutex",
            "work-flush", "answer-never")
# What is tried on other machines than amd64: how locks, queues and stacks are read there.
_OTHER_MACHINES = ("7.2-arm64", "7.2-ppc64el", "7.2-s390x")
_ON_OTHERS = ("mutex-abba", "mutex-self", "mutex-chain", "mutex-exited", "mutex-order", "rwsem-reader",
              "rwsem-mutex", "answer-never", "answer-silent", "stop-mutex", "work-flush", "rcu-sleeper", "spin-abba",
              "futex-threads", "futex-processes", "futex-slow")
# Those in which a guest's spinlocks differ from a real machine's.
_SPINNING = ("spin-abba", "spin-self")


def _one(kernel: str, scenario: str, forms: list[str], label: str = "",
         **settings: object) -> Options:
    options = Options(scenario=scenario, kernel=kernel, forms=forms, out=folder("dumps"),
                      folder_each=True)
    options = replace(options, **settings)
    return replace(options, name=options.base_name() + label)


def _small() -> Iterator[Options]:
    yield _one("6.1", "while1", ["kdump-lzo"])
    yield _one("7.2", "while1", ["kdump-zlib", "qemu-zlib"])
    yield _one("6.12", "while1", ["kdump-lzo"])
    yield _one("5.10", "while1", ["kdump-lzo"])
    for scenario in ("simple", "busy", "idle", "irqs-off"):
        yield _one("6.1", scenario, ["kdump-lzo"])


def _full() -> Iterator[Options]:
    yield from _small()
    for kernel, entry in KERNELS.items():
        if kernel in _ALIKE:
            yield from _alike(kernel, ARCHES[entry.arch])
            continue
        if entry.arch not in _CAPTURED:
            yield _one(kernel, "while1", ["qemu-elf", "qemu-zlib"])
            yield _one(kernel, "while1", ["qemu-elf", "qemu-zlib"], "-hung", qemu_when="hung")
            for scenario in ("irqs-off", "cpu-hog", "softirq-hog", *_TWINS):
                yield _one(kernel, scenario, ["qemu-zlib"])
            if 5 in ARCHES[entry.arch].cpu:
                yield _one(kernel, "while1", ["qemu-zlib"], "-max", paging=5)
                yield _one(kernel, "while1", ["qemu-elf", "qemu-zlib"], "-max-hung", paging=5,
                           qemu_when="hung")
            if "kdump" in ARCHES[entry.arch].makers:
                usual = "kdump-lzo" if entry.makedumpfile else "vmcore-raw"
                yield _one(kernel, "while1", ["kdump-zlib", "kdump-flat", "kdump-elf", usual]
                           if entry.makedumpfile else [usual])
                for scenario in ("cpu-hog", "simple"):
                    yield _one(kernel, scenario, [usual])
            continue
        whole = kernel in _ALL_FORMS
        yield _one(kernel, "while1", _KDUMP_FORMS + _QEMU_FORMS if whole else _SOME_FORMS)
        yield _one(kernel, "while1", ["qemu-elf", "qemu-zlib"], "-hung", qemu_when="hung")
        for scenario in _HANGS + _TWINS:
            yield _one(kernel, scenario, [_USUAL_FORM.get(kernel, "kdump-lzo")])
    for kernel in _ALL_FORMS:
        form = [_USUAL_FORM.get(kernel, "kdump-lzo")]
        for cpus in (1, 2, 8):
            yield _one(kernel, "while1", form, cpus=cpus)
        yield _one(kernel, "while1", form, "-on0", cpu=0)
        for loop in ("relax", "flag", "call"):
            yield _one(kernel, "while1", form, f"-{loop}", loop=loop)
        yield _one(kernel, "while1", form, "-la57", paging=5)
        yield _one(kernel, "while1", form, "-nmi", panic="nmi")
        yield _one(kernel, "while1", form, "-serial", panic="serial")
        yield _one(kernel, "while1", form, "-renamed", module_name="acme_poll",
                   thread_name="acme/poller", function_name="acme_poll_hw")
        yield _one(kernel, "while1", ["qemu-elf"], "-no-vmcoreinfo", vmcoreinfo=False)
        yield _one(kernel, "irqs-off", ["qemu-elf", "qemu-zlib"], "-hung", qemu_when="hung")
        yield _one(kernel, "idle", ["qemu-zlib"], "-hung", qemu_when="hung")
    yield _one("6.1", "many-tasks", ["kdump-lzo"])
    yield _one("6.1", "many-tasks", ["kdump-lzo"], "-while1", variables={"TOP": "while1"},
               panic="softlockup")


def _alike(kernel: str, arch: Arch) -> Iterator[Options]:
    yield _one(kernel, "while1", ["qemu-elf", "qemu-zlib"])
    for scenario in ("cpu-hog", "simple", "busy"):
        yield _one(kernel, scenario, ["qemu-zlib"])
    yield _one(kernel, "mutex-abba", ["qemu-elf", "qemu-zlib"], "-hung", qemu_when="hung")
    yield _one(kernel, "while1", ["vmcore-raw"])
    for paging in arch.cpu:
        if paging != arch.paging:
            yield _one(kernel, "while1", ["qemu-zlib"], f"-{paging}levels-hung", paging=paging,
                       qemu_when="hung", module_name="acme_poll", thread_name="acme/poller",
                       function_name="acme_poll_hw")


def _catalogue() -> Iterator[Options]:
    for kernel in _CATALOGUE_KERNELS:
        for scenario in CATALOGUE:
            yield _one(kernel, scenario, ["qemu-zlib"], "-hung", qemu_when="hung")
    for kernel in _OTHER_MACHINES:
        for scenario in _ON_OTHERS:
            yield _one(kernel, scenario, ["qemu-zlib"], "-hung", qemu_when="hung")
    for scenario in _SPINNING:
        yield _one("6.1", scenario, ["qemu-zlib"], "-bare-hung", qemu_when="hung", bare=True)
    for scenario in _CRASHED:
        yield _one("6.1", scenario, ["kdump-lzo"])


# Of what still moves more moments are dumped than one.
def _misleading() -> Iterator[Options]:
    for kernel in _CATALOGUE_KERNELS:
        for scenario, entry in ADVERSARY.items():
            if set(entry.panics) & {"oops"} or entry.panics == ("softlockup",):
                yield _one(kernel, scenario, ["qemu-zlib"])
            else:
                yield _one(kernel, scenario, ["qemu-zlib"], "-hung", qemu_when="hung",
                           again=(3.0, 9.0) if entry.expected == "none" else ())


# What one module does is dumped by the capture kernel, what the other does by QEMU.
def _crashes() -> Iterator[Options]:
    for kernel in _CATALOGUE_KERNELS:
        for scenario, entry in CRASHES.items():
            captured = entry.module == "crashes"
            yield _one(kernel, scenario, [_USUAL_FORM.get(kernel, "kdump-lzo") if captured else "qemu-zlib"])


SETS = {"small": _small, "full": _full, "catalogue": _catalogue, "misleading": _misleading, "crashes": _crashes}


def make(which: str, only: str, progress: Progress) -> int:
    """Makes what is missing; goes on after a failure, which the exit status tells."""
    failures = 0
    for options in SETS[which]():
        forms = [form for form in options.forms
                 if only in f"{options.base_name()}-{form}" and not _exists(options, form)]
        if not forms:
            continue
        progress.note(f"-- {options.base_name()}: {', '.join(forms)}")
        try:
            for path in run(replace(options, forms=forms), progress):
                print(path, flush=True)
        except LabError as error:
            failures += 1
            print(f"lab: {options.base_name()}: {error}", file=sys.stderr)
    return 1 if failures else 0


def _exists(options: Options, form: str) -> bool:
    # The truth is written last.
    return (Path(options.folder_of(form))
            / f"{options.base_name()}-{form}.truth.json").exists()
