# SPDX-License-Identifier: GPL-2.0-or-later
"""Kernels that the lab builds because it cannot download them: Debian's kernel sources with
the options of a kernel in the field that decide how its dump reads, and no drivers but the
guest's. They lie among the fetched kernels, with a note of what they are."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

from . import debian, likes
from .cache import LabError, folder, locked, root
from .tables import ARCHES, KERNELS, Kernel

_NOTE = "built.json"
_TOOLS = ("bc", "bison", "flex", "libelf-dev", "libssl-dev", "dwarves", "kmod", "cpio", "xz-utils", "rsync",
          "python3-minimal")
_LIMIT = 3 * 3600.0   # seconds, beside other work
# Debug information is half of the work of compiling. Where variables lie in registers nobody asks, and nothing that is
# read of a dump is described by the code of these folders alone.
_FLAGS = "KCFLAGS=-fno-var-tracking"
_WITHOUT_TYPES = ("drivers", "lib", "net", "crypto", "io_uring", "arch/x86/events", "arch/x86/pci")


def known() -> dict[str, Kernel]:
    """The kernels of the table and those that were built here."""
    found = dict(KERNELS)
    for note in sorted(root().glob(f"kernels/*/{_NOTE}")):
        facts = json.loads(note.read_text())
        found[note.parent.name] = Kernel(facts["summary"], facts["arch"], facts["suite"], facts["no_preempt"])
    return found


def build(source: str, like: str, name: str, overrides: dict[str, str], jobs: int) -> str:
    """The key of the kernel of these sources (6.1, 6.12, …) and options, built unless it is there."""
    suite = _suite_of(source)
    options = likes.LIKES.get(like) or likes.of_config(Path(like))
    key = name or f"{source}-{Path(like).name.removesuffix('.config')}"
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]*", key) or key in KERNELS:
        raise LabError(f"{key!r} cannot be the name of a kernel that is built here")
    base = folder("kernels") / key
    text = likes.fragment(options, overrides)
    if (base / "release").exists() and (base / "fragment").read_text() == text:
        return key
    log = f"kernel-{key}"
    # A kernel takes long: only what others touch too is done under the lock.
    with locked():
        tree = _unpacked_source(suite, source, key, log)
    (tree / "lab.config").write_text(text)
    inside = Path("/") / tree.relative_to(debian.chroot_path(suite))
    _leave_out_types(tree)
    make = ["make", "-C", str(inside), f"-j{jobs}", _FLAGS, "KBUILD_BUILD_USER=lab", "KBUILD_BUILD_HOST=lab"]
    local = "LOCALVERSION=-" + re.sub(r"[^a-z0-9.]", "", key.removeprefix(f"{source}-"))
    debian.in_chroot(suite, ["sh", "-c", f"cd {inside} && make KCONFIG_ALLCONFIG=lab.config allnoconfig"], log)
    _check_options(tree, options)
    debian.in_chroot(suite, [*make, local, "bzImage", "modules"], log, limit=_LIMIT)
    with locked():
        return _keep(tree, suite, base, key, text, f"{source} built like {Path(like).name}", options)


def _suite_of(source: str) -> str:
    for key, kernel in KERNELS.items():
        if key == source and kernel.arch == "amd64":
            return kernel.suite
    raise LabError(f"no sources of {source}; there are those of "
                   f"{', '.join(key for key, one in KERNELS.items() if one.arch == 'amd64' and '-' not in key)}")


def _unpacked_source(suite: str, source: str, key: str, log: str) -> Path:
    chroot = debian.prepare_chroot(suite)
    debian.update(suite, debian.native_arch(), log)
    debian.install(suite, [*_TOOLS, *ARCHES["amd64"].compiler], log)
    home = chroot / "lab-kernels" / key
    found = sorted(home.glob("linux-source-*/Makefile"))
    if not found:
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        debian.fetch_and_unpack(suite, [f"linux-source-{source}"], home / "package", log)
        debian.in_chroot(suite, ["sh", "-c", f"cd /lab-kernels/{key} && tar xf package/usr/src/*.tar.xz"], log)
        shutil.rmtree(home / "package")
        found = sorted(home.glob("linux-source-*/Makefile"))
    if not found:
        raise LabError(f"the package linux-source-{source} of {suite} holds no kernel source")
    return found[0].parent


def _leave_out_types(tree: Path) -> None:
    line = "subdir-ccflags-y += -g0\n"
    for one in _WITHOUT_TYPES:
        makefile = tree / one / "Makefile"
        if makefile.exists() and line not in (text := makefile.read_text()):
            makefile.write_text(line + text)


def _check_options(tree: Path, options: list[str]) -> None:
    """The unwinder and the preemption are what such a kernel is built for; of the others a version
    may lack some."""
    chosen = (tree / ".config").read_text()
    for name in options:
        if name.startswith(("UNWINDER_", "PREEMPT_", "KALLSYMS_ALL", "DEBUG_INFO_BTF")) and f"CONFIG_{name}=y" not in chosen:
            raise LabError(f"{tree}/.config came out without CONFIG_{name}")


def _keep(tree: Path, suite: str, base: Path, key: str, text: str, summary: str, options: list[str]) -> str:
    release = (tree / "include/config/kernel.release").read_text().strip()
    shutil.rmtree(base, ignore_errors=True)
    (base / "root/boot").mkdir(parents=True)
    (base / f"root/lib/modules/{release}").mkdir(parents=True)
    shutil.copy(tree / "arch/x86/boot/bzImage", base / f"root/boot/vmlinuz-{release}")
    shutil.copy(tree / ".config", base / "config")
    for module in tree.rglob("*.ko"):
        shutil.copy(module, base / f"root/lib/modules/{release}")
    shutil.copy(tree / "vmlinux", folder("debuginfo", release) / "vmlinux")
    # Modules are built against the tree itself.
    headers = debian.chroot_path(suite) / f"usr/src/linux-headers-{release}"
    headers.unlink(missing_ok=True)
    os.symlink(Path("/") / tree.relative_to(debian.chroot_path(suite)), headers)
    can_preempt = bool({"PREEMPT", "PREEMPT_LAZY", "PREEMPT_RT"} & set(options))
    (base / "fragment").write_text(text)
    (base / _NOTE).write_text(json.dumps(
        {"summary": summary, "arch": "amd64", "suite": suite, "no_preempt": can_preempt}, indent=1) + "\n")
    (base / "release").write_text(release + "\n")
    return key
