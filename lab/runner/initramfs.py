# SPDX-License-Identifier: GPL-2.0-or-later
"""The guest's file system: cpio archives (newc), not compressed, since an
emulated CPU unpacks slowly. One archive per kernel serves both the hanging
kernel and the capture kernel; a small one per run is appended to it."""

from __future__ import annotations

import hashlib
import lzma
import os
import re
import stat
from pathlib import Path

from . import commands, debian
from .cache import LAB, LabError, folder
from .kernels import Unpacked
from .tables import ARCHES

# Drivers for the shared folder and for VMCOREINFO in QEMU's dumps. Those that
# a kernel has built in are not found as files and are left out.
DRIVERS = ("virtio_pci", "9pnet_virtio", "9p", "qemu_fw_cfg")
_PROGRAMS = ("kexec", "makedumpfile")
_LIBRARY_FOLDERS = ("lib64", "usr/lib64", "lib", "usr/lib", "lib/*-linux-gnu*", "usr/lib/*-linux-gnu*")


class Archive:
    """A cpio archive in the making."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._folders: set[str] = set()
        self._inode = 0

    def _entry(self, name: str, mode: int, data: bytes = b"",
               device: tuple[int, int] = (0, 0)) -> None:
        self._inode += 1
        encoded = name.encode() + b"\0"
        fields = (self._inode, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(encoded), 0)
        header = b"070701" + b"".join(b"%08X" % field for field in fields)
        self._parts += [_padded(header + encoded), _padded(data)]

    def folder(self, name: str) -> None:
        parts = name.strip("/").split("/")
        for depth in range(1, len(parts) + 1):
            path = "/".join(parts[:depth])
            if path not in self._folders:
                self._folders.add(path)
                self._entry(path, stat.S_IFDIR | 0o755)

    def file(self, name: str, data: bytes, mode: int = 0o644) -> None:
        if "/" in name:
            self.folder(name.rsplit("/", 1)[0])
        self._entry(name, stat.S_IFREG | mode, data)

    def link(self, name: str, target: str) -> None:
        self._entry(name, stat.S_IFLNK | 0o777, target.encode())

    def console(self) -> None:
        self.folder("dev")
        self._entry("dev/console", stat.S_IFCHR | 0o600, device=(5, 1))

    def bytes(self) -> bytes:
        self._entry("TRAILER!!!", 0)
        return b"".join(self._parts)


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)


def base_image(kernel: Unpacked, more_suites: set[str]) -> Path:
    """The archive for this kernel, with the tools of its own suite and of those
    asked for; another one for other scripts, since working trees share the cache."""
    suites = sorted({kernel.kernel.suite} | more_suites)
    scripts = sorted(path for path in (LAB / "guest").iterdir() if path.suffix in ("", ".sh"))
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in [*scripts, Path(__file__)]))
    name = f"{kernel.release}-{'-'.join(suites)}"
    target = folder("initramfs") / f"{name}-{digest.hexdigest()[:8]}.cpio"
    if target.exists():
        return target
    for old in target.parent.glob(f"{name}-????????.cpio"):
        old.unlink()
    archive = Archive()
    archive.console()
    for name in ("proc", "sys", "tmp", "host", "bin", "lab"):
        archive.folder(name)
    arch = ARCHES[kernel.kernel.arch].debian
    busybox = _in_tree(debian.tool_tree(kernel.kernel.suite, arch), "busybox")
    archive.file("bin/busybox", busybox.read_bytes(), 0o755)
    archive.link("bin/sh", "busybox")
    for script in scripts:
        where = "init" if script.name == "init" else f"lab/{script.name}"
        archive.file(where, script.read_bytes(), 0o755)
    for tool_suite in suites if "kdump" in ARCHES[kernel.kernel.arch].makers else ():
        _add_tools(archive, tool_suite, debian.tool_tree(tool_suite, arch))
    add_drivers(archive, kernel)
    temporary = target.with_suffix(f".{os.getpid()}")
    temporary.write_bytes(archive.bytes())
    temporary.rename(target)
    return target


def add_drivers(archive: Archive, kernel: Unpacked, drivers: tuple[str, ...] = DRIVERS,
                order: str = "order") -> None:
    """The kernel's own modules of these names and what they depend on, with a list of
    them in the order of loading."""
    files = driver_files(kernel.modules, drivers)
    for path in files:
        archive.file(f"lab/drivers/{_module_name(path)}.ko", _uncompressed(path))
    archive.file(f"lab/drivers/{order}",
                 "".join(f"{_module_name(path)}\n" for path in files).encode())


def _add_tools(archive: Archive, suite: str, tree: Path) -> None:
    """kexec and makedumpfile under /tools/SUITE, with the suite's own C library:
    the guest may hold the tools of two suites side by side."""
    programs = {name: _in_tree(tree, name) for name in _PROGRAMS}
    libraries: dict[str, Path] = {}
    interpreter = ""
    waiting = list(programs.values())
    while waiting:
        description = commands.output_of(["readelf", "-ld", str(waiting.pop())])
        found = re.search(r"interpreter: (\S+?)\]", description)
        if found and not interpreter:
            interpreter = found.group(1)
            libraries[Path(interpreter).name] = _library(tree, Path(interpreter).name)
        for name in re.findall(r"\(NEEDED\).*\[(.+?)\]", description):
            if name not in libraries:
                libraries[name] = _library(tree, name)
                waiting.append(libraries[name])
    home = f"tools/{suite}"
    for name, path in programs.items():
        archive.file(f"{home}/lib/{name}", path.read_bytes(), 0o755)
        wrapper = (f"#!/bin/sh\nexec /{home}/lib/{Path(interpreter).name} "
                   f"--library-path /{home}/lib /{home}/lib/{name} \"$@\"\n")
        archive.file(f"{home}/bin/{name}", wrapper.encode(), 0o755)
    for name, path in libraries.items():
        archive.file(f"{home}/lib/{name}", path.read_bytes(), 0o755)


def _in_tree(tree: Path, program: str) -> Path:
    for where in ("sbin", "usr/sbin", "bin", "usr/bin"):
        if (tree / where / program).exists():
            return tree / where / program
    raise LabError(f"{tree} has no {program}")


def _library(tree: Path, name: str) -> Path:
    for pattern in _LIBRARY_FOLDERS:
        for where in sorted(tree.glob(pattern)):
            if (where / name).exists():
                return _resolved_inside(tree, where / name)
    raise LabError(f"{tree} has no {name}")


def _resolved_inside(tree: Path, path: Path) -> Path:
    """Follows a link to the end, taking absolute targets as inside the tree."""
    while path.is_symlink():
        target = os.readlink(path)
        path = tree / target.lstrip("/") if target.startswith("/") else path.parent / target
    return path


def _module_name(path: Path) -> str:
    return path.name.split(".ko")[0].replace("-", "_")


def _uncompressed(path: Path) -> bytes:
    data = path.read_bytes()
    return lzma.decompress(data) if path.suffix == ".xz" else data


def driver_files(modules: Path, wanted: tuple[str, ...]) -> list[Path]:
    """What is wanted and what it depends on, in the order of loading."""
    by_name = {_module_name(path): path for path in modules.rglob("*.ko*")}
    order: list[Path] = []

    def visit(name: str) -> None:
        path = by_name.get(name)
        if path is None or path in order:
            return
        found = re.search(rb"\0depends=([^\0]*)\0", b"\0" + _uncompressed(path))
        for needed in (found.group(1).decode().split(",") if found else []):
            if needed:
                visit(needed.replace("-", "_"))
        order.append(path)

    for driver in wanted:
        visit(driver)
    return order
