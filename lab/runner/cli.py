# SPDX-License-Identifier: GPL-2.0-or-later
"""The command line of the lab: one function per subcommand. Results go to
standard output, progress and complaints to standard error."""

from __future__ import annotations

import argparse
import os
import random
import re
import signal
import sys
from pathlib import Path

from . import built, initramfs, kernels, likes, matrix, modules, rivals
from .cache import LabError, locked
from .progress import Progress
from .matrix import SETS
from .run import Options, run
from .scenarios import SCENARIOS
from .tables import ARCHES, FORMS, KERNELS

_PAGINGS = list(dict.fromkeys(paging for arch in ARCHES.values() for paging in arch.cpu))


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    # Ends like an interrupt from the keyboard, so that the guest is ended too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return options.command(options) or 0
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Nobody reads on; keep the interpreter from saying so once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        print("lab: interrupted", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lab", description="Makes Linux hang on purpose and "
                                     "takes the dump, with the truth beside it.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    listing = commands.add_parser("list", help="scenarios, kernels and dump forms")
    listing.set_defaults(command=_list)

    prepare = commands.add_parser("prepare", help="fetch kernels, build modules and initramfs")
    prepare.add_argument("--kernel", choices=built.known(), help="only this one")
    prepare.set_defaults(command=_prepare)

    debuginfo = commands.add_parser("debuginfo", help="fetch a kernel's vmlinux with DWARF")
    debuginfo.add_argument("--kernel", choices=built.known(), required=True)
    debuginfo.set_defaults(command=_debuginfo)

    making = commands.add_parser("kernel", help="kernels that are built here").add_subparsers(
        required=True, metavar="COMMAND").add_parser("build", help="build one from Debian's kernel sources")
    making.add_argument("--source", required=True, help="6.1, 6.12, …: as kernels are called here")
    making.add_argument("--like", required=True,
                        help=f"{', '.join(likes.LIKES)}, or the path of a configuration file")
    making.add_argument("--name", default="", help="what it is called; else after source and likeness")
    making.add_argument("--set", action="append", default=[], metavar="OPTION=VALUE",
                        help="one more option of the configuration (y, n, or a value)")
    making.add_argument("--jobs", type=int, default=2)
    making.set_defaults(command=_build_kernel)

    many = commands.add_parser("matrix", help="the standard set of dumps, into the cache")
    many.add_argument("set", choices=SETS)
    many.add_argument("--only", default="", metavar="TEXT", help="dumps with TEXT in the name")
    many.set_defaults(command=_matrix)

    others = commands.add_parser("rivals", help="install crash, drgn and makedumpfile")
    others.set_defaults(command=_rivals)

    one = commands.add_parser("run", help="one boot per kind of form: hang, and dump")
    one.add_argument("scenario", choices=SCENARIOS, metavar="SCENARIO")
    one.add_argument("--kernel", choices=built.known(), required=True)
    one.add_argument("--form", default="kdump-lzo", help="one or more, with commas between")
    one.add_argument("--cpus", type=int, default=4)
    one.add_argument("--memory", type=int, default=0, metavar="MB")
    one.add_argument("--paging", type=_paging, default=0, choices=_PAGINGS)
    one.add_argument("--cpu", type=int, default=-1, help="the culprit's CPU")
    one.add_argument("--loop", default="plain", choices=("plain", "relax", "flag", "call"))
    one.add_argument("--preempt", choices=("keep", "disable"),
                     help="what the culprit does about preemption (default: by kernel)")
    one.add_argument("--module-name", default="")
    one.add_argument("--thread-name", default="")
    one.add_argument("--function-name", default="")
    one.add_argument("--panic", default="", choices=("softlockup", "sysrq", "nmi", "serial", "oops", "hungtask"))
    one.add_argument("--qemu-when", default="panicked", choices=("panicked", "hung"))
    one.add_argument("--no-vmcoreinfo", action="store_true")
    one.add_argument("--bare", action="store_true",
                     help="hide from the guest that there is a hypervisor")
    one.add_argument("--seed", type=int, help="choose CPU and loop by chance, from this seed")
    one.add_argument("--set", action="append", default=[], metavar="NAME=VALUE",
                     help="a variable of the scenario's steps")
    one.add_argument("--name", default="", help="what the files are called")
    one.add_argument("--out", type=Path, default=Path("."))
    one.add_argument("--again", default="", metavar="SECONDS[,...]",
                     help="with --qemu-when hung: dump once more, so long after the first dump")
    one.add_argument("--keep", action="store_true", help="leave the scratch folder")
    one.set_defaults(command=_run)
    return parser


def _paging(text: str) -> int | str:
    return int(text) if text.isdigit() else text


def _list(_: argparse.Namespace) -> None:
    tables = {
        "Scenarios": {name: entry.summary for name, entry in SCENARIOS.items()},
        "Kernels": {name: entry.summary for name, entry in built.known().items()},
        "Forms": {name: entry.summary for name, entry in FORMS.items()},
    }
    for title, table in tables.items():
        print(f"{title}:")
        for name, summary in table.items():
            print(f"  {name:<20} {summary}")


def _prepare(asked: argparse.Namespace) -> None:
    progress = Progress()
    for key in [asked.kernel] if asked.kernel else KERNELS:
        with progress.stage(f"fetch {key}"), locked():
            kernel = kernels.unpacked(key)
        with progress.stage(f"build modules for {kernel.release}"), locked():
            for name, function in sorted({(entry.module, entry.function)
                                          for entry in SCENARIOS.values() if entry.module}):
                modules.build(kernel, name, modules.Names(name, function=function))
        with progress.stage(f"build initramfs for {kernel.release}"), locked():
            initramfs.base_image(kernel, set())


def _debuginfo(asked: argparse.Namespace) -> None:
    with Progress().stage(f"fetch debuginfo of {asked.kernel}"), locked():
        path = kernels.debuginfo(asked.kernel)
    print(path)


def _build_kernel(asked: argparse.Namespace) -> None:
    overrides = {}
    for setting in asked.set:
        name, separator, value = setting.partition("=")
        if not separator or not re.fullmatch(r"[A-Z0-9_]+", name):
            raise LabError(f"--set wants OPTION=VALUE, not {setting!r}")
        overrides[name] = value
    with Progress().stage(f"build {asked.source} like {Path(asked.like).name}"):
        print(built.build(asked.source, asked.like, asked.name, overrides, asked.jobs))


def _rivals(_: argparse.Namespace) -> None:
    with Progress().stage("install the newest crash, drgn and makedumpfile"), locked():
        wrappers = rivals.prepare()
    print(*wrappers, sep="\n")


def _run(asked: argparse.Namespace) -> None:
    forms = asked.form.split(",")
    for form in forms:
        if form not in FORMS:
            raise LabError(f"there is no form {form!r}; `lab list` names them")
    variables = {}
    for setting in asked.set:
        name, separator, value = setting.partition("=")
        if not separator or not name.isidentifier():
            raise LabError(f"--set wants NAME=VALUE, not {setting!r}")
        variables[name] = value
    cpu, loop = asked.cpu, asked.loop
    if asked.seed is not None:
        chance = random.Random(asked.seed)
        cpu = chance.randrange(asked.cpus) if cpu < 0 else cpu
        loop = chance.choice(("plain", "relax", "flag", "call"))
    options = Options(
        scenario=asked.scenario, kernel=asked.kernel, forms=forms, out=asked.out,
        cpus=asked.cpus, memory=asked.memory, paging=asked.paging, cpu=cpu, loop=loop,
        no_preempt=None if asked.preempt is None else asked.preempt == "disable",
        module_name=asked.module_name, thread_name=asked.thread_name,
        function_name=asked.function_name, panic=asked.panic, qemu_when=asked.qemu_when,
        vmcoreinfo=not asked.no_vmcoreinfo, bare=asked.bare, name=asked.name, variables=variables,
        again=tuple(float(word) for word in asked.again.split(",") if word), keep=asked.keep)
    for path in run(options, Progress()):
        print(path)


def _matrix(asked: argparse.Namespace) -> int:
    return matrix.make(asked.set, asked.only, Progress())
