#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds the tree to its rules: a layer of src/ includes only headers of layers that its CMakeLists.txt names under
DEPENDS, directly or through those; no layer depends on itself by any way round; base depends on nothing; no source is
longer than 500 lines; each source opens with the SPDX line.

usage: check_layers.py SOURCE_TREE     prints each breach as FILE:LINE: what, exit status 1 when there is any
       check_layers.py --self-test     proves on small broken trees that each rule is kept
"""
import pathlib
import re
import sys
import tempfile

MOST_LINES = 500
SPDX = "SPDX-License-Identifier: GPL-2.0-or-later"
SOURCES = {".cc": "// ", ".h": "// ", ".py": "# ", ".sh": "# ", ".txt": "# ", ".cmake": "# "}
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"')
KEYWORDS = {"SOURCES", "DEPENDS", "LIBRARIES"}


def dependencies_of(cmake_text):
    """Layers that whyhung_layer(… DEPENDS …) names; for a program, those that it links as whyhung_NAME."""
    text = re.sub(r"#.*", "", cmake_text)
    layer = re.search(r"whyhung_layer\(([^)]*)\)", text)
    if not layer:
        linked = re.search(r"target_link_libraries\(([^)]*)\)", text)
        words = linked.group(1).split() if linked else []
        return {word.removeprefix("whyhung_") for word in words if word.startswith("whyhung_")} - {"options"}
    found, inside = set(), False
    for word in layer.group(1).split():
        if word in KEYWORDS:
            inside = word == "DEPENDS"
        elif inside:
            found.add(word)
    return found


def reach(depends, layer):
    """Every layer that can be come to from `layer`: itself only when there is a cycle."""
    reached, pending = set(), list(depends.get(layer, ()))
    while pending:
        one = pending.pop()
        if one not in reached:
            reached.add(one)
            pending.extend(depends.get(one, ()))
    return reached


def check_graph(depends):
    for layer, named in sorted(depends.items()):
        place = f"src/{layer}/CMakeLists.txt:1"
        if layer == "base" and named:
            yield f"{place}: base depends on {', '.join(sorted(named))}; it may depend on nothing"
        for unknown in sorted(named - depends.keys()):
            yield f"{place}: {unknown} is no layer"
        if layer in reach(depends, layer):
            yield f"{place}: {layer} depends on itself, through {', '.join(sorted(named))}"


def check_includes(root, depends):
    for layer in sorted(depends):
        allowed = {layer} | reach(depends, layer)
        for file in sorted((root / "src" / layer).rglob("*")):
            if file.suffix not in (".cc", ".h"):
                continue
            for number, line in enumerate(file.read_text().splitlines(), 1):
                include = INCLUDE.match(line)
                if not include:
                    continue
                place = f"{file.relative_to(root)}:{number}"
                other, slash, _ = include.group(1).partition("/")
                if not slash or not (root / "src" / include.group(1)).is_file():
                    yield f"{place}: \"{include.group(1)}\" is not a header of src/, named from there"
                elif other not in allowed:
                    yield f"{place}: {layer} includes \"{include.group(1)}\", but does not depend on {other}"


def check_files(root):
    files = [file for folder in ("src", "tests", "cmake", "bench", "lab") for file in (root / folder).rglob("*")]
    for file in sorted(files):
        if not file.is_file() or "corpus" in file.parts or "vmcores" in file.parts and file.suffix == ".txt":
            continue
        comment = SOURCES.get(file.suffix)
        if comment is None or (file.suffix == ".txt" and file.name != "CMakeLists.txt"):
            continue
        lines = file.read_text().splitlines()
        place = file.relative_to(root)
        heads = lines[1:2] if lines and lines[0].startswith("#!") else lines[:1]
        if heads not in ([comment + SPDX], [f"/* {SPDX} */"]):
            yield f"{place}:1: does not open with the SPDX line"
        if len(lines) > MOST_LINES:
            yield f"{place}:{MOST_LINES + 1}: has {len(lines)} lines, more than {MOST_LINES}"


def breaches(root):
    depends = {file.parent.name: dependencies_of(file.read_text()) for file in root.glob("src/*/CMakeLists.txt")}
    for folder in sorted((root / "src").iterdir()):
        if folder.is_dir() and folder.name not in depends:
            yield f"src/{folder.name}:1: the layer has no CMakeLists.txt"
    if len(depends) < 2:
        yield f"src:1: {len(depends)} layers found in {root}: is this the source tree?"
    yield from check_graph(depends)
    yield from check_includes(root, depends)
    yield from check_files(root)


HEAD = f"// {SPDX}\n"
SOUND = {
    "src/base/CMakeLists.txt": f"# {SPDX}\nwhyhung_layer(base SOURCES text.cc)\n",
    "src/base/text.h": HEAD,
    "src/base/text.cc": HEAD + '#include "base/text.h"\n#include <vector>\n',
    "src/dump/CMakeLists.txt": f"# {SPDX}\nwhyhung_layer(dump\n  SOURCES dump.cc # DEPENDS cli\n  DEPENDS base\n  LIBRARIES x::y)\n",
    "src/dump/dump.h": HEAD + '#include "base/text.h"\n',
    "src/dump/dump.cc": HEAD + '#include "dump/dump.h"\n',
    "src/target/CMakeLists.txt": f"# {SPDX}\nwhyhung_layer(target SOURCES t.cc DEPENDS dump)\n",
    "src/target/t.cc": HEAD + '#include "base/text.h"\n#include "dump/dump.h"\n',
    "src/cli/CMakeLists.txt": f"# {SPDX}\nadd_executable(p main.cc)\ntarget_link_libraries(p PRIVATE whyhung_target whyhung_options)\n",
    "src/cli/main.cc": HEAD + '#include "base/text.h"\n',
}
BROKEN = [
    ("a layer that includes one above it", {"src/dump/dump.cc": HEAD + '#include "target/t.h"\n', "src/target/t.h": HEAD},
     "src/dump/dump.cc:2: dump includes \"target/t.h\", but does not depend on target"),
    ("a sibling's header", {"src/base/text.cc": HEAD + '#include "dump/dump.h"\n'}, "base includes \"dump/dump.h\""),
    ("base with a dependency",
     {"src/base/CMakeLists.txt": f"# {SPDX}\nwhyhung_layer(base SOURCES text.cc DEPENDS fmtx)\n"}, "base depends on fmtx"),
    ("a cycle", {"src/dump/CMakeLists.txt": f"# {SPDX}\nwhyhung_layer(dump SOURCES dump.cc DEPENDS target)\n"},
     "dump depends on itself"),
    ("a header that is not there", {"src/dump/dump.cc": HEAD + '#include "base/gone.h"\n'}, "\"base/gone.h\" is not a header"),
    ("a header named from beside", {"src/dump/dump.cc": HEAD + '#include "dump.h"\n'}, "\"dump.h\" is not a header"),
    ("a source without the SPDX line", {"src/base/text.cc": "// Text.\n"}, "src/base/text.cc:1: does not open with the SPDX line"),
    ("a script without the SPDX line", {"tests/x.py": "#!/usr/bin/env python3\nimport sys\n"}, "tests/x.py:1: does not open"),
    ("a long source", {"src/base/text.cc": HEAD + "\n" * MOST_LINES}, "has 501 lines, more than 500"),
    ("a layer without build file", {"src/new/new.cc": HEAD}, "src/new:1: the layer has no CMakeLists.txt"),
]


def breaches_of(files):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, text in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        return list(breaches(root))


def self_test():
    failures = [f"a sound tree is refused: {breach}" for breach in breaches_of(SOUND)]
    for what, files, expected in BROKEN:
        found = breaches_of({**SOUND, **files})
        if not any(expected in breach for breach in found):
            failures.append(f"{what} is not noticed: {found}")
    return failures


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    found = self_test() if sys.argv[1] == "--self-test" else list(breaches(pathlib.Path(sys.argv[1])))
    print("\n".join(found))
    sys.exit(1 if found else 0)


main()
