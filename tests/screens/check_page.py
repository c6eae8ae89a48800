#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Opens pages of --html in a browser without a screen: nothing is written to its console, no text of the graph lies on
another one or sticks out of its box, nothing is wider than a telephone but what scrolls by itself, in light and dark.

usage: check_page.py WHYHUNG     exit status 77 and a word where there is no Chromium
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

TESTS = pathlib.Path(__file__).resolve().parent.parent
SHOWN = ("stop-machine-nmi-panic", "mutex-cycle3", "several-stopped", "crashed-null-dereference", "twin-idle")
SKIPPED = 77
WIDTHS = (500, 1200)
# What the page itself forbids, for a copy of it that measures itself.
MEASURE = """<script>
const texts = [...document.querySelectorAll('.graph text')].map(text => text.getBoundingClientRect());
const boxes = [...document.querySelectorAll('.graph .node')].map(node => [node.querySelector('.shape'), [...node.querySelectorAll('text')]]);
const over = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
let overlaps = 0, outside = 0;
texts.forEach((a, i) => texts.slice(i + 1).forEach(b => { if (over({...a.toJSON(), top: a.top + 3, bottom: a.bottom - 3}, b)) ++overlaps; }));
boxes.forEach(([shape, inner]) => inner.forEach(text => {
  const a = text.getBoundingClientRect(), b = shape.getBoundingClientRect();
  if (a.left < b.left - 1 || a.right > b.right + 1) ++outside; }));
const ink = getComputedStyle(document.body).color, paper = getComputedStyle(document.body).backgroundColor;
document.title = JSON.stringify({texts: texts.length, overlaps, outside, wide: document.documentElement.scrollWidth - innerWidth, ink, paper});
</script>"""


def chromium():
    return next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)


def browse(program, folder, *arguments):
    return subprocess.run([program, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--enable-logging=stderr",
                           f"--user-data-dir={folder}/profile", *arguments], capture_output=True, text=True, timeout=120,
                          check=False, env={**os.environ, "HOME": str(folder)})


def check(program, browser, name, folder):
    page, measured = folder / f"{name}.html", folder / f"{name}.measured.html"
    subprocess.run([program, "--html", page, TESTS / "scenarios" / name / "snapshot.json"], capture_output=True, check=False)
    text = page.read_text()
    ran = browse(browser, folder, "--dump-dom", page.as_uri())
    if "CONSOLE" in ran.stderr or "Content Security Policy" in ran.stderr:
        yield f"{name}: the console says {ran.stderr}"
    measured.write_text(re.sub(r"<meta http-equiv[^>]*>", "", text).replace("</body>", MEASURE + "</body>"))
    looks = {}
    for width in WIDTHS:
        for dark in (False, True):
            scheme = ["--blink-settings=preferredColorScheme=" + ("0" if dark else "1")]
            ran = browse(browser, folder, f"--window-size={width},2000", *scheme, "--dump-dom", measured.as_uri())
            found = re.search(r"<title>(\{.*?\})</title>", ran.stdout)
            if not found:
                yield f"{name}: was not measured: {ran.stderr[-400:]}"
                continue
            told = json.loads(found[1].replace("&quot;", '"'))
            looks[dark] = told["paper"]
            if ('class="graph"' in text) != (told["texts"] > 0):
                yield f"{name}, {width}: {told['texts']} texts in the graph"
            if told["overlaps"] or told["outside"] or told["wide"] > 0:
                yield f"{name}, {width}, dark {dark}: {told}"
    if len(set(looks.values())) != 2:
        yield f"{name}: dark and light look the same: {looks}"


def main():
    browser = chromium()
    if not browser:
        print("skipped: there is no chromium")
        sys.exit(SKIPPED)
    program = str(pathlib.Path(sys.argv[1]).resolve())
    with tempfile.TemporaryDirectory() as folder:
        found = [one for name in SHOWN for one in check(program, browser, name, pathlib.Path(folder))]
    print("\n".join(found))
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
