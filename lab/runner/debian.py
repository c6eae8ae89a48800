# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's side of the lab: one chroot per suite, which holds the compiler that
fits the suite's kernel, the tools for the guest, and a package manager whose
lists are its own. The host's package lists are only read, to learn the mirror.
Packages of another machine type are unpacked, never installed or run."""

from __future__ import annotations

import functools
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from . import commands
from .cache import LabError, folder
from .tables import ARCHES, KERNELS

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
# A rolling suite has no security archive of its own.
ROLLING = {"sid"}
GUEST_TOOLS = ("busybox-static",)
KDUMP_TOOLS = ("kexec-tools", "makedumpfile")


def mirrors() -> tuple[str, str]:
    """URIs of the main and of the security archive, as this system has them."""
    override = os.environ.get("WHYHUNG_LAB_MIRROR")
    if override:
        main = override.rstrip("/")
        return main, os.environ.get("WHYHUNG_LAB_SECURITY_MIRROR", f"{main}-security")
    listing = commands.output_of(["apt-get", "indextargets", "--format",
                                  "$(LABEL)|$(REPO_URI)", "Created-By: Packages"])
    found = dict(line.split("|", 1) for line in listing.splitlines() if "|" in line)
    if "Debian" not in found:
        raise LabError("no Debian mirror among this system's package sources; "
                       "set WHYHUNG_LAB_MIRROR to one")
    main = found["Debian"].rstrip("/")
    return main, found.get("Debian-Security", f"{main}-security").rstrip("/")


@functools.cache
def native_arch() -> str:
    return commands.output_of(["dpkg", "--print-architecture"]).strip()


def package_name(name: str, arch: str) -> str:
    return name if arch == native_arch() else f"{name}:{arch}"


def chroot_path(suite: str) -> Path:
    return folder("chroot") / suite


# Its own mount namespace: /proc, which some build tools need, goes away by itself.
_ENTER = 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"'


def _entering(suite: str) -> list[str]:
    return ["unshare", "--mount", "sh", "-c", _ENTER, str(chroot_path(suite))]


def in_chroot(suite: str, arguments: Sequence[str], log: str, limit: float = 900) -> None:
    commands.run([*_entering(suite), *arguments], log, limit=limit,
                 environment={"DEBIAN_FRONTEND": "noninteractive",
                              "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})


def chroot_output(suite: str, arguments: Sequence[str]) -> str:
    return commands.output_of([*_entering(suite), *arguments])


def prepare_chroot(suite: str) -> Path:
    """Makes the suite's chroot, or adds what the tables ask for since it was made."""
    path = chroot_path(suite)
    compilers = (package for kernel in KERNELS.values() if kernel.suite == suite
                 for package in ARCHES[kernel.arch].compiler)
    ready = path / ".lab-ready"
    there = set(ready.read_text().split()) if ready.exists() else set()
    wanted = sorted({*GUEST_TOOLS, *KDUMP_TOOLS, *compilers} - there)
    if not wanted:
        return path
    if os.geteuid() != 0:
        raise LabError("the chroots are made as root")
    log = f"chroot-{suite}"
    main, security = mirrors()
    if not (path / "usr/bin/apt-get").exists() or (path / "debootstrap").exists():
        shutil.rmtree(path, ignore_errors=True)
        commands.run(["debootstrap", "--variant=minbase", f"--keyring={KEYRING}",
                      suite, str(path), main], log)
    sources = [f"deb {main} {suite} main"]
    if suite not in ROLLING:
        sources.append(f"deb {security} {suite}-security main")
    (path / "etc/apt/sources.list").write_text("\n".join(sources) + "\n")
    # A mirror that stands still serves lists past their date; believe this system's settings.
    (path / "etc/apt/apt.conf.d/99lab").write_text(commands.output_of(
        ["apt-config", "dump", "--format", '%f "%v";%n', "Acquire::Check-Valid-Until",
         "Acquire::Check-Date"]))
    if Path("/etc/resolv.conf").exists():
        shutil.copyfile("/etc/resolv.conf", path / "etc/resolv.conf")
    _refresh_lists(suite, log)
    install(suite, wanted, log)
    ready.write_text(" ".join(sorted(there | set(wanted))) + "\n")
    return path


