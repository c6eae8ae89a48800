#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Asks axe-core about the pages of --html, in light and dark, wide and narrow: it finds nothing that keeps somebody from
reading them. Then prints them on paper: everything that a reader could unfold is there.

usage: WHYHUNG_AXE=…/axe.min.js check_access.py WHYHUNG      exit status 77 and a word where there is no Chromium or axe-core

axe-core is the package of that name (npm install axe-core); pdftotext of poppler-utils reads what was printed.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from check_page import SKIPPED, TESTS, browse, chromium

SHOWN = ("stop-machine-nmi-panic", "mutex-cycle3", "several-stopped", "crashed-null-dereference", "twin-idle", "made-waits-unknown")
WIDTHS = (400, 1200)
ASK = """<script>%s</script><script>
axe.run(document, {resultTypes: ['violations']}).then(found => {
  document.title = 'AXE' + JSON.stringify({rules: found.passes.length, faults: found.violations.map(one =>
    one.id + ': ' + one.help + ': ' + one.nodes.slice(0, 3).map(node => node.target + ' ' + node.failureSummary).join(' | '))}); });
</script>"""


def check_rules(program, browser, axe, name, folder):
    page, asked = folder / f"{name}.html", folder / f"{name}.asked.html"
    subprocess.run([program, "-f", "--html", page, TESTS / "scenarios" / name / "snapshot.json"], capture_output=True, check=False)
    text = re.sub(r"<meta http-equiv[^>]*>", "", page.read_text())
    asked.write_text(text.replace("</body>", ASK.replace("%s", axe) + "</body>"))
    for width in WIDTHS:
        for scheme in ("0", "1"):
            ran = browse(browser, folder, f"--window-size={width},3000", f"--blink-settings=preferredColorScheme={scheme}",
                         "--virtual-time-budget=20000", "--dump-dom", asked.as_uri())
            found = re.search(r"<title>AXE(\{.*?\})</title>", ran.stdout, re.S)
            told = json.loads(found[1].replace("&quot;", '"').replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")) if found else {}
            if not told.get("rules"):
                yield f"{name}, {width}: axe-core did not answer: {ran.stderr[-300:]}"
            for fault in told.get("faults", []):
                yield f"{name}, {width}, scheme {scheme}: {fault}"


def words(text):
    return re.findall(r"[\w+]{6,}", text)


def check_paper(browser, name, folder):
    """What stands in the page's text stands on paper too; a long word may be broken there."""
    page, paper = folder / f"{name}.html", folder / f"{name}.pdf"
    browse(browser, folder, f"--print-to-pdf={paper}", "--no-pdf-header-footer", page.as_uri())
    printed = subprocess.run(["pdftotext", "-raw", paper, "-"], capture_output=True, text=True, check=False).stdout
    on_paper = re.sub(r"\s", "", printed)
    body = re.sub(r"<(style|title)>.*?</\1>", "", page.read_text(), flags=re.S)
    shown = re.sub(r"<[^>]+>", " ", body).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").replace("&quot;", '"')
    missing = sorted({word for word in words(shown) if word not in on_paper})
    if not printed or missing:
        yield f"{name}: not on paper: {missing[:12]} ({len(missing)} words)"


def main():
    browser, axe = chromium(), pathlib.Path(os.environ.get("WHYHUNG_AXE", "axe.min.js"))
    if not browser or not axe.is_file() or not shutil.which("pdftotext"):
        print("skipped: there is no chromium, no pdftotext, or WHYHUNG_AXE does not name axe.min.js")
        sys.exit(SKIPPED)
    program, rules = str(pathlib.Path(sys.argv[1]).resolve()), axe.read_text()
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for name in SHOWN:
            found += check_rules(program, browser, rules, name, pathlib.Path(folder))
            found += check_paper(browser, name, pathlib.Path(folder))
    print("\n".join(found))
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
