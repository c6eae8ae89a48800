#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Distils a vmlinux from its BTF and from its DWARF and compares what the two say: every type that can be asked for by name, with all that is nested in it,
every enumerator and every symbol.

usage: compare_sources.py WHYHUNG VMLINUX...
"""
import gzip
import pathlib
import subprocess
import sys
import tempfile

DEEPEST = 12


def parse(path):
    types, named = [None], {"name": {}, "enumerator": {}, "address": {}, "offset": {}}
    for line in gzip.decompress(path.read_bytes()).decode().splitlines():
        word, _, rest = line.partition(" ")
        if word == "member":
            bits, width, kind, *name = rest.split(" ", 3)
            types[-1]["members"].append((int(bits), int(width), int(kind), name[0] if name else ""))
        elif word in ("struct", "enum", "base", "pointer", "array", "opaque"):
            numbers = {"struct": 1, "enum": 2, "base": 4, "pointer": 2, "array": 2, "opaque": 0}[word]
            parts = rest.split(" ", numbers)
            types.append({"kind": word, "numbers": [int(one) for one in parts[:numbers]],
                          "name": " ".join(parts[numbers:]), "members": []})
        elif word in named:
            value, name = rest.split(" ", 1)
            named[word][name] = value
    return types, named


def flatten(types, kind, bits, path, out, depth=0):
    """What a path of members means: place, width, and the type's size or target."""
    one = types[kind] if 0 < kind < len(types) else None
    if one is None or depth > DEEPEST:
        return
    if one["kind"] == "struct":
        out.append((path, bits, "struct", one["numbers"][0]))
        for at, width, member, name in one["members"]:
            flatten(types, member, bits + at, f"{path}.{name}" + (f":{width}" if width else ""), out, depth + 1)
    elif one["kind"] == "array":
        # BTF is made with all dimensions in one.
        element, count = one["numbers"]
        while 0 < element < len(types) and types[element]["kind"] == "array":
            count *= types[element]["numbers"][1]
            element = types[element]["numbers"][0]
        out.append((path, bits, "array", count))
        flatten(types, element, bits, path + "[0]", out, depth + 1)
    elif one["kind"] == "pointer":
        target = types[one["numbers"][1]]
        out.append((path, bits, "pointer to", target["name"] if target else "void"))
    elif one["kind"] == "base" and one["numbers"][0] == 1:
        out.append((path, bits, "byte"))  # BTF of kernels before 5.12 does not say that char has a sign
    else:
        out.append((path, bits, one["kind"], *one["numbers"]))


def said(types, named):
    lines = []
    for name, kind in named["name"].items():
        out = []
        flatten(types, int(kind), 0, name, out)
        lines += [" ".join(map(str, line)) for line in out]
    for what in ("address", "offset"):
        lines += [f"{what} {name} {value}" for name, value in named[what].items()]
    return set(lines), named["enumerator"]


def main():
    program, failed = sys.argv[1], False
    for vmlinux in sys.argv[2:]:
        answers = {}
        with tempfile.TemporaryDirectory() as folder:
            for source in ("btf", "dwarf"):
                file = pathlib.Path(folder) / source
                subprocess.run([program, "distill", "--from", source, vmlinux, "-o", file], check=True,
                               stdout=subprocess.DEVNULL)
                answers[source] = said(*parse(file))
        (btf, btf_values), (dwarf, dwarf_values) = answers["btf"], answers["dwarf"]
        # Some words are enumerators of an enum within a function, which only BTF lists.
        values = [f"enumerator {name}: {btf_values[name]} or {dwarf_values[name]}"
                  for name in sorted(btf_values.keys() & dwarf_values.keys()) if btf_values[name] != dwarf_values[name]]
        print(f"{vmlinux}: {len(btf & dwarf)} statements agree")
        differences = [f"only BTF: {line}" for line in sorted(btf - dwarf)]
        differences += [f"only DWARF: {line}" for line in sorted(dwarf - btf)] + values
        for line in differences:
            print("  " + line)
        failed = failed or bool(differences)
    sys.exit(failed)


if __name__ == "__main__":
    main()
