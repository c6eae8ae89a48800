# SPDX-License-Identifier: GPL-2.0-or-later
"""Builds the lab's kernel modules for one kernel, under the names asked for,
inside the chroot of the kernel's suite, where compiler and headers fit it."""

from __future__ import annotations

import hashlib
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from . import debian
from .cache import LAB, LabError, folder
from .kernels import Unpacked
from .tables import ARCHES

SOURCES = LAB / "modules"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_TASK_COMM_LEN = 15


@dataclass(frozen=True)
class Names:
    """What the module, its thread and the thread's function are called."""

    module: str
    thread: str = "pmount_kthread"
    function: str = "pmount_kthread"

    def check(self) -> None:
        for what, name in (("module", self.module), ("function", self.function)):
            if not _NAME.match(name):
                raise LabError(f"{name!r} cannot be the name of a {what}")
        if not self.thread or '"' in self.thread or "\\" in self.thread or "%" in self.thread:
            raise LabError(f"{self.thread!r} cannot be the name of a thread")
        if len(self.thread) > _TASK_COMM_LEN:
            raise LabError(f"a thread's name has at most {_TASK_COMM_LEN} characters")


def build(kernel: Unpacked, source: str, names: Names) -> Path:
    """Path of NAMES.module.ko, built from modules/SOURCE.c unless it exists."""
    digest = hashlib.sha256(repr(names).encode())
    for path in [SOURCES / f"{source}.c", *sorted(SOURCES.glob("*.h"))]:
        digest.update(path.read_bytes())
    target = (folder("modules", kernel.release, f"{source}-{digest.hexdigest()[:12]}")
              / f"{names.module}.ko")
    if target.exists():
        return target

    suite = kernel.kernel.suite
    debian.prepare_chroot(suite)
    arch = ARCHES[kernel.kernel.arch]
    work = debian.chroot_path(suite) / "lab-build" / f"{kernel.key}-{target.parent.name}"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    for header in SOURCES.glob("*.h"):
        shutil.copy(header, work)
    shutil.copy(SOURCES / f"{source}.c", work / f"{names.module}.c")
    (work / "Kbuild").write_text(
        f"obj-m := {names.module}.o\n"
        f"ccflags-y := -DLAB_THREAD_NAME='\"{names.thread}\"' -DLAB_FUNCTION={names.function}\n")
    inside = Path("/") / work.relative_to(debian.chroot_path(suite))
    debian.in_chroot(suite, [
        "make", "-C", f"/usr/src/linux-headers-{kernel.release}", f"M={inside}",
        f"ARCH={arch.kbuild_arch}", f"CROSS_COMPILE={arch.cross}", "modules"],
        f"modules-{kernel.key}", limit=600)
    shutil.copy(work / target.name, target)
    shutil.rmtree(work)
    return target


def build_helper(kernel: Unpacked, name: str) -> Path:
    """A static program for the guest from guest/NAME.c."""
    source = LAB / "guest" / f"{name}.c"
    arch = ARCHES[kernel.kernel.arch]
    target = folder("helpers", arch.debian) / name
    if target.exists() and target.stat().st_mtime > source.stat().st_mtime:
        return target
    suite = kernel.kernel.suite
    inside = debian.prepare_chroot(suite) / "lab-build"
    inside.mkdir(exist_ok=True)
    shutil.copy(source, inside)
    debian.in_chroot(suite, [f"{arch.cross}gcc", "-std=gnu11", "-Wall", "-Os", "-static", "-s", "-pthread",
                             "-o", f"/lab-build/{name}", f"/lab-build/{name}.c"],
                     f"modules-{kernel.key}", limit=120)
    shutil.move(inside / name, target)
    return target
