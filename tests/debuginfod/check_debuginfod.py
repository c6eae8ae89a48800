#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Lets whyhung ask a debuginfod server for the vmlinux of a forged kernel without types, and looks at what it says, what
it asked, and what it leaves in the cache: check_debuginfod.py WHYHUNG MAKE_DUMP CASE. Ends with 77 without a compiler."""
import http.server
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "forge"))
import forge_el7  # noqa: E402

SKIPPED = 77
BUILD_ID = "5a1f0c3e9b7d2846a1b2c3d4e5f60718293a4b5c"
OTHER_ID = "00112233445566778899aabbccddeeff00112233"
MACHINE = forge_el7.X86_64
GAP = "vmlinux from debuginfod"
failures = []


def expect(condition, what):
    if not condition:
        failures.append(what)


class Server:
    """Answers each request by `answer(handler)`, and remembers the paths that were asked for."""

    def __init__(self, answer):
        self.paths = paths = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                paths.append(self.path)
                try:
                    answer(self)
                except (BrokenPipeError, ConnectionResetError):
                    pass

            def log_message(self, *words):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def file_answer(path):
    def answer(handler):
        data = path.read_bytes()
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)
    return answer


def status_answer(status):
    def answer(handler):
        handler.send_response(status)
        handler.send_header("Content-Length", "0")
        handler.end_headers()
    return answer


def slow_answer(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", "1000000")
    handler.end_headers()
    for _ in range(60):
        handler.wfile.write(b"x")
        handler.wfile.flush()
        time.sleep(0.5)


class Test:
    def __init__(self, program, make_dump, folder):
        self.program, self.make_dump, self.folder = program, make_dump, folder
        self.cached = folder / "cache" / "debuginfod_client" / BUILD_ID / "debuginfo"
        self.vmlinux = self.forge("kernel", BUILD_ID)
        self.vmcore = self.dump("kernel")

    def forge(self, name, build_id):
        folder = self.folder / name
        folder.mkdir()
        forge_el7.compile_kernel(MACHINE, folder, "none" if build_id is None else "0x" + build_id)
        return folder / "vmlinux"

    def dump(self, name):
        vmcore = self.folder / (name + ".vmcore")
        subprocess.run([self.make_dump, MACHINE.name, str(self.folder / name), "abba", str(vmcore)], check=True)
        return vmcore

    def run(self, urls, *arguments, **variables):
        """What whyhung says, in one line, and its exit status."""
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "XDG_CACHE_HOME": str(self.folder / "cache")}
        for name in ("LD_LIBRARY_PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"):
            if name in os.environ:
                environment[name] = os.environ[name]
        if urls is not None:
            environment["DEBUGINFOD_URLS"] = urls
        done = subprocess.run([self.program, *map(str, arguments or ["--full", self.vmcore])], env={**environment, **variables},
                              capture_output=True, text=True, check=False)
        expect(done.stderr == "", f"there is text on standard error: {done.stderr}")
        return " ".join(done.stdout.split()), done.returncode

    def expect_found(self, ran):
        text, status = ran
        expect(status == 0 and "VERDICT mutex-deadlock (certain)" in text, f"the deadlock is found: {text}")
        expect(GAP not in text, f"nothing is lacking: {text}")
        expect(f"DWARF of {self.cached} (same banner)" in text, f"types from the cache, proven: {text}")

    def expect_gap(self, ran, *says):
        text, status = ran
        expect(status == 1 and "VERDICT undetermined" in text, f"without types there is no verdict: {text}")
        expect(text.count(GAP) == 1, f"one line says so: {text}")
        for words in says:
            expect(words in text, f"does not say {words!r}: {text}")

    def expect_no_leftovers(self, *names):
        found = sorted(one.name for one in self.cached.parent.glob("*"))
        expect(found == sorted(names), f"left in the cache: {found}")

    # The cases.
    def found(self):
        server = Server(file_answer(self.vmlinux))
        self.expect_found(self.run(server.url))
        expect(server.paths == [f"/buildid/{BUILD_ID}/debuginfo"], f"asked for once: {server.paths}")
        expect(self.cached.read_bytes() == self.vmlinux.read_bytes(), "kept as elfutils keeps it")
        self.expect_no_leftovers("debuginfo")
        server.stop()
        self.expect_found(self.run(server.url))

    def missing(self):
        server = Server(status_answer(404))
        self.expect_gap(self.run(server.url), f"{server.url}/buildid/{BUILD_ID}/debuginfo: the server answers 404")
        expect(self.cached.stat().st_size == 0, "others are told that nobody has it")
        self.expect_gap(self.run(server.url), "no server had it less than 10 minutes ago")
        expect(len(server.paths) == 1, "a moment later nobody is asked again")
        os.utime(self.cached, (time.time() - 3600,) * 2)
        self.expect_gap(self.run(server.url), "404")
        expect(len(server.paths) == 2, "but later")

    def second_server(self):
        first, second = Server(status_answer(500)), Server(file_answer(self.vmlinux))
        self.expect_found(self.run(f"ima:ignore {first.url}/ {second.url}/buildid/"))
        expect(first.paths == second.paths == [f"/buildid/{BUILD_ID}/debuginfo"], f"{first.paths} {second.paths}")

    def wrong_build_id(self):
        server = Server(file_answer(self.forge("other", OTHER_ID)))
        self.expect_gap(self.run(server.url),
                        f"what a server gave for the build id {BUILD_ID} has the build id {OTHER_ID}")
        self.expect_no_leftovers()

    def slow(self):
        server = Server(slow_answer)
        begin = time.monotonic()
        self.expect_gap(self.run(server.url, DEBUGINFOD_TIMEOUT="1"), "the server is too slow")
        self.expect_gap(self.run(server.url, DEBUGINFOD_MAXTIME="1"), "the server is too slow")
        expect(time.monotonic() - begin < 25, "and is not waited for")
        self.expect_no_leftovers()

    def too_large(self):
        server = Server(file_answer(self.vmlinux))
        self.expect_gap(self.run(server.url, DEBUGINFOD_MAXSIZE="1000"), "it is larger than the limit")

        def endless(handler):
            handler.send_response(200)
            handler.end_headers()
            while True:
                handler.wfile.write(bytes(65536))

        self.expect_gap(self.run(Server(endless).url, DEBUGINFOD_MAXSIZE="1000000"), "it is larger than the limit")
        self.expect_no_leftovers()

    def refused(self):
        server = Server(status_answer(404))
        server.stop()
        self.expect_gap(self.run(server.url), f"{server.url}/buildid/{BUILD_ID}/debuginfo: ")
        self.expect_no_leftovers()
        self.expect_gap(self.run("http://127.0.0.1:1", HOME="/proc/nowhere", XDG_CACHE_HOME="/proc/nowhere"),
                        "no file can be made there")

    def not_asked(self):
        server = Server(file_answer(self.vmlinux))
        for urls in (None, "", "  ", "file:///nowhere"):
            text, _ = self.run(urls)
            expect(GAP not in text, f"not configured: {text}")
        self.run(server.url, "--vmlinux", self.vmlinux, self.vmcore)
        types = self.folder / "forged.types"
        self.run(server.url, "distill", self.vmlinux, "-o", types)
        self.run(server.url, "--types", types, self.vmcore)
        self.run(server.url, pathlib.Path(__file__).resolve().parent.parent / "vmcores" / "while1-6.1-4cpu.vmcore")
        expect(not server.paths, f"nobody is asked when types are there: {server.paths}")
        expect(not (self.folder / "cache" / "debuginfod_client").exists(), "nor is a cache made")

    def no_build_id(self):
        self.forge("nameless", None)
        server = Server(file_answer(self.vmlinux))
        self.expect_gap(self.run(server.url, "--full", self.dump("nameless")), "the dump names no build id to ask for")
        expect(not server.paths, f"nothing to ask for: {server.paths}")


def main():
    program, make_dump, case = sys.argv[1:]
    if not forge_el7.can_compile(MACHINE):
        print(f"skipped: {MACHINE.compiler} is not installed (Debian package {MACHINE.package})")
        sys.exit(SKIPPED)
    with tempfile.TemporaryDirectory() as path:
        getattr(Test(program, make_dump, pathlib.Path(path)), case)()
    for failure in failures:
        print("FAILED:", failure[:2000])
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
