#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds what the shared library exports against its header: each function that is declared, with the library's symbol
version, and nothing else.

usage: check_exports.py LIBRARY HEADER"""
import re
import subprocess
import sys

VERSION = "WHYHUNG_0"


def main():
    library, header = sys.argv[1:]
    declared = set(re.findall(r"\b(whyhung_\w+)\(", "".join(
        line for line in open(header, encoding="utf-8") if line.startswith("WHYHUNG_API"))))
    listed = subprocess.run(["nm", "-D", "--defined-only", library], check=True, capture_output=True, text=True).stdout
    exported = {line.split()[-1] for line in listed.splitlines() if line.split()[-2] != "A"}
    wanted = {f"{name}@@{VERSION}" for name in declared}
    faults = [f"{name} is declared and not exported" for name in sorted(wanted - exported)]
    faults += [f"{name} is exported and not declared" for name in sorted(exported - wanted)]
    if len(declared) < 15:
        faults.append(f"only {len(declared)} functions were found in {header}")
    dynamic = subprocess.run(["readelf", "-d", library], check=True, capture_output=True, text=True).stdout
    if "[libwhyhung.so.0]" not in dynamic:
        faults.append("the library is not called libwhyhung.so.0")
    if "TEXTREL" in dynamic:
        faults.append("the library's code must be changed when it is loaded")
    print("\n".join(faults))
    sys.exit(1 if faults else 0)


main()
