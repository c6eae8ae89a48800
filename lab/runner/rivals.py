# SPDX-License-Identifier: GPL-2.0-or-later
"""Other readers of dumps, to compare with: installed in unstable's chroot, where
they are newest, and callable from outside by small wrappers, which see the
host's files under their own paths."""

from __future__ import annotations

import shlex
from pathlib import Path

from . import debian
from .cache import folder

_SUITE = "sid"
_PACKAGES = ("crash", "python3-drgn", "makedumpfile")
_PROGRAMS = ("crash", "drgn", "makedumpfile")

_WRAPPER = """#!/bin/sh
# Runs {program} of the chroot; the host's folders that hold data are mounted
# over it in a mount namespace of its own, so nothing is left behind.
chroot={chroot}
if [ -z "$LAB_INSIDE" ]; then
	LAB_INSIDE=1 exec unshare --mount "$0" "$@"
fi
here=$PWD
mount -t proc proc "$chroot/proc"
mount --bind /dev "$chroot/dev"
for folder in /*; do
	case $folder in
	/bin|/boot|/dev|/etc|/lib*|/lost+found|/proc|/run|/sbin|/sys|/usr|/var) continue ;;
	esac
	[ -d "$folder" ] && [ ! -L "$folder" ] || continue
	mkdir -p "$chroot$folder"
	mount --bind "$folder" "$chroot$folder"
done
unset LAB_INSIDE
exec chroot "$chroot" sh -c 'cd "$0" && exec "$@"' "$here" {program} "$@"
"""


def prepare() -> list[Path]:
    """Installs them and writes the wrappers, whose paths are returned."""
    chroot = debian.prepare_chroot(_SUITE)
    debian.update(_SUITE, debian.native_arch(), "rivals")
    debian.install(_SUITE, _PACKAGES, "rivals")
    wrappers = []
    for program in _PROGRAMS:
        path = folder("rivals") / program
        path.write_text(_WRAPPER.format(program=program, chroot=shlex.quote(str(chroot))))
        path.chmod(0o755)
        wrappers.append(path)
    return wrappers
