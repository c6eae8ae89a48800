# SPDX-License-Identifier: GPL-2.0-or-later
"""Stock kernels in the cache: fetched once, then used as they are. A kernel of
a rolling suite therefore stays what it was when it was first fetched; remove its
folder to get the current one."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from . import built, debian
from .cache import LabError, folder, root
from .tables import ARCHES, Kernel


@dataclass(frozen=True)
class Unpacked:
    key: str
    kernel: Kernel
    release: str
    image: Path        # bzImage or what the machine boots
    modules: Path      # .../lib/modules/RELEASE


def unpacked(key: str) -> Unpacked:
    """The kernel, fetched if need be."""
    kernel = built.known()[key]
    base = root() / "kernels" / key
    if not (base / "release").exists():
        _fetch(key, kernel, base)
    release = (base / "release").read_text().strip()
    tree = base / "root"
    image = _first(tree, f"boot/vmlinu*-{release}", f"usr/lib/modules/{release}/vmlinu*")
    modules = _first(tree, f"lib/modules/{release}", f"usr/lib/modules/{release}")
    return Unpacked(key, kernel, release, image, modules)


def _fetch(key: str, kernel: Kernel, base: Path) -> None:
    suite, arch = kernel.suite, ARCHES[kernel.arch].debian
    log = f"kernel-{key}"
    debian.prepare_chroot(suite)
    debian.update(suite, arch, log)
    shutil.rmtree(base, ignore_errors=True)
    meta = kernel.image or f"linux-image-{arch}"
    if re.match(r"linux-image-\d", meta):   # one release's own package
        images = [meta]
    else:
        images = [name for name in debian.dependencies(suite, debian.package_name(meta, arch))
                  if name.startswith("linux-image-")]
    if not images:
        raise LabError(f"{meta} of {suite} depends on no kernel image")
    release = images[0].removeprefix("linux-image-")
    image = debian.package_name(images[0], arch)
    # Newer suites split the image into several packages of the same release.
    parts = [debian.package_name(name, arch) for name in debian.dependencies(suite, image)
             if name.endswith(release)]
    debian.fetch_and_unpack(suite, [image, *parts], base / "root", log)
    _install_headers(suite, f"linux-headers-{release}", arch, log)
    (base / "release").write_text(release + "\n")


def _install_headers(suite: str, package: str, arch: str, log: str) -> None:
    if arch == debian.native_arch():
        debian.install(suite, [package], log)
        return
    # Those of another machine type want its compiler; their other parts, among them
    # kbuild's programs, are installed as this machine's own.
    foreign = debian.package_name(package, arch)
    debian.install(suite, [name for name in debian.dependencies(suite, foreign)
                           if name.startswith(("linux-headers-", "linux-kbuild-"))], log)
    scratch = debian.chroot_path(suite) / "lab-headers"
    shutil.rmtree(scratch, ignore_errors=True)
    debian.fetch_and_unpack(suite, [foreign], scratch, log)
    target = debian.chroot_path(suite) / "usr/src" / package
    shutil.rmtree(target, ignore_errors=True)
    shutil.move(scratch / "usr/src" / package, target)
    shutil.rmtree(scratch)


def _first(tree: Path, *patterns: str) -> Path:
    for pattern in patterns:
        for match in sorted(tree.glob(pattern)):
            return match
    raise LabError(f"no {patterns[0]} under {tree}; remove that folder to fetch it again")


def debuginfo(key: str) -> Path:
    """The kernel's vmlinux with DWARF, about 1 GB, unpacked into the cache."""
    kernel = unpacked(key)
    target = folder("debuginfo", kernel.release) / "vmlinux"
    if target.exists():
        return target
    scratch = folder("debuginfo", kernel.release, "unpack")
    suite, log = kernel.kernel.suite, f"debuginfo-{key}"
    debian.prepare_chroot(suite)
    arch = ARCHES[kernel.kernel.arch].debian
    debian.update(suite, arch, log)
    package = debian.package_name(f"linux-image-{kernel.release}-dbg", arch)
    # The debug information of thousands of modules comes along, several GB of it.
    debian.fetch_and_unpack(suite, [package], scratch, log, only="*/vmlinux*")
    found = _first(scratch, f"usr/lib/debug/boot/vmlinux-{kernel.release}",
                   f"usr/lib/debug/lib/modules/{kernel.release}/vmlinux",
                   f"usr/lib/debug/usr/lib/modules/{kernel.release}/vmlinux",
                   "usr/lib/debug/**/vmlinux*")
    # The links beside it point to the same file: keep the file itself.
    shutil.move(found.resolve(), target)
    shutil.rmtree(scratch)
    return target