def update(suite: str, arch: str, log: str) -> None:
    """Brings the chroot's package lists up to date, those for arch among them."""
    if arch != native_arch():
        in_chroot(suite, ["dpkg", "--add-architecture", arch], log)
    _refresh_lists(suite, log)


def _refresh_lists(suite: str, log: str) -> None:
    # A list that a mirror has only half refreshed is no reason to stop: what is missing
    # then, or older, shows when packages are asked for.
    in_chroot(suite, ["sh", "-c", "apt-get update || echo some lists did not arrive"], log)


def install(suite: str, packages: Sequence[str], log: str) -> None:
    in_chroot(suite, ["apt-get", "install", "-y", "--no-install-recommends", *packages], log)


def dependencies(suite: str, package: str) -> list[str]:
    """Names a package depends on directly, without machine types."""
    listing = chroot_output(suite, ["apt-cache", "depends", package])
    # In angle brackets stands what another package provides for the machine type: one for all types.
    return [line.split(":", 1)[1].split(":")[0].strip(" <>") for line in listing.splitlines()
            if line.strip().startswith("Depends:")]


def fetch_and_unpack(suite: str, packages: Sequence[str], target: Path, log: str,
                     only: str = "") -> None:
    """Downloads packages inside the chroot and unpacks them into target: all of them, or
    the files whose path matches one shell pattern."""
    _download_and_unpack(suite, 'apt-get -o APT::Sandbox::User=root download "$@"',
                         packages, target, log, only)


def tool_tree(suite: str, arch: str) -> Path:
    """Where the guest's tools of a suite and the libraries they need lie: in the
    chroot, or unpacked beside it for another machine type."""
    chroot = prepare_chroot(suite)
    if arch == native_arch():
        return chroot
    target = folder("tools") / f"{suite}-{arch}"
    if not (target / ".lab-ready").exists():
        update(suite, arch, f"tools-{suite}-{arch}")
        # As if nothing were installed, so that all that they depend on comes too; from the main archive, because old
        # suites' security archives lose packages that their lists still name.
        _download_and_unpack(
            suite, ": > status; mkdir partial; apt-get -y --no-install-recommends "
            f"-o APT::Default-Release={suite} "
            f"-o APT::Sandbox::User=root -o APT::Architecture={arch} -o APT::Architectures={arch} "
            "-o Dir::State::status=/lab-downloads/status -o Dir::Cache::archives=/lab-downloads "
            '--download-only install "$@"', guest_tools(arch), target, f"tools-{suite}-{arch}")
        (target / ".lab-ready").touch()
    return target


def guest_tools(arch: str) -> tuple[str, ...]:
    """Those of a capture kernel only for machines that have one here: not every suite has
    them for the others."""
    has_capture = any(one.debian == arch and "kdump" in one.makers for one in ARCHES.values())
    return GUEST_TOOLS + KDUMP_TOOLS if has_capture else GUEST_TOOLS


def _download_and_unpack(suite: str, script: str, packages: Sequence[str], target: Path,
                         log: str, only: str = "") -> None:
    downloads = chroot_path(suite) / "lab-downloads"
    shutil.rmtree(downloads, ignore_errors=True)
    downloads.mkdir()
    in_chroot(suite, ["sh", "-c", f"cd /lab-downloads && {{ {script}; }}", "sh", *packages], log)
    target.mkdir(parents=True, exist_ok=True)
    for package in sorted(downloads.glob("*.deb")):
        if only:
            commands.run(["sh", "-c", 'dpkg-deb --fsys-tarfile "$1" | tar -x -C "$2" --wildcards "$3"',
                          "sh", str(package), str(target), only], log)
        else:
            commands.run(["dpkg-deb", "-x", str(package), str(target)], log)
    shutil.rmtree(downloads)
