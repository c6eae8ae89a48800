#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the first inputs of the corpora tar, unpack and unwrap. usage: make_packed_seeds.py CORPUS

The first byte of each says in which pieces the rest is handed on. zstd's are made by the program of that name."""
import bz2
import gzip
import io
import lzma
import pathlib
import subprocess
import sys
import tarfile

LOG = b"[  100.000001] INFO: task cod:7 blocked for more than 120 seconds.\n[  100.000005] task:cod state:D stack:0 pid:7\n"


def archive(files, form):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as tar:
        for name, content in files:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return out.getvalue().rstrip(b"\0") + bytes(1024)


def main():
    corpus = pathlib.Path(sys.argv[1])

    def put(kind, name, content, piece=63):
        folder = corpus / kind
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(bytes([piece]) + content)

    files = [("var/log/dmesg", LOG), ("var/log/" + "deep/" * 30 + "kern.log", LOG), ("empty", b"")]
    tars = {"ustar": archive(files[:1], tarfile.USTAR_FORMAT), "gnu": archive(files, tarfile.GNU_FORMAT),
            "pax": archive(files + [("ä", LOG)], tarfile.PAX_FORMAT)}
    packers = {"gz": gzip.compress, "xz": lzma.compress, "bz2": bz2.compress,
               "zst": lambda text: subprocess.run(["zstd", "-q", "-c"], input=text, capture_output=True, check=True).stdout}
    for name, content in tars.items():
        put("tar", name, content)
        put("unwrap", name, content)
    for name, pack in packers.items():
        put("unpack", name, pack(LOG))
        put("unpack", name + "-twice", pack(LOG) + pack(LOG))
        put("unpack", name + "-cut", pack(LOG * 20)[:60])
        put("unwrap", name, pack(LOG))
    put("unwrap", "tar.gz", gzip.compress(tars["ustar"], mtime=0))
    put("unwrap", "gz-in-tar", archive([("var/log/messages-20260301.gz", gzip.compress(LOG, mtime=0))], tarfile.USTAR_FORMAT))
    put("unwrap", "apport", b"ProblemType: KernelOops\nCurrentDmesg:\n " + LOG.replace(b"\n", b"\n ") + b"\n")
    put("unwrap", "supportconfig", b"#==[ Command ]====#\n# /bin/dmesg\n" + LOG + b"#==[ Log File ]===#\n# /var/log/messages\n" + LOG)
    put("unwrap", "utf16", b"\xff\xfe" + LOG.decode().encode("utf-16-le"), 2)
    put("unwrap", "plain", LOG)


if __name__ == "__main__":
    main()
