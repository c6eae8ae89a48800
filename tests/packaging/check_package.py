#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds what a build installs, and the packages made of it, against what its users look for.

usage: check_package.py BUILD_FOLDER CHECK      exit status 77: what the check needs is not here, and that is said

The .deb is installed into a Debian that debootstrap makes for the purpose, used there on a bundled dump, and removed again
without a trace.
"""
import gzip
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parents[2]
SAMPLE = SOURCE / "tests" / "vmcores" / "while1-6.1-4cpu.vmcore"
CULPRIT = "pmount_kthread"
SKIPPED = 77
# What a prefix must hold. Each is asked for by a program of somebody else or by whyhung itself.
WANTED = [
    "bin/whyhung",
    "bin/whyhung-crash",
    "share/man/man1/whyhung.1.gz",
    "share/man/man1/whyhung-shell.1.gz",
    "share/bash-completion/completions/whyhung",
    "share/zsh/site-functions/_whyhung",
    "share/fish/vendor_completions.d/whyhung.fish",
    "share/doc/whyhung/README.md",
    "share/doc/whyhung/copyright",
    "share/doc/whyhung/hang-catalogue.md",
    "share/doc/whyhung/glossary.md",
    "share/whyhung/schemas/report.schema.json",
    "share/whyhung/types/3.10.0-1062.el7.x86_64.types",
    "include/whyhung.h",
    "lib/libwhyhung.so",
    "lib/libwhyhung.so.0",
    "lib/pkgconfig/whyhung.pc",
    "lib/python3/dist-packages/whyhung/__init__.py",
]


def output_of(*command, **how):
    return subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True, **how).stdout


def skip(why):
    print(f"skipped: {why}")
    sys.exit(SKIPPED)


def missing_in(prefix):
    return [name for name in WANTED if not (prefix / name).is_file()]


def installed(build, folder):
    prefix = folder / "prefix"
    output_of("cmake", "--install", build, "--prefix", prefix)
    return prefix


def installs_all(build, folder):
    prefix = installed(build, folder)
    assert not missing_in(prefix), missing_in(prefix)
    manual = gzip.decompress((prefix / "share/man/man1/whyhung.1.gz").read_bytes())
    assert manual == (SOURCE / "docs/man/whyhung.1").read_bytes()
    assert "bash" in (prefix / "share/bash-completion/completions/whyhung").read_text()
    strays = [str(file) for file in prefix.rglob("*") if file.is_file() and not os.access(file, os.R_OK)]
    assert not strays, strays


def installs_stripped(build, folder):
    binary = installed(build, folder) / "bin" / "whyhung"
    assert ".symtab" not in output_of("readelf", "-SW", binary), "symbols are left"
    assert binary.stat().st_size < 20e6, binary.stat().st_size
    report = subprocess.run([binary, SAMPLE], capture_output=True, text=True, cwd=folder)
    assert report.returncode == 0 and CULPRIT in report.stdout, report


# A program and a Python that know nothing but the prefix.
EMBEDDING = r"""
#include <stdio.h>
#include <whyhung.h>
int main(int argc, char **argv) {
  whyhung_machine *machine;
  char *text;
  if (argc != 2 || whyhung_open(argv[1], NULL, &machine) != WHYHUNG_OK) return 1;
  if (whyhung_report(machine, "screen", &text) != WHYHUNG_OK) return 1;
  puts(text);
  whyhung_free(text);
  return whyhung_close(machine);
}
"""
SCRIPT = "import sys, whyhung; print(whyhung.open(sys.argv[1]).verdict['culprits'][0]['comm'], whyhung.library_path)"


def library_serves_programs(build, folder):
    prefix = installed(build, folder)
    (folder / "program.c").write_text(EMBEDDING)
    environment = {**os.environ, "PKG_CONFIG_PATH": str(prefix / "lib/pkgconfig")}
    flags = output_of("pkg-config", "--cflags", "--libs", "whyhung", env=environment).split()
    assert output_of("pkg-config", "--modversion", "whyhung", env=environment).strip()
    output_of("cc", "-o", folder / "program", folder / "program.c", *flags, f"-Wl,-rpath,{prefix / 'lib'}")
    assert CULPRIT in output_of(folder / "program", SAMPLE, cwd=folder)
    library = prefix / "lib" / "libwhyhung.so.0"
    assert ".symtab" not in output_of("readelf", "-SW", library), "symbols are left"
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(prefix / "lib/python3/dist-packages")}
    said = output_of("/usr/bin/python3", "-c", SCRIPT, SAMPLE, cwd=folder, env=environment).split()
    assert said == [CULPRIT, str(library)], said


def package(build, folder, kind):
    output_of("cpack", "--config", build / "CPackConfig.cmake", "-G", kind, "-B", folder)
    found = list(folder.glob(f"*.{kind.lower()}"))
    assert len(found) == 1, found
    return found[0]


def files_under(root):
    """Every file of a system but those that a package manager keeps of itself, and what is written anew with the time."""
    own = ("var/lib/dpkg", "var/lib/apt", "var/cache", "var/log", "proc", "sys", "dev", "tmp", "root")
    found = set()
    for folder, folders, names in os.walk(root):
        inside = pathlib.Path(folder).relative_to(root)
        folders[:] = [name for name in folders if not str(inside / name).startswith(own)]
        found.update(str(inside / name) for name in names)
    return found - {"etc/ld.so.cache"}


def make_debian(root):
    sys.path.insert(0, str(SOURCE / "lab"))
    from runner.debian import mirrors  # which mirror this system has
    release = dict(line.strip().split("=", 1) for line in open("/etc/os-release") if "=" in line)
    suite = release.get("VERSION_CODENAME", "bookworm").strip('"')
    output_of("debootstrap", "--variant=minbase", suite, root, mirrors()[0])


def deb_lives_in_a_fresh_debian(build, folder):
    if os.geteuid() != 0 or not shutil.which("debootstrap"):
        skip("a fresh Debian is made by root with debootstrap")
    deb = package(build, folder, "DEB")
    root = folder / "debian"
    make_debian(root)

    def inside(*command, status=0):
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8", "HOME": "/root"}
        run = subprocess.run(["chroot", root, *command], capture_output=True, text=True, env=environment)
        assert run.returncode == status, run
        return run.stdout

    before = files_under(root)
    shutil.copyfile(deb, root / "tmp" / "whyhung.deb")
    shutil.copyfile(SAMPLE, root / "tmp" / "vmcore")
    (root / "tmp" / "whyhung.deb").chmod(0o644)
    inside("apt-get", "install", "-q", "-y", "--no-install-recommends", "/tmp/whyhung.deb")
    assert not missing_in(root / "usr"), missing_in(root / "usr")
    assert CULPRIT in inside("whyhung", "/tmp/vmcore")
    assert "whyhung" in inside("whyhung", "--version")
    inside("whyhung", "pack", "/tmp/vmcore", "-o", "/tmp/capsule")
    assert CULPRIT in inside("whyhung", "/tmp/capsule")
    assert CULPRIT in inside("whyhung", "/tmp/vmcore", "-c", "bt -a")
    inside("apt-get", "install", "-q", "-y", "--no-install-recommends", "python3")
    assert CULPRIT in inside("python3", "-c", SCRIPT, "/tmp/vmcore")
    inside("apt-get", "purge", "-q", "-y", "whyhung", "python3")
    inside("apt-get", "autoremove", "-q", "-y", "--purge")
    left = sorted(files_under(root) - before)
    assert not left, f"left behind: {left[:20]}"


def rpm_holds_the_same(build, folder):
    if not shutil.which("rpmbuild") or not shutil.which("rpm"):
        skip("there is no rpmbuild")
    rpm = package(build, folder, "RPM")
    listed = output_of("rpm", "-qlp", rpm).splitlines()
    missing = [name for name in WANTED if f"/usr/{name}" not in listed]
    assert not missing, missing
    assert output_of("rpm", "-qp", "--queryformat", "%{LICENSE}", rpm) == "GPL-2.0-or-later"


def main():
    checks = {check.__name__: check for check in (installs_all, installs_stripped, library_serves_programs, deb_lives_in_a_fresh_debian, rpm_holds_the_same)}
    with tempfile.TemporaryDirectory() as folder:
        checks[sys.argv[2]](pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(folder))


main()
